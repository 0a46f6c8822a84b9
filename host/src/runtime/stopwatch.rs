//! How long a release takes, without what the host reads of a message meanwhile: whoever is asked first would pay for everybody.

use std::time::{Duration, Instant};

use switchback_model::message::time_of_thread;

/// Runs since it was made, on the thread that made it.
pub(super) struct Stopwatch {
    began: Instant,
    read_before: Duration,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self { began: Instant::now(), read_before: time_of_thread() }
    }

    pub(super) fn took(&self) -> Duration {
        let read = time_of_thread() - self.read_before;
        self.began.elapsed().saturating_sub(read)
    }
}
