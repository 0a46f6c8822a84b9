//! Keeping everybody from a ledger while another one takes its place.

use std::fs::File;

use rusqlite::config::DbConfig;
use rusqlite::{ErrorCode, OpenFlags};

use super::{SqliteStore, StoreError};
use crate::control::store::layout::LayoutError;
use crate::limits::STORE_BUSY_TIMEOUT;
use crate::sqlite::{self, Connected};

/// While it is there, nobody else replaces the ledger, or finishes what a crash interrupted of that.
pub(super) struct Alone(#[expect(dead_code, reason = "it is locked until it is dropped")] File);

/// While it is there, nobody else writes to the ledger. Who waited for that finds another database. None in it where the
/// database is too damaged to give the right to write: then nobody can.
pub(super) struct Held(
    #[expect(dead_code, reason = "it has the right to write until it is dropped")] Option<Connected>,
);

impl SqliteStore {
    /// Waits until nobody else replaces the ledger.
    pub(super) fn alone(&self) -> Result<Alone, StoreError> {
        let unusable = |source| LayoutError::Unusable { path: self.layout().dir().to_owned(), source };
        let dir = File::open(self.layout().dir()).map_err(unusable)?;
        dir.lock().map_err(unusable)?;
        Ok(Alone(dir))
    }

    /// Takes the right to write, for whoever is [alone](SqliteStore::alone).
    pub(super) fn hold(&self, _alone: &Alone) -> Result<Held, StoreError> {
        match self.writer() {
            Ok(writer) => Ok(Held(Some(writer))),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Err(self.fault(error)),
            Err(_) => Ok(Held(None)),
        }
    }

    fn writer(&self) -> rusqlite::Result<Connected> {
        let path = self.layout().database();
        // Whoever opens it to write would play it back, and it is to be kept as it is.
        if sqlite::companion(&path, "-journal").symlink_metadata().is_ok() {
            return Err(super::damage("it has a rollback journal"));
        }
        sqlite::check_room(&path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connected::open(&path, flags)?;
        sqlite::refuse_emptied(&path)?;
        connection.busy_timeout(STORE_BUSY_TIMEOUT)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(connection)
    }
}
