//! One message that was answered, with what remains to be done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use smallvec::SmallVec;
use switchback_model::message::{Message, Reading};
use switchback_model::timing::Timing;
use switchback_model::verdict::{Action, Category, DecidedBy, Dropped, Opinion, RecordId, Role, Said, Scl, Thresholds};
use switchback_sandbox::Loaded;
use switchback_store::journal::{Mail, Record};

use crate::runtime::slot::SlotShared;

/// A release that is to score a message beside the answer.
#[derive(Clone)]
pub(in crate::runtime) struct Ask {
    pub(in crate::runtime) release: Arc<Loaded>,
    pub(in crate::runtime) role: Role,
}

/// What an answer was, as far as it is recorded.
pub(in crate::runtime) struct Judged {
    pub(in crate::runtime) id: RecordId,
    pub(in crate::runtime) at: Timestamp,
    pub(in crate::runtime) slot: Arc<SlotShared>,
    pub(in crate::runtime) generation: u64,
    /// Whether other releases decide since a moment ago, so that somebody waits for what this one is compared with.
    pub(in crate::runtime) is_fresh: bool,
    pub(in crate::runtime) action: Action,
    pub(in crate::runtime) scl: Option<Scl>,
    pub(in crate::runtime) category: Option<Category>,
    pub(in crate::runtime) decided_by: DecidedBy,
    pub(in crate::runtime) timing: Timing,
    /// Of the releases that were asked for the answer.
    pub(in crate::runtime) opinions: SmallVec<[Opinion; 4]>,
}

/// A message that was answered, with what remains to be done.
pub(super) struct Job {
    pub(super) message: Message,
    pub(super) judged: Judged,
    pub(super) asks: SmallVec<[Ask; 4]>,
}

impl Job {
    /// Gives up asking: what was to be scored was not.
    pub(super) fn drop_asks(&mut self, why: Dropped) {
        for ask in self.asks.drain(..) {
            self.judged.slot.meters().of(ask.release.id(), ask.role).dropped(why);
            let opinion =
                Opinion { release: ask.release.id().clone(), role: ask.role, said: Said::Dropped(why), took_us: 0 };
            self.judged.opinions.push(opinion);
        }
    }

    /// Asks every release that is to be asked.
    pub(super) fn ask(&mut self) {
        let thresholds = self.judged.slot.config().thresholds;
        for ask in self.asks.drain(..) {
            let opinion = ask.opinion(&self.message, &thresholds, &self.judged.slot);
            self.judged.slot.meters().of(ask.release.id(), ask.role).said(&opinion);
            self.judged.opinions.push(opinion);
        }
    }

    /// Counts what the releases made of the message.
    pub(super) fn compare(&self) {
        self.judged.slot.compare(&self.judged, &self.message);
    }

    /// Nobody will look at what the releases made of the message.
    pub(super) fn miss(&self) {
        self.judged.slot.miss(&self.judged);
    }

    /// The record.
    pub(super) fn record(self, process: u64, mail: Mail) -> Record {
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

impl Ask {
    fn opinion(&self, message: &Message, thresholds: &Thresholds, slot: &SlotShared) -> Opinion {
        let start = Instant::now();
        let (said, took) = match self.release.score(message) {
            Ok(scored) => (Said::of(&scored.outcome, thresholds), scored.timing.total),
            Err(error) => {
                let took = start.elapsed();
                slot.failures().failed(slot.name(), self.role, &error);
                (Said::Failed(error.fault.cause()), took)
            }
        };
        Opinion { release: self.release.id().clone(), role: self.role, said, took_us: micros(took) }
    }
}

/// A time in microseconds, as records have it.
pub(in crate::runtime) fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}
