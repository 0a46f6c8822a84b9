//! The folder of a store.
//!
//! ```text
//! DIR/                       0700
//!   control.db  -wal  -shm   the ledger and the register of processes (SQLite)
//!   control.head             where the ledger ended when somebody last saw it; missed where it is gone
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
use crate::private::{self, NotPrivate, Owner};
use crate::release::Digest;
use crate::shortage::InWords;
use crate::sqlite;

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
            // What is there already is checked, and need not be made where nothing can be written.
            made.or_else(|source| if dir.is_dir() { Ok(()) } else { Err(source) })
                .map_err(|source| LayoutError::Unusable { path: dir.clone(), source })?;
        }
        layout.check_folders(Owner::Ours)?;
        match layout.find_database()? {
            Some(_) => Ok(layout),
            None => match layout.trace() {
                None => Ok(layout),
                Some(trace) => Err(LayoutError::Gone { dir: layout.dir, trace }),
            },
        }
    }

    /// An empty folder becomes a store, whoever made it. One with something in it may be more than a store.
    fn close_to_others(&self) {
        let is_empty = fs::read_dir(&self.dir).is_ok_and(|mut entries| entries.next().is_none());
        if is_empty {
            // Where this fails, the check that follows says why.
            let _ = fs::set_permissions(&self.dir, fs::Permissions::from_mode(0o700));
        }
    }

    /// Takes a store that is there. Makes nothing: it may be one that can only be read.
    pub(crate) fn open(dir: &Path) -> Result<Self, LayoutError> {
        let layout = Self { dir: dir.to_owned() };
        match layout.find_database()? {
            Some(_) => {}
            None => {
                return Err(match layout.trace() {
                    Some(trace) => LayoutError::Gone { dir: layout.dir, trace },
                    None => LayoutError::NoStore(layout.dir),
                });
            }
        }
        layout.check(Owner::Anybody)?;
        Ok(layout)
    }

    /// Takes a folder that is, or was, a store: for whoever recovers it.
    pub(crate) fn reclaim(dir: &Path) -> Result<Self, LayoutError> {
        let layout = Self { dir: dir.to_owned() };
        if layout.find_database()?.is_none() && layout.trace().is_none() {
            return Err(LayoutError::NoStore(layout.dir));
        }
        layout.check_folders(Owner::Ours)?;
        sqlite::check_files(&layout.database(), Owner::Ours)?;
        Ok(layout)
    }

    /// The database's file; none if there is none. One that may not be looked for is not taken for missing.
    fn find_database(&self) -> Result<Option<fs::Metadata>, LayoutError> {
        let path = self.database();
        match fs::symlink_metadata(&path) {
            Ok(metadata) => Ok(Some(metadata)),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LayoutError::Unusable { path, source }),
        }
    }

    /// What shows that there was a store, where the database is gone.
    fn trace(&self) -> Option<PathBuf> {
        let is_filled = |path: &PathBuf| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
        let head = Some(self.head_file()).filter(|path| fs::symlink_metadata(path).is_ok());
        head.or_else(|| [self.releases(), self.processes()].into_iter().find(is_filled))
    }

    /// Refuses a database, or what belongs to it, that others could have written or that is no regular file. Whoever
    /// changes something has to own it all.
    pub(crate) fn check(&self, owner: Owner) -> Result<(), LayoutError> {
        self.check_folders(owner)?;
        private::check_path(&self.database(), owner)?;
        sqlite::check_files(&self.database(), owner)?;
        for path in [self.head_file(), self.bell(), self.register_bell()] {
            private::check_if_there(&path, owner)?;
        }
        Ok(())
    }

    fn check_folders(&self, owner: Owner) -> Result<(), LayoutError> {
        private::check_dir_of(&self.dir, owner)?;
        for below in [self.releases(), self.processes()] {
            // The folder itself may be reached by a link that its operator names; what is below it is ours to make.
            let metadata = match fs::symlink_metadata(&below) {
                Err(source) if source.kind() == io::ErrorKind::NotFound => continue,
                other => other.map_err(|source| LayoutError::Unusable { path: below.clone(), source })?,
            };
            if metadata.is_symlink() {
                return Err(NotPrivate::Link(below).into());
            }
            private::check_dir_of(&below, owner)?;
        }
        Ok(())
    }

    /// Which files the database consists of: another one under a name of them is another database.
    pub(crate) fn files(&self) -> Result<Files, LayoutError> {
        let path = self.database();
        let metadata = fs::symlink_metadata(&path);
        let metadata = metadata.map_err(|source| LayoutError::Unusable { path: path.clone(), source })?;
        let identity = |path: PathBuf| fs::symlink_metadata(path).ok().map(|metadata| identity(&metadata));
        let (wal, shm) = (identity(sqlite::companion(&path, "-wal")), identity(sqlite::companion(&path, "-shm")));
        Ok(Files { database: self::identity(&metadata), wal, shm })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.dir.join("control.db")
    }

    /// Where it is written down how far the ledger went.
    pub(crate) fn head_file(&self) -> PathBuf {
        self.dir.join("control.head")
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

    /// Makes the files by which those who wait are woken.
    pub(crate) fn make_bells(&self) -> Result<(), LayoutError> {
        for bell in [self.bell(), self.register_bell()] {
            let options = &mut OpenOptions::new();
            private::open_with(&bell, options.append(true).create(true).mode(0o600), Owner::Ours)?;
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
            Err(LayoutError::File(error)) if error.is_missing() => None,
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

/// The files of a database, by device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    database: (u64, u64),
    wal: Option<(u64, u64)>,
    shm: Option<(u64, u64)>,
}

impl Files {
    /// Whether another file has taken the place of one of these, or one is gone.
    pub(crate) fn were_replaced(&self, now: &Self) -> bool {
        let differs = |before: Option<_>, now| before.is_some() && before != now;
        self.database != now.database || differs(self.wal, now.wal) || differs(self.shm, now.shm)
    }
}

fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
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
    /// There was a store, and its database is gone.
    #[error(
        "control.db is gone from {}, where there was a store ({} shows that): put it back from a copy, or let `switchback \
         history recover` begin a ledger that says so",
        dir.display(), trace.file_name().unwrap_or_default().display()
    )]
    Gone {
        /// The folder.
        dir: PathBuf,
        /// What shows that there was a store.
        trace: PathBuf,
    },
    /// The system does not give it.
    #[error("{}: {}", path.display(), InWords(source))]
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
