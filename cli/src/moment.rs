//! Points in time on the command line: `docs/times.md` says how they are written.

use std::sync::LazyLock;

use jiff::civil::{DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use switchback::control::{InvalidLasting, Lasting};

use crate::clock;

/// When the command began. All times of one command line are counted from it, so that `--since 2h --until 2h` is no window.
static BEGAN: LazyLock<Timestamp> = LazyLock::new(clock::now);

/// When the command began.
pub(crate) fn began() -> Timestamp {
    *BEGAN
}

/// `2026-04-25T09:24:00Z`, `2026-04-25 09:24`, `2026-04-25`, or `24h` for that long ago. What has no zone is in UTC, as every
/// time is shown.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    moment_from(text, began())
}

fn moment_from(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    // Parts that are there are never left out: a time of day without a zone is not a date.
    match Pieces::parse(text) {
        Ok(pieces) => of_calendar(text, &pieces),
        Err(_) => ago(text, now),
    }
}

fn of_calendar(text: &str, pieces: &Pieces<'_>) -> Result<Timestamp, String> {
    let local = DateTime::from_parts(pieces.date(), pieces.time().unwrap_or(Time::midnight()));
    let at = match (pieces.offset(), pieces.time_zone_annotation()) {
        (None, None) => local.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()),
        (Some(_), None) => text.parse(),
        (_, Some(_)) => text.parse().map(|zoned: Zoned| zoned.timestamp()),
    };
    at.map_err(|error| format!("`{text}` is not a valid time: {error}"))
}

fn ago(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let lasting = text.strip_suffix("ago").unwrap_or(text).parse();
    let Lasting(ago) = lasting.map_err(|error| match error {
        InvalidLasting::Unit(_) => error.to_string(),
        InvalidLasting::Negative(_) => format!("`{text}` ago is in the future"),
        _ => format!(
            "`{text}` is not a valid time: `2026-04-25T09:24:00Z`, `2026-04-25 09:24`, `2026-04-25` and `24h`, that long ago, are"
        ),
    })?;
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
            ("2026-04-25t09:24:00z", "2026-04-25T09:24:00Z"),
            ("2026-04-25T09:24:00.5Z", "2026-04-25T09:24:00.5Z"),
            ("2026-04-25T09:24:00+02:00", "2026-04-25T07:24:00Z"),
            ("2026-04-25 09:24:00-05:00", "2026-04-25T14:24:00Z"),
            ("2026-04-25T09:24+02", "2026-04-25T07:24:00Z"),
            ("2026-04-25T09:24[+02:00]", "2026-04-25T07:24:00Z"),
            // In UTC where nothing is said, and never cut.
            ("2026-04-25T09:24:00", "2026-04-25T09:24:00Z"),
            ("2026-04-25T09:24:00.123456", "2026-04-25T09:24:00.123456Z"),
            ("2026-04-25 09:24:59", "2026-04-25T09:24:59Z"),
            ("2026-04-25T09:24", "2026-04-25T09:24:00Z"),
            ("2026-04-25 09:24", "2026-04-25T09:24:00Z"),
            ("2026-04-24", "2026-04-24T00:00:00Z"),
            ("20260424", "2026-04-24T00:00:00Z"),
            ("24h", "2026-04-24T12:00:00Z"),
            ("24h ago", "2026-04-24T12:00:00Z"),
            ("7d", "2026-04-18T12:00:00Z"),
            ("90min", "2026-04-25T10:30:00Z"),
            ("1h 30min", "2026-04-25T10:30:00Z"),
            ("PT90M", "2026-04-25T10:30:00Z"),
            ("0s", "2026-04-25T12:00:00Z"),
        ] {
            assert_eq!(moment_from(text, now), Ok(at.parse().unwrap()), "{text}");
        }
        for (text, why) in [
            ("", "not a valid time"),
            ("soon", "not a valid time"),
            ("24", "not a valid time"),
            ("09:24", "not a valid time"),
            ("2026-04", "not a valid time"),
            ("2026-13-01", "not a valid time"),
            ("2026-02-30T09:24:00", "not a valid time"),
            ("2026-04-25T25:00", "not a valid time"),
            ("2026-04-25 9:24", "not a valid time"),
            ("25.04.2026", "not a valid time"),
            ("2026-04-25T09:24:00 CEST", "not a valid time"),
            ("2026-04-25T09:24:00[Nowhere/Land]", "not a valid time"),
            ("2026-04-25T09:24:00+05:00[+02:00]", "not a valid time"),
            ("1mo", "not always as long"),
            ("-1h", "in the future"),
            ("5y", "not always as long"),
            ("170000000h", "before any mail"),
        ] {
            let said = moment_from(text, now);
            assert!(said.as_ref().is_err_and(|said| said.contains(why)), "{text}: {said:?}");
        }
    }
}
