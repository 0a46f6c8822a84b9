//! A copy of what the guard knows, for a process that cannot write it down for now.

use std::path::Path;

use rusqlite::{Connection, params};
use switchback_model::release::Digest;
use switchback_model::route::Generation;
use switchback_system::private::Owner;

use super::{GuardStore, GuardStoreError, open};
use crate::limits::GUARD_SPARE_ROWS_MAX;
use crate::sqlite;

/// A candidate in a slot, since a generation: the trials that go on.
#[derive(Debug)]
pub struct Current {
    /// Where.
    pub slot: String,
    /// What is tried.
    pub candidate: Digest,
    /// The generation since which it has a role there.
    pub since: Generation,
}

/// Copies what the guard remembers in the folder of a store, as it is at one moment; whether there is any.
///
/// # Errors
/// If it cannot be read or written, or is gone.
pub fn copy_into(store_dir: &Path, copy: &Path) -> Result<bool, GuardStoreError> {
    let source = match open::to_read(store_dir) {
        Err(GuardStoreError::None(_)) => return Ok(false),
        opened => opened?,
    };
    let failed = |error| GuardStoreError::of(&copy.display().to_string(), error);
    sqlite::copy(&source, copy).map(|_| true).map_err(failed)
}

/// Sets aside what cannot be read of a memory, so that a copy can take its place: a damaged file, or what lies beside one that
/// is gone.
///
/// # Errors
/// If it cannot be looked at or moved.
pub fn make_room(store_dir: &Path) -> Result<(), GuardStoreError> {
    match open::to_read(store_dir) {
        Err(GuardStoreError::Damaged { .. } | GuardStoreError::Lost(_) | GuardStoreError::None(_)) => {
            open::clear(store_dir)
        }
        opened => opened.map(drop),
    }
}

impl GuardStore {
    /// Begins with what can be read of these candidates in the folder of a store, and with the senders that were seen
    /// last: a bounded piece of work. For one in memory.
    #[doc(hidden)]
    pub fn copy_from(&mut self, store_dir: &Path, current: &[Current]) -> Result<(), GuardStoreError> {
        let path = store_dir.join(open::FILE);
        sqlite::check_files(&path, Owner::Anybody)?;
        let file = path.display().to_string();
        let connection = &self.reopened()?.connection;
        let copied =
            connection.execute("ATTACH ? AS known", [sqlite::literal(&path).display().to_string()]).and_then(|_| {
                let copied = current.iter().try_for_each(|one| copy_trials(connection, one));
                let copied = copied.and_then(|()| copy_senders(connection));
                connection.execute("DETACH known", [])?;
                copied
            });
        copied.map_err(|error| GuardStoreError::of(&file, error))
    }
}

/// What is counted of a candidate, and last week's volume, in the order in which it matters: what has flipped, and what
/// must not count again today.
fn copy_trials(connection: &Connection, current: &Current) -> rusqlite::Result<()> {
    let Current { slot, candidate, since } = current;
    let known = "SELECT id FROM known.trials WHERE slot = ?1 AND candidate = ?2 AND since = ?3";
    let order = [
        ("trials", "id", "id"),
        ("pinned", "trial", "share DESC"),
        ("segments", "trial", "up_flips + down_flips > 0 DESC, touched_us DESC"),
        ("firsts", "trial", "is_eligible DESC, until_us DESC"),
    ];
    for (table, trial, first) in order {
        let query = format!(
            "INSERT INTO main.{table} SELECT * FROM known.{table} WHERE {trial} IN ({known}) ORDER BY {first} LIMIT ?4"
        );
        connection.execute(&query, params![slot, candidate.as_bytes(), since.get(), GUARD_SPARE_ROWS_MAX])?;
    }
    connection
        .execute("INSERT OR IGNORE INTO main.volumes SELECT * FROM known.volumes WHERE slot = ?", [slot])
        .map(drop)
}

fn copy_senders(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .execute(
            "INSERT INTO main.senders SELECT * FROM known.senders ORDER BY last_day DESC LIMIT ?",
            [GUARD_SPARE_ROWS_MAX],
        )
        .map(drop)
}
