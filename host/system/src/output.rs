//! Files that are written for somebody: a file is whole or not there, and nothing else is ever replaced by one.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Who may read a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Exhaustive: a file is its owner's or everybody's.
pub enum Access {
    /// Its owner: mode 0600.
    Owner,
    /// Everybody that the umask leaves.
    Everybody,
}

/// What may be there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Exhaustive: what exists is replaced or kept.
pub enum Existing {
    /// A file that is there is replaced.
    Replace,
    /// A file that is there is an error, and so is a symbolic link.
    Keep,
}

/// An output that is being written.
///
/// What it becomes depends on what its path names when it is created:
///
/// * nothing, or a regular file: a file that gets its name and its content in one step, by [`keep`](Self::keep). Until
///   then what was there stays, and an output that is dropped leaves nothing.
/// * a symbolic link: the same for what it points to. The link stays.
/// * a pipe or a device, or what standard output goes to (such as `/dev/stdout`): the bytes go there directly, front to
///   back.
///
/// # Examples
///
/// ```
/// use std::io::Write as _;
/// use switchback::files::{Access, Existing, Output};
///
/// # fn main() -> std::io::Result<()> {
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("report.html");
/// let mut output = Output::create(&path, Access::Everybody, Existing::Replace)?;
/// output.write_all(b"<p>all is well</p>")?;
/// assert!(!path.exists());
/// output.keep()?;
/// assert!(path.exists());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a file gets its name by `keep`"]
pub struct Output {
    sink: Sink,
    bytes: u64,
}

#[derive(Debug)]
enum Sink {
    /// A file without its name yet.
    Beside { file: NamedTempFile, path: PathBuf, existing: Existing },
    /// What cannot be replaced.
    Direct(File),
}

impl Output {
    /// Begins an output. Waits for a reader if it is a named pipe.
    ///
    /// # Errors
    /// If it cannot be written, or the path names a folder or a socket; where files are kept, if there is one.
    pub fn create(path: impl AsRef<Path>, access: Access, existing: Existing) -> io::Result<Self> {
        let path = path.as_ref();
        if let Some(direct) = Self::direct(path)? {
            return Ok(direct);
        }
        let path = match existing {
            Existing::Replace => pointed_to(path)?,
            Existing::Keep => path.to_owned(),
        };
        Self::within(folder_of(&path), &path, access, existing)
    }

    /// An output into what is no file; none if the path names a file, or what may become one.
    #[doc(hidden)]
    pub fn direct(path: &Path) -> io::Result<Option<Self>> {
        let there = match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            there => there?,
        };
        Ok(direct(path, &there)?.map(|file| Self { sink: Sink::Direct(file), bytes: 0 }))
    }

    /// A file that lies in this folder until it gets its name.
    #[doc(hidden)]
    pub fn within(folder: &Path, path: &Path, access: Access, existing: Existing) -> io::Result<Self> {
        if existing == Existing::Keep && path.symlink_metadata().is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let mode = match access {
            Access::Owner => 0o600,
            Access::Everybody => 0o666,
        };
        let file = tempfile::Builder::new().permissions(Permissions::from_mode(mode)).tempfile_in(folder)?;
        Ok(Self { sink: Sink::Beside { file, path: path.to_owned(), existing }, bytes: 0 })
    }

    /// The file that it becomes; none if it goes somewhere else.
    pub fn path(&self) -> Option<&Path> {
        match &self.sink {
            Sink::Beside { path, .. } => Some(path),
            Sink::Direct(_) => None,
        }
    }

    /// How many bytes were written.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends it: a file is on its disk, and gets its name.
    ///
    /// # Errors
    /// If it cannot be written to the end, or have its name. Nothing was changed then.
    pub fn keep(mut self) -> io::Result<()> {
        self.flush()?;
        let Sink::Beside { file, path, existing } = self.sink else { return Ok(()) };
        file.as_file().sync_all()?;
        let named = match existing {
            Existing::Replace => file.persist(path),
            Existing::Keep => file.persist_noclobber(path),
        };
        named.map(drop).map_err(|refused| refused.error)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.sink {
            Sink::Beside { file, .. } => file.write(bytes),
            Sink::Direct(file) => file.write(bytes).map_err(cut_off),
        }?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Beside { file, .. } => file.flush(),
            Sink::Direct(file) => file.flush(),
        }
    }
}

/// Whether a path names what standard output goes to.
pub fn is_standard_output(path: impl AsRef<Path>) -> bool {
    fs::metadata(path).is_ok_and(|there| matches!(of_standard_output(&there), Ok(Some(_))))
}

/// What is written directly; none where a regular file is to be replaced.
fn direct(path: &Path, there: &fs::Metadata) -> io::Result<Option<File>> {
    // Opening what standard output goes to once more would begin at its start, if it is a file.
    if let Some(output) = of_standard_output(there)? {
        return Ok(Some(output));
    }
    let kind = there.file_type();
    if kind.is_file() {
        Ok(None)
    } else if kind.is_dir() {
        Err(io::Error::new(ErrorKind::IsADirectory, "it is a folder: name a file in it"))
    } else if kind.is_socket() {
        Err(io::Error::new(ErrorKind::InvalidInput, "it is a socket: name a file or a pipe"))
    } else {
        OpenOptions::new().write(true).open(path).map(Some)
    }
}

/// Standard output, if this is what it goes to.
fn of_standard_output(there: &fs::Metadata) -> io::Result<Option<File>> {
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let own = output.metadata()?;
    Ok(((own.dev(), own.ino()) == (there.dev(), there.ino())).then_some(output))
}

/// The folder that a path is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Links one after the other that are followed, as the kernel does (path_resolution(7)).
const LINKS_MAX: usize = 40;

/// Where a path leads, through the symbolic links at its end, be there something or not.
fn pointed_to(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(ErrorKind::InvalidInput.into())
}

/// A pipe that nobody reads any more is no end as any other: part of the output is missing.
fn cut_off(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::BrokenPipe => io::Error::other("whoever read it has gone before all of it was written"),
        _ => error,
    }
}

#[cfg(test)]
mod tests;
