//! What the library warns about, on stderr.

use std::io;

use tracing_subscriber::filter::LevelFilter;

/// Shows warnings as plain lines, without time and colours.
pub(crate) fn to_stderr() {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(LevelFilter::WARN)
        .with_target(false)
        .with_ansi(false)
        .without_time()
        // Where even that cannot be written, as into a log on a disk that is full, nothing is said: to say so would panic.
        .log_internal_errors(false)
        .init();
}
