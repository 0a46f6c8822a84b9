//! Making a store of a backup, or putting a backup in the place of one.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use switchback_model::release::Digest;
use switchback_system::private;

use super::BackupError;
use super::contents::{Contents, GUARD, GUARD_SINCE, JOURNAL, RELEASES};
use super::unpack::{place, unpack};
use crate::control::{Adopted, Copied, EventSequence, Layout, Processes, SqliteStore, StoreError};
use crate::guard_store;

/// Restores a backup.
///
/// The ledger is that of the backup, with one more event that says that it was restored, by whom and why: processes that
/// follow the store go on from there. Numbers and generations that were given since the backup are not given again as far as
/// the folder knows them. Releases are added to those that are there. What the guard remembers and the journal's key are
/// taken from the backup where the folder has none, and else stay: they know more.
///
/// # Examples
///
/// ```no_run
/// # fn main() -> Result<(), switchback::backup::BackupError> {
/// let restored = switchback::backup::Restore::new("/backup/store.tar", "/var/lib/filter/store").author("ada").run()?;
/// println!("event {} says so", restored.event);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Restore {
    file: PathBuf,
    dir: PathBuf,
    author: String,
    reason: String,
    replaces: bool,
    accepts_followers: bool,
}

/// A backup that was restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Restored {
    /// What the backup held.
    pub contents: Contents,
    /// The event that says that it was restored.
    pub event: EventSequence,
    /// The last event that is known to have been there: those after the backup's last are lost.
    pub known: EventSequence,
    /// Where the database is that was there; none if there was none.
    pub aside: Option<PathBuf>,
    /// Files of the backup that were not taken, because the folder had its own.
    pub kept: Vec<String>,
    /// Releases that the ledger knows and whose files neither the backup nor the folder had.
    pub missing: Vec<Digest>,
}

impl Restore {
    /// Of this backup into this folder.
    pub fn new(file: impl AsRef<Path>, dir: impl AsRef<Path>) -> Self {
        Self {
            file: file.as_ref().to_owned(),
            dir: dir.as_ref().to_owned(),
            author: "unknown".to_owned(),
            reason: String::new(),
            replaces: false,
            accepts_followers: false,
        }
    }

    /// Who it is that restores. Default: `unknown`.
    #[must_use]
    pub fn author(self, author: impl Into<String>) -> Self {
        Self { author: author.into(), ..self }
    }

    /// Why. Default: empty.
    #[must_use]
    pub fn reason(self, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..self }
    }

    /// Also where there is a store, whose database is set aside. Default: only where there is none.
    #[must_use]
    pub fn replacing(self) -> Self {
        Self { replaces: true, ..self }
    }

    /// Also where processes follow the store in whose place it is put. Default: not there.
    #[must_use]
    pub fn accepting_followers(self) -> Self {
        Self { accepts_followers: true, ..self }
    }

    /// Does it. Where it fails, the store that was there is there still.
    ///
    /// # Errors
    /// If the file is no whole backup, or of a newer program, or there is a store or processes follow it and that was not
    /// accepted; or the folder cannot be written.
    pub fn run(&self) -> Result<Restored, BackupError> {
        let is_new = self.dir.symlink_metadata().is_err();
        let was_empty = is_new || fs::read_dir(&self.dir).is_ok_and(|mut entries| entries.next().is_none());
        let layout = Layout::make(&self.dir)?;
        let restored = self.put_into(&layout);
        if restored.is_err() && was_empty {
            // Nothing was there, and nothing is left of the attempt. Fails where something is.
            for dir in [layout.releases(), layout.processes()].into_iter().chain(is_new.then(|| self.dir.clone())) {
                let _ = fs::remove_dir(dir);
            }
        }
        restored
    }

    fn put_into(&self, layout: &Layout) -> Result<Restored, BackupError> {
        SqliteStore::finish_interrupted(layout)?;
        if layout.find_database()?.is_some() && !self.replaces {
            return Err(BackupError::StoreThere(self.dir.clone()));
        }
        let unpacked = private::temporary_in(&self.dir).map_err(BackupError::file(&self.dir))?;
        let contents = unpack(&self.file, unpacked.path())?;
        let copy = Layout::open(unpacked.path()).map_err(|_| self.unusable(&"it has no ledger"))?;
        let copied = Copied::of(&copy, (contents.sequence, contents.head)).map_err(|error| match error {
            StoreError::Damaged { why, .. } => self.unusable(&why),
            other => other.into(),
        })?;
        let processes = if self.accepts_followers { Processes::Accepted } else { Processes::Refused };
        if processes == Processes::Refused {
            SqliteStore::check_deserted(layout)?;
        }
        self.place_releases(unpacked.path(), layout)?;
        let kept = self.place_beside(unpacked.path())?;
        let is_missing = |digest: &&Digest| !layout.release_file(digest).exists();
        let missing = copied.releases().filter(is_missing).copied().collect();
        // The ledger last: it never names a release that is not there.
        let Adopted { event, known, aside } =
            SqliteStore::adopt(layout, copied, processes, &self.author, &self.why(&contents))?;
        Ok(Restored { contents, event, known, aside, kept, missing })
    }

    fn unusable(&self, why: &impl ToString) -> BackupError {
        BackupError::Unusable { file: self.file.clone(), why: why.to_string() }
    }

    /// What the event says.
    fn why(&self, contents: &Contents) -> String {
        let Contents { at, sequence, .. } = contents;
        let because = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
        format!("a backup of {at:.0}, which ended with event {sequence}, was restored{because}")
    }

    /// Adds releases to those that are there. A file that is not what its name says is set aside.
    fn place_releases(&self, from: &Path, layout: &Layout) -> Result<(), BackupError> {
        let from = from.join(RELEASES);
        let Ok(files) = fs::read_dir(&from) else { return Ok(()) };
        for file in files {
            let name = file.map_err(BackupError::file(&from))?.file_name();
            let (new, there) = (from.join(&name), layout.releases().join(&name));
            if place(&new, &there)? {
                continue;
            }
            let digest = name.to_str().and_then(|name| name.strip_suffix(".wasm")?.parse::<Digest>().ok());
            if digest.is_some_and(|digest| !fs::read(&there).is_ok_and(|bytes| Digest::of(&bytes) == digest)) {
                private::set_aside(&there).map_err(BackupError::file(&there))?;
                place(&new, &there)?;
            }
        }
        sync(&layout.releases())
    }

    /// Adds what the guard remembers and the journal, where there is none; returns what stays in the backup.
    fn place_beside(&self, from: &Path) -> Result<Vec<String>, BackupError> {
        let mut kept = Vec::new();
        let mut place = |name: &str| -> Result<(), BackupError> {
            let file = from.join(name);
            if file.symlink_metadata().is_ok() && !place(&file, &self.dir.join(name))? {
                kept.push(name.to_owned());
            }
            Ok(())
        };
        guard_store::make_room(&self.dir)?;
        // That there was one is remembered before there is one.
        place(GUARD_SINCE)?;
        place(GUARD)?;
        let Ok(files) = fs::read_dir(from.join(JOURNAL)) else { return Ok(kept) };
        let journal = self.dir.join(JOURNAL);
        DirBuilder::new().recursive(true).mode(0o700).create(&journal).map_err(BackupError::file(&journal))?;
        for file in files {
            let name = file.map_err(BackupError::file(&journal))?.file_name();
            place(&format!("{JOURNAL}/{}", name.to_string_lossy()))?;
        }
        sync(&journal)?;
        Ok(kept)
    }
}

fn sync(dir: &Path) -> Result<(), BackupError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(BackupError::file(dir))
}
