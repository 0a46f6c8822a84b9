//! What is too old to be kept, and by which clock.
//!
//! A clock that is wrong for an hour must not delete what a month has brought. So time is as the clock says, but no later than
//! what is known, and two days:
//!
//! * A process whose clock has gone on for a day without a jump knows the time by it.
//! * Until then, it is known by when segments were begun ([`Course`]).
//! * In any case a segment that a living process writes was begun an hour ago at most (as configured), by its clock.

use std::time::Duration;

use jiff::Timestamp;
use switchback_system::clock::Course;

use crate::limits::{CLOCK_GAP_MAX, CLOCK_TRIED};

/// What a process's clock says, and for how long it has said so without a jump.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) now: Timestamp,
    pub(super) steady: Duration,
}

impl Told {
    /// The time by which is decided what is too old: as told, or earlier where that is not believed. `begun` are the
    /// segments, in order; `written` those that living processes write, each at most `age_max` old.
    pub(super) fn believed(
        &self,
        begun: impl Iterator<Item = Timestamp>,
        written: impl Iterator<Item = Timestamp>,
        age_max: Duration,
    ) -> Timestamp {
        let mut course = Course::new(CLOCK_GAP_MAX);
        begun.for_each(|at| course.note(at));
        let known = course.known().filter(|_| self.steady < CLOCK_TRIED);
        let after = |at: Timestamp, more: Duration| at.saturating_add(more).unwrap_or(Timestamp::MAX);
        let witnesses = written.map(|at| after(at, age_max)).chain(known);
        witnesses.map(|at| after(at, CLOCK_GAP_MAX)).fold(self.now, Ord::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn hour(count: u32) -> Timestamp {
        Timestamp::UNIX_EPOCH + HOUR * count
    }

    fn believed(now: u32, steady_h: u32, begun: &[u32], written: &[u32]) -> u32 {
        let told = Told { now: hour(now), steady: HOUR * steady_h };
        let [begun, written] = [begun, written].map(|hours| hours.iter().copied().map(hour));
        (told.believed(begun, written, HOUR).as_second() / 3_600) as u32
    }

    #[test]
    fn a_clock_is_believed_as_far_as_others_bear_it_out() {
        assert_eq!(believed(100, 0, &[90, 95], &[]), 100);
        assert_eq!(believed(1_000, 0, &[90, 95], &[]), 95 + 49, "ahead, at the start");
        assert_eq!(believed(1_000, 23, &[90, 95, 999], &[999]), 95 + 49, "with what it wrote itself");
        assert_eq!(believed(1_000, 24, &[90, 95], &[]), 1_000, "a day has passed since then");
        assert_eq!(believed(1_000, 0, &[90, 95, 950, 975, 999], &[]), 1_000, "or has in several processes");
        assert_eq!(believed(1_000, 24, &[90, 95, 999], &[95, 999]), 95 + 50, "but others live who say otherwise");
        assert_eq!(believed(5, 0, &[90, 95], &[]), 5, "set back");
        assert_eq!(believed(1_000, 0, &[], &[]), 1_000, "there is nothing to be deleted");
    }
}
