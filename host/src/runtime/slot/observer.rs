//! Who is told of the messages that a slot answered.

use std::sync::Arc;

use jiff::Timestamp;
use switchback_model::message::Message;
use switchback_model::timing::Timing;
use switchback_model::verdict::{Action, Category, DecidedBy, Opinions, RecordId, Scl};

use super::guarded::GuardedSlot;

/// Is told of the messages that a slot answered. Filters may be waiting for whoever tells, so nobody waits here.
pub(in crate::runtime) trait Observer: Send + Sync {
    /// Every release that was to score a message has scored it, or was given up.
    fn judged(&self, judged: &Judged, message: &Message);

    /// What releases made of a message gets lost: there was no room for it.
    fn missed(&self, judged: &Judged);

    /// A message was answered that is [plain](Opinions::is_plain), and nothing else remains to be done.
    fn plain(&self, slot: &Arc<GuardedSlot>, generation: u64, opinions: Opinions, message: &Message);
}

/// What an answer was, as far as it is recorded.
pub(in crate::runtime) struct Judged {
    pub(in crate::runtime) id: RecordId,
    pub(in crate::runtime) at: Timestamp,
    pub(in crate::runtime) slot: Arc<GuardedSlot>,
    pub(in crate::runtime) generation: u64,
    /// Whether other releases decide since a moment ago, so that somebody waits for what this one is compared with.
    pub(in crate::runtime) is_fresh: bool,
    pub(in crate::runtime) action: Action,
    pub(in crate::runtime) scl: Option<Scl>,
    pub(in crate::runtime) category: Option<Category>,
    pub(in crate::runtime) decided_by: DecidedBy,
    pub(in crate::runtime) timing: Timing,
    /// Of the releases that were asked so far.
    pub(in crate::runtime) opinions: Opinions,
}
