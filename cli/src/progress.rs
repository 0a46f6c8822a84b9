//! What happens, for a person at a terminal. Nothing is shown anywhere else.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How far a corpus is read. Hidden unless stderr is a terminal, and where lines of results on the same
/// terminal say as much.
pub(crate) struct Progress {
    bar: ProgressBar,
    messages: u64,
}

impl Progress {
    /// A bar over the bytes of a corpus; a count of messages where they are not known.
    pub(crate) fn over(bytes: u64, lines_on_stdout: bool) -> Self {
        if !io::stderr().is_terminal() || (lines_on_stdout && io::stdout().is_terminal()) {
            return Self { bar: ProgressBar::hidden(), messages: 0 };
        }
        let bar = if bytes > 0 {
            bar(ProgressBar::new(bytes), "{msg}  {wide_bar} {bytes}/{total_bytes}  {eta}")
        } else {
            bar(ProgressBar::no_length(), "{spinner} {msg}  {elapsed}")
        };
        Self { bar, messages: 0 }
    }

    /// One message of this size is done.
    pub(crate) fn message(&mut self, bytes: u64) {
        self.messages += 1;
        self.bar.inc(bytes);
        if self.messages.is_multiple_of(64) {
            self.bar.set_message(format!("{} messages", self.messages));
        }
    }

    /// Says a line on stderr, above the bar.
    pub(crate) fn say(&self, what: &str) {
        self.bar.suspend(|| crate::exit::say(what));
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Something that takes a while and cannot tell how long. Shown while the value is held.
pub(crate) struct Busy(ProgressBar);

impl Busy {
    /// Shows what is being done.
    pub(crate) fn with(what: String) -> Self {
        if !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let spinner = bar(ProgressBar::new_spinner(), "{spinner} {msg}  {elapsed}").with_message(what);
        spinner.enable_steady_tick(Duration::from_millis(100));
        Self(spinner)
    }

    /// Shows what is being done now.
    pub(crate) fn now(&self, what: String) {
        self.0.set_message(what);
    }

    /// Says a line on stderr, above what is shown; also where nothing else is.
    pub(crate) fn say(&self, what: &str) {
        self.0.suspend(|| crate::exit::say(what));
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn bar(bar: ProgressBar, template: &str) -> ProgressBar {
    // A template that does not parse leaves the default style; the tests see that these do.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
