//! When to try again.

use std::time::Duration;

use super::error::AlertError;
use crate::limits::{ALERT_ATTEMPTS_MAX, ALERT_PAUSE_MAX, ALERT_PAUSE_MIN};

/// For how long to wait before the next attempt, after so many (from 1 on) that failed, the last one so. None if there is
/// to be no other: it would fail in the same way, or enough were made.
///
/// A second, then twice as long each time, up to 5 minutes; 16 attempts, which is 38 minutes in all.
pub fn pause_after(attempts: u32, error: &AlertError) -> Option<Duration> {
    let is_over = attempts >= ALERT_ATTEMPTS_MAX || !error.is_worth_retrying();
    let doublings = attempts.saturating_sub(1).min(31);
    (!is_over).then(|| ALERT_PAUSE_MIN.saturating_mul(1 << doublings).min(ALERT_PAUSE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16) -> AlertError {
        AlertError::Status { to: String::new(), status }
    }

    #[test]
    fn pauses_double_until_it_is_enough() {
        let pauses: Vec<_> =
            (1..).map_while(|attempts| pause_after(attempts, &status(503))).map(|p| p.as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300, 300, 300]);
        assert_eq!(pauses.iter().sum::<u64>() / 60, 38);
        assert_eq!(pause_after(0, &status(503)), Some(Duration::from_secs(1)));
    }

    #[test]
    fn what_fails_for_good_is_not_tried_again() {
        for (code, again) in
            [(500, true), (503, true), (429, true), (408, true), (302, false), (400, false), (401, false), (404, false)]
        {
            assert_eq!(pause_after(1, &status(code)).is_some(), again, "{code}");
        }
    }
}
