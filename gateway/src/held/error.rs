//! Why a message is not held, or a held one cannot be had.

use std::io;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use switchback::verdict::RecordId;
use thiserror::Error;

/// Why mail cannot be held. The client is to be told to try again.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HoldError {
    /// No folder is configured.
    #[error("no folder is configured to hold mail in: set held.dir")]
    NoFolder,
    /// There is no folder of this name.
    #[error("there is no folder {}: mail is held there once a door was started with it", .0.display())]
    Missing(PathBuf),
    /// Others can look into the folder, or it is somebody else's.
    #[error("{} {why}", dir.display())]
    NotPrivate {
        /// The folder.
        dir: PathBuf,
        /// What is wrong, and what to do.
        why: &'static str,
    },
    /// Too little room is left on the disk.
    #[error("{} has {free} left, and held.free_min is {free_min}", dir.display())]
    Full {
        /// The folder.
        dir: PathBuf,
        /// What would be left.
        free: ByteSize,
        /// What has to be left.
        free_min: ByteSize,
    },
    /// Only the beginning of the message was read: what is given back would not be what was sent. The mail server has to keep it.
    #[error("the message is longer than scoring.message_max, so only its beginning is known, and it cannot be held")]
    Partial,
    /// The system refuses: a disk that is full or read-only, say.
    #[error("cannot {doing} {}", path.display())]
    System {
        /// What was tried.
        doing: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What is known of the message cannot be written as JSON.
    #[error("what is known of the message cannot be written down")]
    Json(#[from] serde_json::Error),
}

/// Why a message that is held cannot be read or changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// No such message is held.
    #[error("{0} is not held here")]
    NotHeld(RecordId),
    /// Another process is giving it back, or removing it.
    #[error("{0} is being worked on by another process")]
    Busy(RecordId),
    /// What is known of it cannot be read.
    #[error("{id}: what is known of the message is damaged")]
    Damaged {
        /// The message.
        id: RecordId,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The system refuses.
    #[error("cannot {doing} {}", path.display())]
    System {
        /// What was tried.
        doing: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl HoldError {
    pub(super) fn system(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::System { doing, path, source }
    }
}

impl SpoolError {
    pub(super) fn system(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::System { doing, path, source }
    }

    /// Whether the message is gone: released, removed, or never held.
    pub fn is_not_held(&self) -> bool {
        matches!(self, Self::NotHeld(_))
    }
}
