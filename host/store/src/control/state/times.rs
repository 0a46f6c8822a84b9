//! How far the ledger has come in time, by what its events say, and overrides that a wrong clock made.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use switchback_model::limits::OVERRIDE_AHEAD_MAX;
use switchback_system::clock::Course;
use switchback_system::limits::CLOCK_JUMP_MIN;

use super::StoreState;
use crate::control::Event;

/// What is known of time: part of the fold, and made anew wherever a ledger is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Times {
    course: Course,
    /// Overrides that were made since it is not known whether a clock was wrong, each with how long it was meant to last, and
    /// the latest of their times.
    doubted: Vec<(u64, SignedDuration)>,
    latest: Timestamp,
    /// Those to which the last event gave another end.
    ended: Vec<u64>,
}

impl Default for Times {
    fn default() -> Self {
        let course = Course::new(OVERRIDE_AHEAD_MAX);
        Self { course, doubted: Vec::new(), latest: Timestamp::MIN, ended: Vec::new() }
    }
}

impl StoreState {
    /// What time it is, where a clock says this: no earlier than the ledger bears out. A time far after the other events is not
    /// borne out before events have gone on from there for longer than a day.
    pub fn time(&self, clock: Timestamp) -> Timestamp {
        self.times.course.tried().map_or(clock, |known| known.max(clock))
    }

    /// What time the ledger bears out, where a clock is set back behind that: by more than clocks differ.
    pub fn time_missed(&self, clock: Timestamp) -> Option<Timestamp> {
        let known = self.time(clock);
        (clock.duration_until(known).unsigned_abs() >= CLOCK_JUMP_MIN).then_some(known)
    }

    /// Overrides that the last event gave another end: they were made more than a day later than it, so a clock was wrong.
    #[doc(hidden)]
    pub fn ended_by_last(&self) -> &[u64] {
        &self.times.ended
    }

    /// Takes note of an event's time. An override that was made while the clock was ahead ends as long after the next event as
    /// it was meant to last: nobody finds it standing years later.
    pub(super) fn note_time(&mut self, event: &Event) {
        let Self { times, overrides, .. } = self;
        times.ended.clear();
        times.course.note(event.at);
        if is_far_ahead(times.latest, event.at) {
            let overrides = Arc::make_mut(overrides);
            for (id, lasts) in &times.doubted {
                if let Some(one) = overrides.get_mut(id).filter(|one| one.is_ahead(event.at)) {
                    one.end_by(event.at.saturating_add(*lasts).unwrap_or(Timestamp::MAX));
                    times.ended.push(*id);
                }
            }
        }
        if !times.course.is_in_doubt() {
            times.doubted.clear();
            times.latest = Timestamp::MIN;
        } else if let Some(made) = overrides.get(&event.sequence.get()) {
            times.doubted.push((made.id, made.at.duration_until(made.ends_at())));
            times.latest = times.latest.max(event.at);
        }
    }
}

fn is_far_ahead(at: Timestamp, than: Timestamp) -> bool {
    at > than && than.duration_until(at).unsigned_abs() > OVERRIDE_AHEAD_MAX
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::control::{Operation, Proposal};
    use switchback_model::release::Digest;
    use switchback_model::verdict::{AllowScope, Rule};

    const DAY: u64 = 24;

    fn at(hour: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_secs(hour * 3_600)
    }

    /// An override of one hour.
    fn allow(hour: u64) -> Operation {
        let matcher = "domain payroll.example.com".parse().unwrap();
        Operation::Allow { rule: Rule::new(matcher, at(hour + 1)), may: AllowScope::Spam }
    }

    /// The state after overrides that were made at these hours.
    fn made(hours: &[u64]) -> StoreState {
        let mut state = StoreState::default();
        for hour in hours {
            let (author, reason, operation) = ("ada".to_owned(), "x".to_owned(), allow(*hour));
            let proposal = Proposal { author, reason, operation };
            let event = state.draft(proposal, at(*hour), Digest::of(b"")).unwrap().into_event();
            state.apply(&event).unwrap();
        }
        state
    }

    fn ends(hours: &[u64]) -> Vec<u64> {
        let hour = |at: Timestamp| at.as_second() as u64 / 3_600;
        made(hours).overrides.values().map(|one| hour(one.ends_at())).collect()
    }

    #[test]
    fn an_override_made_while_the_clock_was_ahead_ends_soon_after_the_next_event() {
        let year = 365 * DAY;
        assert_eq!(ends(&[5, 10 * year, 6]), [6, 7, 7]);
        assert_eq!(ends(&[5, 10 * year, 10 * year + 2, 9 * year, 6, 7]), [6, 7, 7, 7, 7, 8]);
        assert_eq!(made(&[5, 10 * year, 6]).ended_by_last(), [2]);
        assert!(made(&[5, 10 * year, 6, 7]).ended_by_last().is_empty());
        // Nobody knows yet.
        assert_eq!(ends(&[5, 10 * year]), [6, 10 * year + 1]);
    }

    #[test]
    fn a_clock_that_is_set_back_for_one_event_ends_no_other_override() {
        let right: Vec<_> = (0..9).map(|day| day * DAY).collect();
        let all = [&right[..], &[30]].concat();
        assert_eq!(ends(&all), all.iter().map(|hour| hour + 1).collect::<Vec<_>>());
    }

    #[test]
    fn it_is_no_earlier_than_a_day_of_events_says() {
        let time = |hours: &[u64], clock: u64| made(hours).time(at(clock));
        assert_eq!(time(&[], 3), at(3));
        assert_eq!(time(&[100, 110, 125], 3), at(125));
        assert_eq!(time(&[100, 110, 125], 130), at(130));
        let missed = |clock| made(&[100, 110, 125]).time_missed(at(clock));
        assert_eq!([124, 125, 126].map(missed), [Some(at(125)), None, None]);
        assert_eq!(time(&[100, 110], 3), at(3), "one clock could have said all of that");
        assert_eq!(time(&[100, 110, 125, 900 * DAY], 3), at(125));
    }
}
