//! Trials: one candidate against one baseline in one slot, since one event.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use switchback_model::guard::{MailCounts, TrialKey};
use switchback_model::release::ReleaseId;
use switchback_model::route::Generation;

use super::{day_of, mail, time, volumes};
use crate::limits::GUARD_TRIALS_MAX;

/// One candidate against one baseline in one slot, from the generation on at which the candidate got a role there: from shadow
/// to canary to live.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TrialRecord {
    /// Its number.
    pub id: i64,
    /// Where.
    pub slot: String,
    /// The release that is tried.
    pub candidate: ReleaseId,
    /// What it is compared with.
    pub baseline: ReleaseId,
    /// The generation since which the candidate has a role in the slot.
    pub since: Generation,
    /// When the first message was compared.
    pub began_at: Timestamp,
    /// When the last one was.
    pub last_at: Timestamp,
    /// How many segments were discovered.
    pub segments: u64,
    /// The pairs that both releases scored, and how many of them can be acted on.
    pub pairs: MailCounts,
    /// Of how many pairs it is noted what was counted ([`GuardReader::noted`](super::GuardReader::noted)): of those whose messages a journal
    /// recorded, but for the oldest where there are too many.
    pub noted: u64,
}

/// A trial as it is worked with.
pub(super) struct Working {
    pub id: i64,
    pub began_at: Timestamp,
    /// Segments that were ever discovered: the last rank.
    pub(super) discovered: u64,
    /// Those that are remembered.
    pub(super) kept: u64,
}

#[derive(Serialize, Deserialize)]
struct Releases {
    candidate: ReleaseId,
    baseline: ReleaseId,
}

/// The trial, which is begun if it is new: with the weights of last week's mail.
pub(super) fn find_or_begin(connection: &Connection, key: &TrialKey, at: Timestamp) -> rusqlite::Result<Working> {
    let TrialKey { slot, candidate, baseline, since, .. } = key;
    let parameters = params![slot, candidate.digest.as_bytes(), baseline.digest.as_bytes(), since.get()];
    let known = connection
        .prepare_cached(
            "SELECT id, began_us, discovered, kept FROM trials
             WHERE slot = ? AND candidate = ? AND baseline = ? AND since = ?",
        )?
        .query_row(parameters, working)
        .optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    let releases = Releases { candidate: candidate.clone(), baseline: baseline.clone() };
    let releases =
        serde_json::to_string(&releases).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    let (candidate, baseline) = (candidate.digest.as_bytes(), baseline.digest.as_bytes());
    connection.execute(
        "INSERT INTO trials (slot, candidate, baseline, since, releases, began_us, last_us)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        params![slot, candidate, baseline, since.get(), releases, at.as_microsecond()],
    )?;
    let id = connection.last_insert_rowid();
    volumes::pin(connection, id, slot, day_of(at))?;
    Ok(Working { id, began_at: at, discovered: 0, kept: 0 })
}

pub(super) fn write(
    connection: &Connection,
    trial: &Working,
    last: Timestamp,
    pairs: &MailCounts,
    noted: u64,
) -> rusqlite::Result<()> {
    let MailCounts { messages, authenticated, eligible, addressed, .. } = pairs;
    connection
        .prepare_cached(
            "UPDATE trials SET discovered = ?, kept = ?, last_us = max(last_us, ?), pairs = pairs + ?,
                 authenticated = authenticated + ?, eligible = eligible + ?, addressed = addressed + ?, noted = noted + ?
             WHERE id = ?",
        )?
        .execute(params![
            trial.discovered,
            trial.kept,
            last.as_microsecond(),
            messages,
            authenticated,
            eligible,
            addressed,
            noted,
            trial.id
        ])
        .map(drop)
}

/// Every trial of a slot, the latest first.
pub(super) fn of_slot(connection: &Connection, slot: &str) -> rusqlite::Result<Vec<TrialRecord>> {
    connection
        .prepare(
            "SELECT id, slot, releases, since, began_us, last_us, discovered,
                 pairs, authenticated, eligible, addressed, noted FROM trials
             WHERE slot = ? ORDER BY last_us DESC, id DESC",
        )?
        .query_map([slot], trial)?
        .collect()
}

/// Those in which nothing was compared for the longest time, where there are too many.
pub(super) fn surplus(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare("SELECT id FROM trials ORDER BY last_us DESC, id DESC LIMIT -1 OFFSET ?")?
        .query_map([GUARD_TRIALS_MAX], |row| row.get(0))?
        .collect()
}

/// Forgets so many rows of a trial, and the trial itself where none is left. Returns how many rows there were.
pub(super) fn forget(connection: &Connection, trial: i64, rows_max: usize) -> rusqlite::Result<usize> {
    let mut left = rows_max;
    for (table, key) in [("firsts", "key"), ("segments", "segment"), ("pinned", "segment"), ("noted", "id")] {
        let query = format!(
            "DELETE FROM {table} WHERE trial = ?1 AND {key} IN (SELECT {key} FROM {table} WHERE trial = ?1 LIMIT ?2)"
        );
        left -= connection.prepare_cached(&query)?.execute(params![trial, left])?;
    }
    if left > 0 {
        connection.execute("DELETE FROM trials WHERE id = ?", [trial])?;
    }
    Ok(rows_max - left)
}

fn working(row: &Row<'_>) -> rusqlite::Result<Working> {
    Ok(Working { id: row.get(0)?, began_at: time(row.get(1)?), discovered: row.get(2)?, kept: row.get(3)? })
}

fn trial(row: &Row<'_>) -> rusqlite::Result<TrialRecord> {
    let releases: String = row.get(2)?;
    let Releases { candidate, baseline } = serde_json::from_str(&releases)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, Box::new(e)))?;
    Ok(TrialRecord {
        id: row.get(0)?,
        slot: row.get(1)?,
        candidate,
        baseline,
        since: Generation::new(row.get(3)?),
        began_at: time(row.get(4)?),
        last_at: time(row.get(5)?),
        segments: row.get(6)?,
        pairs: mail::counts(row, 7)?,
        noted: row.get(11)?,
    })
}
