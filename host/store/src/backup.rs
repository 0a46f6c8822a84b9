//! A store in one file, and a store out of it.
//!
//! ```text
//! control.db                       the ledger and the register, as they were at one moment
//! guard.db  guard.since            what the guard remembers, from shortly before
//! releases/<digest>.wasm           the releases that the ledger knows, with .minisig beside those that are signed
//! journal/key                      the key of the journal's hashes
//! journal/<segment>.parquet ..     records, where they were asked for
//! switchback-backup.json           the contents, with their digests: a file that ends before it is not whole
//! ```
//!
//! A tar archive (POSIX.1-2001 `ustar`, with GNU's long names), so that it can be looked into without this program.
//! What was compiled, locks and bells are not in it: they are of the machine.

mod contents;
mod restore;
mod unpack;
mod write;

use std::io;
use std::path::{Path, PathBuf};

pub use contents::{BackedUp, Contents};
pub use restore::{Restore, Restored};
pub use write::Backup;

use crate::control::{Broken, LayoutError, StoreError};
use crate::guard_store::GuardStoreError;
use crate::journal::JournalError;

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The store does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger is not whole: a backup of it would be worth nothing.
    #[error("the ledger was touched: {0}")]
    Ledger(Broken),
    /// What the guard remembers cannot be read.
    #[error(transparent)]
    Guard(#[from] GuardStoreError),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The system does not give a file, or does not take it.
    #[error("cannot use {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is a file of this name.
    #[error("{} is there already, and is not written over: choose another name", .0.display())]
    Exists(PathBuf),
    /// A backup of a store does not lie in the store.
    #[error("{} would lie in the store that it is a backup of: choose another folder", .0.display())]
    Inside(PathBuf),
    /// It is no backup, or was cut off or changed.
    #[error("{} cannot be restored: {why}", file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// There is a store where one was to be restored.
    #[error("there is a store in {}; nothing was changed", .0.display())]
    StoreThere(PathBuf),
}

impl BackupError {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

impl From<Broken> for BackupError {
    fn from(broken: Broken) -> Self {
        Self::Ledger(broken)
    }
}

impl From<LayoutError> for BackupError {
    fn from(error: LayoutError) -> Self {
        Self::Store(error.into())
    }
}
