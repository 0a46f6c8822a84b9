//! One message that was answered, with what remains to be done.

use std::sync::Arc;

use switchback_model::message::{Message, Reading};
use switchback_model::verdict::{Dropped, Opinion};
use switchback_store::journal::{Mail, Record};

use super::observer::Judged;
use super::shadow_calls::ShadowCalls;
use super::shared::SlotShared;

/// Does what remains to be done once messages are answered, by threads of its own.
pub(in crate::runtime) trait Background: Send + Sync {
    /// Whether messages are recorded.
    fn is_recording(&self) -> bool;

    /// Takes over a message that was answered. This waits only where recording must not lose any.
    fn take(&self, job: Job);
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
            self.slot.meters().of(call.release.id(), call.role).dropped(why);
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

    /// The record.
    pub(in crate::runtime) fn record(self, process: u64, mail: Mail) -> Record {
        let Judged { id, at, slot, generation, action, scl, category, decided_by, timing, opinions, .. } = self.judged;
        Record {
            id,
            at,
            process,
            slot: Arc::clone(slot.name()),
            generation,
            reading: Reading::CURRENT,
            mail,
            action,
            scl,
            category,
            decided_by,
            timing,
            opinions: opinions.into_vec(),
        }
    }
}
