//! Files that are there together or not at all.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::error::PackError;

/// What was made so far, and is removed again unless it is kept. What was there before stays.
#[derive(Debug, Default)]
pub(super) struct Written {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Written {
    /// Writes a file that is not there yet, with the folders that it needs.
    pub(super) fn file(&mut self, path: PathBuf, text: &str) -> Result<(), PackError> {
        if let Some(folder) = path.parent() {
            self.folder(folder)?;
        }
        let mut file = fs::File::create_new(&path).map_err(PackError::write(&path))?;
        self.files.push(path.clone());
        file.write_all(text.as_bytes()).map_err(PackError::write(&path))
    }

    fn folder(&mut self, path: &Path) -> Result<(), PackError> {
        if path.as_os_str().is_empty() || path.is_dir() {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.folder(parent)?;
        }
        fs::create_dir(path).map_err(PackError::write(path))?;
        self.folders.push(path.to_owned());
        Ok(())
    }

    /// The files, which stay.
    pub(super) fn keep(mut self) -> Vec<PathBuf> {
        self.folders.clear();
        std::mem::take(&mut self.files)
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // What cannot be removed is no worse than why all of it is given up, which is what is told.
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}
