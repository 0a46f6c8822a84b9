//! Accepting connections: a bounded number at once, until the program is told to stop, whatever goes wrong.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::select;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::limits::ACCEPT_PAUSE;
use super::listen::{Made, Socket};
use super::stop::Stop;

/// A connection, of whichever kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A socket that listens, and how its connections are bounded.
#[derive(Debug)]
pub(super) struct Accept {
    socket: Listening,
    connections: usize,
    drain: Duration,
}

#[derive(Debug)]
enum Listening {
    Tcp(TcpListener),
    Unix(UnixListener, #[expect(dead_code, reason = "dropped to remove the socket")] Made),
}

impl Accept {
    /// To be called within the runtime.
    pub(super) fn on(socket: Socket, connections: usize, drain: Duration) -> io::Result<Self> {
        let socket = match socket {
            Socket::Tcp(socket) => {
                socket.set_nonblocking(true)?;
                Listening::Tcp(TcpListener::from_std(socket)?)
            }
            Socket::Unix(socket, made) => {
                socket.set_nonblocking(true)?;
                Listening::Unix(UnixListener::from_std(socket)?, made)
            }
        };
        Ok(Self { socket, connections, drain })
    }

    /// Serves connections until all are told to stop; then nobody can connect any more, and those that are open have the
    /// time to drain.
    pub(super) async fn serve<F: Future<Output = ()> + Send + 'static>(
        self,
        stop: Stop,
        serve: impl Fn(Box<dyn Stream>) -> F,
    ) {
        let places = Arc::new(Semaphore::new(self.connections));
        let mut served = JoinSet::new();
        loop {
            let stream = async {
                // Never an error: nobody closes the semaphore.
                let place = Arc::clone(&places).acquire_owned().await;
                (place, self.socket.accept().await)
            };
            let (place, stream) = select! {
                biased;
                () = stop.asked() => break,
                accepted = stream => accepted,
            };
            // Those that have ended.
            while served.try_join_next().is_some() {}
            match stream {
                Ok(stream) => {
                    let serving = serve(stream);
                    served.spawn(async move {
                        serving.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection, and tries again: {error}");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(self.socket);
        let all = async { while served.join_next().await.is_some() {} };
        if timeout(self.drain, all).await.is_err() {
            tracing::warn!("the time to drain is over: {} connections are cut off", served.len());
            served.shutdown().await;
        }
    }
}

impl Listening {
    async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Tcp(socket) => {
                let (stream, _) = socket.accept().await?;
                // Where that cannot be set, answers are merely slower.
                drop(stream.set_nodelay(true));
                Box::new(stream)
            }
            Self::Unix(socket, _) => Box::new(socket.accept().await?.0),
        })
    }
}
