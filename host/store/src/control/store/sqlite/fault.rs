//! From what SQLite says to what an operator can act on.

use std::error::Error;
use std::io;

use rusqlite::ErrorCode;
use rustix::io::Errno;
use switchback_system::private::NotPrivate;
use switchback_system::shortage::{self, InWords};

use super::{SqliteStore, StoreError};
use crate::limits::STORE_BUSY_TIMEOUT;
use crate::sqlite;

impl SqliteStore {
    pub(super) fn fault(&self, error: rusqlite::Error) -> StoreError {
        let store = self.layout().dir().display().to_string();
        let file = || self.layout().database().display().to_string();
        if let Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) = error.sqlite_error_code()
            && let Some(lack) = sqlite::lack(self.layout().dir())
        {
            return self.short(&lack);
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::OutOfMemory) => self.short(&io::ErrorKind::OutOfMemory.into()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                StoreError::Busy { store, waited_s: STORE_BUSY_TIMEOUT.as_secs() }
            }
            Some(ErrorCode::DiskFull) => StoreError::Full(store),
            // Its shared memory is a file, too, and where that cannot grow SQLite does not say why.
            Some(ErrorCode::SystemIoFailure) if self.is_full() => StoreError::Full(store),
            // A store on a full disk is opened to be read.
            Some(ErrorCode::ReadOnly) if self.is_full() => StoreError::Full(store),
            // Where the size of files is limited, that is what keeps one from growing.
            Some(ErrorCode::SystemIoFailure) if sqlite::is_unwritable(&error) && has_file_limit() => {
                self.short(&Errno::FBIG.into())
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                StoreError::ReadOnly(file())
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::Damaged { file: file(), why: error.to_string() }
            }
            // What this program asks is the same each time: it fails where tables or values are not those that it made.
            Some(ErrorCode::Unknown) => StoreError::Damaged { file: file(), why: error.to_string() },
            None if is_of_a_value(&error) => StoreError::Damaged { file: file(), why: error.to_string() },
            _ => self.failed(error),
        }
    }

    fn is_full(&self) -> bool {
        rustix::fs::statvfs(self.layout().dir()).is_ok_and(|system| system.f_bavail == 0)
    }

    pub(super) fn short(&self, error: &io::Error) -> StoreError {
        StoreError::Short { store: self.layout().dir().display().to_string(), why: InWords(error).to_string() }
    }

    /// Why a file of the store could not be made or opened.
    pub(super) fn not_private(&self, error: NotPrivate) -> StoreError {
        let NotPrivate::Unusable { path, source } = &error else { return StoreError::Layout(error.into()) };
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full(path.display().to_string()),
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                StoreError::ReadOnly(path.display().to_string())
            }
            _ if shortage::is_shortage(source) => self.short(source),
            _ => StoreError::Layout(error.into()),
        }
    }

    pub(super) fn failed(&self, why: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
        StoreError::Failed { store: self.layout().dir().display().to_string(), source: why.into() }
    }
}

fn has_file_limit() -> bool {
    rustix::process::getrlimit(rustix::process::Resource::Fsize).current.is_some()
}

/// Whether a value is not of the type that this program writes there.
fn is_of_a_value(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    matches!(error, FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..))
}
