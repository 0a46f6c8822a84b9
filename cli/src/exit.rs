//! How the command ends: exit codes, and errors on one line.

use std::fmt;
use std::io;
use std::process::ExitCode;

use switchback::files::InWords;

use crate::hint;
use crate::show::{printable, wrapped};

/// What a shell has for a command that SIGPIPE ended: 128 and the number of the signal.
const BROKEN_PIPE: u8 = 128 + 13;

/// Columns for what an exit code means: the help has 100.
const MEANING_WIDTH: usize = 95;

/// What the long help of a command ends with: examples, and what 0 and 1 mean as its exit codes.
pub(crate) fn after_help(examples: &str, [fine, found]: [&str; 2]) -> String {
    let [fine, found] = [fine, found].map(|means| wrapped(means, MEANING_WIDTH).join("\n     "));
    format!("{examples}\n\nExit codes:\n  0  {fine}\n  1  {found}\n  2  the command line is wrong")
}

/// How a command that ran to its end went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well: 0.
    Fine,
    /// Something failed or was found, and was said on the way: 1.
    Found,
    /// All was shown, and in a slot nobody decides: 3.
    Undecided,
}

impl Exit {
    /// [`Exit::Found`] if anything was.
    pub(crate) fn found_if(found: bool) -> Self {
        if found { Self::Found } else { Self::Fine }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Fine => Self::SUCCESS,
            Exit::Found => Self::from(1),
            Exit::Undecided => Self::from(3),
        }
    }
}

/// A command line that the parser accepts and that still makes no sense: exit code 2.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; see `switchback help`", self.0)
    }
}

impl std::error::Error for Usage {}

/// Says what went wrong, and with which code to end.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    // Whoever read the output has seen enough (`switchback score ... | head`). What was to be found out was not, so this
    // is no success: it ends as if by SIGPIPE.
    if is_broken_pipe(error) {
        return ExitCode::from(BROKEN_PIPE);
    }
    say(&explained(error));
    ExitCode::from(if error.is::<Usage>() { 2 } else { 1 })
}

/// A line on stderr, safe for a terminal. If even that cannot be written, the exit code has to do.
pub(crate) fn say(what: &str) {
    use io::Write as _;
    let _ = writeln!(io::stderr(), "{}", remark(what));
}

/// What is said, with further lines indented: no text of others can begin one as this command does.
fn remark(what: &str) -> String {
    let mut lines = what.split('\n').map(|line| printable(line, usize::MAX));
    let first = lines.next().unwrap_or_default();
    lines.fold(format!("switchback: {first}"), |said, line| match line.is_empty() {
        true => said + "\n",
        false => format!("{said}\n  {line}"),
    })
}

/// An error with its causes and what to do about it, on one line.
pub(crate) fn explained(error: &anyhow::Error) -> String {
    let line = chain(error.as_ref());
    match hint::of(error) {
        Some(hint) => format!("{line}: {hint}"),
        None => line,
    }
}

/// An error with its causes, on one line. A cause that the line ends with already is not repeated.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let words = causes.map(|cause| match cause.downcast_ref::<io::Error>() {
        Some(system) => InWords(system).to_string(),
        None => cause.to_string(),
    });
    words.fold(error.to_string(), |line, cause| match line.contains(&cause) {
        true => line,
        false => format!("{line}: {cause}"),
    })
}

/// Whether whoever read the output has gone.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io_kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json_kind = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io_kind.or(json_kind) == Some(io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_somebody_else_never_begins_as_one_of_ours() {
        assert_eq!(remark("all is well"), "switchback: all is well");
        assert_eq!(remark("x\n\nswitchback: y\x1b[2J"), "switchback: x\n\n  switchback: y\u{fffd}[2J");
        assert_eq!(remark("x\r\nswitchback: y"), "switchback: x\u{fffd}\n  switchback: y");
    }

    #[test]
    fn an_error_is_one_line_with_all_its_causes() {
        let error = anyhow::Error::new(io::Error::other("disk on fire")).context("cannot read x").context("load x");
        assert_eq!(chain(error.as_ref()), "load x: cannot read x: disk on fire");
    }

    #[test]
    fn a_cause_that_was_said_is_not_said_again() {
        let error = anyhow::Error::new(io::Error::other("disk on fire")).context("load x: disk on fire");
        assert_eq!(chain(error.as_ref()), "load x: disk on fire");
    }

    #[test]
    fn a_broken_pipe_is_found_below_what_was_put_around_it() {
        let pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_broken_pipe(&anyhow::Error::new(pipe()).context("write")));
        assert!(is_broken_pipe(&serde_json::Error::io(pipe()).into()));
        assert!(!is_broken_pipe(&io::Error::other("x").into()));
    }
}
