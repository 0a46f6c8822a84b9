//! Which pauses of rollouts somebody was told of: of all the processes that see one, one tells.

use rusqlite::{Connection, params};

use crate::control::EventSequence;

/// A pause of a rollout. However often it is looked at, and by whom, it is the same one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ToldPause {
    /// Where.
    pub slot: String,
    /// The event with which the rollout began: another one of the same release has its own.
    pub begun: EventSequence,
    /// In which step of the rollout.
    pub step: usize,
    /// Why.
    pub cause: PauseCause,
}

/// What holds a rollout up, without the numbers, which rise with every message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PauseCause {
    /// Too little is known.
    Unproven,
    /// Segments are harmed.
    Harmed,
    /// A process has the release not ready.
    Unready,
    /// A guard cannot do its work.
    Unguarded,
    /// The ledger refuses it: a freeze, or a release that the guard found harmful.
    Refused,
    /// The store cannot be read or written.
    Store,
}

impl PauseCause {
    const fn name(self) -> &'static str {
        match self {
            Self::Unproven => "unproven",
            Self::Harmed => "harmed",
            Self::Unready => "unready",
            Self::Unguarded => "unguarded",
            Self::Refused => "refused",
            Self::Store => "store",
        }
    }
}

impl ToldPause {
    /// Notes that somebody tells of it. False if somebody did already. What was told of earlier rollouts of the slot is
    /// forgotten.
    #[doc(hidden)]
    pub fn note(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let Self { slot, begun, step, cause } = self;
        connection
            .prepare_cached("DELETE FROM pauses WHERE slot = ? AND begun <> ?")?
            .execute(params![slot, begun.get()])?;
        let noted = connection.prepare_cached("INSERT OR IGNORE INTO pauses VALUES (?, ?, ?, ?)")?.execute(params![
            slot,
            begun.get(),
            step,
            cause.name()
        ])?;
        Ok(noted > 0)
    }
}
