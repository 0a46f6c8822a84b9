//! Lengths of time, as people read them.

use std::time::Duration;

const MINUTE_S: u64 = 60;
const HOUR_S: u64 = 60 * MINUTE_S;
const DAY_S: u64 = 24 * HOUR_S;

/// A year on average, in seconds.
const YEAR_S: u64 = 365 * DAY_S + 6 * HOUR_S;

/// `850 ms`, `45 s`, `2 min 5 s`, `3 h 12 min`, `51 d 4 h`, `3.4 years`: two units at most.
pub fn lapse(time: Duration) -> String {
    let s = time.as_secs();
    let two = |unit_s: u64, unit: &str, less_s: u64, less: &str| match (s % unit_s) / less_s {
        0 => format!("{} {unit}", s / unit_s),
        rest => format!("{} {unit} {rest} {less}", s / unit_s),
    };
    match s {
        0 if !time.is_zero() => format!("{} ms", time.as_millis()),
        0..MINUTE_S => format!("{s} s"),
        MINUTE_S..HOUR_S => two(MINUTE_S, "min", 1, "s"),
        HOUR_S..DAY_S => two(HOUR_S, "h", MINUTE_S, "min"),
        DAY_S..YEAR_S => two(DAY_S, "d", HOUR_S, "h"),
        _ => format!("{:.1} years", s as f64 / YEAR_S as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_has_two_units_at_most() {
        for (seconds, text) in [
            (0, "0 s"),
            (45, "45 s"),
            (60, "1 min"),
            (125, "2 min 5 s"),
            (11_520, "3 h 12 min"),
            (86_399, "23 h 59 min"),
            (86_400, "1 d"),
            (51 * 86_400 + 5 * 3_600 - 1, "51 d 4 h"),
            (106_060_207, "3.4 years"),
            (u64::MAX, "584542046090.6 years"),
        ] {
            assert_eq!(lapse(Duration::from_secs(seconds)), text, "{seconds}");
        }
        assert_eq!(lapse(Duration::from_micros(850_999)), "850 ms");
    }
}
