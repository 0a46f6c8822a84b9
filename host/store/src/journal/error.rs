//! Why a journal is not kept or read.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use arrow_schema::ArrowError;
use parquet::errors::ParquetError;
use switchback_system::private::NotPrivate;
use switchback_system::shortage;

/// Why a journal is not kept or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// A value of the configuration is outside its range.
    #[error("the journal's {name} is out of its range: {range} is possible")]
    Range {
        /// Which.
        name: &'static str,
        /// What is possible.
        range: &'static str,
    },
    /// No record has such a column.
    #[error("a journal has no column `{0}`; docs/journal.md lists those that there are")]
    NoColumn(String),
    /// There is no journal.
    #[error("there is no journal in {}: filters that are built with one write it there", .0.display())]
    NoJournal(PathBuf),
    /// The system does not give a file or folder.
    #[error("cannot use {}", path.display())]
    Unusable {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others could write there.
    #[error(transparent)]
    Private(#[from] NotPrivate),
    /// A file is damaged, or is none of a journal.
    #[error("{} is damaged: {why}; what comes before that was read", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The writer's thread cannot be started, or has ended.
    #[error("the journal's writer does not run")]
    Writer(#[source] Box<dyn Error + Send + Sync>),
}

impl JournalError {
    pub(super) fn unusable(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Unusable { path, source }
    }

    /// Whether it may be over by itself, as a disk that is full: no fault of how it is configured.
    pub(super) fn may_pass(&self) -> bool {
        let (Self::Unusable { source, .. } | Self::Private(NotPrivate::Unusable { source, .. })) = self else {
            return false;
        };
        let is_of_disk = matches!(
            source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::ReadOnlyFilesystem
        );
        is_of_disk || shortage::is_shortage(source)
    }

    pub(super) fn damaged(path: &Path, why: impl ToString) -> Self {
        Self::Damaged { path: path.to_owned(), why: why.to_string() }
    }

    /// What reading a stream file came to.
    pub(super) fn of_stream(path: &Path, error: ArrowError) -> Self {
        match error {
            ArrowError::IoError(_, source) => Self::Unusable { path: path.to_owned(), source },
            other => Self::damaged(path, other),
        }
    }

    /// What reading or writing a Parquet file came to.
    pub(super) fn of_parquet(path: &Path, error: ParquetError) -> Self {
        match error {
            ParquetError::External(source) => match source.downcast::<io::Error>() {
                Ok(source) => Self::Unusable { path: path.to_owned(), source: *source },
                Err(other) => Self::damaged(path, other),
            },
            other => Self::damaged(path, other),
        }
    }
}
