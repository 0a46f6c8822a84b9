//! Files and folders that only this user can have written: what is read from them is run.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

/// Opens a file that only this user can have written: no symbolic link, ours, and writable by nobody else. What
/// was checked is what is read: the checks are made on the open file.
pub(crate) fn open(path: &Path) -> Result<File, NotPrivate> {
    let unusable = |source| NotPrivate::Unusable { path: path.to_owned(), source };
    // Opening a pipe would wait for its writer.
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|source| {
        let is_link = source.raw_os_error() == Some(Errno::LOOP.raw_os_error());
        if is_link { NotPrivate::Link(path.to_owned()) } else { unusable(source) }
    })?;
    let metadata = file.metadata().map_err(unusable)?;
    if !metadata.is_file() {
        return Err(NotPrivate::NoFile(path.to_owned()));
    }
    check(path, &metadata)?;
    Ok(file)
}

/// Refuses a folder in which another user could put files.
pub(crate) fn check_dir(dir: &Path) -> Result<(), NotPrivate> {
    let metadata = fs::metadata(dir).map_err(|source| NotPrivate::Unusable { path: dir.to_owned(), source })?;
    check(dir, &metadata)
}

fn check(path: &Path, metadata: &fs::Metadata) -> Result<(), NotPrivate> {
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(NotPrivate::Foreign(path.to_owned()));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(NotPrivate::Writable(path.to_owned()));
    }
    Ok(())
}

/// Writes a file, mode 0600, under a temporary name, flushes it, gives it its name, and flushes that: whoever
/// looks sees all of it or nothing, also after a crash.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    File::open(dir)?.sync_all()
}

/// Gives a damaged file another name, and says which.
pub(crate) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let names = (1..u32::MAX).map(|n| path.with_file_name(format!("{name}.damaged-{n}")));
    // Some number is free: no folder holds so many files.
    let aside = names.into_iter().find(|aside| fs::symlink_metadata(aside).is_err()).unwrap_or_default();
    fs::rename(path, &aside)?;
    Ok(aside)
}

/// Why a file or folder is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotPrivate {
    /// The system does not give it.
    #[error("{}: {source}", path.display())]
    Unusable {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another user could put code there.
    #[error("{} can be written to by other users, who could put code there: chmod go-w it", .0.display())]
    Writable(PathBuf),
    /// It belongs to another user.
    #[error("{} belongs to another user: run this as its owner, or chown it", .0.display())]
    Foreign(PathBuf),
    /// It is a symbolic link.
    #[error("{} is a symbolic link: put the file itself there", .0.display())]
    Link(PathBuf),
    /// It is no file.
    #[error("{} is no regular file", .0.display())]
    NoFile(PathBuf),
}
