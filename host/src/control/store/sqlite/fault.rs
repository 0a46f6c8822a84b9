//! From what SQLite says to what an operator can act on.

use rusqlite::ErrorCode;

use super::{SqliteStore, StoreError};
use crate::limits::STORE_BUSY_TIMEOUT;

impl SqliteStore {
    pub(super) fn fault(&self, error: rusqlite::Error) -> StoreError {
        let store = self.layout().dir().display().to_string();
        let file = || self.layout().database().display().to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                StoreError::Busy { store, waited_s: STORE_BUSY_TIMEOUT.as_secs() }
            }
            Some(ErrorCode::DiskFull) => StoreError::Full(store),
            // Its shared memory is a file, too, and where that cannot grow SQLite does not say why.
            Some(ErrorCode::SystemIoFailure) if self.is_full() => StoreError::Full(store),
            // A store on a full disk is opened to be read.
            Some(ErrorCode::ReadOnly) if self.is_full() => StoreError::Full(store),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                StoreError::ReadOnly(file())
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::Damaged { file: file(), why: error.to_string() }
            }
            // What this program asks is the same each time: it fails where tables or values are not those that it made.
            Some(ErrorCode::Unknown) => StoreError::Damaged { file: file(), why: error.to_string() },
            None if is_of_a_value(&error) => StoreError::Damaged { file: file(), why: error.to_string() },
            _ => self.failed(error.to_string()),
        }
    }

    /// Why this store cannot be written, where it cannot.
    pub(crate) fn unwritable(&self) -> StoreError {
        match self.is_full() {
            true => StoreError::Full(self.layout().dir().display().to_string()),
            false => StoreError::ReadOnly(self.layout().database().display().to_string()),
        }
    }

    fn is_full(&self) -> bool {
        rustix::fs::statvfs(self.layout().dir()).is_ok_and(|system| system.f_bavail == 0)
    }

    pub(super) fn not_private(&self, error: crate::private::NotPrivate) -> StoreError {
        StoreError::Layout(error.into())
    }

    pub(super) fn failed(&self, why: String) -> StoreError {
        StoreError::Failed { store: self.layout().dir().display().to_string(), why }
    }
}

/// Whether a value is not of the type that this program writes there.
fn is_of_a_value(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    matches!(error, FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..))
}
