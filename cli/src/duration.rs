//! Lengths of time on the command line: `docs/times.md` says how they are written.

use jiff::SignedDuration;
use switchback::control::Lasting;

/// `24h`, `7d`, `1h 30min`, `0s`.
pub(crate) fn duration(text: &str) -> Result<SignedDuration, String> {
    let Lasting(duration) = text.parse().map_err(|error: switchback::control::InvalidLasting| error.to_string())?;
    SignedDuration::try_from(duration).map_err(|_| format!("`{text}` is longer than any time"))
}

/// [`duration`], for what is kept in whole seconds.
pub(crate) fn whole_seconds(text: &str) -> Result<SignedDuration, String> {
    let duration = duration(text)?;
    match duration.subsec_nanos() {
        0 => Ok(duration),
        _ => Err(format!("`{text}` is not a whole number of seconds")),
    }
}

/// [`duration`], and a number alone for so many seconds; an hour at most.
pub(crate) fn wait(text: &str) -> Result<SignedDuration, String> {
    let seconds = text.trim().parse::<u32>().map(|seconds| SignedDuration::from_secs(seconds.into()));
    let wait = seconds.or_else(|_| duration(text))?;
    match wait <= WAIT_MAX {
        true => Ok(wait),
        false => Err(format!("`{text}` is longer than an hour, the longest that a command waits")),
    }
}

/// Whoever waits for longer should look again.
const WAIT_MAX: SignedDuration = SignedDuration::from_hours(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_in_seconds_is_not_cut_to_them() {
        assert_eq!(whole_seconds("1.5min"), Ok(SignedDuration::from_secs(90)));
        assert_eq!(whole_seconds("0s"), Ok(SignedDuration::ZERO));
        for text in ["900ms", "1.5s", "1h 1ms"] {
            assert!(whole_seconds(text).unwrap_err().contains("not a whole number of seconds"), "{text}");
        }
    }

    #[test]
    fn a_wait_is_a_length_of_time_or_a_number_of_seconds() {
        for (text, seconds) in [("0", 0), ("30", 30), ("30s", 30), ("2min", 120), ("3600", 3_600), ("1h", 3_600)] {
            assert_eq!(wait(text), Ok(SignedDuration::from_secs(seconds)), "{text}");
        }
        for (text, why) in [
            ("3601", "longer than an hour"),
            ("1h 1s", "longer than an hour"),
            ("soon", "not a valid"),
            ("-1", "not a valid"),
        ] {
            assert!(wait(text).unwrap_err().contains(why), "{text}: {:?}", wait(text));
        }
    }
}
