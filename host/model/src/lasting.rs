//! Lengths of time, as people read them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// A length of time in at most two units: `45 s`, `2 min 30 s`, `3 h 20 min`, `4 days 2 h`, `51 days`, `3.4 years`.
///
/// Cut, not rounded, and in seconds below two minutes, so that limits of a minute show as they were set.
///
/// Read as people write it: numbers with units, from `ms` to weeks, as in `90s`, `30min`, `30m`, `1h 30min`, `24h`, `2 days`,
/// `1w`, or as ISO 8601 has it (`PT24H`). A day has 24 hours: what it is for does not care for daylight saving time. Months and
/// years, which are not always as long, are refused, and so is a number without a unit.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use switchback::control::Lasting;
///
/// assert_eq!(Lasting(Duration::from_secs(106_060_207)).to_string(), "3.4 years");
/// assert_eq!("1d 12h".parse(), Ok(Lasting(Duration::from_secs(36 * 3_600))));
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

impl FromStr for Lasting {
    type Err = InvalidLasting;

    fn from_str(text: &str) -> Result<Self, InvalidLasting> {
        let span: Span = text.trim().parse().map_err(|_| InvalidLasting::Form(text.to_owned()))?;
        let duration = span.to_duration(SpanRelativeTo::days_are_24_hours());
        let duration = duration.map_err(|_| InvalidLasting::Unit(text.to_owned()))?;
        Duration::try_from(duration).map(Self).map_err(|_| InvalidLasting::Negative(text.to_owned()))
    }
}

/// Why a text is no length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidLasting {
    /// It is none at all.
    #[error("`{0}` is not a valid length of time: a number and its unit are, such as `30min`, `24h` or `7d`")]
    Form(String),
    /// It has a unit of no fixed length.
    #[error("`{0}` has units that are not always as long: use minutes, hours and days")]
    Unit(String),
    /// It is negative.
    #[error("`{0}` is over before it begins")]
    Negative(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_written_as_people_do() {
        for (text, seconds) in [
            ("90s", 90),
            ("30min", 1_800),
            ("30m", 1_800),
            ("90 minutes", 5_400),
            ("1h30m", 5_400),
            ("1h 30min", 5_400),
            ("1.5h", 5_400),
            ("2 hours", 7_200),
            ("24h", 86_400),
            ("1d 12h", 129_600),
            ("7d", 604_800),
            ("1w", 604_800),
            ("PT24H", 86_400),
            (" 24h ", 86_400),
            ("0s", 0),
        ] {
            assert_eq!(text.parse(), Ok(Lasting(Duration::from_secs(seconds))), "{text}");
        }
        for (text, why) in [
            ("", "not a valid length"),
            ("24", "not a valid length"),
            ("24 h,", "not a valid length"),
            ("soon", "not a valid length"),
            ("24h soon", "not a valid length"),
            ("2026-04-25", "not a valid length"),
            ("1mo", "not always as long"),
            ("1y", "not always as long"),
            ("-1h", "over before"),
            ("1h ago", "over before"),
            ("99999999999999999999h", "not a valid length"),
        ] {
            let said = text.parse::<Lasting>().unwrap_err().to_string();
            assert!(said.contains(why), "{text}: {said}");
        }
    }

    #[test]
    fn what_is_shown_in_days_or_less_can_be_read_again() {
        for seconds in [0, 60, 150, 12_000, 86_400, 353_000 - 353_000 % 3_600, 51 * 86_400] {
            let shown = Lasting(Duration::from_secs(seconds)).to_string();
            assert_eq!(shown.parse(), Ok(Lasting(Duration::from_secs(seconds))), "{shown}");
        }
    }

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
