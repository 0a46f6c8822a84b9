//! What a model logs while it scores a message.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::beginning::{on_one_line, within};
use crate::limits::LOG_LINE_BYTES_MAX;

/// How much a line of a model's log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
// Exhaustive: the levels of the scoring contract.
pub enum LogLevel {
    /// Something is broken. A panic is reported at this level.
    Error,
    /// Something is odd.
    Warn,
    /// Something happened.
    Info,
    /// For the author only.
    Debug,
}

impl LogLevel {
    /// Every level, what matters most first.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::Debug];

    /// Its name, as in every text and record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

crate::display_by_name!(LogLevel);

/// A line of a model's log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// What it says, at most 1,024 bytes. Line breaks and other control characters are escaped; one that was cut ends with `…`.
    pub line: String,
}

crate::debug! {
    /// Without its text, which belongs in no log.
    LogLine { level, line: unsaid }
}

/// `warn: no weights for this language`.
impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.level, self.line)
    }
}

/// What a model logged in one call, as far as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Logged {
    /// The lines, in their order.
    pub lines: Vec<LogLine>,
    /// How many more there were than are kept of one call.
    pub dropped: u32,
}

impl Logged {
    /// Whether nothing was logged.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.dropped == 0
    }

    /// Keeps a line if there are fewer than `lines_max`. One at level error takes the last place if it must: it says why the
    /// model is about to abort.
    pub fn push(&mut self, level: LogLevel, line: &str, lines_max: usize) {
        if self.lines.len() >= lines_max {
            self.dropped += 1;
            if level != LogLevel::Error || self.lines.pop().is_none() {
                return;
            }
        }
        self.lines.push(LogLine { level, line: kept(line) });
    }

    /// The last line that is kept, if it is at level error: the model's last word before it aborted.
    pub fn last_error(&self) -> Option<&str> {
        self.lines.last().filter(|last| last.level == LogLevel::Error).map(|last| last.line.as_str())
    }
}

/// A line as it is kept: one line, no longer than the contract says, and in no more memory than it takes.
fn kept(line: &str) -> String {
    let line = on_one_line(&within(line, LOG_LINE_BYTES_MAX));
    let mut line = within(&line, LOG_LINE_BYTES_MAX).into_owned();
    line.shrink_to_fit();
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(lines: &[(LogLevel, &str)], lines_max: usize) -> (Vec<String>, u32) {
        let mut logged = Logged::default();
        lines.iter().for_each(|(level, line)| logged.push(*level, line, lines_max));
        (logged.lines.iter().map(ToString::to_string).collect(), logged.dropped)
    }

    #[test]
    fn a_line_that_is_cut_says_so_and_takes_the_memory_of_what_is_left() {
        let mut logged = Logged::default();
        for level in [LogLevel::Info, LogLevel::Error] {
            logged.push(level, &"é".repeat(65_000), 2);
        }
        for LogLine { line, .. } in &logged.lines {
            assert!(line.len() <= LOG_LINE_BYTES_MAX && line.len() > 1_000 && line.ends_with("é…"), "{line}");
            assert!(line.capacity() <= LOG_LINE_BYTES_MAX);
        }
    }

    #[test]
    fn a_line_with_line_breaks_is_one_line_and_no_longer() {
        let (lines, _) = logged(&[(LogLevel::Warn, "x\nswitchback: all is well")], 2);
        assert_eq!(lines, [r"warn: x\nswitchback: all is well"]);
        let escaped = kept(&"\x1b".repeat(2_000));
        assert!(escaped.len() <= LOG_LINE_BYTES_MAX && escaped.starts_with(r"\u{1b}\u{1b}"), "{escaped}");
    }

    #[test]
    fn what_is_not_kept_is_counted_and_an_error_takes_the_last_place() {
        let line = (LogLevel::Debug, "seen");
        assert_eq!(logged(&[line; 2], 2), (vec!["debug: seen".to_owned(); 2], 0));
        assert_eq!(logged(&[line; 5], 2), (vec!["debug: seen".to_owned(); 2], 3));
        let panicked = (LogLevel::Error, "panicked");
        let kept = vec!["debug: seen".to_owned(), "error: panicked".to_owned()];
        assert_eq!(logged(&[line, line, line, panicked], 2), (kept.clone(), 2));
        assert_eq!(logged(&[line, panicked, line], 2), (kept, 1));
        assert_eq!(logged(&[panicked], 0), (Vec::new(), 1));
    }

    #[test]
    fn the_last_word_is_an_error_that_nothing_follows() {
        let mut logged = Logged::default();
        assert_eq!(logged.last_error(), None);
        logged.push(LogLevel::Error, "first", 8);
        assert_eq!(logged.last_error(), Some("first"));
        logged.push(LogLevel::Debug, "then", 8);
        assert_eq!(logged.last_error(), None);
    }
}
