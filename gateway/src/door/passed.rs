//! Sockets that systemd passes.

use std::env;
use std::io;

use listenfd::ListenFd;

use super::{Socket, SocketError};

/// Sockets that systemd passes (`sd_listen_fds(3)`), with their names: `FileDescriptorName=` of the unit, or the unit's own.
#[derive(Debug)]
pub struct Passed(Vec<(String, Socket)>);

impl Passed {
    /// Takes those that are passed to this process. To be called before there are threads: it changes the environment.
    ///
    /// # Errors
    /// If one is not a socket that listens, of TCP or of the file system.
    pub fn take() -> Result<Self, SocketError> {
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut passed = ListenFd::from_env();
        let all = (0..passed.len()).map(|at| {
            let socket = socket(&mut passed, at).map_err(SocketError::Kind)?;
            Ok((names.next().unwrap_or_default().to_owned(), socket))
        });
        all.collect::<Result<_, _>>().map(Self)
    }

    /// The only one, whatever its name: for a program with one door. None if none is passed.
    ///
    /// # Errors
    /// If there are several.
    pub fn only(mut self) -> Result<Option<Socket>, SocketError> {
        match self.0.len() {
            0 | 1 => Ok(self.0.pop().map(|(_, socket)| socket)),
            several => Err(SocketError::Several(several)),
        }
    }

    /// One with this name, once each.
    pub fn named(&mut self, name: &str) -> Option<Socket> {
        let at = self.0.iter().position(|(its, _)| its == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// That all of them were asked for.
    ///
    /// # Errors
    /// If one is left.
    pub fn none_left(self) -> Result<(), SocketError> {
        match self.0.into_iter().next() {
            Some((name, _)) => Err(SocketError::Unused(name)),
            None => Ok(()),
        }
    }
}

fn socket(passed: &mut ListenFd, at: usize) -> io::Result<Socket> {
    let none = || io::Error::from(io::ErrorKind::NotFound);
    match passed.take_unix_listener(at) {
        Ok(socket) => socket.map(Socket::from).ok_or_else(none),
        Err(_) => passed.take_tcp_listener(at)?.map(Socket::from).ok_or_else(none),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn passed(names: &[&str]) -> Passed {
        let socket = || Socket::from(TcpListener::bind("127.0.0.1:0").unwrap());
        Passed(names.iter().map(|name| ((*name).to_owned(), socket())).collect())
    }

    #[test]
    fn each_is_given_once_and_none_is_left_over() {
        let mut both = passed(&["http", "spamd"]);
        assert!(both.named("spamd").is_some() && both.named("spamd").is_none() && both.named("http").is_some());
        both.none_left().unwrap();
        let error = passed(&["smtp"]).none_left().unwrap_err().to_string();
        assert!(error.contains("`smtp`"), "{error}");
    }

    #[test]
    fn a_program_with_one_door_takes_one() {
        assert!(passed(&[]).only().unwrap().is_none());
        assert!(passed(&["any"]).only().unwrap().is_some());
        assert!(matches!(passed(&["a", "b"]).only(), Err(SocketError::Several(2))));
    }
}
