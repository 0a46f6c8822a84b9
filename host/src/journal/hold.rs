//! Keeping the segments of a journal for as long as they are copied.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::error::JournalError;
use super::folder::Folder;

/// The segments of a journal as they were at one moment, whatever is closed and removed meanwhile.
pub(crate) struct Held {
    paths: Vec<PathBuf>,
    /// Holds second names of the files.
    _links: Option<TempDir>,
}

/// Holds the segments of a journal. Where its folder cannot be written, nobody else changes it either.
pub(crate) fn hold(dir: &Path) -> Result<Held, JournalError> {
    let folder = Folder::open(dir)?;
    let links = tempfile::tempdir_in(dir).ok();
    let paths = folder.hold(links.as_ref().map(TempDir::path)).map_err(JournalError::unusable(dir))?;
    Ok(Held { paths, _links: links })
}

impl Held {
    /// The files, the oldest first.
    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }
}
