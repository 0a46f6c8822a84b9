//! How long facts take to derive: the host's time, which no guest that asks for one pays for.

use std::cell::Cell;
use std::fmt;
use std::time::{Duration, Instant};

thread_local! {
    static TIME: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    /// Whether something is being derived; what it needs is part of it.
    static IS_DERIVING: Cell<bool> = const { Cell::new(false) };
}

/// How long this thread has derived facts of messages, or waited for another thread that did, since it began.
pub fn time_of_thread() -> Duration {
    TIME.get()
}

/// A fact that is derived when it is first asked for, and remembered: [`std::sync::OnceLock`] with a clock.
pub(super) struct OnceLock<T>(std::sync::OnceLock<T>);

impl<T> OnceLock<T> {
    pub(super) const fn new() -> Self {
        Self(std::sync::OnceLock::new())
    }

    pub(super) fn get_or_init(&self, derive: impl FnOnce() -> T) -> &T {
        match self.0.get() {
            Some(known) => known,
            None => timed(|| self.0.get_or_init(derive)),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[expect(clippy::disallowed_methods, reason = "how long it took decides nothing here; the host adds it to a deadline")]
fn timed<T>(derive: impl FnOnce() -> T) -> T {
    if IS_DERIVING.replace(true) {
        return derive();
    }
    let _clock = RunningClock(Instant::now());
    derive()
}

/// Stops when it is dropped, also by a panic.
struct RunningClock(Instant);

impl Drop for RunningClock {
    fn drop(&mut self) {
        IS_DERIVING.set(false);
        TIME.set(TIME.get() + self.0.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_costs_time_once_and_what_it_needs_is_not_counted_twice() {
        let [outer, inner] = [const { OnceLock::new() }; 2];
        let before = time_of_thread();
        let start = Instant::now();
        assert_eq!(outer.get_or_init(|| *inner.get_or_init(|| 1) + 1), &2);
        let whole = start.elapsed();
        let first = time_of_thread() - before;
        assert!(first > Duration::ZERO && first <= whole, "{first:?} of {whole:?}");
        assert_eq!((outer.get_or_init(|| 3), inner.get_or_init(|| 4)), (&2, &1));
        assert_eq!(time_of_thread() - before, first);
    }

    #[test]
    fn the_clock_stops_when_deriving_panics() {
        let fact = OnceLock::<u8>::new();
        assert!(crate::contain::contained(|| *fact.get_or_init(|| panic!("no"))).is_err());
        let before = time_of_thread();
        fact.get_or_init(|| 1);
        assert!(time_of_thread() > before, "it was still running");
    }
}
