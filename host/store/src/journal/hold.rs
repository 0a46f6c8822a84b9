//! Keeping the segments of a journal for as long as they are copied.

use std::path::{Path, PathBuf};

use switchback_system::private::{self, Temporary};

use super::error::JournalError;
use super::folder::Folder;

/// The segments of a journal as they were at one moment, whatever is closed and removed meanwhile.
pub(crate) struct Held {
    paths: Vec<PathBuf>,
    /// Holds second names of the files.
    _links: Option<Temporary>,
}

/// Holds the segments of a journal. Where its folder cannot be written, nobody else changes it either.
pub(crate) fn hold(dir: &Path) -> Result<Held, JournalError> {
    let folder = Folder::open(dir)?;
    let links = private::temporary_in(dir).ok();
    let paths = folder.hold(links.as_ref().map(Temporary::path)).map_err(JournalError::unusable(dir))?;
    Ok(Held { paths, _links: links })
}

impl Held {
    /// The files, the oldest first.
    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }
}
