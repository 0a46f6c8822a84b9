//! [`log`]: notes for the author and the operator of a model.

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Something is broken. A panic is reported at this level.
    Error,
    /// Something is odd.
    Warn,
    /// Something happened.
    Info,
    /// For the author only.
    Debug,
}

/// Writes a line; a longer one than 1,024 bytes is cut. A host keeps at most 64 lines of one message and counts the rest,
/// and after 4,096 calls in one message it traps. `switchback score -v` shows them, `switchback pack` those of `prepare`
/// and of the self-tests. Natively the line goes to standard error.
///
/// The macros of the crates `log` and `tracing` need somebody who hands their lines to this function; until a model installs one, in
/// `prepare`, what they say is lost.
pub fn log(level: Level, line: &str) {
    #[cfg(target_arch = "wasm32")]
    tell_host(level, line);
    #[cfg(not(target_arch = "wasm32"))]
    eprintln!("{level:?}: {line}");
}

#[cfg(target_arch = "wasm32")]
fn tell_host(level: Level, line: &str) {
    use crate::cut::{LINE_BYTES_MAX, cut};
    use crate::export::bindings::switchback::scoring::log as wit;

    let level = match level {
        Level::Error => wit::Level::Error,
        Level::Warn => wit::Level::Warn,
        Level::Info => wit::Level::Info,
        Level::Debug => wit::Level::Debug,
    };
    match line.len() > LINE_BYTES_MAX {
        true => wit::log(level, &cut(line.to_owned(), LINE_BYTES_MAX)),
        false => wit::log(level, line),
    }
}
