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

/// Writes a line, of which the host keeps at most 1,024 bytes. It keeps at most 64 lines of one message,
/// and after 4,096 calls in one message it traps. Natively the line goes to standard error.
pub fn log(level: Level, line: &str) {
    #[cfg(target_arch = "wasm32")]
    crate::export::log(level, line);
    #[cfg(not(target_arch = "wasm32"))]
    eprintln!("{level:?}: {line}");
}
