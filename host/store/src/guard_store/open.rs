//! Opening the file, and beginning anew where it is damaged or gone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;
use switchback_system::private::{self, NotPrivate, Owner};

use super::memory::Firsts;
use super::{GuardStore, GuardStoreError, Place, health, schema};
use crate::limits::GUARD_BUSY_TIMEOUT;
use crate::sqlite::{self, Connected};

/// The file, in the folder of a store.
pub(super) const FILE: &str = "guard.db";

/// Remembers that there was one. Held while one is begun or set aside.
const SINCE: &str = "guard.since";

/// A file that is open.
pub(super) struct Open {
    pub(super) connection: Connected,
    /// Which file it is: device and inode; none in memory.
    identity: Option<(u64, u64)>,
    pub firsts: Firsts,
}

impl GuardStore {
    /// What is open, after opening it again if the file is another one than before, or gone.
    pub(super) fn reopened(&mut self) -> Result<&mut Open, GuardStoreError> {
        let identity = match &self.place {
            Place::Memory => None,
            Place::Folder(dir) => identity(&dir.join(FILE)),
        };
        let is_in_memory = matches!(self.place, Place::Memory);
        let is_same = |open: &Open| {
            open.identity == identity && (identity.is_some() || is_in_memory) && !open.connection.is_elsewhere()
        };
        let kept = self.open.take().filter(is_same);
        let open = match (kept, &self.place) {
            (Some(open), _) => open,
            (None, Place::Memory) => in_memory()?,
            (None, Place::Folder(dir)) => begin(dir)?,
        };
        Ok(self.open.insert(open))
    }

    /// Sets the damaged file aside, unless somebody did already, and begins a new one.
    pub(super) fn set_aside(&mut self, why: &str) -> Result<(), GuardStoreError> {
        let identified = self.open.take().and_then(|open| open.identity);
        let Place::Folder(dir) = &self.place else { return Ok(()) };
        {
            let _since = since(dir)?;
            if identified.is_none() || identity(&dir.join(FILE)) != identified {
                return Ok(());
            }
            set_aside(dir)?;
        }
        let open = begin(dir)?;
        // Its file is gone for this reason.
        health::begin_loss(&open.connection, &damaged(why)).map_err(|error| GuardStoreError::of(FILE, error))?;
        self.open = Some(open);
        Ok(())
    }
}

fn in_memory() -> Result<Open, GuardStoreError> {
    let fault = |error| GuardStoreError::of("the guard's memory", error);
    let mut connection = Connected::in_memory().map_err(fault)?;
    schema::prepare("the guard's memory", &mut connection, None)?;
    Ok(Open { connection, identity: None, firsts: Firsts::default() })
}

/// Opens the file of a store's folder, or begins one. Of several processes one does.
fn begin(dir: &Path) -> Result<Open, GuardStoreError> {
    let path = dir.join(FILE);
    let mut since = since(dir)?;
    let mut known = String::new();
    since.read_to_string(&mut known).map_err(|error| failed(&dir.join(SINCE), error))?;
    // Also where an empty file is left of an earlier attempt.
    let gone = (!known.is_empty()).then_some("its file was gone");
    match connect(&path, gone) {
        Err(GuardStoreError::Damaged { why, .. }) => {
            set_aside(dir)?;
            connect(&path, Some(&damaged(&why)))
        }
        Ok(open) => {
            if known.is_empty() {
                let now = format!("{}\n", Timestamp::now());
                since.write_all(now.as_bytes()).map_err(|error| failed(&dir.join(SINCE), error))?;
            }
            Ok(open)
        }
        Err(other) => Err(other),
    }
}

/// Opens the file, or makes it; `lost` says what happened if it should have been there.
fn connect(path: &Path, lost: Option<&str>) -> Result<Open, GuardStoreError> {
    sqlite::check_files(path, Owner::Ours)?;
    // Only what was not there is opened here: closing it would let go of the locks that SQLite has on it.
    let is_made = match OpenOptions::new().append(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        made => made.map(|_| true).map_err(|error| failed(path, error))?,
    };
    let connected = connect_to(path, lost);
    if is_made && connected.is_err() {
        // What has no tables is no memory, and whoever reads it would take it for a damaged one.
        sqlite::companions(path).chain([path.to_owned()]).for_each(|path| drop(fs::remove_file(path)));
    }
    connected
}

fn connect_to(path: &Path, lost: Option<&str>) -> Result<Open, GuardStoreError> {
    let file = path.display().to_string();
    let fault = |error| GuardStoreError::of(&file, error);
    sqlite::check_room(path).map_err(fault)?;
    let connection = Connected::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let mut connection = connection.map_err(fault)?;
    connection.busy_timeout(GUARD_BUSY_TIMEOUT).map_err(fault)?;
    // The last process that closes a file which was set aside would remove the companions of the new one.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fault)?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(fault)?;
    if schema::prepare(&file, &mut connection, lost)? {
        lost.iter().for_each(|why| say_lost(why));
    }
    Ok(Open { connection, identity: identity(path), firsts: Firsts::default() })
}

/// Opens the file to read it; [`GuardStoreError::None`] if there never was one, [`GuardStoreError::Lost`] if it is gone.
pub(super) fn to_read(dir: &Path) -> Result<Connected, GuardStoreError> {
    let path = dir.join(FILE);
    let file = path.display().to_string();
    sqlite::check_files(&path, Owner::Anybody)?;
    let since = dir.join(SINCE);
    private::check_if_there(&since, Owner::Anybody)?;
    // An empty one is left of an attempt that made no file.
    let missing = || match fs::metadata(&since).is_ok_and(|since| since.len() > 0) {
        true => GuardStoreError::Lost(format!(
            "{file} is gone ({SINCE} remembers it): put it back from a copy, or begin anew: with a \
             filter, or with mail that it learns from"
        )),
        false => GuardStoreError::None(file.clone()),
    };
    if identity(&path).is_none() {
        return Err(missing());
    }
    let fault = |error| GuardStoreError::of(&file, error);
    let is_ours = sqlite::check_files(&path, Owner::Ours).is_ok();
    let shared = if is_ours { open_shared(&path) } else { sqlite::open_to_read(&path).map(|opened| opened.connection) };
    let mut connection = match shared {
        Err(error) if is_ours && sqlite::is_unwritable(&error) => {
            sqlite::open_to_read(&path).map_err(fault)?.connection
        }
        opened => opened.map_err(fault)?,
    };
    match schema::update(&file, &mut connection) {
        // It has no tables yet, or had no room for them.
        Err(GuardStoreError::None(_)) => return Err(missing()),
        updated => updated?,
    }
    connection.pragma_update(None, "query_only", true).map_err(fault)?;
    Ok(connection)
}

/// Reading in WAL mode shares memory with those who write, so it is opened as they do.
fn open_shared(path: &Path) -> rusqlite::Result<Connected> {
    sqlite::check_room(path)?;
    let connection = Connected::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(GUARD_BUSY_TIMEOUT)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

fn say_lost(why: &str) {
    tracing::error!(%why, "what the guard knew is lost; it begins anew, and promotions wait");
}

fn damaged(why: &str) -> String {
    format!("it was damaged ({why}) and is kept beside the new one")
}

fn set_aside(dir: &Path) -> Result<PathBuf, GuardStoreError> {
    let path = dir.join(FILE);
    let aside = private::set_aside(&path).map_err(|error| failed(&path, error))?;
    for companion in sqlite::companions(&path).filter(|path| path.exists()) {
        private::set_aside(&companion).map_err(|error| failed(&companion, error))?;
    }
    Ok(aside)
}

/// Sets aside the file and what lies beside it, each where it is there.
pub(super) fn clear(dir: &Path) -> Result<(), GuardStoreError> {
    let path = dir.join(FILE);
    let there = sqlite::companions(&path).chain([path.clone()]).filter(|path| path.symlink_metadata().is_ok());
    there.into_iter().try_for_each(|path| private::set_aside(&path).map(drop).map_err(|error| failed(&path, error)))
}

/// The file that remembers, locked until it is dropped.
fn since(dir: &Path) -> Result<File, GuardStoreError> {
    let path = dir.join(SINCE);
    let options = &mut OpenOptions::new();
    let file = match private::open_with(&path, options.read(true).append(true).create(true).mode(0o600), Owner::Ours) {
        Err(NotPrivate::Unusable { source, .. }) => return Err(failed(&path, source)),
        opened => opened?,
    };
    file.lock().map_err(|error| failed(&path, error))?;
    Ok(file)
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

fn failed(path: &Path, error: io::Error) -> GuardStoreError {
    let file = path.display().to_string();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => GuardStoreError::Full(file),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => GuardStoreError::ReadOnly(file),
        _ => GuardStoreError::Failed { file, source: error.into() },
    }
}
