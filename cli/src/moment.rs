//! A point in time, as people write it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp};

/// `2026-04-25T09:24:00Z`, `2026-04-25` (its beginning in UTC, as every time is shown), or `24h` for that long ago.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    moment_from(text, Timestamp::now())
}

fn moment_from(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Ok(date) = text.parse::<Date>() {
        let start = date.to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?;
        return Ok(start.timestamp());
    }
    let no_time = || format!("`{text}` is no time: `2026-04-25T09:24:00Z`, `2026-04-25` and `24h`, that long ago, are");
    let span: Span = text.parse().map_err(|_| no_time())?;
    let ago = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| no_time())?;
    if ago.is_negative() {
        return Err(format!("`{text}` ago is in the future"));
    }
    now.checked_sub(ago).map_err(|_| format!("`{text}` ago is before any mail"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_a_date_or_so_long_ago() {
        let now: Timestamp = "2026-04-25T12:00:00Z".parse().unwrap();
        for (text, at) in [
            ("2026-04-25T09:24:00Z", "2026-04-25T09:24:00Z"),
            ("2026-04-25T09:24:00+02:00", "2026-04-25T07:24:00Z"),
            ("2026-04-24", "2026-04-24T00:00:00Z"),
            ("24h", "2026-04-24T12:00:00Z"),
            ("7d", "2026-04-18T12:00:00Z"),
            ("90min", "2026-04-25T10:30:00Z"),
        ] {
            assert_eq!(moment_from(text, now), Ok(at.parse().unwrap()), "{text}");
        }
        for (text, why) in [("", "no time"), ("soon", "no time"), ("1mo", "no time"), ("-1h", "future")] {
            assert!(moment_from(text, now).unwrap_err().contains(why), "{text}");
        }
    }
}
