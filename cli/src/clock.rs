//! The time of day, also where the system's clock is wrong.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// What the system's clock says; beyond the years -9999 to 9999, the nearest time that can be written.
pub(crate) fn now() -> Timestamp {
    let time = SystemTime::now();
    let nearest = || if time < UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::try_from(time).unwrap_or_else(|_| nearest())
}
