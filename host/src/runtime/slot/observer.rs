//! Who is told of the messages that a slot answered.

use std::sync::Arc;

use switchback_model::message::Message;
use switchback_model::route::Generation;
use switchback_model::verdict::{Judged, Opinions};

use super::guarded::GuardedSlot;

/// Is told of the messages that a slot answered. Filters may be waiting for whoever tells, so nobody waits here.
pub(in crate::runtime) trait Observer: Send + Sync {
    /// Every release that was to score a message has scored it, or was given up.
    fn judged(&self, slot: &Arc<GuardedSlot>, judged: &Judged, message: &Message);

    /// What releases made of a message gets lost: there was no room for it.
    fn missed(&self, slot: &GuardedSlot, judged: &Judged);

    /// A message was answered that is [plain](Opinions::is_plain), and nothing else remains to be done.
    fn plain(&self, slot: &Arc<GuardedSlot>, generation: Generation, opinions: Opinions, message: &Message);
}
