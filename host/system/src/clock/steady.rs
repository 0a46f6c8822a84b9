//! Whether the time of day goes on as time does.

use std::fmt;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::limits::CLOCK_JUMP_MIN;

/// Compares the time of day with a clock that only counts what passes, each time that somebody looks.
#[derive(Debug)]
pub struct Steady {
    last: (Timestamp, Instant),
    since: Instant,
}

/// The time of day was set, or the machine slept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// What it would be by the time that has passed.
    pub expected: Timestamp,
    /// What it is.
    pub found: Timestamp,
}

impl Steady {
    /// Both clocks as they are now.
    pub fn new(time_of_day: Timestamp, now: Instant) -> Self {
        Self { last: (time_of_day, now), since: now }
    }

    /// Looks at both clocks at once. Corrections below [`CLOCK_JUMP_MIN`] are not worth a word.
    pub fn look(&mut self, time_of_day: Timestamp, now: Instant) -> Option<Jump> {
        let (before, then) = std::mem::replace(&mut self.last, (time_of_day, now));
        let expected = before.checked_add(now.saturating_duration_since(then)).unwrap_or(Timestamp::MAX);
        if expected.duration_until(time_of_day).unsigned_abs() < CLOCK_JUMP_MIN {
            return None;
        }
        self.since = now;
        Some(Jump { expected, found: time_of_day })
    }

    /// How long it has gone on without a jump.
    pub fn lasts(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }
}

impl fmt::Display for Jump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, found } = self;
        write!(f, "the clock jumped to {found}, while it would be {expected} by the time that has passed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_what_the_time_of_day_has_more_or_less_than_passed() {
        let (day, start) = (Timestamp::from_second(1_000_000_000).unwrap(), Instant::now());
        let at = |second: u64, passed: u64| (day + Duration::from_secs(second), start + Duration::from_secs(passed));
        let mut steady = Steady::new(day, start);
        let mut look = |(time_of_day, now)| (steady.look(time_of_day, now), steady.lasts(now).as_secs());
        assert_eq!(look(at(100_000, 100_000)), (None, 100_000), "however long nobody looked");
        assert_eq!(look(at(100_070, 100_060)), (None, 100_060), "a correction");
        let ahead = Jump { expected: at(100_080, 0).0, found: at(200_000, 0).0 };
        assert_eq!(look(at(200_000, 100_070)), (Some(ahead), 0));
        assert_eq!(look(at(200_060, 100_130)), (None, 60), "it goes on from there");
        let behind = Jump { expected: at(200_070, 0).0, found: at(5, 0).0 };
        assert_eq!(look(at(5, 100_140)), (Some(behind), 0));
        let mut last = Steady::new(Timestamp::MAX, start);
        assert_eq!(last.look(Timestamp::MAX, start + Duration::from_secs(9)), None);
    }
}
