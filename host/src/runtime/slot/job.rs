//! One message that was answered, with what remains to be done.

use std::sync::Arc;

use switchback_model::message::Message;
use switchback_model::verdict::{Dropped, Judged, Opinion};

use super::shadow_calls::ShadowCalls;
use super::shared::SlotShared;

/// Does what remains to be done once messages are answered, by threads of its own.
pub(in crate::runtime) trait Background: Send + Sync {
    /// Whether messages are recorded.
    fn is_recording(&self) -> bool;

    /// Takes over a message that was answered. This waits only where recording must not lose any.
    fn take(&self, job: Job);
}

/// Keeps records of messages that were answered.
pub(in crate::runtime) trait Recorder: Send + Sync {
    /// Whether answers wait for it rather than go without a record.
    fn loses_none(&self) -> bool;

    /// Records one message.
    fn record(&self, slot: &Arc<str>, message: &Message, judged: Judged);

    /// There was no room for a message.
    fn count_dropped(&self);

    /// A message could not be recorded.
    fn count_failed(&self);

    /// Waits until everything is written.
    fn flush(&self);

    /// What became of the records so far.
    #[cfg(feature = "journal")]
    fn counts(&self) -> switchback_store::journal::JournalCounts;
}

/// A message that was answered, with what remains to be done.
pub(in crate::runtime) struct Job {
    pub(super) slot: Arc<SlotShared>,
    pub(super) message: Message,
    pub(super) judged: Judged,
    pub(super) calls: ShadowCalls,
}

impl Job {
    pub(in crate::runtime) fn message(&self) -> &Message {
        &self.message
    }

    /// Whether releases are to score the message still.
    pub(in crate::runtime) fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Whether somebody waits for what the message is compared with.
    pub(in crate::runtime) fn is_fresh(&self) -> bool {
        self.judged.is_fresh
    }

    /// Gives up the calls: what was to be scored was not.
    pub(in crate::runtime) fn drop_calls(&mut self, why: Dropped) {
        for call in self.calls.drain(..) {
            self.slot.meters().of(call.release.id(), call.role, |release| release.dropped(why));
            self.judged.opinions.others.push(Opinion::dropped(call.release.id(), call.role, why));
        }
    }

    /// Asks every release that is to be asked.
    pub(in crate::runtime) fn call(&mut self) {
        for call in self.calls.drain(..) {
            let (opinion, _) = self.slot.ask(&call.release, call.role, &self.message);
            self.judged.opinions.others.push(opinion);
        }
    }

    /// Tells who counts what the releases made of the message.
    pub(in crate::runtime) fn judged(&self) {
        self.slot.judged(&self.judged, &self.message);
    }

    /// Nobody will look at what the releases made of the message.
    pub(in crate::runtime) fn missed(&self) {
        self.slot.missed(&self.judged);
    }

    /// Has the message recorded.
    pub(in crate::runtime) fn record(self, recorder: &dyn Recorder) {
        recorder.record(self.slot.name(), &self.message, self.judged);
    }
}
