//! A loaded release, and one message through it.

use std::collections::VecDeque;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use wasmtime::Store;

use super::bindings::PluginPre;
use super::bindings::switchback::scoring::assessment as contract;
use super::clock::ticks;
use super::engine::Traps;
use super::fault::{Fault, ScoreError};
use super::guest::Guest;
use super::imports::borrowed;
use super::reaper::Remains;
use super::signals::{self, Replaced, Unblocked};
use super::stack;
use crate::beginning::{ERROR_CHARS_MAX, beginning, on_one_line};
use crate::limits::{NOTE_BYTES_MAX, RESULT_BYTES_MAX, ReleaseLimits};
use crate::message::{Message, Recipients};
use crate::release::{Manifest, ReleaseId};
use crate::timing::Timing;
use crate::verdict::{Assessment, Category, Outcome, Reason};

/// Lines of a release's log that are kept for whoever asks.
const RECENT_LOG_LINES: usize = 256;

/// A release that can score: compiled, mapped, linked. Warm until the last user lets go of it.
pub(crate) struct Loaded {
    id: ReleaseId,
    manifest: Manifest,
    limits: ReleaseLimits,
    recipients: Recipients,
    traps: Traps,
    recent_log: Mutex<VecDeque<String>>,
    /// Present until dropped.
    code: Option<PluginPre<Guest>>,
    reaper: Option<Sender<Remains>>,
}

/// What one release made of one message.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// What the model answered.
    pub outcome: Outcome,
    /// How long it took.
    pub timing: Timing,
}

impl Loaded {
    pub(super) fn new(
        id: ReleaseId,
        manifest: Manifest,
        limits: ReleaseLimits,
        (recipients, traps): (Recipients, Traps),
        code: PluginPre<Guest>,
        reaper: Option<Sender<Remains>>,
    ) -> Self {
        Self { recent_log: Mutex::default(), code: Some(code), id, manifest, limits, recipients, traps, reaper }
    }

    pub(crate) fn id(&self) -> &ReleaseId {
        &self.id
    }

    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The last lines that the model logged, oldest first.
    pub(crate) fn recent_log(&self) -> Vec<String> {
        self.recent_log.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Scores one message in an instance of its own.
    pub(crate) fn score(&self, message: &Message) -> Result<Scored, ScoreError> {
        let scored = stack::with_room(|| self.score_here(message));
        scored.unwrap_or_else(|why| Err(self.error(Fault::Host(format!("a stack for the guest: {why}")), None)))
    }

    fn score_here(&self, message: &Message) -> Result<Scored, ScoreError> {
        let start = Instant::now();
        message.prepare();
        let prepared = start.elapsed();
        let guest = Guest::new(message.clone(), self.manifest.reads, self.recipients, &self.limits);
        let Some(code) = &self.code else {
            return Err(self.error(Fault::Host("the release is being unloaded".to_owned()), None));
        };
        let mut store = Store::new(code.engine(), guest);
        let answer = self.call(code, &mut store);
        let guest = store.data_mut();
        let result = match answer {
            Ok((answer, instantiate, guest_time)) => self
                .outcome(answer)
                .map(|outcome| (outcome, instantiate, guest_time))
                .map_err(|fault| self.error(fault, None)),
            Err(fault) => Err(self.error(fault, guest.log.last_error())),
        };
        let derived = guest.clock.derived();
        self.keep_log(guest.log.take_lines());
        drop(store);
        let (outcome, instantiate, guest) = result?;
        // What was derived for the guest is the host's time.
        let (parse, guest) = (prepared + derived, guest.saturating_sub(derived));
        Ok(Scored { outcome, timing: Timing { parse, instantiate, guest, total: start.elapsed() } })
    }

    fn call(&self, code: &PluginPre<Guest>, store: &mut Store<Guest>) -> Result<(Answer, Duration, Duration), Fault> {
        let _unblocked = self.heed_signals()?;
        store.limiter(|guest| &mut guest.limiter);
        store.set_epoch_deadline(ticks(self.limits.deadline));
        store.epoch_deadline_callback(|store| Ok(store.data().clock.at_epoch()));
        store.set_hostcall_fuel(RESULT_BYTES_MAX);
        let start = Instant::now();
        let plugin = match code.instantiate(&mut *store) {
            Ok(plugin) => plugin,
            Err(e) => {
                let stopped = Fault::of(&e, store.data(), &self.limits);
                return Err(stopped.unwrap_or_else(|| Fault::of_start(&e)));
            }
        };
        let instantiated = Instant::now();
        match plugin.call_score(&mut *store, borrowed()) {
            Ok(answer) => Ok((answer, instantiated - start, instantiated.elapsed())),
            // Without a trap the guest used the contract in a way that it does not allow: a handle that it does not
            // have, a list that does not fit, a string that is no UTF-8, a number that is no variant.
            Err(e) => {
                let stopped = Fault::of(&e, store.data(), &self.limits);
                Err(stopped
                    .unwrap_or_else(|| Fault::BadResult(beginning(&e.root_cause().to_string(), ERROR_CHARS_MAX))))
            }
        }
    }

    /// Sees to it that a trap of the guest reaches the engine.
    fn heed_signals(&self) -> Result<Option<Unblocked>, Fault> {
        match self.traps {
            Traps::Checks => return Ok(None),
            Traps::Signals => signals::check().map_err(|Replaced(signal)| Fault::Signals(signal))?,
            Traps::ChainedSignals => {}
        }
        Ok(Some(signals::unblock()))
    }

    fn outcome(&self, answer: Answer) -> Result<Outcome, Fault> {
        match answer {
            Ok(contract::Outcome::Scored(assessment)) => {
                let mut assessment = Assessment::from(assessment);
                assessment.validate(self.limits.reasons_max, self.manifest.scale)?;
                for reason in &mut assessment.reasons {
                    reason.note = on_one_line(&reason.note);
                }
                Ok(Outcome::Scored(assessment))
            }
            Ok(contract::Outcome::Abstain(why)) => Ok(Outcome::Abstained(note(why)?)),
            Err(why) => Err(Fault::CannotScore(note(why)?)),
        }
    }

    fn error(&self, fault: Fault, guest_message: Option<String>) -> ScoreError {
        ScoreError { release: self.id.clone(), fault, guest_message }
    }

    /// Keeps what was logged, unless another thread is doing so: scoring waits for nobody.
    fn keep_log(&self, lines: Vec<String>) {
        if lines.is_empty() {
            return;
        }
        if let Ok(mut recent) = self.recent_log.try_lock() {
            recent.extend(lines);
            let excess = recent.len().saturating_sub(RECENT_LOG_LINES);
            recent.drain(..excess);
        }
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        if let (Some(code), Some(reaper)) = (self.code.take(), self.reaper.take()) {
            // Fails only if the reaper's thread is gone; then the code is unmapped here.
            let _ = reaper.send(code);
        }
    }
}

/// What the contract's `score` returns.
type Answer = Result<contract::Outcome, String>;

/// A text of the guest's, no longer than the contract allows, and on one line.
fn note(text: String) -> Result<String, Fault> {
    if text.len() > NOTE_BYTES_MAX {
        return Err(Fault::BadResult(format!("a text of {} bytes, at most {NOTE_BYTES_MAX} are allowed", text.len())));
    }
    Ok(on_one_line(&text))
}

impl From<contract::Assessment> for Assessment {
    fn from(from: contract::Assessment) -> Self {
        let reasons = from.reasons.into_iter().map(|reason| Reason {
            name: reason.name,
            weight: reason.weight,
            note: reason.note,
        });
        Self { score: from.score, category: from.category.into(), reasons: reasons.collect() }
    }
}

impl From<contract::Category> for Category {
    fn from(category: contract::Category) -> Self {
        match category {
            contract::Category::Ham => Self::Ham,
            contract::Category::Bulk => Self::Bulk,
            contract::Category::Spam => Self::Spam,
            contract::Category::Phish => Self::Phish,
            contract::Category::Spoof => Self::Spoof,
            contract::Category::Malware => Self::Malware,
        }
    }
}
