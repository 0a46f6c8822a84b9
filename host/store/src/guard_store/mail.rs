//! How much mail of a slot the guard could act on, and why not on the rest.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use switchback_model::guard::MailCounts;

use super::day_of;

/// The days that are told of: today and yesterday.
const DAYS: i32 = 2;

pub(super) fn add(connection: &Connection, slot: &str, day: i32, counts: &MailCounts) -> rusqlite::Result<()> {
    let MailCounts { messages, authenticated, eligible, addressed, .. } = counts;
    connection
        .prepare_cached(
            "INSERT INTO mail VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (slot, day) DO UPDATE SET messages = messages + ?3, authenticated = authenticated + ?4,
                 eligible = eligible + ?5, addressed = addressed + ?6",
        )?
        .execute(params![slot, day, messages, authenticated, eligible, addressed])
        .map(drop)
}

/// The mail of a slot today and yesterday.
pub(super) fn of_slot(connection: &Connection, slot: &str, now: Timestamp) -> rusqlite::Result<MailCounts> {
    connection.query_row(
        "SELECT coalesce(sum(messages), 0), coalesce(sum(authenticated), 0), coalesce(sum(eligible), 0),
             coalesce(sum(addressed), 0) FROM mail WHERE slot = ? AND day > ?",
        params![slot, day_of(now) - DAYS],
        |row| counts(row, 0),
    )
}

/// Counts that stand side by side in a row, from this column on.
pub(super) fn counts(row: &Row<'_>, first: usize) -> rusqlite::Result<MailCounts> {
    let mut counts = MailCounts::default();
    counts.messages = row.get(first)?;
    counts.authenticated = row.get(first + 1)?;
    counts.eligible = row.get(first + 2)?;
    counts.addressed = row.get(first + 3)?;
    Ok(counts)
}

/// Forgets the mail of earlier days.
pub(super) fn forget(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM mail WHERE day <= ?", [day_of(now) - DAYS]).map(drop)
}
