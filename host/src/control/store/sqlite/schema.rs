//! The tables, and their version.

use rusqlite::{Connection, TransactionBehavior};

use super::{SqliteStore, StoreError};

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

impl SqliteStore {
    /// Makes the tables where there are none, and refuses those of somebody else or of a newer program.
    pub(super) fn prepare(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let (application, version) = self.of_header(connection)?;
        if (application, version) == (0, 0) {
            self.make_tables(connection).map_err(|error| self.fault(error))?;
        }
        let file = self.layout().database().display().to_string();
        match self.of_header(connection)? {
            (APPLICATION_ID, VERSION) => Ok(()),
            (APPLICATION_ID, found) => Err(StoreError::NewerSchema { file, found, known: VERSION }),
            _ => Err(StoreError::NotOurs(file)),
        }
    }

    fn of_header(&self, connection: &Connection) -> Result<(i64, i64), StoreError> {
        let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
        let both = || Ok((pragma("application_id")?, pragma("user_version")?));
        both().map_err(|error| self.fault(error))
    }

    fn make_tables(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been faster.
        let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if version == 0 && tables == 0 {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        transaction.commit()
    }
}
