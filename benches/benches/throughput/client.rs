//! What every client does: send a message, and wait for the answer.

use std::io;
use std::time::{Duration, Instant};

use crate::mail::Mail;

/// One client, which sends one message after another.
pub(crate) trait Client {
    /// Sends a message and waits for the answer.
    fn send(&mut self, mail: &Mail) -> io::Result<Answered>;
}

/// How a client is made. Each of the clients that work at the same time calls it for itself.
pub(crate) type Connect = Box<dyn Fn() -> io::Result<Box<dyn Client>> + Sync>;

/// A message that was answered.
pub(crate) struct Answered {
    pub(crate) answer: Answer,
    /// When its first byte was sent.
    pub(crate) begun: Instant,
    /// From its last byte to the answer.
    pub(crate) waited: Duration,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Answer {
    /// The server has judged it, whatever the verdict is.
    Judged,
    /// The client is to try again: nobody has judged it.
    Tempfail,
}

/// An error of a server that does not keep to the protocol.
pub(crate) fn odd(what: impl std::fmt::Debug) -> io::Error {
    io::Error::other(format!("an odd answer: {what:?}"))
}
