//! Alerts that wait to be delivered, and those that were.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::time;
use crate::alert::Alert;
use crate::limits::{ALERT_LEASE, ALERT_OTHERS_AFTER, ALERT_PAUSE_MAX, ALERTS_DELIVERED_MAX, ALERTS_WAITING_MAX};

/// An alert to be delivered by whoever has claimed it.
#[derive(Debug)]
pub struct Parcel {
    /// Its row.
    pub id: i64,
    /// What it says.
    pub alert: Alert,
    /// How often it was tried, with this time.
    pub attempts: u32,
    /// Where it has arrived already.
    pub reached: Vec<String>,
}

/// An alert that was raised.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct KeptAlert {
    /// What it says.
    /// What it says.
    pub alert: Alert,
    /// How often somebody tried to deliver it; 0 where nobody is to be told.
    pub attempts: u32,
    /// When it was delivered; none while it waits, or where nobody is to be told.
    pub delivered_at: Option<Timestamp>,
    /// Why it was not, the last time.
    pub trouble: Option<String>,
}

/// Keeps an alert until it is delivered. Where too many wait, the oldest are dropped; those that somebody tried to deliver
/// are counted.
pub fn raise(connection: &Connection, alert: &Alert) -> rusqlite::Result<()> {
    let text = alert.to_json();
    let (at, process) = (alert.at.as_microsecond(), alert.process.as_ref().map(|by| by.process));
    connection
        .prepare_cached("INSERT INTO alerts (at_us, alert, process, severity, next_us) VALUES (?1, ?2, ?3, ?4, ?1)")?
        .execute(params![at, text, process, alert.severity as u8])?;
    drop_surplus(connection)
}

/// Drops the oldest where too many wait. One that nobody tried to deliver was for nobody, so it is not missed.
fn drop_surplus(connection: &Connection) -> rusqlite::Result<()> {
    let waiting: usize = connection
        .prepare_cached("SELECT count(*) FROM alerts WHERE next_us IS NOT NULL")?
        .query_row([], |row| row.get(0))?;
    let Some(surplus) = waiting.checked_sub(ALERTS_WAITING_MAX).filter(|surplus| *surplus > 0) else { return Ok(()) };
    let tried = connection
        .prepare(
            "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE next_us IS NOT NULL ORDER BY id LIMIT ?)
             RETURNING attempts > 0",
        )?
        .query_map([surplus], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<bool>>>()?;
    count_dropped(connection, tried.into_iter().filter(|was_tried| *was_tried).count())
}

/// Which alerts a process delivers: those that it raised itself, and those of others that nobody delivered for a minute.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Its number in the store, if it has one.
    pub process: Option<u64>,
    /// When the round began: what is due later, as after an attempt that failed, is for the next one.
    pub began: Timestamp,
}

/// What is due in a round, as a condition: `?1` is when it began, `?2` the process, `?3` before when others raised it, `?4` what
/// nobody puts off beyond now. A time after that, or of an alert that was raised in the future, is of a clock that has been set
/// back since: who waited for it would wait for days.
const IS_DUE: &str = "(next_us <= ?1 OR next_us > ?4) AND (process IS ?2 OR at_us <= ?3 OR at_us > ?4)";

/// The furthest that an alert is put off.
const PUT_OFF_MAX: Duration =
    if ALERT_PAUSE_MAX.as_secs() > ALERT_LEASE.as_secs() { ALERT_PAUSE_MAX } else { ALERT_LEASE };

impl Round {
    fn others_before(&self) -> i64 {
        self.began.as_microsecond().saturating_sub(microseconds(ALERT_OTHERS_AFTER))
    }
}

fn latest(now: Timestamp) -> i64 {
    now.as_microsecond().saturating_add(microseconds(PUT_OFF_MAX))
}

fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Whether an alert is to be delivered in this round.
pub fn is_any_due(connection: &Connection, round: &Round, now: Timestamp) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(&format!("SELECT EXISTS (SELECT 1 FROM alerts WHERE {IS_DUE})"))?
        .query_row(params![round.began.as_microsecond(), round.process, round.others_before(), latest(now)], |row| {
            row.get(0)
        })
}

/// Claims the next alert that is due in this round, the worst first: nobody else tries it until the lease is over.
pub fn claim(connection: &Connection, round: &Round, now: Timestamp) -> rusqlite::Result<Option<Parcel>> {
    let leased = now.as_microsecond().saturating_add(microseconds(ALERT_LEASE));
    let claimed: Option<(i64, String, u32, String)> = connection
        .prepare_cached(&format!(
            "UPDATE alerts SET next_us = ?5, attempts = attempts + 1
             WHERE id = (SELECT id FROM alerts WHERE {IS_DUE} ORDER BY severity DESC, next_us, id LIMIT 1)
             RETURNING id, alert, attempts, reached",
        ))?
        .query_row(
            params![round.began.as_microsecond(), round.process, round.others_before(), latest(now), leased],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()?;
    let Some((id, text, attempts, reached)) = claimed else { return Ok(None) };
    match serde_json::from_str(&text) {
        Ok(alert) => {
            let reached = serde_json::from_str(&reached).unwrap_or_default();
            Ok(Some(Parcel { id, alert, attempts, reached }))
        }
        // Of a newer program, whose processes deliver it when the lease is over.
        Err(_) => Ok(None),
    }
}

/// It arrived.
pub fn delivered(connection: &Connection, id: i64, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .execute(
            "UPDATE alerts SET delivered_us = ?, next_us = NULL, trouble = NULL WHERE id = ?",
            params![now.as_microsecond(), id],
        )
        .map(drop)
}

/// It did not arrive everywhere, and is tried again after a pause; without one it is given up, and counted.
pub fn failed(
    connection: &Connection,
    parcel: &Parcel,
    now: Timestamp,
    trouble: &str,
    pause: Option<Duration>,
) -> rusqlite::Result<()> {
    count_dropped(connection, usize::from(pause.is_none()))?;
    let next = pause.map(|pause| now.as_microsecond().saturating_add(microseconds(pause)));
    let reached =
        serde_json::to_string(&parcel.reached).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    connection
        .execute(
            "UPDATE alerts SET next_us = ?, trouble = ?, reached = ? WHERE id = ?",
            params![next, trouble, reached, parcel.id],
        )
        .map(drop)
}

/// The last alerts, the latest first.
pub(super) fn last(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<KeptAlert>> {
    let rows = connection
        .prepare("SELECT alert, attempts, delivered_us, trouble FROM alerts ORDER BY id DESC LIMIT ?")?
        .query_map([limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<rusqlite::Result<Vec<(String, u32, Option<i64>, Option<String>)>>>()?;
    let readable = |(alert, attempts, delivered, trouble): (String, u32, Option<i64>, Option<String>)| {
        let alert = serde_json::from_str(&alert).ok()?;
        Some(KeptAlert { alert, attempts, delivered_at: delivered.map(time), trouble })
    };
    Ok(rows.into_iter().filter_map(readable).collect())
}

/// How many alerts somebody tried to deliver, in vain, and that are no longer tried.
pub(super) fn dropped(connection: &Connection) -> rusqlite::Result<u64> {
    let count = connection.query_row("SELECT count FROM alerts_dropped", [], |row| row.get(0)).optional()?;
    Ok(count.unwrap_or(0))
}

/// Forgets the oldest that were delivered, or given up.
pub(super) fn forget(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .execute(
            "DELETE FROM alerts WHERE next_us IS NULL AND id NOT IN (
                 SELECT id FROM alerts WHERE next_us IS NULL ORDER BY id DESC LIMIT ?)",
            [ALERTS_DELIVERED_MAX],
        )
        .map(drop)
}

fn count_dropped(connection: &Connection, more: usize) -> rusqlite::Result<()> {
    if more == 0 {
        return Ok(());
    }
    connection
        .execute(
            "INSERT INTO alerts_dropped VALUES (1, ?1) ON CONFLICT (only) DO UPDATE SET count = count + ?1",
            [more],
        )
        .map(drop)
}
