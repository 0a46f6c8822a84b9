//! What a store holds for the one message that it is made for.

use super::limiter::Limiter;
use crate::limits::{LOG_CALLS_MAX, LOG_LINE_BYTES_MAX, ReleaseLimits};
use crate::message::{Message, Recipients};
use crate::release::Reads;

/// The state of one call.
pub(crate) struct Guest {
    pub(crate) message: Message,
    pub(crate) reads: Reads,
    pub(crate) recipients: Recipients,
    pub(crate) limiter: Limiter,
    pub(crate) log: Log,
}

impl Guest {
    pub(crate) fn new(message: Message, reads: Reads, recipients: Recipients, limits: &ReleaseLimits) -> Self {
        Self { message, reads, recipients, limiter: Limiter::new(limits), log: Log::new(limits.log_lines_max) }
    }
}

/// What the guest logged during one message.
pub(crate) struct Log {
    lines_max: usize,
    calls: u32,
    lines: Vec<String>,
    last_is_error: bool,
}

impl Log {
    fn new(lines_max: usize) -> Self {
        Self { lines_max, calls: 0, lines: Vec::new(), last_is_error: false }
    }

    /// Keeps a line if there is room. Refuses the call that is one too many. The last line at level error
    /// takes the last place if it must: it says why the guest is about to abort.
    pub(crate) fn push(&mut self, is_error: bool, mut line: String) -> Result<(), LogFlood> {
        self.calls += 1;
        if self.calls > LOG_CALLS_MAX {
            return Err(LogFlood);
        }
        line.truncate(line.floor_char_boundary(LOG_LINE_BYTES_MAX));
        if self.lines.len() < self.lines_max {
            self.lines.push(line);
            self.last_is_error = is_error;
        } else if let (true, Some(last)) = (is_error, self.lines.last_mut()) {
            *last = line;
            self.last_is_error = true;
        }
        Ok(())
    }

    /// The last line kept, if it was an error: the guest's last word before it aborted.
    pub(crate) fn last_error(&self) -> Option<String> {
        self.lines.last().filter(|_| self.last_is_error).cloned()
    }

    /// Every line kept.
    pub(crate) fn take_lines(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }
}

/// The guest called `log` more often than the contract allows.
#[derive(Debug, thiserror::Error)]
#[error("more than {LOG_CALLS_MAX} calls of log")]
pub(crate) struct LogFlood;
