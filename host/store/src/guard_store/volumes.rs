//! How much mail of known senders there is of each segment: what a trial takes its weights from.

use rusqlite::{Connection, OptionalExtension as _, params};
use switchback_model::guard::{Segment, Volumes, volume_share};
use switchback_model::limits::GUARD_VOLUMES_MAX;

use super::tallies;

/// The days before a trial that count.
const DAYS: i32 = 7;

pub(super) fn add(
    connection: &Connection,
    slot: &str,
    segment: &Segment,
    day: i32,
    messages: u64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO volumes VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (slot, day, segment) DO UPDATE SET messages = messages + ?4",
        )?
        .execute(params![slot, day, segment.to_string(), messages])
        .map(drop)
}

/// Keeps each segment's share of last week's mail for a trial, however the mail changes in its course. What the smallest had
/// is given to nobody.
pub(super) fn pin(connection: &Connection, trial: i64, slot: &str, day: i32) -> rusqlite::Result<()> {
    let week = "FROM volumes WHERE slot = ?2 AND day >= ?3 AND day < ?4";
    connection
        .execute(
            &format!(
                "INSERT INTO pinned
                 SELECT ?1, segment, CAST(sum(messages) AS REAL) / (SELECT sum(messages) {week}) {week}
                 GROUP BY segment ORDER BY sum(messages) DESC, segment LIMIT ?5"
            ),
            params![trial, slot, day - DAYS, day, GUARD_VOLUMES_MAX],
        )
        .map(drop)
}

/// Takes the share of a segment that is discovered. One that was forgotten and comes back finds none: else it would be
/// given twice, and the error probability with it.
pub(super) fn take(connection: &Connection, trial: i64, segment: &Segment) -> rusqlite::Result<f64> {
    let share = connection
        .prepare_cached("DELETE FROM pinned WHERE trial = ? AND segment = ? RETURNING share")?
        .query_row(params![trial, segment.to_string()], |row| row.get(0))
        .optional()?;
    Ok(share.unwrap_or(0.0))
}

/// The shares that a trial began with: those that nobody took, and those that can be told from the weights of the segments
/// that it remembers.
pub(super) fn of_trial(connection: &Connection, trial: i64) -> rusqlite::Result<Volumes> {
    let pinned = connection
        .prepare("SELECT segment, share FROM pinned WHERE trial = ?")?
        .query_map([trial], |row| Ok((tallies::segment(row)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(Segment, f64)>>>()?;
    let known = tallies::all(connection, trial)?;
    let taken = known.into_iter().map(|(segment, tally)| (segment, volume_share(tally.weight, tally.rank)));
    Ok(Volumes::of_shares(taken.chain(pinned)))
}

/// What is older than any trial that may begin asks for, and of each day the smallest where there are too many: slot, day
/// and segment.
pub(super) fn surplus(connection: &Connection, today: i32) -> rusqlite::Result<Vec<(String, i32, String)>> {
    connection
        .prepare(
            "SELECT slot, day, segment FROM (
                 SELECT slot, day, segment, row_number() OVER (PARTITION BY slot, day ORDER BY messages DESC) AS place
                 FROM volumes)
             WHERE day < ? OR place > ?",
        )?
        .query_map(params![today - DAYS, GUARD_VOLUMES_MAX], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}

pub(super) fn forget(connection: &Connection, volume: &(String, i32, String)) -> rusqlite::Result<()> {
    let (slot, day, segment) = volume;
    connection
        .prepare_cached("DELETE FROM volumes WHERE slot = ? AND day = ? AND segment = ?")?
        .execute(params![slot, day, segment])
        .map(drop)
}
