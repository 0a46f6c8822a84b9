//! What happens: a bar or a spinner at a terminal, and elsewhere a line about whatever takes longer than two seconds.

mod patience;

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use self::patience::{PATIENCE, Patience};
use crate::show;

/// How often somebody who looks at no terminal is told how far a corpus is read.
const REPORT_INTERVAL: Duration = Duration::from_secs(30);

/// How far a corpus is read. Hidden where lines of results on the same terminal, or in the same pipe, say as much.
pub(crate) struct Progress {
    bar: ProgressBar,
    messages: u64,
    lines: Option<Lines>,
}

/// Lines that say how far it is, where there is no terminal.
struct Lines {
    next: Instant,
    done_bytes: u64,
    bytes: u64,
}

impl Progress {
    /// A bar over the bytes of a corpus; a count of messages where they are not known.
    pub(crate) fn over(bytes: u64, lines_on_stdout: bool) -> Self {
        if !io::stderr().is_terminal() || (lines_on_stdout && io::stdout().is_terminal()) {
            let lines = Lines { next: Instant::now() + PATIENCE, done_bytes: 0, bytes };
            return Self { bar: ProgressBar::hidden(), messages: 0, lines: Some(lines).filter(|_| !lines_on_stdout) };
        }
        let bar = if bytes > 0 {
            bar(ProgressBar::new(bytes), "{msg}  {wide_bar} {bytes}/{total_bytes}  {eta}")
        } else {
            bar(ProgressBar::no_length(), "{spinner} {msg}  {elapsed}")
        };
        Self { bar, messages: 0, lines: None }
    }

    /// One message of this size is done.
    pub(crate) fn message(&mut self, bytes: u64) {
        self.messages += 1;
        self.bar.inc(bytes);
        if self.messages.is_multiple_of(64) {
            self.bar.set_message(format!("{} messages", self.messages));
        }
        if let Some(line) = self.lines.as_mut().and_then(|lines| lines.after(self.messages, bytes)) {
            crate::exit::say(&line);
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

impl Lines {
    /// A line, if it is time for one, after a message of this size.
    fn after(&mut self, messages: u64, bytes: u64) -> Option<String> {
        self.done_bytes += bytes;
        let now = Instant::now();
        if now < self.next {
            return None;
        }
        self.next = now + REPORT_INTERVAL;
        let (messages, done) = (show::counted(messages, "message"), show::bytes(self.done_bytes));
        Some(match self.bytes {
            0 => format!("so far {messages}, {done} ..."),
            all => format!("so far {messages}, {done} of {} ...", show::bytes(all)),
        })
    }
}

/// Something that takes a while and cannot tell how long. Shown while the value is held.
pub(crate) enum Busy {
    Spinner(ProgressBar),
    Lines(Patience),
}

impl Busy {
    /// Shows what is being done.
    pub(crate) fn with(what: String) -> Self {
        if !io::stderr().is_terminal() {
            return Self::Lines(Patience::with(what));
        }
        let spinner = bar(ProgressBar::new_spinner(), "{spinner} {msg}  {elapsed}").with_message(what);
        spinner.enable_steady_tick(Duration::from_millis(100));
        Self::Spinner(spinner)
    }

    /// Shows what is being done now.
    pub(crate) fn now(&self, what: String) {
        match self {
            Self::Spinner(spinner) => spinner.set_message(what),
            Self::Lines(patience) => patience.now(what),
        }
    }

    /// Says a line on stderr, above what is shown; also where nothing else is.
    pub(crate) fn say(&self, what: &str) {
        match self {
            Self::Spinner(spinner) => spinner.suspend(|| crate::exit::say(what)),
            Self::Lines(_) => crate::exit::say(what),
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Self::Spinner(spinner) = self {
            spinner.finish_and_clear();
        }
    }
}

fn bar(bar: ProgressBar, template: &str) -> ProgressBar {
    // A template that does not parse leaves the default style; the tests see that these do.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
