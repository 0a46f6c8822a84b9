//! Keeping the segments of a journal for as long as they are copied.

use std::fs;
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
    let paths = match &links {
        Some(links) => folder.link_into(links.path()).and_then(|()| names(links.path())),
        None => names(dir),
    };
    Ok(Held { paths: paths.map_err(JournalError::unusable(dir))?, _links: links })
}

fn names(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths: Vec<_> = fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.retain(|path| Folder::is_segment(path));
    paths.sort();
    Ok(paths)
}

impl Held {
    /// The files, the oldest first.
    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }
}
