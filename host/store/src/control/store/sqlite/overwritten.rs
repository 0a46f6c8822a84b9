//! Whether somebody wrote over a database that is in use, such as with a backup that was copied over it.
//!
//! In WAL mode the file changes only when SQLite writes back what `-wal` holds, and SQLite says how much of that it has
//! written back (<https://sqlite.org/pragma.html#pragma_wal_checkpoint>, `NOOP`). A file that has changed although nothing
//! was written back was changed by something else; and as `-wal` still stands above it, nobody would see that.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::sync::PoisonError;
use std::time::Instant;

use rusqlite::Connection;

use super::{SqliteStore, StoreError};
use crate::control::store::layout::Files;
use crate::limits::OVERWRITTEN_AFTER;

/// What is said where somebody copied something over the database.
pub(super) const OVERWRITTEN: &str = "control.db was written over while it was in use: its -wal holds what came before and \
     stands above it, so nothing was restored. A backup is restored, not copied over the database";

/// How a database was when it was last looked at. It outlives connections: who reads what is being written over finds damage,
/// and opens the database again.
#[derive(Default)]
pub(super) struct Looked {
    seen: Option<Seen>,
    /// Since when the file is another one than SQLite says.
    since: Option<Instant>,
}

struct Seen {
    files: Files,
    file: Stamp,
    wal: Wal,
}

/// Bytes, and when it changed last, in seconds and nanoseconds.
type Stamp = (u64, i64, i64);

/// Pages in `-wal`, and how many of them were written back.
#[derive(Clone, Copy)]
struct Wal {
    pages: i64,
    written_back: i64,
}

impl SqliteStore {
    /// Whether the file was written over while it was open, by all that was seen since. For whoever asks again and again.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn is_overwritten(&self) -> Result<bool, StoreError> {
        let path = self.layout().database();
        self.with(|open| {
            let Ok(file) = fs::symlink_metadata(&path) else { return Ok(false) };
            let stamp = (file.len(), file.mtime(), file.mtime_nsec());
            let wal = Wal::of(&open.ledger)?;
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(!open.is_to_read() && looked.at(open.files, stamp, wal))
        })
    }
}

impl Looked {
    fn at(&mut self, files: Files, file: Stamp, wal: Wal) -> bool {
        let Some(seen) = self.seen.as_mut().filter(|seen| !seen.files.were_replaced(&files)) else {
            *self = Self { seen: Some(Seen { files, file, wal }), since: None };
            return false;
        };
        // It has fewer pages than before where it began anew, which it does when all of it was written back.
        let was_written_back = wal.pages < seen.wal.pages || wal.written_back != seen.wal.written_back;
        seen.wal = wal;
        if was_written_back {
            (seen.file, self.since) = (file, None);
        } else if seen.file != file {
            // While it is being written back, the file comes first.
            self.since.get_or_insert_with(Instant::now);
        }
        self.since.is_some_and(|since| since.elapsed() >= OVERWRITTEN_AFTER)
    }
}

impl Wal {
    fn of(connection: &Connection) -> rusqlite::Result<Self> {
        connection
            .prepare_cached("PRAGMA wal_checkpoint(NOOP)")?
            .query_row([], |row| Ok(Self { pages: row.get(1)?, written_back: row.get(2)? }))
    }
}
