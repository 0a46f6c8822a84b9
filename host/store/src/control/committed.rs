//! What an operation did.

use jiff::Timestamp;

use super::along::Drafts;
use super::event::Event;
use super::ledger::Ledger;
use super::refused::Refused;
use super::state::StoreState;

/// An operation that took place, and what it changed. Nobody has to read the ledger again to know.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Committed {
    /// The event.
    pub event: Event,
    /// The state just before the event, after what went along with it and came first.
    pub before: StoreState,
    /// The state just after the event.
    pub after: StoreState,
    /// When the event before it was written; none if it is the first.
    pub previous_at: Option<Timestamp>,
}

impl Drafts {
    /// What these events do to a ledger once they are appended.
    pub(super) fn committed(&self, ledger: &Ledger) -> Result<Committed, Refused> {
        let (mut before, mut previous_at) = (ledger.state().clone(), ledger.last_at());
        for event in self.earlier() {
            before.apply(event)?;
            previous_at = Some(event.at);
        }
        let event = self.proposed().clone().into_event();
        let mut after = before.clone();
        after.apply(&event)?;
        Ok(Committed { event, before, after, previous_at })
    }
}
