//! Lengths of time on the command line.

use jiff::{SignedDuration, Span, SpanRelativeTo};

/// `24h`, `7d`, `1h 30min`, `0s`. A day has 24 hours: what it is for does not care for daylight saving time.
pub(crate) fn duration(text: &str) -> Result<SignedDuration, String> {
    let span: Span = text.parse().map_err(|_| format!("`{text}` is no time: `30min`, `24h` and `7d` are"))?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours());
    let duration =
        duration.map_err(|_| format!("`{text}` has units that are not always as long: use minutes, hours and days"))?;
    if duration.is_negative() {
        return Err(format!("`{text}` is over before it begins"));
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_people_do() {
        for (text, hours) in [("24h", 24), ("7d", 168), ("1d 12h", 36), ("2 hours", 2), ("1w", 168), ("0s", 0)] {
            assert_eq!(duration(text), Ok(SignedDuration::from_hours(hours)), "{text}");
        }
        for (text, why) in
            [("", "no time"), ("24", "no time"), ("soon", "no time"), ("1mo", "not always"), ("-1h", "over before")]
        {
            assert!(duration(text).unwrap_err().contains(why), "{text}");
        }
    }
}
