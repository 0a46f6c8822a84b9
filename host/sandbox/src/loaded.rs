//! A loaded release, and one message through it.

mod probe;

use std::collections::VecDeque;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use switchback_model::beginning::{on_one_line, within};
use switchback_model::limits::{REASON_NAME_BYTES_MAX, ReleaseLimits};
use switchback_model::log::Logged;
use switchback_model::message::{Message, Recipients};
use switchback_model::release::{Manifest, ReleaseId, SelfTest};
use switchback_model::route::Warm;
use switchback_model::timing::Timing;
use switchback_model::verdict::{Assessment, Category, Outcome, Reason};
use wasmtime::Store;

use super::bindings::PluginPre;
use super::bindings::switchback::scoring::assessment as contract;
use super::borrowed::borrowed;
use super::clock::ticks;
use super::engine::Traps;
use super::fault::{Fault, ScoreError};
use super::guest::Guest;
use super::reaper::Remains;
use super::signals::{self, Replaced, Unblocked};
use super::stack;
use crate::limits::{ERROR_BYTES_MAX, NOTE_BYTES_MAX, RESULT_BYTES_MAX};

pub use self::probe::Probe;

/// Lines of a release's log that are kept for whoever asks.
const RECENT_LOG_LINES: usize = 256;

/// A release that can score: compiled, mapped, linked. Warm until the last user lets go of it.
pub struct Loaded {
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

switchback_model::debug!(Loaded { id, .. });

/// What one release made of one message.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Scored {
    /// What the model answered.
    pub outcome: Outcome,
    /// What it logged meanwhile.
    pub log: Logged,
    /// How long it took.
    pub timing: Timing,
}

impl Loaded {
    #[doc(hidden)]
    pub fn new(
        id: ReleaseId,
        manifest: Manifest,
        limits: ReleaseLimits,
        (recipients, traps): (Recipients, Traps),
        code: PluginPre<Guest>,
        reaper: Option<Sender<Remains>>,
    ) -> Self {
        Self { recent_log: Mutex::default(), code: Some(code), id, manifest, limits, recipients, traps, reaper }
    }

    #[doc(hidden)]
    pub fn id(&self) -> &ReleaseId {
        &self.id
    }

    #[doc(hidden)]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The size of its machine code, with all that lies beside it in memory, in bytes.
    #[doc(hidden)]
    pub fn compiled_bytes(&self) -> usize {
        let image = self.code.as_ref().map(|code| code.instance_pre().component().image_range());
        image.map_or(0, |image| image.end.addr() - image.start.addr())
    }

    /// The last lines that the model logged, oldest first.
    #[doc(hidden)]
    pub fn recent_log(&self) -> Vec<String> {
        self.recent_log.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Scores one message in an instance of its own.
    #[doc(hidden)]
    pub fn score(&self, message: &Message) -> Result<Scored, ScoreError> {
        self.score_with(message, self.recipients)
    }

    /// Scores the message of a self-test. What is expected of a release does not depend on what this host grants it.
    /// Nor does it depend on what else this machine does: what only the deadline ended is tried again.
    #[doc(hidden)]
    pub fn score_test(&self, test: &SelfTest) -> Result<Scored, ScoreError> {
        let message = test.to_message();
        ScoreError::unless_busy(|| self.score_with(&message, Recipients::Masked))
    }

    fn score_with(&self, message: &Message, recipients: Recipients) -> Result<Scored, ScoreError> {
        self.with_room(|| self.score_here(message, recipients))
    }

    fn with_room<T>(&self, call: impl FnOnce() -> Result<T, ScoreError>) -> Result<T, ScoreError> {
        stack::with_room(call)
            .unwrap_or_else(|why| Err(ScoreError::new(&self.id, Fault::Host(format!("a stack for the guest: {why}")))))
    }

    fn score_here(&self, message: &Message, recipients: Recipients) -> Result<Scored, ScoreError> {
        let start = Instant::now();
        message.prepare();
        let prepared = start.elapsed();
        let (code, mut store) = self.store(message, recipients)?;
        let answer = self.call(code, &mut store);
        let guest = store.data_mut();
        let (log, derived) = (guest.log.take(), guest.clock.derived());
        self.keep_log(&log);
        drop(store);
        let answered = answer.and_then(|(answer, instantiate, guest)| Ok((self.outcome(answer)?, instantiate, guest)));
        let (outcome, instantiate, guest) = match answered {
            Ok(answered) => answered,
            Err(fault) => return Err(ScoreError { release: self.id.clone(), fault, log }),
        };
        // What was derived for the guest is the host's time.
        let (parse, guest) = (prepared + derived, guest.saturating_sub(derived));
        let mut timing = Timing::default();
        (timing.parse, timing.instantiate, timing.guest, timing.total) = (parse, instantiate, guest, start.elapsed());
        Ok(Scored { outcome, log, timing })
    }

    /// A store for one message, whose time begins.
    fn store(
        &self,
        message: &Message,
        recipients: Recipients,
    ) -> Result<(&PluginPre<Guest>, Store<Guest>), ScoreError> {
        let guest = Guest::new(message.clone(), self.manifest.reads, recipients, &self.limits);
        let Some(code) = &self.code else {
            return Err(ScoreError::new(&self.id, Fault::Host("the release is being unloaded".to_owned())));
        };
        let mut store = Store::new(code.engine(), guest);
        store.limiter(|guest| &mut guest.limiter);
        store.set_epoch_deadline(ticks(self.limits.deadline));
        store.epoch_deadline_callback(|store| Ok(store.data().clock.at_epoch()));
        store.set_hostcall_fuel(RESULT_BYTES_MAX);
        Ok((code, store))
    }

    fn call(&self, code: &PluginPre<Guest>, store: &mut Store<Guest>) -> Result<(Answer, Duration, Duration), Fault> {
        let start = Instant::now();
        let _unblocked = self.heed_signals(start)?;
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
            Err(e) => {
                let stopped = Fault::of(&e, store.data(), &self.limits);
                Err(stopped.unwrap_or_else(|| Fault::of_misuse(&e)))
            }
        }
    }

    /// Sees to it that a trap of the guest reaches the engine.
    fn heed_signals(&self, now: Instant) -> Result<Option<Unblocked>, Fault> {
        match self.traps {
            Traps::Checks => return Ok(None),
            Traps::Signals => signals::check(now).map_err(|Replaced(signal)| Fault::Signals(signal))?,
            Traps::ChainedSignals => {}
        }
        Ok(Some(signals::unblock()))
    }

    fn outcome(&self, answer: Answer) -> Result<Outcome, Fault> {
        match answer {
            Ok(contract::Outcome::Scored(assessment)) => {
                let assessment = Assessment::from(assessment);
                assessment.validate(self.limits.reasons_max, self.manifest.scale)?;
                Ok(Outcome::Scored(assessment))
            }
            Ok(contract::Outcome::Abstain(why)) => Ok(Outcome::Abstained(text(&why, NOTE_BYTES_MAX))),
            Err(why) => Err(Fault::CannotScore(text(&why, ERROR_BYTES_MAX))),
        }
    }

    /// Keeps what was logged, unless another thread is doing so: scoring waits for nobody.
    fn keep_log(&self, log: &Logged) {
        if log.lines.is_empty() {
            return;
        }
        if let Ok(mut recent) = self.recent_log.try_lock() {
            recent.extend(log.lines.iter().map(|kept| kept.line.clone()));
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

/// A name of the guest's, as much of it as the contract allows. It has no sign for that it was cut.
fn cut(mut name: String, bytes_max: usize) -> String {
    name.truncate(name.floor_char_boundary(bytes_max));
    name
}

/// A text of the guest's: as much of it as is kept, on one line.
fn text(text: &str, bytes_max: usize) -> String {
    on_one_line(&within(text, bytes_max))
}

impl From<contract::Assessment> for Assessment {
    fn from(from: contract::Assessment) -> Self {
        let reasons = from.reasons.into_iter().map(|reason| {
            let (name, note) = (cut(reason.name, REASON_NAME_BYTES_MAX), text(&reason.note, NOTE_BYTES_MAX));
            Reason::new(name, reason.weight, note)
        });
        Self::new(from.score, from.category.into(), reasons.collect())
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

impl Warm for Loaded {
    fn id(&self) -> &ReleaseId {
        Self::id(self)
    }
}
