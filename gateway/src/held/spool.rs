//! The folder.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytesize::ByteSize;
use rustix::fs::statvfs;
use switchback::files::Locked;
use switchback::jiff::Timestamp;
use switchback::journal::new_record_id;
use switchback::verdict::RecordId;

use super::error::{HoldError, SpoolError};
use super::mail::MailToHold;
use super::message::{HeldMessage, Kept};
use crate::config::HeldConfig;

/// How the names of files begin that are not complete yet. Whoever reads mail in folders passes hidden files by.
const UNFINISHED: &str = ".unfinished-";

/// What the name of a message's file ends with.
const MESSAGE: &str = ".eml";

/// What is added to that for the file beside it.
const BESIDE: &str = ".json";

/// A folder with mail that is held. Any number of processes may use one at the same time.
#[derive(Clone, Debug)]
pub struct Spool {
    dir: PathBuf,
    free_min: ByteSize,
}

impl Spool {
    /// Opens the folder of a configuration for holding mail, or makes it, for this user alone. What a crash has left unfinished
    /// there is removed.
    ///
    /// # Errors
    /// If none is configured, it cannot be made or used, or others can look into it.
    pub fn open(config: &HeldConfig) -> Result<Self, HoldError> {
        let dir = config.dir.as_deref().ok_or(HoldError::NoFolder)?;
        match DirBuilder::new().mode(0o700).create(dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(HoldError::system("make the folder", dir)(error));
            }
            _ => {}
        }
        let spool = Self { free_min: config.free_min, ..Self::existing(dir)? };
        spool.tidy().map_err(HoldError::system("tidy up", dir))?;
        Ok(spool)
    }

    /// Opens a folder that a door has made, to look at what is held there or to give it back.
    ///
    /// # Errors
    /// If it is not there, or others can look into it.
    pub fn existing(dir: impl AsRef<Path>) -> Result<Self, HoldError> {
        let dir = std::path::absolute(dir.as_ref()).map_err(HoldError::system("use", dir.as_ref()))?;
        check_private(&dir)?;
        Ok(Self { dir, free_min: ByteSize::b(0) })
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Holds a message. When this returns, it is durable, and the mail server may forget it.
    ///
    /// # Errors
    /// If it cannot be held. Nothing of it is there then, and whoever sent it has to try again.
    pub fn hold(&self, mail: &MailToHold<'_>) -> Result<RecordId, HoldError> {
        if mail.is_partial {
            return Err(HoldError::Partial);
        }
        let id = mail.verdict.id.unwrap_or_else(new_record_id);
        let kept = serde_json::to_vec(&Kept::of(mail, id, now()))?;
        let _in_use = self.in_use().map_err(HoldError::system("use", &self.dir))?;
        self.check_room(mail.bytes.len() as u64 + kept.len() as u64)?;
        let held = self.add(id, mail.bytes, &kept);
        if held.is_err() {
            // One that was there already is another one's.
            let is_ours = !matches!(&held, Err(error) if error.kind() == io::ErrorKind::AlreadyExists);
            if is_ours {
                let _ = self.remove_files(id);
            }
        }
        held.map_err(HoldError::system("hold a message in", &self.dir))?;
        Ok(id)
    }

    /// The order matters: a message is there once its `.eml` has its name, and what is beside it is there by then.
    fn add(&self, id: RecordId, bytes: &[u8], kept: &[u8]) -> io::Result<()> {
        if self.path_of(id).symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.write(&self.beside(id), kept)?;
        self.write(&self.path_of(id), bytes)
    }

    /// Every message that is held, the oldest first.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn ids(&self) -> Result<Vec<RecordId>, SpoolError> {
        let failed = || SpoolError::system("list", &self.dir);
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(failed())? {
            let name = entry.map_err(failed())?.file_name();
            ids.extend(name.to_str().and_then(|name| name.strip_suffix(MESSAGE)?.parse::<RecordId>().ok()));
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// What is known of a message.
    ///
    /// # Errors
    /// If it is not held, or that cannot be read.
    pub fn message(&self, id: RecordId) -> Result<HeldMessage, SpoolError> {
        self.kept(id).map(|kept| kept.held)
    }

    /// The bytes of a message.
    ///
    /// # Errors
    /// If it is not held, or cannot be read.
    pub fn bytes(&self, id: RecordId) -> Result<Vec<u8>, SpoolError> {
        self.read(id, &self.path_of(id))
    }

    /// The file with the bytes of a message, which everybody may read who may read the folder.
    pub fn path_of(&self, id: RecordId) -> PathBuf {
        self.dir.join(format!("{id}{MESSAGE}"))
    }

    /// Removes a message for good, unless it is being given back.
    ///
    /// # Errors
    /// If it is not held, another process works on it, or it cannot be removed.
    pub fn remove(&self, id: RecordId) -> Result<(), SpoolError> {
        let claim = self.claim(id)?;
        claim.remove()
    }

    /// Removes what a crash has left unfinished. Returns the number of files.
    ///
    /// # Errors
    /// If the folder cannot be read, or a file in it not be removed.
    pub fn tidy(&self) -> io::Result<u64> {
        let folder = File::open(&self.dir)?;
        // Whoever is writing has what looks the same; who comes next tidies up.
        let _alone = match Locked::try_alone(folder) {
            Err(TryLockError::WouldBlock) => return Ok(0),
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(alone) => alone,
        };
        let mut removed = 0;
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            if self.is_left_over(&path) {
                fs::remove_file(&path)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn is_left_over(&self, path: &Path) -> bool {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
        let beside = name
            .strip_suffix(BESIDE)
            .filter(|message| message.strip_suffix(MESSAGE).is_some_and(|id| id.parse::<RecordId>().is_ok()));
        let is_alone = beside.is_some_and(|message| self.dir.join(message).symlink_metadata().is_err());
        name.starts_with(UNFINISHED) || is_alone
    }

    /// Takes a message for as long as the claim is held: no other process gives it back or removes it meanwhile. A process that
    /// dies lets go.
    pub(super) fn claim(&self, id: RecordId) -> Result<Claim<'_>, SpoolError> {
        let path = self.path_of(id);
        let file = File::open(&path).map_err(|error| self.failed(id, "read", &path, error))?;
        let lock = match Locked::try_alone(file) {
            Err(TryLockError::WouldBlock) => return Err(SpoolError::Busy(id)),
            Err(TryLockError::Error(error)) => return Err(SpoolError::system("lock", &path)(error)),
            Ok(lock) => lock,
        };
        // Somebody may have removed it between the two.
        let is_there = lock.metadata().is_ok_and(|file| file.nlink() > 0);
        if !is_there {
            return Err(SpoolError::NotHeld(id));
        }
        Ok(Claim { spool: self, id, kept: self.kept(id)?, _lock: lock })
    }

    fn kept(&self, id: RecordId) -> Result<Kept, SpoolError> {
        let json = self.read(id, &self.beside(id))?;
        serde_json::from_slice(&json).map_err(|source| SpoolError::Damaged { id, source })
    }

    fn read(&self, id: RecordId, path: &Path) -> Result<Vec<u8>, SpoolError> {
        fs::read(path).map_err(|error| self.failed(id, "read", path, error))
    }

    fn failed(&self, id: RecordId, doing: &'static str, path: &Path, error: io::Error) -> SpoolError {
        match error.kind() {
            io::ErrorKind::NotFound => SpoolError::NotHeld(id),
            _ => SpoolError::system(doing, path)(error),
        }
    }

    fn beside(&self, id: RecordId) -> PathBuf {
        self.dir.join(format!("{id}{MESSAGE}{BESIDE}"))
    }

    /// Writes a file under a temporary name, flushes it, gives it its name, and flushes that.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.dir)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|refused| refused.error)?;
        self.sync()
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }

    fn remove_files(&self, id: RecordId) -> io::Result<()> {
        for path in [self.path_of(id), self.beside(id)] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.sync()
    }

    /// Says that something is written here, as long as it is held.
    fn in_use(&self) -> io::Result<Locked> {
        Locked::shared(File::open(&self.dir)?)
    }

    fn check_room(&self, bytes: u64) -> Result<(), HoldError> {
        let disk =
            statvfs(&self.dir).map_err(|error| HoldError::system("look at the disk of", &self.dir)(error.into()))?;
        let free = ByteSize::b(disk.f_bavail.saturating_mul(disk.f_frsize).saturating_sub(bytes));
        match free < self.free_min {
            true => Err(HoldError::Full { dir: self.dir.clone(), free, free_min: self.free_min }),
            false => Ok(()),
        }
    }
}

/// A message that this process alone works on.
pub(super) struct Claim<'a> {
    spool: &'a Spool,
    id: RecordId,
    pub(super) kept: Kept,
    _lock: Locked,
}

impl Claim<'_> {
    pub(super) fn bytes(&self) -> Result<Vec<u8>, SpoolError> {
        self.spool.bytes(self.id)
    }

    /// Writes down what is known now. Durable when this returns.
    pub(super) fn write(&self) -> Result<(), SpoolError> {
        let path = self.spool.beside(self.id);
        let json = serde_json::to_vec(&self.kept).map_err(|source| SpoolError::Damaged { id: self.id, source })?;
        let write = || {
            let _in_use = self.spool.in_use()?;
            self.spool.write(&path, &json)
        };
        write().map_err(SpoolError::system("write", &path))
    }

    /// Removes the message.
    pub(super) fn remove(self) -> Result<(), SpoolError> {
        self.spool.remove_files(self.id).map_err(SpoolError::system("remove", &self.spool.path_of(self.id)))
    }
}

/// Refuses a folder that somebody else can look into: mail is in it.
fn check_private(dir: &Path) -> Result<(), HoldError> {
    let not_private = |why| Err(HoldError::NotPrivate { dir: dir.to_owned(), why });
    let found = match fs::metadata(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(HoldError::Missing(dir.to_owned())),
        found => found.map_err(HoldError::system("use", dir))?,
    };
    if !found.is_dir() {
        return not_private("is not a folder");
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return not_private("belongs to another user: run this as its owner, or chown it");
    }
    if found.mode() & 0o077 != 0 {
        return not_private("can be read or written by other users, and mail is held there: chmod 700 it");
    }
    Ok(())
}

/// The time of day; 1970 where the system's clock says a time that cannot be written.
pub(super) fn now() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_folder_is_free_again_although_a_child_has_what_was_locked_open() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let spool = Spool::existing(dir.path()).unwrap();
        fs::write(dir.path().join(format!("{UNFINISHED}x")), "").unwrap();
        let in_use = spool.in_use().unwrap();
        // What a child has between being forked and executing its program: another descriptor of the same open file.
        let _of_child = in_use.try_clone().unwrap();
        assert_eq!(spool.tidy().unwrap(), 0);
        drop(in_use);
        assert_eq!(spool.tidy().unwrap(), 1);
    }
}
