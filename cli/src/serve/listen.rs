//! The sockets that clients connect to.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::unistd::Group;
use rustix::fs::Mode;
use rustix::process::umask;
use switchback_gateway::config::Listen;
use thiserror::Error;

/// A socket that listens.
#[derive(Debug)]
pub(super) enum Socket {
    /// On an address.
    Tcp(TcpListener),
    /// In the file system. It goes when the program ends.
    Unix(UnixListener, Made),
}

/// Why a socket cannot be listened on.
#[derive(Debug, Error)]
pub(super) enum SocketError {
    #[error("cannot listen on {address}")]
    Bind { address: SocketAddr, source: io::Error },
    #[error("cannot make the socket {}", path.display())]
    Make { path: PathBuf, source: io::Error },
    #[error("{} is not a socket, and is left alone", .0.display())]
    NoSocket(PathBuf),
    #[error("another program answers on {}", .0.display())]
    Answered(PathBuf),
    #[error("everybody can write into {}: anybody could put a socket of their own there", .0.display())]
    Open(PathBuf),
    #[error("this system has no group `{0}`")]
    NoGroup(String),
}

impl Socket {
    /// Makes a socket, of this mode and group if it is one of the file system. To be called before there are threads: it
    /// changes the umask for a moment.
    pub(super) fn open(listen: &Listen, mode: u32, group: Option<&str>) -> Result<Self, SocketError> {
        match listen {
            Listen::Inet(address) => TcpListener::bind(address)
                .map(Self::Tcp)
                .map_err(|source| SocketError::Bind { address: *address, source }),
            Listen::Unix(path) => Self::unix(path, mode, group),
        }
    }

    fn unix(path: &Path, mode: u32, group: Option<&str>) -> Result<Self, SocketError> {
        let failed = |source| SocketError::Make { path: path.to_owned(), source };
        let group = group.map(group_of).transpose()?;
        let dir = path.parent().unwrap_or(Path::new("/"));
        if fs::metadata(dir).map_err(failed)?.permissions().mode() & 0o002 != 0 {
            return Err(SocketError::Open(dir.to_owned()));
        }
        remove_stale(path)?;
        // Nobody else can connect until group and mode are what they are to be.
        let before = umask(Mode::from_bits_truncate(0o177));
        let bound = UnixListener::bind(path);
        umask(before);
        let socket = bound.map_err(failed)?;
        let made = Made::at(path).map_err(failed)?;
        if let Some(group) = group {
            chown(path, None, Some(group)).map_err(failed)?;
        }
        fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed)?;
        Ok(Self::Unix(socket, made))
    }

    /// Where it listens: with the port that the system chose, where the configuration has 0.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Tcp(socket) => {
                socket.local_addr().map_or_else(|error| error.to_string(), |address| Listen::Inet(address).to_string())
            }
            Self::Unix(_, made) => Listen::Unix(made.path.clone()).to_string(),
        }
    }
}

fn group_of(name: &str) -> Result<u32, SocketError> {
    match Group::from_name(name) {
        Ok(Some(group)) => Ok(group.gid.as_raw()),
        _ => Err(SocketError::NoGroup(name.to_owned())),
    }
}

/// Removes what a program left that was killed: a socket on which nobody answers.
fn remove_stale(path: &Path) -> Result<(), SocketError> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(SocketError::NoSocket(path.to_owned())),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(SocketError::Make { path: path.to_owned(), source }),
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(|source| SocketError::Make { path: path.to_owned(), source })
        }
        Ok(_) => Err(SocketError::Answered(path.to_owned())),
        Err(source) => Err(SocketError::Make { path: path.to_owned(), source }),
    }
}

/// A socket in the file system that this program made. Dropping it removes it, unless another has taken its place.
#[derive(Debug)]
pub(super) struct Made {
    path: PathBuf,
    file: (u64, u64),
}

impl Made {
    fn at(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: identity(&fs::symlink_metadata(path)?) })
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| identity(&found) == self.file)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!("cannot remove the socket {}: {error}", self.path.display());
        }
    }
}

fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path, mode: u32, group: Option<&str>) -> Result<Socket, SocketError> {
        Socket::open(&Listen::Unix(path.to_owned()), mode, group)
    }

    #[test]
    fn a_socket_has_the_mode_that_it_is_to_have_and_goes_with_its_program() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spamd.sock");
        let socket = open(&path, 0o640, None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        drop(socket);
        assert!(!path.exists());
    }

    // rmilter#25, postsrsd#152: a socket that a killed program left stopped its successor.
    #[test]
    fn a_stale_socket_is_replaced_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spamd.sock");
        drop(UnixListener::bind(&path).unwrap());
        let socket = open(&path, 0o660, None).unwrap();
        assert!(matches!(open(&path, 0o660, None), Err(SocketError::Answered(_))));
        drop(socket);
        fs::write(&path, "a file").unwrap();
        assert!(matches!(open(&path, 0o660, None), Err(SocketError::NoSocket(_))));
        assert_eq!(fs::read(&path).unwrap(), b"a file");
    }

    #[test]
    fn what_would_let_others_in_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spamd.sock");
        assert!(matches!(open(&path, 0o660, Some("no-such-group")), Err(SocketError::NoGroup(_))));
        fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(open(&path, 0o660, None), Err(SocketError::Open(_))));
    }
}
