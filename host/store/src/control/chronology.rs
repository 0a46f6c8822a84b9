//! Events whose times cannot all be right.
//!
//! Their order is the ledger's, whatever the clock said: nothing that the state is made of depends on it but how long
//! something lasts.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::event::Event;
use super::number::EventSequence;

/// Clocks that are kept right are set back by less.
const STEP_MIN: Duration = Duration::from_secs(1);

/// An event of a time at which it cannot have happened, if the clock was right before and is right now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Anachronism {
    /// The event.
    pub sequence: EventSequence,
    /// Its time.
    pub at: Timestamp,
    /// Why that cannot be.
    pub why: OutOfTime,
}

/// Why an event cannot have happened at its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutOfTime {
    /// The event before it says that it was later already.
    Earlier {
        /// The time of the event before it.
        than: Timestamp,
    },
    /// It is still to come.
    Ahead,
}

impl Anachronism {
    /// The events of a ledger, in order, that cannot have happened at their times, as it is `now`. A second more or less is
    /// no reason to doubt a clock.
    pub fn all(events: &[Event], now: Timestamp) -> Vec<Self> {
        let before = std::iter::once(None).chain(events.iter().map(|event| Some(event.at)));
        events.iter().zip(before).filter_map(|(event, before)| Self::of(event, before, now)).collect()
    }

    /// Whether one event cannot have happened at its time, by that of the event before it.
    pub fn of(event: &Event, before: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        let exceeds = |earlier: Timestamp, later: Timestamp| {
            later > earlier && earlier.duration_until(later).unsigned_abs() >= STEP_MIN
        };
        let why = match before {
            Some(than) if exceeds(event.at, than) => OutOfTime::Earlier { than },
            _ if exceeds(now, event.at) => OutOfTime::Ahead,
            _ => return None,
        };
        Some(Self { sequence: event.sequence, at: event.at, why })
    }
}

impl fmt::Display for Anachronism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sequence, at, why } = self;
        match why {
            OutOfTime::Earlier { than } => {
                let before = sequence.previous();
                write!(
                    f,
                    "event {sequence} is of {at}, earlier than event {before} ({than}): the clock was wrong at one of them"
                )
            }
            OutOfTime::Ahead => {
                write!(
                    f,
                    "event {sequence} is of {at}, which is still to come: the clock was wrong then, or is wrong now"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::control::Operation;
    use switchback_model::release::Digest;
    use switchback_model::route::Generation;

    fn event(sequence: u64, second: i64) -> Event {
        Event {
            sequence: EventSequence::new(sequence),
            generation: Generation::default(),
            at: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second),
            author: "ada".to_owned(),
            reason: String::new(),
            operation: Operation::Freeze { slot: None },
            previous: Digest::of(b""),
        }
    }

    #[test]
    fn an_event_is_later_than_the_one_before_it_and_not_still_to_come() {
        let at = |second| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
        let events = [event(1, 100), event(2, -50), event(3, 100), event(4, 900), event(5, 200)];
        let found: Vec<_> =
            Anachronism::all(&events, at(300)).iter().map(|one| (one.sequence.get(), one.why)).collect();
        let earlier = |than| OutOfTime::Earlier { than: at(than) };
        assert_eq!(found, [(2, earlier(100)), (4, OutOfTime::Ahead), (5, earlier(900))]);
        let said = Anachronism::all(&events, at(300))[0].to_string();
        assert!(
            said.contains("event 2 is of 1969-12-31T23:59:10Z, earlier than event 1 (1970-01-01T00:01:40Z)"),
            "{said}"
        );
        // Clocks are corrected by less all the time.
        let mut close = [event(1, 100), event(2, 100)];
        close[1].at -= SignedDuration::from_millis(999);
        assert_eq!(Anachronism::all(&close, at(100)), []);
        assert_eq!(Anachronism::all(&[], at(0)), []);
    }
}
