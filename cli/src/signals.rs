//! Signals that would end the program where an error is enough.

use std::sync::Arc;

use signal_hook::consts::SIGXFSZ;

/// Lets a write that goes past a limit on the size of files (`ulimit -f`, `LimitFSIZE=`) fail with an error, like any other
/// that finds no room: by default the system kills a process for it.
///
/// A handler, and not that the signal is ignored: programs that this one starts would inherit that.
pub(crate) fn survive_file_limits() {
    // Where it cannot be had, the limit kills as before. Nobody reads the flag.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
}
