//! What a store holds for the one message that it is made for.

use switchback_model::limits::ReleaseLimits;
use switchback_model::log::{LogLevel, Logged};
use switchback_model::message::{Message, Recipients};
use switchback_model::release::Reads;

use super::clock::Clock;
use super::limiter::Limiter;
use crate::limits::LOG_CALLS_MAX;

/// The state of one call.
pub struct Guest {
    pub(crate) message: Message,
    pub(crate) reads: Reads,
    pub(crate) recipients: Recipients,
    pub(crate) clock: Clock,
    pub(crate) limiter: Limiter,
    pub(crate) log: Log,
}

switchback_model::debug!(Guest { message, .. });

impl Guest {
    /// The guest's time begins.
    #[doc(hidden)]
    pub fn new(message: Message, reads: Reads, recipients: Recipients, limits: &ReleaseLimits) -> Self {
        let (limiter, log) = (Limiter::new(limits), Log::new(limits.log_lines_max));
        Self { message, reads, recipients, clock: Clock::start(limits.deadline), limiter, log }
    }
}

/// What the guest logged during one message.
pub(crate) struct Log {
    lines_max: usize,
    calls: u32,
    logged: Logged,
}

impl Log {
    fn new(lines_max: usize) -> Self {
        Self { lines_max, calls: 0, logged: Logged::default() }
    }

    /// Keeps a line if there is room. Refuses the call that is one too many, whose line is still kept if it is an error.
    pub(crate) fn push(&mut self, level: LogLevel, line: &str) -> Result<(), LogFlood> {
        self.calls += 1;
        self.logged.push(level, line, self.lines_max);
        if self.calls > LOG_CALLS_MAX { Err(LogFlood) } else { Ok(()) }
    }

    /// The guest's last word, if it was an error.
    pub(crate) fn last_error(&self) -> Option<&str> {
        self.logged.last_error()
    }

    /// What is kept.
    pub(crate) fn take(&mut self) -> Logged {
        std::mem::take(&mut self.logged)
    }
}

/// The guest called `log` more often than the contract allows.
#[derive(Debug, thiserror::Error)]
#[error("more than {LOG_CALLS_MAX} calls of log")]
pub(crate) struct LogFlood;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_too_many_is_refused_and_the_last_word_is_kept() {
        let mut log = Log::new(2);
        for _ in 0..LOG_CALLS_MAX {
            log.push(LogLevel::Info, "so much to say").unwrap();
        }
        log.push(LogLevel::Error, "panicked").unwrap_err();
        let logged = log.take();
        assert_eq!((logged.last_error(), logged.dropped), (Some("panicked"), LOG_CALLS_MAX - 1));
    }
}
