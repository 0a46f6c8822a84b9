//! The tables, and their version.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, TransactionBehavior};
use switchback_system::shortage::{InWords, in_full};

use super::{Layout, SqliteStore, StoreError};
use crate::control::event::Event;
use crate::control::mark::Mark;
use crate::control::store::layout::LayoutError;
use crate::sqlite::{Connected, EMPTY, Schema};

/// `SWBK` as a number: says in the file's header that it is ours (<https://sqlite.org/pragma.html#pragma_application_id>).
const APPLICATION_ID: i64 = 0x5357_424B;

/// The version of the tables.
const VERSION: i64 = 1;

const TABLES: &str = "
    CREATE TABLE events (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
    CREATE TABLE head (only INTEGER PRIMARY KEY CHECK (only = 1), sequence INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
    CREATE TABLE processes (number INTEGER PRIMARY KEY AUTOINCREMENT, registered TEXT NOT NULL, acknowledged TEXT) STRICT;
    CREATE TABLE preparations (
        process INTEGER NOT NULL REFERENCES processes ON DELETE CASCADE,
        release BLOB NOT NULL,
        preparation TEXT NOT NULL,
        PRIMARY KEY (process, release)
    ) STRICT;
    CREATE TABLE hits (rule INTEGER PRIMARY KEY, hits INTEGER NOT NULL) STRICT;
";

/// Says that there is a `control.head` beside the database. A store that an older program made has none until a newer
/// one opens it.
const HAS_HEAD_FILE: &str = "CREATE TABLE IF NOT EXISTS head_file (only INTEGER PRIMARY KEY) STRICT";

impl SqliteStore {
    /// Refuses tables of somebody else or of a newer program, and a database that lost its own.
    pub(super) fn check_schema(&self, connection: &Connection) -> Result<(), StoreError> {
        let file = || self.layout().database().display().to_string();
        match self.of_header(connection)? {
            (APPLICATION_ID, VERSION) => check_tables(connection).map_err(|error| self.fault(error)),
            (APPLICATION_ID, found) => Err(StoreError::NewerSchema { file: file(), found, known: VERSION }),
            _ if count_tables(connection).map_err(|error| self.fault(error))? == 0 => {
                Err(StoreError::Damaged { file: file(), why: EMPTY.to_owned() })
            }
            _ => Err(StoreError::NotOurs(file())),
        }
    }

    /// Makes a database in a folder that never had one. Of several processes one does.
    pub(super) fn make(layout: &Layout) -> Result<(), StoreError> {
        let unusable = |source| LayoutError::Unusable { path: layout.dir().to_owned(), source };
        let made = switchback_system::private::temporary_in(layout.dir()).map_err(unusable)?;
        let new = made.path().join("control.db");
        make_database(&new)
            .map_err(|error| StoreError::Failed { store: layout.dir().display().to_string(), source: error.into() })?;
        // Complete when it gets its name, so that a database which is empty never was a store.
        match fs::hard_link(&new, layout.database()) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => Ok(linked.and_then(|()| File::open(layout.dir())?.sync_all()).map_err(unusable)?),
        }
    }

    /// Begins to remember outside the database how far its ledger went, where nobody does yet.
    pub(super) fn begin_head_file(&self) {
        let begun = self.with(|open| {
            if open.is_to_read() || has_head_file(&open.ledger)? {
                return Ok(());
            }
            let mark = where_it_ends(&open.ledger)?;
            self.advance_head(|_| mark);
            open.ledger.execute_batch(HAS_HEAD_FILE)
        });
        if let Err(error) = begun {
            tracing::debug!(
                error = in_full(&error),
                "how far the ledger went is not remembered outside the database yet"
            );
        }
    }

    fn of_header(&self, connection: &Connection) -> Result<(i64, i64), StoreError> {
        let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
        let both = || Ok((pragma("application_id")?, pragma("user_version")?));
        both().map_err(|error| self.fault(error))
    }
}

/// Makes the file of a database, which only its user can read, and its tables.
pub(super) fn make_database(path: &Path) -> rusqlite::Result<Connected> {
    let made = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path);
    made.map_err(|error| super::not_given(&InWords(&error).to_string()))?;
    let mut connection = Connected::open(path, OpenFlags::default())?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(connection)
}

/// Refuses a database that does not consist of the tables that this program makes.
pub(super) fn check_tables(connection: &Connection) -> rusqlite::Result<()> {
    // In one look: another process may be adding the newest table.
    let found = Schema::of(connection)?;
    let newest = found.has_table("head_file").then_some(HAS_HEAD_FILE);
    let expected = Schema::made_by([TABLES].into_iter().chain(newest))?;
    found.difference(&expected).map_or(Ok(()), |why| Err(super::damage(&why)))
}

/// Whether there has to be a `control.head`.
pub(super) fn has_head_file(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'head_file')", [], |row| row.get(0))
}

/// Where the ledger of a store ends that was never recovered: older programs could not say so.
fn where_it_ends(connection: &Connection) -> rusqlite::Result<Mark> {
    let Some((sequence, head)) = super::head(connection)? else { return Ok(Mark::default()) };
    let body = "SELECT body FROM events WHERE sequence = ?";
    let body: Option<String> = connection.query_row(body, [sequence.get()], |row| row.get(0)).optional()?;
    let event = body.and_then(|body| Event::from_json(&body).ok());
    let generation = event.map(|event| event.generation).unwrap_or_default();
    Ok(Mark { sequence, head, recoveries: 0, generation })
}

fn count_tables(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
}
