//! Accepting connections: until the program is told to stop, whatever goes wrong.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use indymilter::{EitherStream, Listener};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::time::{Sleep, sleep};

use crate::limits::ACCEPT_PAUSE;
use crate::socket::{Made, Socket};
use crate::stream::Stream;

type Connection = EitherStream<TcpStream, UnixStream>;

/// The socket as the milter library takes connections from it.
pub(crate) struct Accept {
    /// None once accepting has stopped.
    socket: Option<Listening>,
    /// Completes when accepting is to stop.
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// After a failure, until accepting is tried again.
    pause: Option<Pin<Box<Sleep>>>,
}

enum Listening {
    Tcp(TcpListener),
    Unix {
        socket: UnixListener,
        /// What was made in the file system goes with it.
        _made: Option<Made>,
    },
}

impl Accept {
    /// Accepts on a socket until `stop` completes. To be called within the runtime.
    pub(crate) fn on(socket: Socket, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<Self> {
        let socket = match socket {
            Socket::Tcp(socket) => {
                socket.set_nonblocking(true)?;
                Listening::Tcp(TcpListener::from_std(socket)?)
            }
            Socket::Unix(socket, made) => {
                socket.set_nonblocking(true)?;
                Listening::Unix { socket: UnixListener::from_std(socket)?, _made: made }
            }
        };
        Ok(Self { socket: Some(socket), stop: Box::pin(stop), pause: None })
    }
}

impl Listening {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Connection>> {
        match self {
            Self::Tcp(socket) => socket.poll_accept(cx).map_ok(|(stream, _)| {
                // Each answer is waited for, and none is large. Where that cannot be set, it is merely slower.
                drop(stream.set_nodelay(true));
                EitherStream::Tcp(stream)
            }),
            Self::Unix { socket, .. } => socket.poll_accept(cx).map_ok(|(stream, _)| EitherStream::Unix(stream)),
        }
    }
}

impl Listener for Accept {
    type Io = Stream<Connection>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Self::Io>> {
        loop {
            if self.socket.is_some() && self.stop.as_mut().poll(cx).is_ready() {
                self.socket = None;
            }
            let Some(socket) = &self.socket else { return Poll::Pending };
            if let Some(pause) = &mut self.pause {
                if pause.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.pause = None;
            }
            match socket.poll_accept(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(stream)) => return Poll::Ready(Ok(Stream::new(stream))),
                // Handed on, it would end the whole program.
                Poll::Ready(Err(error)) => {
                    tracing::warn!("cannot accept a connection, and tries again: {error}");
                    self.pause = Some(Box::pin(sleep(ACCEPT_PAUSE)));
                }
            }
        }
    }
}

impl fmt::Debug for Accept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accept").field("is_listening", &self.socket.is_some()).finish_non_exhaustive()
    }
}
