//! Lengths of time, as people read them.

use std::fmt;
use std::time::Duration;

/// A length of time in at most two units: `45 s`, `2 min 30 s`, `3 h 20 min`, `4 days 2 h`, `51 days`, `3.4 years`.
///
/// Cut, not rounded, and in seconds below two minutes, so that limits of a minute show as they were set.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use switchback::Lasting;
///
/// assert_eq!(Lasting(Duration::from_secs(106_060_207)).to_string(), "3.4 years");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lasting(pub Duration);

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The mean year of the Gregorian calendar, in days: 365.2425.
const YEAR: f64 = 365.2425;

impl fmt::Display for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0 if !self.0.is_zero() => write!(f, "{} ms", self.0.as_millis()),
            s if s < 2 * MINUTE => write!(f, "{s} s"),
            s if s < 2 * HOUR => two(f, (s / MINUTE, "min"), (s % MINUTE, "s")),
            s if s < 2 * DAY => two(f, (s / HOUR, "h"), (s % HOUR / MINUTE, "min")),
            s if s < 14 * DAY => two(f, (s / DAY, "days"), (s % DAY / HOUR, "h")),
            s if s < 730 * DAY => write!(f, "{} days", s / DAY),
            s => write!(f, "{:.1} years", (s / DAY) as f64 / YEAR),
        }
    }
}

fn two(f: &mut fmt::Formatter<'_>, large: (u64, &str), small: (u64, &str)) -> fmt::Result {
    write!(f, "{} {}", large.0, large.1)?;
    if small.0 == 0 { Ok(()) } else { write!(f, " {} {}", small.0, small.1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_has_at_most_two_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (60, "60 s"),
            (119, "119 s"),
            (120, "2 min"),
            (150, "2 min 30 s"),
            (3_600, "60 min"),
            (12_000, "3 h 20 min"),
            (86_400, "24 h"),
            (353_000, "4 days 2 h"),
            (1_209_600, "14 days"),
            (4_406_400, "51 days"),
            (106_060_207, "3.4 years"),
            (u64::MAX, "584554049253.9 years"),
        ] {
            assert_eq!(Lasting(Duration::from_secs(seconds)).to_string(), text);
        }
        assert_eq!(Lasting(Duration::from_millis(250)).to_string(), "250 ms");
    }
}
