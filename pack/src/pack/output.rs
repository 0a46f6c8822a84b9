//! The release file while it is not yet one: a temporary file beside the place where it goes.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{file_name, releases_dir};
use crate::error::PackError;
use crate::source::Source;

pub(super) struct Output {
    temporary: NamedTempFile,
    path: PathBuf,
}

impl Output {
    /// Makes the folder and the temporary file.
    pub(super) fn create(out: Option<&Path>, target_directory: &Path, source: &Source) -> Result<Self, PackError> {
        let path = match out {
            Some(dir) if dir.is_dir() => dir.join(file_name(source)),
            Some(file) => file.to_owned(),
            None => releases_dir(target_directory).join(file_name(source)),
        };
        let dir = match path.parent() {
            Some(dir) if dir != Path::new("") => dir,
            _ => Path::new("."),
        };
        fs::create_dir_all(dir).map_err(PackError::write(dir))?;
        let temporary = tempfile::Builder::new().suffix(".wasm").tempfile_in(dir).map_err(PackError::write(dir))?;
        Ok(Self { temporary, path })
    }

    /// The temporary file.
    pub(super) fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Replaces what the temporary file holds.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), PackError> {
        fs::write(self.path(), bytes).map_err(PackError::write(self.path()))
    }

    /// Gives the file its name, in one step, and the permissions that a new file has.
    pub(super) fn keep(self) -> Result<PathBuf, PackError> {
        open_to_readers(self.temporary.path())?;
        self.temporary.persist(&self.path).map_err(|error| PackError::write(&self.path)(error.error))?;
        Ok(self.path)
    }
}

/// A temporary file is for its owner only; a release is for the service that loads it.
#[cfg(unix)]
fn open_to_readers(path: &Path) -> Result<(), PackError> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).map_err(PackError::write(path))
}

#[cfg(not(unix))]
fn open_to_readers(_: &Path) -> Result<(), PackError> {
    Ok(())
}
