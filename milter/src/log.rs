//! The log: lines on stderr, which a service manager keeps.

use std::env;
use std::io;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt, registry};

/// Shows what is at least informative; with `verbose`, connections too.
///
/// Of other crates only the milter library's warnings are shown: what it traces are whole messages, and resolvers log the domains
/// of senders.
pub(crate) fn to_stderr(verbose: bool) {
    let level = if verbose { LevelFilter::DEBUG } else { LevelFilter::INFO };
    let shown = Targets::new().with_target("switchback", level).with_target("indymilter", LevelFilter::WARN);
    let lines = fmt::layer()
        .with_writer(io::stderr)
        .with_target(false)
        .with_ansi(false)
        // Where even that cannot be written, as into a log on a disk that is full, nothing is said: to say so would panic.
        .log_internal_errors(false);
    // The journal has the time of each line.
    let lines = if env::var_os("JOURNAL_STREAM").is_some() { lines.without_time().boxed() } else { lines.boxed() };
    registry().with(lines.with_filter(shown)).init();
}
