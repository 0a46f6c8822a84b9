//! Why a store did not do as asked.

use std::error::Error;

use super::layout::LayoutError;
use crate::control::newer::NewerEvent;
use crate::control::number::EventSequence;

/// Why a store did not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another event came first.
    #[error("the ledger has moved on: another event came first")]
    Conflict,
    /// Somebody holds the store.
    #[error("{store} is locked by another process for more than {waited_s} s; find it with `fuser {store}/control.db`")]
    Busy {
        /// The store.
        store: String,
        /// How long it was waited for, in seconds.
        waited_s: u64,
    },
    /// There is no room.
    #[error("there is no room to write {0}: free some, nothing was changed")]
    Full(String),
    /// The store may not be written.
    #[error("{0} cannot be written by this user, or lies on a read-only file system; nothing was changed")]
    ReadOnly(String),
    /// The system does not give this process what it takes.
    #[error("{store} cannot be used now: {why}; nothing was changed")]
    Short {
        /// The store.
        store: String,
        /// What it lacks.
        why: String,
    },
    /// The database is damaged.
    #[error("{file} is damaged ({why}); processes keep their state and go on scoring")]
    Damaged {
        /// Which file.
        file: String,
        /// What SQLite says.
        why: String,
    },
    /// The ledger is whole, and what should say how far it went is gone or damaged.
    #[error("nothing shows how far the ledger went: of {file}, {why}; processes keep their state and go on scoring")]
    Unwitnessed {
        /// Which file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The ledger is whole, and ends before what somebody has seen of it.
    #[error("the ledger is whole, but {0}; it is not taken for the one that it was unless that is accepted")]
    WouldGoBack(String),
    /// Processes follow the ledger that would be put away.
    #[error(
        "{store} is followed by {processes}, which would go on from another ledger than the one that they follow; nothing was changed"
    )]
    Followed {
        /// The store.
        store: String,
        /// The processes.
        processes: String,
    },
    /// A newer program wrote to the ledger.
    #[error("{0}: use that version; nothing was changed")]
    NewerEvent(Box<NewerEvent>),
    /// A newer program wrote the database.
    #[error("{file} has schema {found}, this program knows {known}: use a newer one; nothing was changed")]
    NewerSchema {
        /// Which file.
        file: String,
        /// Its schema.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// The database is of another program.
    #[error("{0} is no database of Switchback")]
    NotOurs(String),
    /// The file of a release is not there.
    #[error("there is no {0}")]
    NoRelease(String),
    /// The folder is not as it has to be.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The store panicked. No store of this crate does.
    #[error("the store panicked: {0}")]
    Panicked(String),
    /// It said that it had added events, and does not have them.
    #[error("the store said that it had added event {0}, and does not have it")]
    NotAdded(EventSequence),
    /// Its end never was the same twice while it was read.
    #[error("the ledger's end was another one each of the {0} times that it was read")]
    Restless(u32),
    /// Something else.
    #[error("cannot use {store}")]
    Failed {
        /// The store.
        store: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    /// Whether the store may well be whole, and cannot be written by this process now.
    pub fn is_unwritable(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Full(_) | Self::ReadOnly(_) | Self::Short { .. } | Self::Failed { .. })
    }

    /// Whether the file of a release is not there.
    pub(crate) fn is_missing_release(&self) -> bool {
        match self {
            Self::NoRelease(_) => true,
            Self::Layout(LayoutError::File(error)) => error.is_missing(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustix::io::Errno;
    use switchback_system::private::NotPrivate;
    use switchback_system::shortage::in_full;

    use super::*;

    #[test]
    fn an_error_in_full_says_nothing_twice() {
        let error = || io::Error::from(Errno::NOSPC);
        let unusable = NotPrivate::Unusable { path: "/x".into(), source: error() };
        assert_eq!(in_full(&unusable), "cannot use /x: there is no room left on the disk");
        let failed = StoreError::Failed { store: "/store".to_owned(), source: unusable.into() };
        assert_eq!(in_full(&failed), "cannot use /store: cannot use /x: there is no room left on the disk");
        let of_control = crate::control::ControlError::from(StoreError::Layout(LayoutError::Unusable {
            path: "/y".into(),
            source: error(),
        }));
        let alone = of_control.to_string();
        assert_eq!(alone, "cannot use /y", "a text leaves its source to whoever asks for that");
        assert_eq!(in_full(&of_control), format!("{alone}: there is no room left on the disk"));
    }
}
