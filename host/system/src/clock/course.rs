//! How far time has come, by what was written down.

use std::time::Duration;

use jiff::Timestamp;

/// The latest time that a row of times bears out, each as somebody's clock said it.
///
/// A time soon after one that is borne out is so itself. One after a gap may come from a clock that is wrong: it is borne out
/// when times have gone on from there for longer than a gap takes, without another one, or for as long as the gap was. A time
/// before it says that it was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Course {
    /// What is no gap yet.
    gap_max: Duration,
    known: Option<Timestamp>,
    /// From when on times have borne each other out, up to that.
    since: Timestamp,
    /// After a gap: the first time, the last one, and whether there was another gap between them.
    doubted: Option<Doubted>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Doubted {
    first: Timestamp,
    last: Timestamp,
    has_gap: bool,
}

impl Course {
    /// Nothing is known yet; `gap_max` is how far apart two times may be that bear each other out.
    pub fn new(gap_max: Duration) -> Self {
        Self { gap_max, known: None, since: Timestamp::MAX, doubted: None }
    }

    /// The next time.
    pub fn note(&mut self, at: Timestamp) {
        let Some(known) = self.known.filter(|known| lies_between(at, *known) <= self.gap_max || self.is_tried()) else {
            // The first one, or the first that is right.
            (self.known, self.since, self.doubted) = (Some(at), at, None);
            return;
        };
        if lies_between(known, at) <= self.gap_max {
            (self.known, self.doubted) = (Some(known.max(at)), None);
            return;
        }
        let Doubted { first, last, has_gap } = match self.doubted {
            Some(doubted) if at >= doubted.first => doubted,
            _ => Doubted { first: at, last: at, has_gap: false },
        };
        let has_gap = has_gap || lies_between(last, at) > self.gap_max;
        let enough = if has_gap { lies_between(known, first) } else { self.gap_max };
        if lies_between(first, at) >= enough {
            (self.known, self.since, self.doubted) = (Some(at), first, None);
        } else {
            self.doubted = Some(Doubted { first, last: last.max(at), has_gap });
        }
    }

    /// The latest time that is borne out; none before the first, which is believed for as long as nothing speaks against it.
    pub fn known(&self) -> Option<Timestamp> {
        self.known
    }

    /// The same; none as well while there is only what one wrong clock could have said.
    pub fn tried(&self) -> Option<Timestamp> {
        self.known.filter(|_| self.is_tried())
    }

    fn is_tried(&self) -> bool {
        self.known.is_some_and(|known| lies_between(self.since, known) > self.gap_max)
    }

    /// Whether the latest times came after a gap, and it is not known yet whether a clock was wrong.
    pub fn is_in_doubt(&self) -> bool {
        self.doubted.is_some()
    }
}

/// From the first to the second; zero if that is earlier.
fn lies_between(first: Timestamp, second: Timestamp) -> Duration {
    Duration::try_from(first.duration_until(second)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24;

    fn known(hours: &[u64]) -> Option<u64> {
        let time = |hour: &u64| Timestamp::UNIX_EPOCH + Duration::from_secs(hour * 3_600);
        let mut course = Course::new(Duration::from_secs(2 * DAY * 3_600));
        hours.iter().map(time).for_each(|at| course.note(at));
        course.known().map(|at| at.as_second() as u64 / 3_600)
    }

    #[test]
    fn a_time_far_ahead_is_borne_out_by_those_after_it() {
        assert_eq!(known(&[]), None);
        assert_eq!(known(&[5, 6, 40, 80]), Some(80));
        assert_eq!(known(&[5, 40 * DAY]), Some(5), "one start with a wrong clock");
        assert_eq!(known(&[5, 40 * DAY, 41 * DAY, 45 * DAY]), Some(5), "several");
        assert_eq!(known(&[5, 40 * DAY, 7]), Some(7), "the clock is right again");
        assert_eq!(known(&[5, 60 * DAY, 61 * DAY, 62 * DAY]), Some(62 * DAY), "it was stopped for two months");
        let weekly: Vec<_> = (0..9).map(|week| week * 7 * DAY).collect();
        assert_eq!(known(&weekly), Some(8 * 7 * DAY));
        assert_eq!(known(&weekly[..8]), Some(6 * 7 * DAY));
    }

    #[test]
    fn a_time_before_others_takes_nothing_back_that_was_tried() {
        assert_eq!(known(&[48 * DAY, 50 * DAY, 51 * DAY, 0]), Some(51 * DAY));
        assert_eq!(known(&[50 * DAY, 51 * DAY, 0, 1]), Some(1), "it began with a wrong clock");
        let mut course = Course::new(Duration::from_secs(3_600));
        let at = |second| Timestamp::from_second(second).unwrap();
        course.note(at(0));
        course.note(at(3_600));
        assert_eq!((course.known(), course.tried()), (Some(at(3_600)), None));
        course.note(at(3_601));
        assert_eq!(course.tried(), Some(at(3_601)));
    }
}
