//! A store in one file: made while filters work, restored as a whole or not at all.

pub use switchback_store::backup::{BackedUp, Backup, BackupError, Contents, Restore, Restored};
