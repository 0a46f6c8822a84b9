//! What a store holds for the one message that it is made for.

use super::clock::Clock;
use super::limiter::Limiter;
use crate::beginning::on_one_line;
use crate::limits::{LOG_CALLS_MAX, LOG_LINE_BYTES_MAX, ReleaseLimits};
use crate::message::{Message, Recipients};
use crate::release::Reads;

/// The state of one call.
pub(crate) struct Guest {
    pub(crate) message: Message,
    pub(crate) reads: Reads,
    pub(crate) recipients: Recipients,
    pub(crate) clock: Clock,
    pub(crate) limiter: Limiter,
    pub(crate) log: Log,
}

impl Guest {
    /// The guest's time begins.
    pub(crate) fn new(message: Message, reads: Reads, recipients: Recipients, limits: &ReleaseLimits) -> Self {
        let (limiter, log) = (Limiter::new(limits), Log::new(limits.log_lines_max));
        Self { message, reads, recipients, clock: Clock::start(limits.deadline), limiter, log }
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
    pub(crate) fn push(&mut self, is_error: bool, line: String) -> Result<(), LogFlood> {
        self.calls += 1;
        if self.calls > LOG_CALLS_MAX {
            return Err(LogFlood);
        }
        if self.lines.len() < self.lines_max {
            self.lines.push(cut(line));
            self.last_is_error = is_error;
        } else if let (true, Some(last)) = (is_error, self.lines.last_mut()) {
            *last = cut(line);
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

/// A line as it is kept: one line, no longer than the contract says, and in no more memory than it takes.
fn cut(mut line: String) -> String {
    line.truncate(line.floor_char_boundary(LOG_LINE_BYTES_MAX));
    let mut line = on_one_line(&line);
    line.truncate(line.floor_char_boundary(LOG_LINE_BYTES_MAX));
    line.shrink_to_fit();
    line
}

/// The guest called `log` more often than the contract allows.
#[derive(Debug, thiserror::Error)]
#[error("more than {LOG_CALLS_MAX} calls of log")]
pub(crate) struct LogFlood;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_cut_takes_the_memory_of_what_is_left() {
        let mut log = Log::new(2);
        for is_error in [false, false, true] {
            log.push(is_error, "é".repeat(65_000)).unwrap();
        }
        let lines = log.take_lines();
        assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [1_024; 2]);
        assert!(lines.iter().all(|line| line.capacity() <= LOG_LINE_BYTES_MAX));
    }

    #[test]
    fn a_line_with_line_breaks_is_one_line_and_no_longer() {
        let mut log = Log::new(2);
        log.push(false, "x\nswitchback: all is well".to_owned()).unwrap();
        log.push(true, "\x1b".repeat(2_000)).unwrap();
        let lines = log.take_lines();
        assert_eq!(lines[0], r"x\nswitchback: all is well");
        assert_eq!(lines[1].len(), LOG_LINE_BYTES_MAX);
        assert!(lines[1].starts_with(r"\u{1b}\u{1b}"));
    }
}
