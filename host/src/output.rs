//! Files that are written for somebody: a file is whole or not there, and nothing else is ever replaced by one.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Who may read a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Its owner: mode 0600.
    Owner,
    /// Everybody that the umask leaves.
    Everybody,
}

/// What may be there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
/// use switchback::output::{Access, Existing, Output};
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
    pub(crate) fn direct(path: &Path) -> io::Result<Option<Self>> {
        let there = match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            there => there?,
        };
        Ok(direct(path, &there)?.map(|file| Self { sink: Sink::Direct(file), bytes: 0 }))
    }

    /// A file that lies in this folder until it gets its name.
    pub(crate) fn within(folder: &Path, path: &Path, access: Access, existing: Existing) -> io::Result<Self> {
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
pub(crate) fn folder_of(path: &Path) -> &Path {
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
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::thread;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    fn write(path: &Path, text: &str, existing: Existing) -> io::Result<()> {
        let mut output = Output::create(path, Access::Owner, existing)?;
        output.write_all(text.as_bytes())?;
        assert_eq!(output.bytes(), text.len() as u64);
        output.keep()
    }

    fn pipe(path: &Path) {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    }

    /// What comes out of a pipe when this is written to a path that leads there.
    fn through(pipe: &Path, path: &Path, text: &str, existing: Existing) -> String {
        let reader = thread::spawn({
            let pipe = pipe.to_owned();
            move || fs::read_to_string(pipe).unwrap()
        });
        write(path, text, existing).unwrap();
        // Of one that was replaced nothing comes.
        assert!(fs::symlink_metadata(pipe).unwrap().file_type().is_fifo());
        reader.join().unwrap()
    }

    #[test]
    fn a_file_is_replaced_when_all_is_written_and_not_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report");
        fs::write(&path, "old").unwrap();
        let mut output = Output::create(&path, Access::Everybody, Existing::Replace).unwrap();
        output.write_all(b"new").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap(), output.path()), ("old".to_owned(), Some(path.as_path())));
        drop(output);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        write(&path, "new", Existing::Replace).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_link_stays_and_what_it_points_to_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("there")).unwrap();
        fs::write(at("there/old"), "old").unwrap();
        for (link, target) in [("a", "there/old"), ("b", "there/new"), ("c", "b")] {
            symlink(target, at(link)).unwrap();
        }
        for (link, end) in [("a", "there/old"), ("b", "there/new"), ("c", "there/new")] {
            write(&at(link), link, Existing::Replace).unwrap();
            assert!(at(link).is_symlink(), "{link}");
            assert_eq!(fs::read_to_string(at(end)).unwrap(), link);
            assert!(!at(end).is_symlink(), "{link}");
        }
        symlink("round", at("round")).unwrap();
        assert!(write(&at("round"), "", Existing::Replace).is_err());
    }

    #[test]
    fn what_is_to_be_kept_is_kept_and_a_pipe_has_nothing_to_keep() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "old").unwrap();
        symlink("nowhere", at("link")).unwrap();
        for name in ["file", "link"] {
            let error = write(&at(name), "new", Existing::Keep).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{name}");
        }
        write(&at("new"), "new", Existing::Keep).unwrap();
        assert_eq!(fs::read_to_string(at("file")).unwrap(), "old");
        pipe(&at("pipe"));
        assert_eq!(through(&at("pipe"), &at("pipe"), "all of it", Existing::Keep), "all of it");
    }

    #[test]
    fn what_is_no_file_is_written_to_or_refused_and_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        pipe(&at("pipe"));
        symlink("pipe", at("link")).unwrap();
        for name in ["pipe", "link"] {
            assert_eq!(through(&at("pipe"), &at(name), name, Existing::Replace), name);
        }
        assert!(at("link").is_symlink());

        write(Path::new("/dev/null"), "gone", Existing::Replace).unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());

        let _listener = UnixListener::bind(at("socket")).unwrap();
        let refused = |name: &str| write(&at(name), "", Existing::Replace).unwrap_err().to_string();
        assert!(refused("socket").contains("it is a socket"), "{}", refused("socket"));
        assert!(refused(".").contains("it is a folder"), "{}", refused("."));
        assert!(fs::symlink_metadata(at("socket")).unwrap().file_type().is_socket());
    }

    #[test]
    fn a_pipe_that_nobody_reads_any_more_is_an_error_in_words() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        pipe(&path);
        let reader = thread::spawn({
            let path = path.clone();
            move || drop(File::open(path).unwrap())
        });
        let mut output = Output::create(&path, Access::Owner, Existing::Replace).unwrap();
        reader.join().unwrap();
        let error = output.write_all(b"lost").unwrap_err();
        assert!(error.kind() != ErrorKind::BrokenPipe && error.to_string().contains("has gone"), "{error}");
    }

    #[test]
    fn standard_output_is_known_by_any_name() {
        assert!(is_standard_output("/dev/stdout") && is_standard_output("/proc/self/fd/1"));
        let file = NamedTempFile::new().unwrap();
        assert!(!is_standard_output(file.path()) && !is_standard_output("/nowhere"));
        assert!(Output::create("/dev/stdout", Access::Owner, Existing::Replace).unwrap().path().is_none());
    }
}
