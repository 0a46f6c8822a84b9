//! Reading a SQLite database that cannot be written: on a disk that is full or mounted read-only, or of another user.
//!
//! A database in WAL mode is read together with its `-wal`, with the help of `-shm`, which whoever opens it makes.
//!
//! * Where there is a whole `-shm`, a process has the database open, or had: SQLite reads it without writing to it, and
//!   sees what that process goes on to write.
//! * Where there is none, nobody has it open. What `-wal` holds is found by an index in memory, without a lock.
//! * Where there is no `-wal` either, the file is all there is, and is read as one that does not change (`immutable`).
//!   With a `-wal` that would show an older state of the ledger.
//!
//! In the last two cases whoever reads looks again afterwards whether somebody came meanwhile ([`Quiet`]).

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use switchback_system::forked::Opened;
use switchback_system::private::{self, NotPrivate, Owner};
use switchback_system::shortage;

/// What a `-shm` has at least (<https://sqlite.org/walformat.html>): a shorter one is left of an attempt to make it.
const SHM_BYTES_MIN: u64 = 32_768;

/// The endings of the names of what SQLite keeps beside a database and reads with it
/// (<https://sqlite.org/tempfiles.html>). A rollback journal is among them: a database in WAL mode has none, and one that
/// lies there is played back by whoever opens the database.
pub(crate) const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// What SQLite keeps beside a database, where it is there.
pub(crate) fn companions(database: &Path) -> impl Iterator<Item = PathBuf> {
    COMPANIONS.map(|ending| companion(database, ending)).into_iter()
}

/// A file that SQLite keeps beside a database, by its ending.
pub(crate) fn companion(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Refuses a database, or what lies beside it, that others could have written or that is no regular file: SQLite would wait
/// for a pipe, and play back a journal of whomever. What is not there is not missed.
pub(crate) fn check_files(database: &Path, owner: Owner) -> Result<(), NotPrivate> {
    private::check_if_there(database, owner)?;
    companions(database).try_for_each(|path| private::check_if_there(&path, owner))
}

/// A connection to a database in a file. One of the parent's is neither used in a fork nor closed there: closing it could
/// take away what the parent writes to.
pub(crate) struct Connected {
    /// Present until it is dropped.
    connection: Option<Connection>,
    /// None in memory, which a fork has for itself.
    opened: Option<Opened>,
}

impl Connected {
    /// Opens a database by its path, whatever that begins with.
    pub(crate) fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Self> {
        Self::by(|| Connection::open_with_flags(literal(path), flags))
    }

    fn by(open: impl FnOnce() -> rusqlite::Result<Connection>) -> rusqlite::Result<Self> {
        let opened = Opened::one_more().map_err(|forked| {
            rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_MISUSE), Some(forked.to_string()))
        })?;
        Ok(Self { connection: Some(open()?), opened: Some(opened) })
    }

    /// A database in memory.
    pub(crate) fn in_memory() -> rusqlite::Result<Self> {
        Ok(Self { connection: Some(Connection::open_in_memory()?), opened: None })
    }

    /// Closes it, and says what went wrong with that.
    pub(crate) fn close(mut self) -> rusqlite::Result<()> {
        self.connection.take().map_or(Ok(()), |connection| connection.close().map_err(|(_, error)| error))
    }

    /// Whether it is the parent's, so that it may not be used here.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.opened.as_ref().is_some_and(Opened::is_elsewhere)
    }
}

#[expect(clippy::expect_used, reason = "it is there until it is dropped")]
impl Deref for Connected {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("a connection")
    }
}

#[expect(clippy::expect_used, reason = "it is there until it is dropped")]
impl DerefMut for Connected {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("a connection")
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        if self.is_elsewhere() {
            std::mem::forget(self.connection.take());
        }
    }
}

/// A database that is open to be read.
pub(crate) struct ToRead {
    pub(crate) connection: Connected,
    pub(crate) quiet: Quiet,
}

/// How the files of a database were that nobody had open, with their sizes and when they changed last; nothing where
/// others may write meanwhile.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Quiet(Option<[Option<Stamp>; 4]>);

/// Inode, bytes, and when it changed last, in seconds and nanoseconds.
type Stamp = (u64, u64, i64, i64);

/// Whether an attempt to open or change a database failed because it cannot be written.
pub(crate) fn is_unwritable(error: &rusqlite::Error) -> bool {
    match error.sqlite_error() {
        Some(ffi::Error { code: ErrorCode::SystemIoFailure, extended_code }) => UNWRITTEN.contains(extended_code),
        Some(ffi::Error { code, .. }) => matches!(
            code,
            ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::DiskFull
        ),
        None => false,
    }
}

/// What SQLite says where a file cannot be made or grow. Another failure of the disk is none of these: what is read then
/// is not to be relied upon.
const UNWRITTEN: [i32; 4] =
    [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMSIZE, ffi::SQLITE_IOERR_SHMOPEN, ffi::SQLITE_IOERR_TRUNCATE];

/// Refuses to open a database to write where there may be no room for `-shm`. SQLite makes room for one byte of each of its
/// pages, which is less than the page where a file system has smaller blocks; writing to the rest through the map would end
/// the process (SIGBUS).
pub(crate) fn check_room(path: &Path) -> rusqlite::Result<()> {
    let is_there = fs::symlink_metadata(companion(path, "-shm"))
        .is_ok_and(|shm| shm.len() >= SHM_BYTES_MIN && shm.blocks() * BLOCK_BYTES >= shm.len());
    // What is kept for the superuser, or for the file system itself, is not counted on.
    let system = path.parent().and_then(|dir| rustix::fs::statvfs(dir).ok());
    let free = system.map_or(u64::MAX, |system| system.f_bavail.saturating_mul(system.f_frsize));
    if is_there || free >= ROOM_BYTES_MIN {
        return Ok(());
    }
    Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_FULL), None))
}

/// What `st_blocks` counts (inode(7)).
const BLOCK_BYTES: u64 = 512;

/// Room for the first `-shm` of several databases.
const ROOM_BYTES_MIN: u64 = 4 * SHM_BYTES_MIN;

/// Refuses a database that was emptied while its `-wal` was in use, as it is for a moment when something is copied over it:
/// SQLite removes the `-wal` of an empty database when it opens that one, even to be read (`pagerOpenWalIfPresent`). For
/// whoever has opened it and read nothing yet.
pub(crate) fn refuse_emptied(path: &Path) -> rusqlite::Result<()> {
    let is_empty = |path: &Path| fs::symlink_metadata(path).is_ok_and(|file| file.len() == 0);
    let wal = companion(path, "-wal");
    if !is_empty(path) || is_empty(&wal) || wal.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), Some(EMPTY.to_owned())))
}

/// What is said of a database that holds nothing.
pub(crate) const EMPTY: &str = "it is empty, and a store never is";

/// Opens a database without writing anything.
pub(crate) fn open_to_read(path: &Path) -> rusqlite::Result<ToRead> {
    let bytes_of = |ending: &str| fs::symlink_metadata(companion(path, ending)).map_or(0, |file| file.len());
    if bytes_of("-shm") >= SHM_BYTES_MIN {
        let connection = open(path, "mode=ro&readonly_shm=1", "unix")?;
        return Ok(ToRead { connection, quiet: Quiet(None) });
    }
    let quiet = Quiet(Some(stamps(path)));
    if bytes_of("-wal") == 0 {
        return Ok(ToRead { connection: open(path, "mode=ro&immutable=1", "unix")?, quiet });
    }
    let connection = open(path, "mode=ro", "unix-none")?;
    // Then the index of `-wal` is in memory, and no file is needed for it.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    Ok(ToRead { connection, quiet })
}

impl Quiet {
    /// Whether what was read so far is of one moment. Where it is not, somebody wrote meanwhile: open it again.
    pub(crate) fn is_kept(&self, path: &Path) -> bool {
        self.0.as_ref().is_none_or(|before| *before == stamps(path))
    }
}

fn stamps(path: &Path) -> [Option<Stamp>; 4] {
    ["", COMPANIONS[0], COMPANIONS[1], COMPANIONS[2]].map(|ending| {
        let file = fs::symlink_metadata(companion(path, ending)).ok()?;
        Some((file.ino(), file.len(), file.mtime(), file.mtime_nsec()))
    })
}

fn open(path: &Path, options: &str, vfs: &str) -> rusqlite::Result<Connected> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connected::by(|| Connection::open_with_flags_and_vfs(uri(path, options), flags, vfs))?;
    refuse_emptied(path)?;
    // Nothing of it is written back, whatever the access of its files.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

/// Copies a database as it is at one moment into a new file, which only this user can read. Others write meanwhile: what is
/// copied is a snapshot (<https://sqlite.org/backup.html>).
pub(crate) fn copy(source: &Connection, path: &Path) -> rusqlite::Result<Connected> {
    let made = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path);
    made.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let mut copy = Connected::open(path, OpenFlags::default())?;
    {
        let backup = Backup::new(source, &mut copy)?;
        // All pages at once: with fewer it would begin again after each write of others.
        while backup.step(-1)? != StepResult::Done {
            thread::sleep(COPY_PAUSE);
        }
    }
    Ok(copy)
}

/// How long to wait for whoever holds a database that is to be copied.
const COPY_PAUSE: Duration = Duration::from_millis(10);

/// What a database consists of, by kind and name: tables, indexes, triggers and views, each as it was made. Without what
/// SQLite makes for itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Schema(BTreeMap<(String, String), String>);

impl Schema {
    pub(crate) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let mut rows = connection.prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_schema")?;
        let objects = rows.query_map([], |row| {
            let (kind, name, sql): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            // However it is laid out in lines.
            Ok(((kind, name), sql.split_whitespace().collect::<String>()))
        })?;
        // Nobody else can give such a name (<https://sqlite.org/fileformat2.html#internal_schema_objects>).
        let is_of_sqlite = |kind: &str, name: &str| name.starts_with("sqlite_") && ["table", "index"].contains(&kind);
        let objects = objects.filter(|one| !matches!(one, Ok(((kind, name), _)) if is_of_sqlite(kind, name)));
        Ok(Self(objects.collect::<rusqlite::Result<_>>()?))
    }

    /// Whether there is a table of this name.
    pub(crate) fn has_table(&self, name: &str) -> bool {
        self.0.contains_key(&("table".to_owned(), name.to_owned()))
    }

    /// What these statements make.
    pub(crate) fn made_by<'a>(statements: impl IntoIterator<Item = &'a str>) -> rusqlite::Result<Self> {
        let connection = Connection::open_in_memory()?;
        statements.into_iter().try_for_each(|batch| connection.execute_batch(batch))?;
        Self::of(&connection)
    }

    /// The first thing in which it is not the expected one. A trigger or a view can make of a change another one, or none.
    pub(crate) fn difference(&self, expected: &Self) -> Option<String> {
        let strange = self.0.iter().find(|(key, sql)| expected.0.get(*key) != Some(*sql));
        let missing = || expected.0.keys().find(|key| !self.0.contains_key(*key));
        match strange {
            Some((key @ (kind, name), _)) if expected.0.contains_key(key) => {
                Some(format!("its {kind} `{name}` is not as Switchback made it"))
            }
            Some(((kind, name), _)) => Some(format!("Switchback did not make its {kind} `{name}`")),
            None => missing().map(|(kind, name)| format!("its {kind} `{name}` is gone")),
        }
    }
}

/// A path as SQLite takes it for a path, whatever it begins with: `file:x` would be a URI.
pub(crate) fn literal(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) }
}

/// What the system lacks to open a database and what lies beside it, if that is why it could not be opened: SQLite does not
/// say. What it had open is closed by then, so as many files are opened as it needs.
pub(crate) fn lack(dir: &Path) -> Option<io::Error> {
    let files = std::iter::repeat_with(|| fs::File::open(dir)).take(FILES_OF_DATABASE);
    let opened = files.collect::<io::Result<Vec<_>>>();
    opened.err().filter(shortage::is_shortage)
}

/// Descriptors that two connections to a database take: the file, `-wal` and `-shm` of each, and room for what SQLite opens
/// for a moment.
const FILES_OF_DATABASE: usize = 8;

/// The database as SQLite's URI (<https://sqlite.org/uri.html>).
fn uri(path: &Path, options: &str) -> String {
    // Two slashes at the beginning would name a machine.
    let path: PathBuf = path.components().collect();
    let escaped = path.as_os_str().as_bytes().iter().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => char::from(*byte).to_string(),
        other => format!("%{other:02x}"),
    });
    format!("file:{}?{options}", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database with one row in the file and one more in `-wal`, as a process leaves it that is killed.
    fn left_by_a_kill(dir: &Path) -> PathBuf {
        let path = dir.join("a?%b#.db");
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)").unwrap();
        connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").unwrap();
        connection.execute("INSERT INTO t VALUES (2)", []).unwrap();
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
        path
    }

    fn rows(to_read: &ToRead) -> i64 {
        to_read.connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_only_the_wal_holds_is_read_with_and_without_shared_memory() {
        let dir = tempfile::tempdir().unwrap();
        let path = left_by_a_kill(dir.path());
        for gone in [None, Some("-shm")] {
            gone.iter().for_each(|ending| fs::remove_file(companion(&path, ending)).unwrap());
            let before = names(dir.path());
            let to_read = open_to_read(&path).unwrap();
            assert_eq!(rows(&to_read), 2, "without {gone:?}");
            assert!(to_read.quiet.is_kept(&path));
            drop(to_read);
            assert_eq!(names(dir.path()), before, "nothing was made");
        }
    }

    #[test]
    fn a_database_that_was_closed_is_all_in_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = left_by_a_kill(dir.path());
        Connection::open(&path).unwrap().query_row("SELECT count(*) FROM t", [], |_| Ok(())).unwrap();
        assert_eq!(names(dir.path()).len(), 1);
        let to_read = open_to_read(&path).unwrap();
        assert_eq!(rows(&to_read), 2);
        let writer = Connection::open(&path).unwrap();
        writer.execute("INSERT INTO t VALUES (3)", []).unwrap();
        assert!(!to_read.quiet.is_kept(&path), "somebody came");
        assert_eq!(rows(&open_to_read(&path).unwrap()), 3);
    }
}
