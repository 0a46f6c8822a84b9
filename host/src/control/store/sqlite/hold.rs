//! Keeping everybody from a ledger while another one takes its place.

use std::fs::File;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{SqliteStore, StoreError};
use crate::control::store::layout::LayoutError;
use crate::limits::STORE_BUSY_TIMEOUT;
use crate::sqlite;

/// While it is there, nobody else writes to the ledger or replaces it. Who waited for that finds another database.
pub(super) struct Held {
    /// Locked, against others that replace it.
    _dir: File,
    /// Has the right to write; none where the database is too damaged to give it: then nobody can write.
    _writer: Option<Connection>,
}

impl SqliteStore {
    pub(super) fn hold(&self) -> Result<Held, StoreError> {
        let unusable = |source| LayoutError::Unusable { path: self.layout().dir().to_owned(), source };
        let dir = File::open(self.layout().dir()).map_err(unusable)?;
        dir.lock().map_err(unusable)?;
        let writer = match self.writer() {
            Ok(writer) => Some(writer),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => return Err(self.fault(error)),
            Err(_) => None,
        };
        Ok(Held { _dir: dir, _writer: writer })
    }

    fn writer(&self) -> rusqlite::Result<Connection> {
        let path = self.layout().database();
        // Whoever opens it to write would play it back, and it is to be kept as it is.
        if sqlite::companion(&path, "-journal").symlink_metadata().is_ok() {
            return Err(super::damage("it has a rollback journal"));
        }
        sqlite::check_room(&path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(sqlite::literal(&path), flags)?;
        connection.busy_timeout(STORE_BUSY_TIMEOUT)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(connection)
    }
}
