//! Why a release did not answer.

use std::fmt;
use std::io;
use std::time::Duration;

use switchback_model::beginning::{ERROR_CHARS_MAX, beginning};
use switchback_model::gone::RuntimeGone;
use switchback_model::limits::ReleaseLimits;
use switchback_model::log::Logged;
use switchback_model::release::ReleaseId;
use switchback_model::verdict::{Cause, InvalidAssessment};
use switchback_system::shortage;
use wasmtime::{OutOfMemory, PoolConcurrencyLimitError, Trap};

use super::guest::{Guest, LogFlood};
use super::imports::Undeclared;
use super::limiter::Exhausted;
use crate::limits::{RESULT_BYTES_MAX, WASM_STACK_BYTES_MAX};
use switchback_model::unsaid::Unsaid;

/// How often a message that nobody waits for is scored before its deadline counts.
const TRIES: usize = 3;

/// A release did not answer for one message. The next message is not affected.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("score {release}: {fault}{}", last_word(fault, log).map(|said| format!("; the guest said: {said}")).unwrap_or_default())]
#[non_exhaustive]
pub struct ScoreError {
    /// The release.
    pub release: ReleaseId,
    /// What happened.
    pub fault: Fault,
    /// What the guest logged before.
    pub log: Logged,
}

impl ScoreError {
    /// Without a line of log: no guest was called.
    #[doc(hidden)]
    pub fn new(release: &ReleaseId, fault: Fault) -> Self {
        Self { release: release.clone(), fault, log: Logged::default() }
    }

    #[doc(hidden)]
    pub fn not_loaded(release: &ReleaseId) -> Self {
        Self::new(release, Fault::NotLoaded)
    }

    #[doc(hidden)]
    pub fn gone(release: &ReleaseId, gone: RuntimeGone) -> Self {
        Self::new(release, Fault::Gone(gone))
    }

    /// Where the guest was stopped, its last line if that is at level error, such as a panic's message with its place. Its
    /// line breaks are escaped.
    pub fn guest_message(&self) -> Option<&str> {
        last_word(&self.fault, &self.log)
    }

    /// Scores up to three times, until something else than the deadline ends it: for a message that nobody waits for, on a
    /// machine that does other things, too.
    ///
    /// # Errors
    /// The last error.
    pub fn unless_busy<T>(mut score: impl FnMut() -> Result<T, Self>) -> Result<T, Self> {
        let is_deadline = |result: &Result<T, Self>| matches!(result, Err(Self { fault: Fault::Deadline(_), .. }));
        let mut result = score();
        for _ in 1..TRIES {
            if !is_deadline(&result) {
                break;
            }
            result = score();
        }
        result
    }

    /// Whether the release is to blame, rather than the host's load.
    pub fn is_guest_fault(&self) -> bool {
        !matches!(self.fault, Fault::NotLoaded | Fault::Gone(_) | Fault::Signals(_) | Fault::PoolBusy | Fault::Host(_))
    }
}

/// The last line at level error of who did not come to say what is wrong.
fn last_word<'a>(fault: &Fault, log: &'a Logged) -> Option<&'a str> {
    log.last_error().filter(|_| !matches!(fault, Fault::CannotScore(_)))
}

/// What happened to a call.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It trapped.
    #[error("it trapped: {0}")]
    Trap(String),
    /// It took longer than its deadline.
    #[error("it took longer than its deadline of {} ms", .0.as_millis())]
    Deadline(Duration),
    /// It asked for more memory than its limit.
    #[error("it asked for more than its {0} bytes of memory; a manifest can ask for more (`limits.memory_bytes_max`)")]
    Memory(usize),
    /// It asked for a larger table than its limit.
    #[error("it asked for more than its {0} table elements; a manifest can ask for more (`limits.table_elements_max`)")]
    Table(usize),
    /// Its calls nested deeper than the engine's stack, or their variables took more than the stack in its own memory.
    #[error(
        "it exhausted its stack: its calls have {} KiB, and their arrays and structures as much as it was packed with \
         (`stack_kib` under `[build]` in switchback.toml, 256 KiB by default); what is large belongs on the heap (`Vec`, `Box`), \
         and what recurses needs a limit",
        WASM_STACK_BYTES_MAX >> 10
    )]
    Stack,
    /// It logged without end.
    #[error("it logged without end: {0}")]
    LogFlood(String),
    /// It read something that its manifest does not declare.
    #[error("{0}")]
    Undeclared(String),
    /// Its answer is outside the contract.
    #[error("its answer is outside the contract: {0}")]
    BadResult(String),
    /// It says that it cannot score this message.
    #[error("it cannot score this message: {0}")]
    CannotScore(String),
    /// The runtime has no such release.
    #[error("it is not loaded")]
    NotLoaded,
    /// The runtime does nothing any more.
    #[error("{0}")]
    Gone(RuntimeGone),
    /// Every instance of the pool was in use.
    #[error("every instance of the pool is in use: raise the runtime's `instances` or lower its threads")]
    PoolBusy,
    /// The program has put a handler for this signal in the place of the engine's, so a trap would end the process.
    #[error(
        "this program has taken {0} for itself since the runtime was built, and a model that traps might end the process: \
         install the handler before, or build the runtime with `Traps::ChainedSignals`, if the handler passes on what is not its \
         own, or with `Traps::Checks`"
    )]
    Signals(&'static str),
    /// The host could not do its part.
    #[error("the host could not do its part: {0}")]
    Host(String),
}

/// Without what the guest said, which belongs in no log.
impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadResult(why) => f.debug_tuple("BadResult").field(&Unsaid(why)).finish(),
            Self::CannotScore(why) => f.debug_tuple("CannotScore").field(&Unsaid(why)).finish(),
            other => write!(f, "Fault({other})"),
        }
    }
}

impl Fault {
    /// Which answer of a [`FailurePolicy`](switchback_model::verdict::FailurePolicy) applies.
    pub fn cause(&self) -> Cause {
        match self {
            Self::Deadline(_) => Cause::Deadline,
            Self::PoolBusy => Cause::Overload,
            Self::CannotScore(_) => Cause::BadInput,
            Self::NotLoaded | Self::Gone(_) => Cause::NoRelease,
            _ => Cause::Trap,
        }
    }

    /// What kept an instance from being made, where nothing stopped the guest. A module's `start` runs then, and may misuse
    /// a handle or an import, which is no trap; whatever is not the machine's doing is the guest's.
    pub(crate) fn of_start(error: &wasmtime::Error) -> Self {
        if of_system(error).is_some() {
            Self::Host(beginning(&format!("{error:#}"), ERROR_CHARS_MAX))
        } else {
            Self::Trap(beginning(&error.root_cause().to_string(), ERROR_CHARS_MAX))
        }
    }

    /// What stopped a guest; `None` if the guest was not stopped, but something around it failed.
    #[doc(hidden)]
    pub fn of(error: &wasmtime::Error, guest: &Guest, limits: &ReleaseLimits) -> Option<Self> {
        // First what the host itself stopped: it surfaces as a trap of one kind or another.
        match guest.limiter.refused {
            Some(Exhausted::Memory) => return Some(Self::Memory(limits.memory_bytes_max)),
            Some(Exhausted::Table) => return Some(Self::Table(limits.table_elements_max)),
            None => {}
        }
        if let Some(flood) = error.downcast_ref::<LogFlood>() {
            return Some(Self::LogFlood(flood.to_string()));
        }
        if let Some(undeclared) = error.downcast_ref::<Undeclared>() {
            return Some(Self::Undeclared(undeclared.to_string()));
        }
        if error.is::<PoolConcurrencyLimitError>() {
            return Some(Self::PoolBusy);
        }
        error.downcast_ref::<Trap>().map(|trap| match trap {
            Trap::Interrupt => Self::Deadline(limits.deadline),
            Trap::StackOverflow => Self::Stack,
            Trap::UnreachableCodeReached if guest.log.last_error().is_none() => Self::Trap(format!(
                "{trap} (an abort, `unreachable`, or a panic while a panic was told: it said nothing)"
            )),
            trap => Self::Trap(trap.to_string()),
        })
    }

    /// What kept the engine from taking over what a guest handed to it. The guest used the contract in a way that it does not
    /// allow: a handle that it does not have, a list that does not fit, a string that is no UTF-8, a number that is no variant.
    pub(crate) fn of_misuse(error: &wasmtime::Error) -> Self {
        let why = error.root_cause().to_string();
        if why.contains(TOO_MUCH_HANDED_OVER) {
            return Self::BadResult(format!(
                "it handed over more than {RESULT_BYTES_MAX} bytes in one call, which is the most: a shorter text or log line, \
                 or fewer reasons"
            ));
        }
        Self::BadResult(beginning(&why, ERROR_CHARS_MAX))
    }
}

/// What the engine says of more bytes than it was told to take; it has no name for that.
const TOO_MUCH_HANDED_OVER: &str = "fuel allocated for hostcalls has been exhausted";

/// What the system did not give, if that is why the engine failed.
pub(super) fn of_system(error: &wasmtime::Error) -> Option<io::Error> {
    let said = shortage::of_system(error.as_ref());
    said.or_else(|| error.is::<OutOfMemory>().then(|| io::ErrorKind::OutOfMemory.into()))
}

impl From<InvalidAssessment> for Fault {
    fn from(invalid: InvalidAssessment) -> Self {
        Self::BadResult(invalid.to_string())
    }
}
