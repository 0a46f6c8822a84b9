//! The connections to one database.

use std::path::Path;

use rusqlite::config::DbConfig;
use switchback_system::private::Owner;
use switchback_system::shortage::in_full;

use super::{SqliteStore, StoreError};
use crate::control::store::layout::Files;
use crate::limits::STORE_BUSY_TIMEOUT;
use crate::sqlite::{self, Connected, Quiet, ToRead};

/// The connections to one database file.
pub(super) struct Open {
    /// For events: a commit returns when it is on the disk.
    pub(super) ledger: Connected,
    /// For what is only true while processes live: a commit does not wait for the disk.
    pub(super) register: Connected,
    /// Which files these are.
    pub(super) files: Files,
    /// Present where it cannot be written.
    quiet: Option<Quiet>,
}

impl Open {
    /// Whether it can only be read.
    pub(super) fn is_to_read(&self) -> bool {
        self.quiet.is_some()
    }

    /// Whether what was read so far is of one moment.
    pub(super) fn is_sound(&self, database: &Path) -> bool {
        self.quiet.as_ref().is_none_or(|quiet| quiet.is_kept(database))
    }

    /// Lets go of the connections without touching the files, which may be others by now: who closes a database last
    /// would write the old `-wal` into a new database, or remove the `-wal` of the new one.
    pub(super) fn abandon(self) {
        for connection in [&self.ledger, &self.register] {
            // Fails only for a connection that is no more.
            let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
    }
}

impl SqliteStore {
    /// Opens the database; where it cannot be written, to be read.
    pub(super) fn connect(&self) -> Result<Open, StoreError> {
        self.layout().check(Owner::Anybody)?;
        let is_ours = self.layout().check(Owner::Ours).is_ok();
        let written = is_ours.then(|| self.connect_to_write());
        let open = match written {
            Some(Ok(open)) => open,
            // Who lacks descriptors is not told that it may not write.
            Some(Err(error)) if !sqlite::is_unwritable(&error) || sqlite::lack(self.layout().dir()).is_some() => {
                return Err(self.fault(error));
            }
            _ => self.connect_to_read()?,
        };
        self.check_schema(&open.ledger)?;
        Ok(open)
    }

    fn connect_to_write(&self) -> rusqlite::Result<Open> {
        let path = self.layout().database();
        sqlite::check_room(&path)?;
        let connect = |synchronous| -> rusqlite::Result<Connected> {
            let connection = Connected::open(&path, flags())?;
            sqlite::refuse_emptied(&path)?;
            connection.busy_timeout(STORE_BUSY_TIMEOUT)?;
            connection.pragma_update(None, "synchronous", synchronous)?;
            // Reading makes what SQLite needs beside the database, or fails.
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
            Ok(connection)
        };
        let (ledger, register) = (connect("FULL")?, connect("NORMAL")?);
        let files = self.layout().files().map_err(|error| super::not_given(&in_full(&error)))?;
        Ok(Open { ledger, register, files, quiet: None })
    }

    fn connect_to_read(&self) -> Result<Open, StoreError> {
        let path = self.layout().database();
        let files = self.layout().files()?;
        let open = || sqlite::open_to_read(&path).map_err(|error| self.fault(error));
        let (ToRead { connection: ledger, quiet }, ToRead { connection: register, .. }) = (open()?, open()?);
        Ok(Open { ledger, register, files, quiet: Some(quiet) })
    }
}

fn flags() -> rusqlite::OpenFlags {
    use rusqlite::OpenFlags;
    // Without the flag that makes a file: one that is gone is missed.
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}
