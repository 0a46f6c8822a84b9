//! Whether the guard is at work in each process.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use switchback_model::lasting::Lasting;

use super::time;
use crate::limits::{GUARD_RELEARN, GUARD_SILENT_MAX};

/// How the guard of one process is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Health {
    /// The process, by its number in the store.
    pub process: u64,
    /// When it said so last. It says so every few seconds.
    pub at: Timestamp,
    /// How it is.
    #[serde(rename = "condition")]
    pub status: HealthStatus,
    /// Messages, and pairs of verdicts on one, that it did not look at since it started, because too many waited.
    pub dropped: u64,
}

/// How a guard is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "is", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HealthStatus {
    /// At work.
    Well,
    /// It misses evidence.
    Behind {
        /// Which, and why.
        why: String,
    },
    /// It counts no more mail of strangers for warnings: too much came today. What it acts on is counted, so promotions
    /// go on.
    Crowded,
    /// Hardly anything is compared, because the background work has used its share of the CPU. That is how the
    /// filter is set up, so promotions go on.
    Starved {
        /// How little.
        why: String,
    },
    /// It panicked a short time ago; what it was looking at was not counted.
    Panicked {
        /// What it said.
        why: String,
    },
    /// It cannot remember.
    Away {
        /// Why.
        why: String,
    },
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Well => f.write_str("at work"),
            Self::Behind { why } => write!(f, "falls behind: {why}"),
            Self::Crowded => f.write_str(
                "counts no more mail of unknown senders for warnings, because too much came; that of known senders counts",
            ),
            Self::Starved { why } => write!(f, "has hardly anything to go by: {why}"),
            Self::Panicked { why } => write!(f, "panicked: {why}"),
            Self::Away { why } => write!(f, "cannot remember: {why}"),
        }
    }
}

impl HealthStatus {
    /// Whether nothing is promoted while a guard is like this: it misses what it would act on.
    pub fn stops_promotions(&self) -> bool {
        !matches!(self, Self::Well | Self::Crowded | Self::Starved { .. })
    }
}

impl Health {
    /// How the guard of a process is, which has passed over so much.
    pub fn new(process: u64, at: Timestamp, status: HealthStatus, dropped: u64) -> Self {
        Self { process, at, status, dropped }
    }

    /// What is wrong with it at this time, if anything: what it says, or that it says nothing.
    pub fn trouble(&self, now: Timestamp) -> Option<String> {
        let silent = Duration::try_from(self.at.duration_until(now)).unwrap_or_default();
        match &self.status {
            status if status.stops_promotions() => Some(status.to_string()),
            _ if silent < GUARD_SILENT_MAX => None,
            _ => Some(format!("nothing was heard of it for {}", Lasting(silent))),
        }
    }
}

/// What the guard knew, and knows no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Loss {
    /// When that was found.
    pub at: Timestamp,
    /// What happened.
    pub why: String,
}

impl Loss {
    /// Whether it still weighs: nobody is known until a day has passed, or somebody taught the guard
    /// ([`GuardStore::learn`](super::GuardStore::learn)).
    pub fn is_felt(&self, now: Timestamp) -> bool {
        Duration::try_from(self.at.duration_until(now)).unwrap_or_default() < GUARD_RELEARN
    }
}

pub(super) fn begin_loss(connection: &Connection, why: &str) -> rusqlite::Result<()> {
    let now = Timestamp::now().as_microsecond();
    connection.execute("INSERT OR REPLACE INTO loss VALUES (1, ?, ?, 0)", params![now, why]).map(drop)
}

pub(super) fn end_loss(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM loss", []).map(drop)
}

/// Whether something was lost and nobody has said so.
pub(super) fn is_news(connection: &Connection) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM loss WHERE is_told = 0)")?.query_row([], |row| row.get(0))
}

/// Why something was lost, for whoever asks first.
pub(super) fn take_news(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("UPDATE loss SET is_told = 1 WHERE is_told = 0 RETURNING why")?
        .query_row([], |row| row.get(0))
        .optional()
}

pub(crate) fn loss(connection: &Connection) -> rusqlite::Result<Option<Loss>> {
    connection
        .query_row("SELECT at_us, why FROM loss", [], |row| Ok(Loss { at: time(row.get(0)?), why: row.get(1)? }))
        .optional()
}

impl Health {
    /// Says how the guard of a process is.
    #[doc(hidden)]
    pub fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let status =
            serde_json::to_string(&self.status).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
        connection
            .prepare_cached("INSERT OR REPLACE INTO health VALUES (?, ?, ?, ?)")?
            .execute(params![self.process, self.at.as_microsecond(), status, self.dropped])
            .map(drop)
    }
}

/// The process has ended, and its guard with it.
pub fn leave(connection: &Connection, process: u64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM health WHERE process = ?", [process]).map(drop)
}

pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<Health>> {
    connection
        .prepare("SELECT process, at_us, condition, dropped FROM health ORDER BY process")?
        .query_map([], |row| {
            let status: String = row.get(2)?;
            let status = serde_json::from_str(&status).map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, Box::new(error))
            })?;
            Ok(Health { process: row.get(0)?, at: time(row.get(1)?), status, dropped: row.get(3)? })
        })?
        .collect()
}

/// Forgets processes that were killed. Their numbers are never given again.
pub(super) fn forget(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let day_ago = now.as_microsecond() - 24 * 3_600 * 1_000_000;
    connection.execute("DELETE FROM health WHERE at_us < ?", [day_ago]).map(drop)
}
