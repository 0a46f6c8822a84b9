//! The folder of a store.
//!
//! ```text
//! DIR/                       0700
//!   control.db  -wal  -shm   the ledger and the register of processes (SQLite)
//!   control.db.next          one that is complete, while it takes the place of that
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

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use switchback_model::limits::SIGNATURE_BYTES_MAX;
use switchback_model::release::Digest;
use switchback_system::private::{self, NotPrivate, Owner};

use crate::sqlite;

/// SQLite's longest path on Unix, without the byte that ends it (`MAX_PATHNAME`).
const DATABASE_PATH_BYTES_MAX: usize = 511;

/// Between two looks at files of which one was replaced.
const SETTLE_PAUSE: Duration = Duration::from_millis(50);

/// How often it is looked whether they are still being replaced.
const SETTLE_LOOKS_MAX: u32 = 20;

/// The folder of a store.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    dir: PathBuf,
}

impl Layout {
    /// Makes the folder and what belongs below it, or takes it as it is if it is there.
    pub(crate) fn create(dir: &Path) -> Result<Self, LayoutError> {
        let layout = Self::make(dir)?;
        match layout.find_database()? {
            Some(_) => Ok(layout),
            None => match layout.trace() {
                None => Ok(layout),
                Some(trace) => Err(LayoutError::Gone { dir: layout.dir, trace }),
            },
        }
    }

    /// [`Layout::create`] for whoever puts a database there.
    pub(crate) fn make(dir: &Path) -> Result<Self, LayoutError> {
        let layout = Self { dir: private::absolute(dir) };
        layout.close_to_others();
        for dir in [layout.dir.clone(), layout.releases(), layout.processes()] {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&dir);
            // What is there already is checked, and need not be made where nothing can be written.
            made.or_else(|source| if dir.is_dir() { Ok(()) } else { Err(source) })
                .map_err(|source| LayoutError::Unusable { path: dir.clone(), source })?;
        }
        layout.check_folders(Owner::Ours)?;
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

    /// Takes a store that is there. Makes nothing: it may be one that can only be read.
    pub(crate) fn open(dir: &Path) -> Result<Self, LayoutError> {
        let layout = Self { dir: private::absolute(dir) };
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
        let layout = Self { dir: private::absolute(dir) };
        if layout.find_database()?.is_none() && layout.trace().is_none() {
            return Err(LayoutError::NoStore(layout.dir));
        }
        layout.check_folders(Owner::Ours)?;
        sqlite::check_files(&layout.database(), Owner::Ours)?;
        Ok(layout)
    }

    /// The database's file; none if there is none. One that may not be looked for is not taken for missing.
    pub(crate) fn find_database(&self) -> Result<Option<fs::Metadata>, LayoutError> {
        let path = self.database();
        // The longest of what lies beside it, wherever its folder really is.
        let longest = self.dir.canonicalize().unwrap_or_else(|_| self.dir.clone()).join("control.db-journal");
        if longest.as_os_str().len() > DATABASE_PATH_BYTES_MAX {
            return Err(LayoutError::TooLong(longest));
        }
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

    /// The folder of the store.
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

    /// Makes the folder of the processes' locks, where somebody removed it. Not the store's: one that was moved away comes
    /// back.
    pub(crate) fn make_processes(&self) -> Result<(), LayoutError> {
        let path = self.processes();
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(source) if source.kind() != io::ErrorKind::AlreadyExists => Err(LayoutError::Unusable { path, source }),
            _ => Ok(()),
        }
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

    /// A database that is complete and about to take the place of the one that is there.
    pub(crate) fn next_database(&self) -> PathBuf {
        self.dir.join("control.db.next")
    }

    /// Puts the [next](Layout::next_database) database in the place of the one that is there. That one gets other names,
    /// under which its files still belong together: where it is then, or none if there was none. A copy of what remembers
    /// its end is put beside it. Where it fails, what was there is there again; a crash leaves one of the two, or the next one
    /// to be [put there](Layout::finish_exchange).
    pub(crate) fn exchange_databases(&self) -> Result<Option<PathBuf>, LayoutError> {
        let (database, head) = (self.database(), self.head_file());
        let unusable = |source| LayoutError::Unusable { path: database.clone(), source };
        let aside = private::name_aside(&database);
        if head.exists() {
            let copy = private::name_aside(&head);
            fs::copy(&head, &copy).map_err(|source| LayoutError::Unusable { path: copy, source })?;
        }
        // The database first: whoever opens it without its companions would make new ones, for the next one to find.
        let was_there = match fs::rename(&database, &aside) {
            Ok(()) => true,
            Err(source) if source.kind() == io::ErrorKind::NotFound => false,
            Err(source) => return Err(unusable(source)),
        };
        let done = self.exchange_rest(&aside);
        if done.is_err() && was_there {
            // What cannot be put back is named by the error: the database is gone.
            let _ = self.move_companions(&aside, &database).and_then(|()| fs::rename(&aside, &database));
        }
        done.map_err(unusable)?;
        Ok(was_there.then_some(aside))
    }

    /// What follows when the database has its other name.
    fn exchange_rest(&self, aside: &Path) -> io::Result<()> {
        self.move_companions(&self.database(), aside)?;
        fs::rename(self.next_database(), self.database())?;
        File::open(&self.dir)?.sync_all()
    }

    fn move_companions(&self, from: &Path, to: &Path) -> io::Result<()> {
        let there =
            sqlite::COMPANIONS.iter().filter(|ending| sqlite::companion(from, ending).symlink_metadata().is_ok());
        there
            .into_iter()
            .try_for_each(|ending| fs::rename(sqlite::companion(from, ending), sqlite::companion(to, ending)))
    }

    /// Whether a crash interrupted an exchange: there is a next database, and the one that it was to replace has its other
    /// name.
    pub(crate) fn is_exchange_interrupted(&self) -> Result<bool, LayoutError> {
        Ok(self.find_database()?.is_none() && self.next_database().symlink_metadata().is_ok())
    }

    /// Goes on with an exchange that a crash interrupted; where the database is that was there.
    pub(crate) fn finish_exchange(&self) -> Result<Option<PathBuf>, LayoutError> {
        let aside = private::newest_aside(&self.database());
        let to = aside.clone().unwrap_or_else(|| private::name_aside(&self.database()));
        let unusable = |source| LayoutError::Unusable { path: self.database(), source };
        self.exchange_rest(&to).map_err(unusable)?;
        Ok(aside)
    }

    /// Sets aside a next database that is not to take anybody's place any more.
    pub(crate) fn drop_next_database(&self) -> Result<(), LayoutError> {
        let next = self.next_database();
        if next.symlink_metadata().is_err() {
            return Ok(());
        }
        private::set_aside(&next).map(drop).map_err(|source| LayoutError::Unusable { path: next, source })
    }

    /// Waits until nobody changes which files there are: whoever replaces one file of a database goes on to the next.
    pub(crate) fn settle(&self) {
        let mut before = self.files().ok();
        for _ in 0..SETTLE_LOOKS_MAX {
            thread::sleep(SETTLE_PAUSE);
            let now = self.files().ok();
            if now.is_some() && now == before {
                return;
            }
            before = now;
        }
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
        owner: Owner,
    ) -> Result<(Vec<u8>, Option<String>), LayoutError> {
        let bytes = read_private(&self.release_file(digest), bytes_max, owner)?;
        let signature = match read_private(&self.signature_file(digest), SIGNATURE_BYTES_MAX as u64, owner) {
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

    pub(crate) fn release_file(&self, digest: &Digest) -> PathBuf {
        self.releases().join(format!("{digest}.wasm"))
    }

    pub(crate) fn signature_file(&self, digest: &Digest) -> PathBuf {
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

/// What tells a file from others that are put in its place: its number, and when something about it changed last. None where
/// there is no file.
pub(super) fn stamp(path: &Path) -> Option<String> {
    let metadata = fs::symlink_metadata(path).ok()?;
    Some(format!("{} {}.{:09}", metadata.ino(), metadata.ctime(), metadata.ctime_nsec()))
}

/// Reads a file that only its owner can have written; at most one byte over `bytes_max`.
fn read_private(path: &Path, bytes_max: u64, owner: Owner) -> Result<Vec<u8>, LayoutError> {
    let mut bytes = Vec::new();
    let file = private::open_with(path, OpenOptions::new().read(true), owner)?;
    let read = file.take(bytes_max + 1).read_to_end(&mut bytes);
    read.map_err(|source| LayoutError::Unusable { path: path.to_owned(), source })?;
    Ok(bytes)
}

/// Why the folder of a store, or a file in it, is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// There is no store.
    #[error("there is no store in {}", .0.display())]
    NoStore(PathBuf),
    /// There was a store, and its database is gone.
    #[error(
        "control.db is gone from {}, where there was a store ({} shows that): put it back from a copy, or recover the store",
        dir.display(), trace.file_name().unwrap_or_default().display()
    )]
    Gone {
        /// The folder.
        dir: PathBuf,
        /// What shows that there was a store.
        trace: PathBuf,
    },
    /// SQLite does not take it.
    #[error("{} is a path of {} bytes with what belongs to it, and SQLite takes {DATABASE_PATH_BYTES_MAX}: put the store in a folder nearer to the root", .0.display(), .0.as_os_str().len())]
    TooLong(PathBuf),
    /// The system does not give it.
    #[error("cannot use {}", path.display())]
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
