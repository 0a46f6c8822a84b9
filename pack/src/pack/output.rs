//! The release file while it is not yet one: a temporary file that the host loads, and the place where it goes.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use switchback::output::{Access, Existing, Output as File};
use tempfile::NamedTempFile;

use super::{file_name, releases_dir};
use crate::error::PackError;
use crate::source::Source;

pub(super) struct Output {
    temporary: NamedTempFile,
    file: File,
    path: PathBuf,
}

impl Output {
    /// Makes the folder and the temporary file, which lies in cargo's target folder.
    pub(super) fn create(out: Option<&Path>, target_directory: &Path, source: &Source) -> Result<Self, PackError> {
        let path = match out {
            Some(dir) if dir.is_dir() => dir.join(file_name(source)),
            Some(file) => file.to_owned(),
            None => releases_dir(target_directory).join(file_name(source)),
        };
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(PackError::write(dir))?;
        }
        let temporary = tempfile::Builder::new().suffix(".wasm").tempfile_in(target_directory);
        let temporary = temporary.map_err(PackError::write(target_directory))?;
        let file = File::create(&path, Access::Everybody, Existing::Replace).map_err(PackError::write(&path))?;
        Ok(Self { temporary, file, path })
    }

    /// The temporary file.
    pub(super) fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Replaces what the temporary file holds.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), PackError> {
        fs::write(self.path(), bytes).map_err(PackError::write(self.path()))
    }

    /// Writes the release to where it goes: all of it or, where that is a file, nothing.
    pub(super) fn keep(mut self, release: &[u8]) -> Result<PathBuf, PackError> {
        let written = self.file.write_all(release).and_then(|()| self.file.keep());
        written.map_err(PackError::write(&self.path))?;
        Ok(self.path)
    }
}
