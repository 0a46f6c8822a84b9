//! Making a backup of a store that processes may be using.

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use switchback_model::release::Digest;
use switchback_system::output::{Access, Existing, Output, folder_of};
use switchback_system::{clock, private};
use tar::{Builder, EntryType, Header};

use super::BackupError;
use super::contents::{
    BackedUp, CONTENTS, Contents, DATABASE, FORMAT, GUARD, GUARD_SINCE, JOURNAL, JOURNAL_KEY, Packed, RELEASES,
};
use crate::control::SqliteStore;
use crate::guard_store::GuardStoreError;
use crate::{guard_store, journal};

/// Makes a backup of a store: live, and of one moment.
///
/// # Examples
///
/// ```no_run
/// # fn main() -> Result<(), switchback::backup::BackupError> {
/// let made = switchback::backup::Backup::of("/var/lib/filter/store").write("/backup/store.tar")?;
/// println!("{} bytes, up to event {}", made.bytes, made.contents.sequence);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Backup {
    dir: PathBuf,
    with_journal: bool,
}

impl Backup {
    /// Of the store in this folder: ledger, releases, what the guard remembers and the key of the journal in the store's
    /// folder `journal`.
    pub fn of(dir: impl AsRef<Path>) -> Self {
        Self { dir: dir.as_ref().to_owned(), with_journal: false }
    }

    /// Also with the records of the journal in the store's folder `journal`. Default: without.
    #[must_use]
    pub fn with_journal(self) -> Self {
        Self { with_journal: true, ..self }
    }

    /// Writes it: all of it or nothing, durably, and readable by its user alone. The folder needs room for the databases
    /// twice. Into a pipe or a device it is written front to back, and the system's folder for temporary files needs room
    /// for the databases once.
    ///
    /// # Errors
    /// If the store cannot be read, its ledger is not whole, there is a file of this name, or it cannot be written.
    pub fn write(&self, file: impl AsRef<Path>) -> Result<BackedUp, BackupError> {
        let file = file.as_ref();
        let failed = || BackupError::file(file);
        let direct = Output::direct(file).map_err(failed())?;
        let beside = match &direct {
            Some(_) => env::temp_dir(),
            None => folder_of(file).to_owned(),
        };
        if direct.is_none() && file.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(file.to_owned()));
        }
        if direct.is_none() && is_inside(&beside, &self.dir) {
            return Err(BackupError::Inside(file.to_owned()));
        }
        let unfinished = private::temporary_in(&beside).map_err(failed())?;
        let output = match direct {
            Some(direct) => direct,
            None => Output::within(unfinished.path(), file, Access::Owner, Existing::Keep).map_err(failed())?,
        };
        let is_file = output.path().is_some();
        let mut archive = Archive::new(output);
        let Filled { contents, missing, without_guard } = self.fill(&mut archive, unfinished.path(), file)?;
        let whole = archive.finish(&contents).map_err(failed())?;
        let bytes = whole.bytes();
        whole.keep().map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists(file.to_owned()),
            _ => failed()(error),
        })?;
        if is_file {
            File::open(beside).and_then(|dir| dir.sync_all()).map_err(failed())?;
        }
        Ok(BackedUp { contents, bytes, missing, without_guard })
    }

    /// Everything but the contents. The guard's memory comes before the ledger: it then knows of nothing that the ledger
    /// does not have. Release files come after: the ledger never names one that is not there yet.
    fn fill(&self, archive: &mut Archive, copies: &Path, file: &Path) -> Result<Filled, BackupError> {
        let store = SqliteStore::open(&self.dir)?;
        let mut put = |name: String, path: &Path| archive.put(name, path, file);
        let guard = copies.join("guard.copy");
        // A memory that is damaged is no reason to have no copy of the ledger.
        let without_guard = match guard_store::copy_into(&self.dir, &guard) {
            Ok(is_there) => {
                if is_there {
                    put(GUARD.to_owned(), &guard)?;
                    put(GUARD_SINCE.to_owned(), &self.dir.join(GUARD_SINCE))?;
                }
                None
            }
            Err(error @ (GuardStoreError::Damaged { .. } | GuardStoreError::Lost(_))) => Some(error.to_string()),
            Err(error) => return Err(error.into()),
        };
        let database = copies.join("control.copy");
        let ledger = store.copy_into(&database)??;
        put(DATABASE.to_owned(), &database)?;
        let mut missing = Vec::new();
        for digest in ledger.state().releases.keys() {
            let release = store.layout().release_file(digest);
            if !put(format!("{RELEASES}/{digest}.wasm"), &release)? {
                missing.push(*digest);
            }
            put(format!("{RELEASES}/{digest}.wasm.minisig"), &store.layout().signature_file(digest))?;
        }
        let journal = self.dir.join(JOURNAL);
        put(format!("{JOURNAL}/{JOURNAL_KEY}"), &journal.join(JOURNAL_KEY))?;
        if self.with_journal && journal.is_dir() {
            let segments = journal::hold(&journal)?;
            for path in segments.paths() {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                put(format!("{JOURNAL}/{name}"), path)?;
            }
        }
        let contents = Contents {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            at: clock::now(),
            sequence: ledger.end().0,
            head: ledger.end().1,
            files: std::mem::take(&mut archive.files),
        };
        Ok(Filled { contents, missing, without_guard })
    }
}

/// What is in an archive.
struct Filled {
    contents: Contents,
    missing: Vec<Digest>,
    without_guard: Option<String>,
}

fn is_inside(folder: &Path, store: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    real(folder).zip(real(store)).is_some_and(|(folder, store)| folder.starts_with(store))
}

/// An archive that is being written.
struct Archive {
    tar: Builder<Output>,
    files: Vec<Packed>,
}

impl Archive {
    fn new(file: Output) -> Self {
        Self { tar: Builder::new(file), files: Vec::new() }
    }

    /// Adds a file, unless it is not there.
    fn put(&mut self, name: String, path: &Path, archive: &Path) -> Result<bool, BackupError> {
        let file = match private::open_to_look(path) {
            Err(error) if error.is_missing() => return Ok(false),
            opened => opened.map_err(crate::control::LayoutError::from)?,
        };
        let bytes = file.metadata().map_err(BackupError::file(path))?.len();
        // One that grows meanwhile is as long as it was.
        let mut hashed = Hashed { file: file.take(bytes), sha256: Sha256::new(), path, failed: None };
        let appended = self.tar.append_data(&mut header(bytes), &name, &mut hashed);
        if let Some(source) = hashed.failed {
            return Err(BackupError::File { path: path.to_owned(), source });
        }
        appended.map_err(BackupError::file(archive))?;
        let sha256 = Digest::from(<[u8; 32]>::from(hashed.sha256.finalize()));
        self.files.push(Packed { path: name, bytes, sha256 });
        Ok(true)
    }

    fn finish(mut self, contents: &Contents) -> io::Result<Output> {
        let text = serde_json::to_vec_pretty(contents)?;
        self.tar.append_data(&mut header(text.len() as u64), CONTENTS, text.as_slice())?;
        self.tar.into_inner()
    }
}

fn header(bytes: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_mtime(u64::try_from(clock::now().as_second()).unwrap_or(0));
    header
}

/// A file whose bytes are hashed as they are read.
struct Hashed<'a> {
    file: io::Take<File>,
    sha256: Sha256,
    path: &'a Path,
    /// Why it could not be read: its reader takes that for a failure of the archive.
    failed: Option<io::Error>,
}

impl Read for Hashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer);
        match read {
            Ok(0) if self.file.limit() > 0 && !buffer.is_empty() => {
                let why = format!("{} became shorter while it was read", self.path.display());
                self.failed = Some(io::Error::new(io::ErrorKind::UnexpectedEof, why));
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Ok(bytes) => {
                self.sha256.update(&buffer[..bytes]);
                Ok(bytes)
            }
            Err(error) => {
                let kind = error.kind();
                self.failed = Some(error);
                Err(kind.into())
            }
        }
    }
}
