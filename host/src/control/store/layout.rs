//! The folder of a store.
//!
//! ```text
//! DIR/                       0700
//!   control.db  -wal  -shm   the ledger and the register of processes (SQLite)
//!   guard.db  -wal  -shm     what the guard counted (SQLite); guard.since remembers that there is one
//!   changed                  touched after each change of the ledger, to wake whoever waits for one
//!   releases/<digest>.wasm   release files, with .minisig beside those that are signed
//!   compiled/<engine>/       what this store's processes compiled; made by the sandbox
//!   processes/<number>.lock  held by a process while it lives
//!   processes/changed        touched after each thing that a process says, to wake who waits for that
//! ```
//!
//! Files have mode 0600. They are written under a temporary name, flushed to the disk and renamed: whoever
//! looks sees all of a file or none of it. A file that is damaged is set aside, never deleted.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::limits::SIGNATURE_BYTES_MAX;
use crate::private::{self, NotPrivate};
use crate::release::Digest;

/// The folder of a store.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    dir: PathBuf,
}

impl Layout {
    /// Makes the folder and what belongs below it, or takes it as it is if it is there.
    pub(crate) fn create(dir: &Path) -> Result<Self, LayoutError> {
        let layout = Self { dir: dir.to_owned() };
        layout.close_to_others();
        for dir in [layout.dir.clone(), layout.releases(), layout.processes()] {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&dir);
            made.map_err(|source| LayoutError::Unusable { path: dir.clone(), source })?;
            private::check_dir(&dir)?;
        }
        Ok(layout)
    }

    /// An empty folder becomes a store, whoever made it. One with something in it may be more than a store.
    fn close_to_others(&self) {
        let is_empty = fs::read_dir(&self.dir).is_ok_and(|mut entries| entries.next().is_none());
        if is_empty {
            // Where this fails, the check that follows says why.
            let _ = fs::set_permissions(&self.dir, fs::Permissions::from_mode(0o700));
        }
    }

    /// Takes a store that is there.
    pub(crate) fn open(dir: &Path) -> Result<Self, LayoutError> {
        let layout = Self { dir: dir.to_owned() };
        if !layout.database().exists() {
            return Err(LayoutError::NoStore(layout.dir));
        }
        Self::create(dir)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.dir.join("control.db")
    }

    pub(crate) fn releases(&self) -> PathBuf {
        self.dir.join("releases")
    }

    pub(crate) fn processes(&self) -> PathBuf {
        self.dir.join("processes")
    }

    pub(crate) fn process_lock(&self, number: u64) -> PathBuf {
        self.processes().join(format!("{number}.lock"))
    }

    /// What is touched after each change of the ledger.
    pub(crate) fn bell(&self) -> PathBuf {
        self.dir.join("changed")
    }

    /// What is touched after each thing that a process says.
    pub(crate) fn register_bell(&self) -> PathBuf {
        self.processes().join("changed")
    }

    /// Makes the database's file, empty, so that it has its mode before anybody writes to it, and the bell.
    pub(crate) fn make_files(&self) -> Result<(), LayoutError> {
        for path in [self.bell(), self.register_bell(), self.database()] {
            let made = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
            made.map(drop).map_err(|source| LayoutError::Unusable { path, source })?;
        }
        Ok(())
    }

    /// Keeps a release file, durably, and its signature.
    pub(crate) fn keep_release(
        &self,
        digest: &Digest,
        bytes: &[u8],
        signature: Option<&str>,
    ) -> Result<(), LayoutError> {
        // The signature first: there is never a moment in which a signed release lies here unsigned.
        if let Some(signature) = signature {
            self.write(&self.signature_file(digest), signature.as_bytes())?;
        }
        self.write(&self.release_file(digest), bytes)
    }

    /// Reads a release file, of at most `bytes_max` bytes and one more, and its signature.
    pub(crate) fn read_release(
        &self,
        digest: &Digest,
        bytes_max: u64,
    ) -> Result<(Vec<u8>, Option<String>), LayoutError> {
        let bytes = read_private(&self.release_file(digest), bytes_max)?;
        let signature = match read_private(&self.signature_file(digest), SIGNATURE_BYTES_MAX as u64) {
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(LayoutError::File(NotPrivate::Unusable { source, .. })) if source.kind() == io::ErrorKind::NotFound => {
                None
            }
            Err(other) => return Err(other),
        };
        Ok((bytes, signature))
    }

    /// Sets the file of a release aside, and says where it is now.
    pub(crate) fn set_release_aside(&self, digest: &Digest) -> Result<PathBuf, LayoutError> {
        let path = self.release_file(digest);
        private::set_aside(&path).map_err(|source| LayoutError::Unusable { path, source })
    }

    /// What tells the file of a release, and that of its signature, from others that were put in their places; none where
    /// there is no file.
    pub(crate) fn release_identity(&self, digest: &Digest) -> [Option<FileIdentity>; 2] {
        [self.release_file(digest), self.signature_file(digest)].map(|path| {
            let metadata = fs::symlink_metadata(path).ok()?;
            Some(FileIdentity { inode: metadata.ino(), changed_s: metadata.ctime(), changed_ns: metadata.ctime_nsec() })
        })
    }

    pub(crate) fn release_file(&self, digest: &Digest) -> PathBuf {
        self.releases().join(format!("{digest}.wasm"))
    }

    fn signature_file(&self, digest: &Digest) -> PathBuf {
        self.releases().join(format!("{digest}.wasm.minisig"))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), LayoutError> {
        private::write_durably(path, bytes).map_err(|source| LayoutError::Unusable { path: path.to_owned(), source })
    }
}

/// A file's number, and when something about it changed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileIdentity {
    inode: u64,
    changed_s: i64,
    changed_ns: i64,
}

/// Reads a file that only this user can have written; at most one byte over `bytes_max`.
fn read_private(path: &Path, bytes_max: u64) -> Result<Vec<u8>, LayoutError> {
    let mut bytes = Vec::new();
    let read = private::open(path)?.take(bytes_max + 1).read_to_end(&mut bytes);
    read.map_err(|source| LayoutError::Unusable { path: path.to_owned(), source })?;
    Ok(bytes)
}

/// Why the folder of a store, or a file in it, is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// There is no store.
    #[error("there is no store in {}: `switchback load` makes one", .0.display())]
    NoStore(PathBuf),
    /// The system does not give it.
    #[error("{}: {source}", path.display())]
    Unusable {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others could have written it.
    #[error(transparent)]
    File(#[from] NotPrivate),
}
