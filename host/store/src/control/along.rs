//! What goes along with an operation, as operations of their own: every version of this program understands them.
//!
//! They are written in one transaction with it. What the operation itself does to the state never changes, so processes of
//! two versions agree.

use std::borrow::Cow;

use jiff::Timestamp;
use switchback_model::release::ReleaseId;

use super::event::{Drafted, Proposal};
use super::ledger::Ledger;
use super::note::OperationNote;
use super::operation::{Emergency, Operation};
use super::refused::Refused;
use super::state::{SlotState, StoreState};

/// The events that a proposal would be, in their order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drafts {
    /// All of them, at least one.
    pub all: Vec<Drafted>,
    /// Which of them was proposed.
    place: usize,
}

impl Drafts {
    /// The event that was proposed.
    pub(super) fn proposed(&self) -> &Drafted {
        &self.all[self.place]
    }

    /// The events that come before it.
    pub(super) fn earlier(&self) -> &[Drafted] {
        &self.all[..self.place]
    }
}

/// What a freeze says that stood before and stands again.
const AS_BEFORE: &str = "as before, ";

impl Ledger {
    /// Makes the events of a revert that a process made by itself, if it is not refused.
    ///
    /// # Errors
    /// [`Refused`], which says why.
    #[doc(hidden)]
    pub fn draft_emergency(
        &self,
        author: String,
        slot: String,
        to: ReleaseId,
        emergency: Emergency,
        at: Timestamp,
    ) -> Result<Vec<Drafted>, Refused> {
        let reason = "reverted by the process itself".to_owned();
        let operation = Operation::Revert { slot, to: Some(to), emergency: Some(emergency) };
        Ok(self.draft_all(Proposal { author, reason, operation }, at)?.all)
    }

    /// Makes the events that a proposal would be, if it is not refused.
    ///
    /// # Errors
    /// [`Refused`], which says why.
    pub(crate) fn draft_all(&self, proposal: Proposal, at: Timestamp) -> Result<Drafts, Refused> {
        let [before, after] = self.state().along(&proposal.operation, at);
        if before.is_empty() && after.is_empty() || !self.newer().is_empty() {
            return Ok(Drafts { all: vec![self.draft(proposal, at)?], place: 0 });
        }
        let author = proposal.author.clone();
        let beside = |(operation, reason)| Proposal { author: author.clone(), reason, operation };
        let place = before.len();
        let proposals = before.into_iter().map(beside).chain([proposal]).chain(after.into_iter().map(beside));
        let (mut state, mut head, mut all) = (self.state().clone(), self.head(), Vec::new());
        for proposal in proposals {
            let event = state.draft(proposal, at, head)?;
            state.apply(&event)?;
            head = event.hash();
            all.push(event);
        }
        Ok(Drafts { all, place })
    }
}

/// Operations, each with its reason.
type Beside = Vec<(Operation, String)>;

impl StoreState {
    /// What is done before an operation, and what after it. Nothing for one that is refused.
    fn along(&self, operation: &Operation, at: Timestamp) -> [Beside; 2] {
        let mut thawed = Cow::Borrowed(self);
        let freezes = if self.narrows(operation) { thawed.to_mut().thaw(operation.slot()) } else { Vec::new() };
        let mut before: Beside = Vec::new();
        for (slot, _) in &freezes {
            before.push((Operation::Thaw { slot: slot.clone() }, format!("as long as it takes to {operation}")));
        }
        let (stops, withdrawals) = thawed.rollouts_ended(operation, at);
        before.extend(stops);
        let again = |(slot, note): (Option<String>, OperationNote)| (Operation::Freeze { slot }, as_before(note));
        let mut after: Beside = freezes.into_iter().rev().map(again).collect();
        // A process that reverted by itself has named a generation for the route with the canary in it.
        let is_done = matches!(operation, Operation::Revert { emergency: Some(_), .. });
        if is_done { &mut after } else { &mut before }.extend(withdrawals);
        [before, after]
    }

    /// Whether an operation leaves a canary less than it has: a freeze is no reason to refuse that.
    pub(super) fn narrows(&self, operation: &Operation) -> bool {
        let Operation::Canary { slot, release, share_bp, .. } = operation else { return false };
        let canary = self.slots.get(slot).and_then(|slot| slot.canaries.iter().find(|one| one.release == *release));
        canary.is_some_and(|canary| *share_bp < canary.share.share_bp)
    }

    /// Ends the freezes that stand above a slot, and returns them.
    fn thaw(&mut self, slot: Option<&str>) -> Vec<(Option<String>, OperationNote)> {
        let everywhere = self.frozen.take().map(|note| (None, note));
        let slot = slot.and_then(|name| self.slots.get_mut(name).map(|slot| (name, slot)));
        let here = slot.and_then(|(name, slot)| Some((Some(name.to_owned()), slot.frozen.take()?)));
        everywhere.into_iter().chain(here).collect()
    }

    /// The ends of the rollouts that an operation leaves no ground for. What they gave their releases goes with them, unless the
    /// operation gives it: nobody would watch over a share that is left behind.
    fn rollouts_ended(&self, operation: &Operation, at: Timestamp) -> (Beside, Beside) {
        let is_of_rollout =
            matches!(operation, Operation::Rollout { .. } | Operation::Advance { .. } | Operation::StopRollout { .. });
        // What is refused ends none.
        let routes = self.routes_after(operation, at).unwrap_or_default();
        let (mut stops, mut withdrawals) = (Beside::new(), Beside::new());
        for (slot, after) in routes.into_iter().filter(|_| !is_of_rollout) {
            let Some(rollout) = after.rollout.as_ref().filter(|rollout| !after.is_as_made_by(rollout)) else {
                continue;
            };
            stops.push((Operation::StopRollout { slot: slot.clone() }, format!("ended by: {operation}")));
            let release = &rollout.release;
            if is_tried(&after, release) && operation.enters() != Some(release) {
                let withdraw = Operation::Withdraw { slot, release: release.clone() };
                withdrawals.push((withdraw, format!("its rollout is ended by: {operation}")));
            }
        }
        (stops, withdrawals)
    }
}

/// Whether a release is a canary or a shadow in a slot.
fn is_tried(slot: &SlotState, release: &ReleaseId) -> bool {
    slot.canaries.iter().any(|one| one.release == *release) || slot.shadows.iter().any(|one| one.release == *release)
}

fn as_before(note: OperationNote) -> String {
    let OperationNote { at, author, reason, .. } = note;
    match reason.starts_with(AS_BEFORE) {
        true => reason,
        false if reason.is_empty() => format!("{AS_BEFORE}by {author} at {at}"),
        false => format!("{AS_BEFORE}by {author} at {at}: {reason}"),
    }
}
