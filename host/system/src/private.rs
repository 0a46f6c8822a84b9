//! Files and folders that only this user can have written: what is read from them is run.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

/// Whose a file may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This user's alone.
    Ours,
    /// Anybody's: it is only looked at, and nothing of it is run.
    Anybody,
}

/// Opens a file that only this user can have written: no symbolic link, ours, and writable by nobody else. What
/// was checked is what is read: the checks are made on the open file.
pub fn open(path: &Path) -> Result<File, NotPrivate> {
    open_with(path, OpenOptions::new().read(true), Owner::Ours)
}

/// [`open`] for a file of whomever, of which nothing is run.
pub fn open_to_look(path: &Path) -> Result<File, NotPrivate> {
    open_with(path, OpenOptions::new().read(true), Owner::Anybody)
}

/// [`open`] with these options, which may make the file. What is no regular file is refused, never waited for: a pipe
/// without a writer, say.
pub fn open_with(path: &Path, options: &mut OpenOptions, owner: Owner) -> Result<File, NotPrivate> {
    let unusable = |source| NotPrivate::Unusable { path: path.to_owned(), source };
    if is_of_sqlite(path) {
        return Err(NotPrivate::OfSqlite(path.to_owned()));
    }
    // Opening a device may do something, and what opening a pipe or a socket fails with says nothing to a person.
    check_if_there(path, owner)?;
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or_default();
    let file = options.custom_flags(flags).open(path).map_err(|source| {
        let is_link = source.raw_os_error() == Some(Errno::LOOP.raw_os_error());
        if is_link { NotPrivate::Link(path.to_owned()) } else { unusable(source) }
    })?;
    check_file(path, &file.metadata().map_err(unusable)?, owner)?;
    Ok(file)
}

/// Whether a file is a database of a store, or lies beside one, by its name: nobody opens it but SQLite.
fn is_of_sqlite(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // What SQLite keeps beside a database has its name, and more after a hyphen.
    let rest = |database| name.strip_prefix(database);
    ["control.db", "guard.db"].into_iter().filter_map(rest).any(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Checks a file without opening it, for those that SQLite opens: closing any descriptor of a file lets go of every
/// lock that the process has on it (fcntl(2)), SQLite's too. Enough where nobody else can write to the folder.
pub fn check_path(path: &Path, owner: Owner) -> Result<(), NotPrivate> {
    let metadata =
        fs::symlink_metadata(path).map_err(|source| NotPrivate::Unusable { path: path.to_owned(), source })?;
    check_file(path, &metadata, owner)
}

/// [`check_path`] for a file that need not be there.
pub fn check_if_there(path: &Path, owner: Owner) -> Result<(), NotPrivate> {
    match check_path(path, owner) {
        Err(error) if error.is_missing() => Ok(()),
        checked => checked,
    }
}

/// Refuses a folder in which another user could put files.
pub fn check_dir(dir: &Path) -> Result<(), NotPrivate> {
    check_dir_of(dir, Owner::Ours)
}

/// [`check_dir`] for a folder of whomever.
pub fn check_dir_of(dir: &Path, owner: Owner) -> Result<(), NotPrivate> {
    let metadata = fs::metadata(dir).map_err(|source| NotPrivate::Unusable { path: dir.to_owned(), source })?;
    check(dir, &metadata, owner)
}

fn check_file(path: &Path, metadata: &fs::Metadata, owner: Owner) -> Result<(), NotPrivate> {
    if metadata.is_symlink() {
        return Err(NotPrivate::Link(path.to_owned()));
    }
    if !metadata.is_file() {
        return Err(NotPrivate::NoFile(path.to_owned()));
    }
    check(path, metadata, owner)
}

fn check(path: &Path, metadata: &fs::Metadata, owner: Owner) -> Result<(), NotPrivate> {
    if owner == Owner::Ours && metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(NotPrivate::Foreign(path.to_owned()));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(NotPrivate::Writable(path.to_owned()));
    }
    Ok(())
}

/// A folder's path from the root, so that it stays the same folder when the process changes its own (as daemons do). A path
/// that is none, or the folder of a process that has none, stays as it is: whoever opens it says why it cannot be opened.
pub fn absolute(dir: &Path) -> PathBuf {
    std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned())
}

/// Writes a file, mode 0600, under a temporary name, flushes it, gives it its name, and flushes that: whoever
/// looks sees all of it or nothing, also after a crash.
pub fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    File::open(dir)?.sync_all()
}

/// A folder for what is not complete yet, which only this user can look into, whatever the process's mask. It is locked while
/// it is used: those that a crash has left are removed here.
pub fn temporary_in(dir: &Path) -> io::Result<Temporary> {
    for left in fs::read_dir(dir)?.flatten() {
        let is_ours = left.file_name().to_string_lossy().starts_with(TEMPORARY);
        if is_ours && File::open(left.path()).is_ok_and(|left| left.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(left.path());
        }
    }
    let made = tempfile::Builder::new().prefix(TEMPORARY).permissions(Permissions::from_mode(0o700)).tempdir_in(dir)?;
    let lock = File::open(made.path())?;
    lock.lock()?;
    Ok(Temporary { made, _lock: lock })
}

/// How the names of such folders begin.
const TEMPORARY: &str = ".switchback-unfinished-";

/// A folder that goes when it is dropped.
#[derive(Debug)]
pub struct Temporary {
    made: tempfile::TempDir,
    _lock: File,
}

impl Temporary {
    /// Where it is.
    pub fn path(&self) -> &Path {
        self.made.path()
    }
}

/// Gives a damaged file another name, and says which.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = name_aside(path);
    fs::rename(path, &aside)?;
    Ok(aside)
}

/// The name under which a file was [set aside](set_aside) last; none if none was.
pub fn newest_aside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let names = (1..u32::MAX).map(|n| path.with_file_name(format!("{name}.damaged-{n}")));
    names.take_while(|aside| fs::symlink_metadata(aside).is_ok()).last()
}

/// A name beside a file that nothing has yet.
pub fn name_aside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut names = (1..u32::MAX).map(|n| path.with_file_name(format!("{name}.damaged-{n}")));
    // Some number is free: no folder holds so many files.
    names.find(|aside| fs::symlink_metadata(aside).is_err()).unwrap_or_default()
}

/// Why a file or folder is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotPrivate {
    /// The system does not give it.
    #[error("cannot use {}", path.display())]
    Unusable {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another user could put code there.
    #[error("{} can be written to by other users, who could put there what they want: chmod go-w it", .0.display())]
    Writable(PathBuf),
    /// It belongs to another user.
    #[error("{} belongs to another user: run this as its owner, or chown it", .0.display())]
    Foreign(PathBuf),
    /// It is a database, which SQLite alone opens: closing it here would let go of SQLite's locks.
    #[error("{} is a database, and is not opened beside SQLite", .0.display())]
    OfSqlite(PathBuf),
    /// It is a symbolic link.
    #[error("{} is a symbolic link: put the file itself there", .0.display())]
    Link(PathBuf),
    /// It is no file.
    #[error("{} is no regular file (a folder, pipe, socket or device), and is not opened: remove it", .0.display())]
    NoFile(PathBuf),
}

impl NotPrivate {
    /// Whether there is nothing of this name.
    #[doc(hidden)]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Unusable { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    /// Refused by all that look at a file, and by none with a wait.
    fn refused(path: &Path, why: &str) {
        let looks = [
            check_path(path, Owner::Ours).err(),
            open(path).err(),
            open_with(path, OpenOptions::new().append(true).create(true), Owner::Ours).err(),
        ];
        for error in looks {
            let error = error.expect("it is refused").to_string();
            assert!(error.contains(why) && error.contains(&path.display().to_string()), "{error}");
        }
    }

    #[test]
    fn what_is_no_regular_file_is_refused_and_never_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status();
        if made.is_ok_and(|made| made.success()) {
            refused(&at("pipe"), "no regular file");
        }
        let _listener = UnixListener::bind(at("socket")).unwrap();
        refused(&at("socket"), "no regular file");
        fs::create_dir(at("folder")).unwrap();
        refused(&at("folder"), "no regular file");
        refused(Path::new("/dev/null"), "no regular file");
        fs::write(at("file"), "").unwrap();
        symlink(at("file"), at("link")).unwrap();
        refused(&at("link"), "symbolic link");
        symlink(at("nowhere"), at("dangling")).unwrap();
        refused(&at("dangling"), "symbolic link");
        assert!(!at("nowhere").exists(), "nothing was made behind a link");
        fs::set_permissions(at("file"), Permissions::from_mode(0o620)).unwrap();
        refused(&at("file"), "written to by other users");
    }

    #[test]
    fn a_database_is_opened_by_sqlite_alone() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["control.db", "control.db-wal", "control.db-shm", "guard.db", "guard.db-journal"] {
            fs::write(dir.path().join(name), "").unwrap();
            let error = open_to_look(&dir.path().join(name)).unwrap_err();
            assert!(matches!(error, NotPrivate::OfSqlite(_)), "{error}");
        }
        fs::write(dir.path().join("control.db.copy"), "").unwrap();
        assert!(open_to_look(&dir.path().join("control.db.copy")).is_ok());
    }

    #[test]
    fn a_file_that_is_missing_can_be_made_and_one_of_ours_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new");
        assert!(open(&path).unwrap_err().is_missing());
        check_if_there(&path, Owner::Ours).unwrap();
        drop(open_with(&path, OpenOptions::new().append(true).create(true).mode(0o600), Owner::Ours).unwrap());
        check_path(&path, Owner::Ours).unwrap();
        drop(open(&path).unwrap());
    }
}
