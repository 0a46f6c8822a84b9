//! Why the guard cannot remember.

use std::error::Error;
use std::path::Path;

use rusqlite::ErrorCode;
use switchback_system::private::NotPrivate;

use crate::sqlite;

/// Why the guard cannot remember, or be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardStoreError {
    /// Nothing was ever remembered there.
    #[error("{0}: no guard has been at work here yet; it begins with the first filter on this store")]
    None(String),
    /// Somebody holds it.
    #[error("{0} is locked by another process; find it with `fuser {0}`")]
    Busy(String),
    /// There is no room.
    #[error("there is no room to write {0}: free some")]
    Full(String),
    /// It may not be written.
    #[error("{0} cannot be written by this user, or lies on a read-only file system")]
    ReadOnly(String),
    /// It is damaged.
    #[error("{file} is damaged ({why})")]
    Damaged {
        /// Which file.
        file: String,
        /// What SQLite says.
        why: String,
    },
    /// It is gone, or was damaged and set aside; a new one was begun.
    #[error("what the guard knew is lost: {0}")]
    Lost(String),
    /// A newer program wrote it.
    #[error("{file} has schema {found}, this program knows {known}: use a newer one")]
    NewerSchema {
        /// Which file.
        file: String,
        /// Its schema.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// It is of another program.
    #[error("{0} is no database of Switchback's guard")]
    NotOurs(String),
    /// Others could have written it.
    #[error(transparent)]
    File(#[from] NotPrivate),
    /// Something else.
    #[error("cannot use {file}")]
    Failed {
        /// Which file.
        file: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl GuardStoreError {
    /// From what SQLite says to what an operator can act on.
    pub(crate) fn of(file: &str, error: rusqlite::Error) -> Self {
        let file = file.to_owned();
        let lack = || sqlite::lack(Path::new(&file).parent()?);
        if let Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) = error.sqlite_error_code()
            && let Some(lack) = lack()
        {
            return Self::Failed { file, source: lack.into() };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(file),
            Some(ErrorCode::DiskFull) => Self::Full(file),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => Self::ReadOnly(file),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { file, why: error.to_string() }
            }
            _ => Self::Failed { file, source: error.into() },
        }
    }
}
