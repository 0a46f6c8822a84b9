//! The time of day, also where the system's clock is wrong: nothing here panics, whatever it says.

mod course;
mod steady;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use switchback_model::verdict::RecordId;
use uuid::{ContextV7, Uuid};

pub use course::Course;
pub use steady::Steady;

/// What the system's clock says; beyond the years -9999 to 9999, the nearest time that can be written.
pub fn now() -> Timestamp {
    at(SystemTime::now())
}

fn at(time: SystemTime) -> Timestamp {
    let nearest = || if time < UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::try_from(time).unwrap_or_else(|_| nearest())
}

/// The instant at which `timeout` is over; of one that no instant can be moved by, such as [`Duration::MAX`], a year from now.
pub fn deadline_after(timeout: Duration) -> Instant {
    Instant::now() + timeout.min(A_YEAR)
}

/// A time that nobody waits for, which every instant can be moved by.
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);

/// A record's name that no other one has. Those of one thread rise. A clock before 1970, of which no such name can tell, is
/// taken for 1970.
pub fn new_record_id() -> RecordId {
    new_id().into_bytes().into()
}

/// A new name of version 7 (RFC 9562, section 5.7), which begins with the time.
pub fn new_id() -> Uuid {
    id_at(now())
}

fn id_at(now: Timestamp) -> Uuid {
    // Of each thread its own: scoring waits for nobody.
    thread_local! {
        static CONTEXT: ContextV7 = const { ContextV7::new() };
    }
    let now = now.max(Timestamp::UNIX_EPOCH);
    let (second, nanosecond) = (now.as_second().unsigned_abs(), now.subsec_nanosecond().unsigned_abs());
    CONTEXT.with(|context| Uuid::new_v7(uuid::Timestamp::from_unix(context, second, nanosecond)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_of_any_length_has_an_end() {
        let now = Instant::now();
        for timeout in [Duration::ZERO, Duration::from_secs(1), Duration::MAX] {
            assert!(deadline_after(timeout) >= now + timeout.min(A_YEAR), "{timeout:?}");
        }
    }

    #[test]
    fn a_clock_that_is_wrong_is_no_reason_to_panic() {
        let years = |count: u64| Duration::from_secs(count * 366 * 86_400);
        assert_eq!(at(UNIX_EPOCH), Timestamp::UNIX_EPOCH);
        assert!(at(UNIX_EPOCH - Duration::from_nanos(1)) < Timestamp::UNIX_EPOCH);
        // Beyond what nanoseconds in 64 bits say, and beyond what is written with four digits.
        assert!(at(UNIX_EPOCH + years(700)) > at(UNIX_EPOCH + years(584)));
        assert_eq!(at(UNIX_EPOCH + years(9_000)), Timestamp::MAX);
        assert_eq!(at(UNIX_EPOCH - years(12_000)), Timestamp::MIN);
    }

    #[test]
    fn a_name_can_be_given_at_any_time_and_none_is_given_twice() {
        let times = [Timestamp::MIN, Timestamp::UNIX_EPOCH, now(), Timestamp::MAX, Timestamp::MIN, now()];
        let mut names = times.map(id_at);
        assert!(names.iter().all(|name| name.get_version_num() == 7), "{names:?}");
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
}
