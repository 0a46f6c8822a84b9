//! Starting anew with what can still be read of a damaged database.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};

use super::super::layout::{Layout, LayoutError};
use super::{SqliteStore, StoreError, immediate, to_entry};
use crate::control::ledger::{Entry, Ledger};
use crate::private;

/// What became of a damaged database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// How many events the new one has: all up to the first that could not be read or was not whole.
    pub events: u64,
    /// Why there are no more.
    pub ended: String,
    /// Where the damaged one is.
    pub aside: PathBuf,
}

impl SqliteStore {
    /// Sets a damaged database aside and starts a new one with the events that can still be read, up to the first
    /// that is not as it was written. None if the database is whole: it stays as it is.
    ///
    /// # Errors
    /// If there is no store, or it cannot be written.
    pub fn recover(dir: &Path) -> Result<Option<Recovered>, StoreError> {
        let layout = Layout::open(dir)?;
        let (entries, ended) = salvage(&layout.database());
        let Some(ended) = ended else { return Ok(None) };
        let unusable = |source| LayoutError::Unusable { path: layout.dir().to_owned(), source };
        // Made elsewhere, and put in its place when it is complete: a crash leaves the one or the other.
        let made = tempfile::tempdir_in(layout.dir()).map_err(unusable)?;
        Self::create(made.path())?.fill(&entries)?;
        let aside = private::set_aside(&layout.database()).map_err(unusable)?;
        for companion in ["control.db-wal", "control.db-shm"] {
            let companion = layout.dir().join(companion);
            if companion.exists() {
                private::set_aside(&companion).map_err(unusable)?;
            }
        }
        std::fs::rename(made.path().join("control.db"), layout.database()).map_err(unusable)?;
        let store = Self::of(layout)?;
        store.ring(&store.layout().bell());
        Ok(Some(Recovered { events: entries.len() as u64, ended, aside }))
    }

    fn fill(&self, entries: &[Entry]) -> Result<(), StoreError> {
        self.with(|open| {
            let transaction = immediate(&mut open.ledger)?;
            for Entry { sequence, body, hash } in entries {
                transaction.execute("INSERT INTO events VALUES (?, ?, ?)", params![sequence, body, hash.as_bytes()])?;
            }
            if let Some(Entry { sequence, hash, .. }) = entries.last() {
                transaction.execute("INSERT INTO head VALUES (1, ?, ?)", params![sequence, hash.as_bytes()])?;
            }
            transaction.commit()
        })
    }
}

/// The entries that can be read and follow one another, and why there are no more; nothing if that is all.
fn salvage(database: &Path) -> (Vec<Entry>, Option<String>) {
    let (mut ledger, mut entries) = (Ledger::default(), Vec::new());
    let ended = read_each(database, |entry| {
        let followed = ledger.follow(&entry).map_err(|broken| broken.to_string());
        entries.push(entry);
        followed.map(drop).inspect_err(|_| drop(entries.pop()))
    });
    (entries, ended.err())
}

fn read_each(database: &Path, mut each: impl FnMut(Entry) -> Result<(), String>) -> Result<(), String> {
    let said = |error: rusqlite::Error| error.to_string();
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(said)?;
    let mut rows = connection.prepare("SELECT sequence, body, hash FROM events ORDER BY sequence").map_err(said)?;
    let mut rows = rows.query([]).map_err(said)?;
    let mut last = None;
    while let Some(row) = rows.next().map_err(said)? {
        let entry = to_entry(row).map_err(said)?;
        last = Some((entry.sequence, entry.hash));
        each(entry)?;
    }
    match (super::head(&connection).map_err(said)?, last) {
        (head, last) if head == last => check(&connection),
        (Some((sequence, _)), _) => Err(format!("the last of {sequence} events are missing")),
        (None, _) => Err("it does not say where it ends".to_owned()),
    }
}

/// What SQLite finds when it looks at every page.
fn check(connection: &Connection) -> Result<(), String> {
    let found: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|error| error.to_string())?;
    if found == "ok" { Ok(()) } else { Err(found) }
}
