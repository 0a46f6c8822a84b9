//! Accepting connections, whatever goes wrong.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::time::{Sleep, sleep};
use tokio_util::either::Either;

use super::Socket;
use super::socket::{Bound, Made};

/// A connection, of either kind.
pub type Connection = Either<TcpStream, UnixStream>;

/// How long accepting pauses when it failed, as it does without descriptors: until some are free, it would fail in a loop.
const PAUSE: Duration = Duration::from_millis(200);

/// A socket from which connections are taken.
pub struct Listener {
    socket: Listening,
    /// After a failure, until accepting is tried again.
    pause: Option<Pin<Box<Sleep>>>,
    /// Whether it failed when it was tried last, which was said.
    is_failing: bool,
    /// What was made in the file system goes with it.
    _made: Option<Made>,
}

enum Listening {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    /// Listens on a socket. To be called within the runtime.
    ///
    /// # Errors
    /// If the runtime cannot watch it.
    pub fn on(socket: Socket) -> io::Result<Self> {
        let (bound, made) = socket.into_parts();
        let socket = match bound {
            Bound::Tcp(socket) => {
                socket.set_nonblocking(true)?;
                Listening::Tcp(TcpListener::from_std(socket)?)
            }
            Bound::Unix(socket) => {
                socket.set_nonblocking(true)?;
                Listening::Unix(UnixListener::from_std(socket)?)
            }
        };
        Ok(Self { socket, pause: None, is_failing: false, _made: made })
    }

    /// Waits for a connection. Where none can be accepted, that is said once, and tried again.
    pub async fn accept(&mut self) -> Connection {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    /// [`Listener::accept`], for those who poll.
    pub fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Connection> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match ready!(self.socket.poll_accept(cx)) {
                Ok(connection) => {
                    if mem::take(&mut self.is_failing) {
                        tracing::warn!("connections are accepted again");
                    }
                    return Poll::Ready(connection);
                }
                Err(error) => {
                    if !mem::replace(&mut self.is_failing, true) {
                        tracing::warn!("cannot accept a connection, and tries again: {error}");
                    }
                    self.pause = Some(Box::pin(sleep(PAUSE)));
                }
            }
        }
    }
}

impl Listening {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Connection>> {
        match self {
            Self::Tcp(socket) => socket.poll_accept(cx).map_ok(|(stream, _)| {
                // Each answer is waited for. Where that cannot be set, it is merely slower.
                drop(stream.set_nodelay(true));
                Either::Left(stream)
            }),
            Self::Unix(socket) => socket.poll_accept(cx).map_ok(|(stream, _)| Either::Right(stream)),
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("is_failing", &self.is_failing).finish_non_exhaustive()
    }
}
