//! What the guard has decided and not done yet: so that a process which is killed in between does not take it along.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use switchback_model::guard::{Evidence, Requirements};
use switchback_model::release::ReleaseId;
use switchback_model::route::Generation;

use crate::alert::Kind;
use crate::control::EventSequence;

/// A release that is to be taken back, with the reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Due {
    /// Where.
    pub slot: String,
    /// What did harm.
    pub release: ReleaseId,
    /// The numbers.
    pub evidence: Evidence,
    /// The generation since which the release had its role: a later role is another one.
    pub since: Generation,
    /// What it took to act, and what there was of it; of breakers none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirements: Option<Requirements>,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has looked at it.
    New,
    /// It may not be done, or cannot; an alert says so. That may change.
    Told,
    /// A process has reverted the release by itself; the ledger has yet to learn it.
    RevertedHere,
}

/// One that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptDue {
    /// Its number.
    pub id: i64,
    /// How far it is.
    pub stage: Stage,
    /// What is due.
    pub due: Due,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Told => "told",
            Self::RevertedHere => "reverted-here",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::New, Self::Told, Self::RevertedHere].into_iter().find(|stage| stage.name() == name)
    }
}

impl Due {
    /// Keeps it until it is done.
    #[doc(hidden)]
    pub fn write(&self, connection: &Connection, at: Timestamp, stage: Stage) -> rusqlite::Result<()> {
        let due = serde_json::to_string(self).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
        connection
            .execute(
                "INSERT INTO due (at_us, due, stage) VALUES (?, ?, ?)",
                params![at.as_microsecond(), due, stage.name()],
            )
            .map(drop)
    }

    /// All that is not done, the oldest first. What cannot be read is of a newer program, whose processes do it.
    #[doc(hidden)]
    pub fn all(connection: &Connection) -> rusqlite::Result<Vec<KeptDue>> {
        let rows = connection
            .prepare_cached("SELECT id, stage, due FROM due ORDER BY id")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<rusqlite::Result<Vec<(i64, String, String)>>>()?;
        let readable = |(id, stage, due): (i64, String, String)| {
            Some(KeptDue { id, stage: Stage::of(&stage)?, due: serde_json::from_str(&due).ok()? })
        };
        Ok(rows.into_iter().filter_map(readable).collect())
    }

    /// Whether it is about the same role of the same release.
    pub(crate) fn is_about_same(&self, other: &Self) -> bool {
        (&self.slot, &self.release, self.since) == (&other.slot, &other.release, other.since)
    }

    /// It has come so far. One of those that were told of one role is enough: which one tells is no difference.
    #[doc(hidden)]
    pub fn came_to(&self, connection: &Connection, id: i64, stage: Stage) -> rusqlite::Result<()> {
        let is_twin = |kept: &KeptDue| kept.id != id && kept.stage == Stage::Told && kept.due.is_about_same(self);
        if stage == Stage::Told && Self::all(connection)?.iter().any(is_twin) {
            return Self::done(connection, id);
        }
        connection.execute("UPDATE due SET stage = ? WHERE id = ?", params![stage.name(), id]).map(drop)
    }

    /// It is done, or there is nothing to be done any more.
    #[doc(hidden)]
    pub fn done(connection: &Connection, id: i64) -> rusqlite::Result<()> {
        connection.execute("DELETE FROM due WHERE id = ?", [id]).map(drop)
    }
}

/// Whether an alert was raised that names this event of the ledger: for one that says what happened, such a one; for any
/// other, any other.
pub fn is_told(connection: &Connection, event: EventSequence, kind: Kind) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM alerts WHERE json_extract(alert, '$.event') = ?1
                AND (json_extract(alert, '$.kind') = ?2) = ?3)",
        )?
        .query_row(params![event.get(), Kind::Change.name(), kind == Kind::Change], |row| row.get(0))
}
