//! The socket that mail servers connect to: passed by systemd, or made here.

use std::fmt;
use std::fs::{self, Metadata, Permissions};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use rustix::fs::Mode;
use rustix::process::umask;
use switchback_gateway::config::{Listen, MilterConfig};
use thiserror::Error;

/// A socket that listens.
#[derive(Debug)]
pub(crate) enum Socket {
    /// On an address.
    Tcp(TcpListener),
    /// In the file system. What was made here goes when the program ends.
    Unix(UnixListener, Option<Made>),
}

/// Why a socket cannot be listened on.
#[derive(Debug, Error)]
pub(crate) enum SocketError {
    #[error("systemd passes {0} sockets, and one is used")]
    Passed(usize),
    #[error("the socket that systemd passes is neither a TCP nor a unix stream socket")]
    Kind(#[source] io::Error),
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
    #[error("this system has no group `{0}` (milter.group)")]
    NoGroup(String),
}

impl Socket {
    /// Takes the socket that systemd passes, or makes the one that is configured. To be called before there are threads.
    pub(crate) fn open(config: &MilterConfig) -> Result<Self, SocketError> {
        match Self::passed()? {
            Some(socket) => Ok(socket),
            None => match &config.listen {
                Listen::Inet(address) => TcpListener::bind(address)
                    .map(Self::Tcp)
                    .map_err(|source| SocketError::Bind { address: *address, source }),
                Listen::Unix(path) => Self::unix(path, config),
            },
        }
    }

    fn passed() -> Result<Option<Self>, SocketError> {
        let mut passed = ListenFd::from_env();
        match passed.len() {
            0 => return Ok(None),
            1 => {}
            several => return Err(SocketError::Passed(several)),
        }
        if let Ok(Some(socket)) = passed.take_unix_listener(0) {
            return Ok(Some(Self::Unix(socket, None)));
        }
        passed.take_tcp_listener(0).map(|socket| socket.map(Self::Tcp)).map_err(SocketError::Kind)
    }

    fn unix(path: &Path, config: &MilterConfig) -> Result<Self, SocketError> {
        let failed = |source| SocketError::Make { path: path.to_owned(), source };
        let group = config.group.as_deref().map(group).transpose()?;
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
        let socket = bound.map_err(failed)?;
        let made = Made::at(path).map_err(failed)?;
        if let Some(group) = group {
            chown(path, None, Some(group)).map_err(failed)?;
        }
        fs::set_permissions(path, Permissions::from_mode(config.mode)).map_err(failed)?;
        Ok(Self::Unix(socket, Some(made)))
    }
}

/// Where it listens, as the configuration would say it.
impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listens = match self {
            Self::Tcp(socket) => socket.local_addr().map(Listen::Inet).ok(),
            Self::Unix(socket, _) => {
                let path = socket.local_addr().ok().and_then(|address| address.as_pathname().map(Path::to_owned));
                path.map(Listen::Unix)
            }
        };
        match listens {
            Some(listens) => listens.fmt(f),
            None => f.write_str("a socket without a name"),
        }
    }
}

fn group(name: &str) -> Result<u32, SocketError> {
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
pub(crate) struct Made {
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
    use std::os::unix::fs::DirBuilderExt as _;

    use super::*;

    fn config(path: &Path) -> MilterConfig {
        let mut config = MilterConfig::default();
        config.listen = Listen::Unix(path.to_owned());
        config
    }

    #[test]
    fn a_socket_has_the_mode_of_the_configuration_and_goes_with_its_program() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("milter.sock");
        let mut config = config(&path);
        config.mode = 0o640;
        let socket = Socket::open(&config).unwrap();
        let found = fs::metadata(&path).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o640);
        drop(socket);
        assert!(!path.exists());
    }

    #[test]
    fn one_that_took_its_place_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("milter.sock");
        let socket = Socket::open(&config(&path)).unwrap();
        fs::rename(&path, dir.path().join("away")).unwrap();
        fs::write(&path, "another").unwrap();
        drop(socket);
        assert_eq!(fs::read(&path).unwrap(), b"another");
    }

    // rmilter#25, postsrsd#152: a socket that a killed program left stopped its successor.
    #[test]
    fn a_stale_socket_is_replaced_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("milter.sock");
        drop(UnixListener::bind(&path).unwrap());
        let socket = Socket::open(&config(&path)).unwrap();
        assert!(matches!(Socket::open(&config(&path)), Err(SocketError::Answered(_))));
        drop(socket);
        fs::write(&path, "a file").unwrap();
        assert!(matches!(Socket::open(&config(&path)), Err(SocketError::NoSocket(_))));
        assert_eq!(fs::read(&path).unwrap(), b"a file");
    }

    #[test]
    fn a_folder_that_everybody_can_write_into_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let open = dir.path().join("open");
        fs::DirBuilder::new().mode(0o777).create(&open).unwrap();
        fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(Socket::open(&config(&open.join("milter.sock"))), Err(SocketError::Open(_))));
    }

    #[test]
    fn a_group_that_is_not_there_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let mut config = config(&dir.path().join("milter.sock"));
        config.group = Some("no-such-group".to_owned());
        let error = Socket::open(&config).unwrap_err().to_string();
        assert_eq!(error, "this system has no group `no-such-group` (milter.group)");
    }
}
