//! A socket that listens: made here, or by others.

use std::fmt;
use std::fs::{self, Metadata, Permissions};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::process::umask;
use thiserror::Error;

use crate::config::Listen;

/// A socket that listens, on an address or in the file system. What was made there goes when it is dropped.
#[derive(Debug)]
pub struct Socket {
    bound: Bound,
    /// None if somebody else made it.
    made: Option<Made>,
}

/// What it listens on.
#[derive(Debug)]
pub(super) enum Bound {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Why a socket cannot be listened on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SocketError {
    /// There is one door, and several sockets for it.
    #[error("systemd passes {0} sockets, and one is used")]
    Several(usize),
    /// There is no door for it.
    #[error(
        "systemd passes a socket with the name `{0}` (FileDescriptorName=), and no door that is configured has that name"
    )]
    Unused(String),
    /// It is of another kind.
    #[error("a socket that systemd passes is neither a TCP nor a unix stream socket that listens")]
    Kind(#[source] io::Error),
    /// The address is in use, or not one of this machine, or its port needs rights.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The file system does not let it.
    #[error("cannot make the socket {}", path.display())]
    Make {
        /// Its place.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something else is in its place.
    #[error("{} is not a socket, and is left alone", .0.display())]
    NoSocket(PathBuf),
    /// Somebody else listens there.
    #[error("another program answers on {}", .0.display())]
    Answered(PathBuf),
    /// Its folder is everybody's.
    #[error("everybody can write into {}: anybody could put a socket of their own there", .0.display())]
    Open(PathBuf),
    /// The group is not there.
    #[error("this system has no group `{0}`")]
    NoGroup(String),
}

impl Socket {
    /// Makes a socket, of this mode and group if it is one of the file system. To be called before there are threads: it
    /// changes the umask for a moment.
    ///
    /// # Errors
    /// If it cannot be made, or others could put one of theirs in its place.
    pub fn open(listen: &Listen, mode: u32, group: Option<&str>) -> Result<Self, SocketError> {
        match listen {
            Listen::Inet(address) => TcpListener::bind(address)
                .map(Self::from)
                .map_err(|source| SocketError::Bind { address: *address, source }),
            Listen::Unix(path) => Self::unix(path, mode, group),
        }
    }

    fn unix(path: &Path, mode: u32, group: Option<&str>) -> Result<Self, SocketError> {
        let failed = |source| SocketError::Make { path: path.to_owned(), source };
        let group = group.map(group_of).transpose()?;
        // The root is nobody's to write into.
        let dir = path.parent().unwrap_or(Path::new("/"));
        if fs::metadata(dir).map_err(failed)?.permissions().mode() & 0o002 != 0 {
            return Err(SocketError::Open(dir.to_owned()));
        }
        remove_stale(path)?;
        // Nobody else can connect until group and mode are what they are to be.
        let before = umask(Mode::from_bits_truncate(0o177));
        let bound = UnixListener::bind(path);
        umask(before);
        let bound = Bound::Unix(bound.map_err(failed)?);
        let made = Made::at(path).map_err(failed)?;
        if let Some(group) = group {
            chown(path, None, Some(group)).map_err(failed)?;
        }
        fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed)?;
        Ok(Self { bound, made: Some(made) })
    }

    /// Where it listens, with the port that the system chose where 0 was asked for; none if it has no name.
    pub fn listens(&self) -> Option<Listen> {
        match &self.bound {
            Bound::Tcp(socket) => socket.local_addr().map(Listen::Inet).ok(),
            Bound::Unix(socket) => socket.local_addr().ok()?.as_pathname().map(|path| Listen::Unix(path.to_owned())),
        }
    }

    pub(super) fn into_parts(self) -> (Bound, Option<Made>) {
        (self.bound, self.made)
    }
}

impl From<TcpListener> for Socket {
    fn from(socket: TcpListener) -> Self {
        Self { bound: Bound::Tcp(socket), made: None }
    }
}

impl From<UnixListener> for Socket {
    fn from(socket: UnixListener) -> Self {
        Self { bound: Bound::Unix(socket), made: None }
    }
}

/// Where it listens, as the configuration would say it.
impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.listens() {
            Some(listens) => listens.fmt(f),
            None => f.write_str("a socket without a name"),
        }
    }
}

fn group_of(name: &str) -> Result<u32, SocketError> {
    let group = uzers::get_group_by_name(name).ok_or_else(|| SocketError::NoGroup(name.to_owned()))?;
    Ok(group.gid())
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
        let metadata = fs::symlink_metadata(path)?;
        Ok(Self { path: path.to_owned(), file: identity(&metadata) })
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
    fn a_socket_has_the_mode_of_the_configuration_and_goes_with_its_program() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("door.sock");
        let socket = open(&path, 0o640, None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(socket.listens(), Some(Listen::Unix(path.clone())));
        drop(socket);
        assert!(!path.exists());
    }

    #[test]
    fn one_that_took_its_place_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("door.sock");
        let socket = open(&path, 0o660, None).unwrap();
        fs::rename(&path, dir.path().join("away")).unwrap();
        fs::write(&path, "another").unwrap();
        drop(socket);
        assert_eq!(fs::read(&path).unwrap(), b"another");
    }

    // rmilter#25, postsrsd#152: a socket that a killed program left stopped its successor.
    #[test]
    fn a_stale_socket_is_replaced_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("door.sock");
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
        let path = dir.path().join("door.sock");
        let error = open(&path, 0o660, Some("no-such-group")).unwrap_err().to_string();
        assert_eq!(error, "this system has no group `no-such-group`");
        fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(open(&path, 0o660, None), Err(SocketError::Open(_))));
    }
}
