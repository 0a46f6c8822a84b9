//! Serving connections: a bounded number at once, until the program is told to stop.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use switchback_gateway::config::DoorBounds;
use switchback_gateway::door::{Connection, Listener};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::select;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_io_timeout::TimeoutStream;

use super::limits::LINGER;
use super::stop::Stop;

/// A connection. Writing to a client that does not read fails after the door's time-out.
pub(super) type Stream = Pin<Box<TimeoutStream<Connection>>>;

/// Serves connections until all are told to stop; then nobody can connect any more, and those that are open have the time to
/// drain. The bounds may change meanwhile; this section of the configuration has them.
pub(super) async fn serve<F: Future<Output = ()> + Send + 'static>(
    mut listener: Listener,
    section: &'static str,
    mut bounds: watch::Receiver<DoorBounds>,
    stop: Stop,
    serve: impl Fn(Stream) -> F,
) {
    let (mut served, mut full) = (JoinSet::new(), Full { section, said: None });
    loop {
        let DoorBounds { connections, timeout: unread, .. } = *bounds.borrow_and_update();
        let has_place = served.len() < connections;
        if !has_place {
            full.say(connections);
        }
        select! {
            biased;
            () = stop.asked() => break,
            Some(_) = served.join_next() => {}
            Ok(()) = bounds.changed() => {}
            connection = listener.accept(), if has_place => {
                let mut stream = TimeoutStream::new(connection);
                stream.set_write_timeout(Some(unread));
                served.spawn(serve(Box::pin(stream)));
            }
        }
    }
    drop(listener);
    let all = async { while served.join_next().await.is_some() {} };
    let drain = bounds.borrow().drain;
    if timeout(drain, all).await.is_err() {
        tracing::warn!("{section}.drain is over: {} connections are cut off", served.len());
        served.shutdown().await;
    }
}

/// Ends a connection so that what was written gets there: a socket that is closed on unread bytes takes it back (RFC 9112,
/// section 9.6).
pub(super) async fn end(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    stream.shutdown().await?;
    let rest = async {
        let mut buffer = vec![0; 16 << 10];
        while stream.read(&mut buffer).await? > 0 {}
        io::Result::Ok(())
    };
    // Whether it has more to say or not, it has been answered.
    drop(timeout(LINGER, rest).await);
    Ok(())
}

/// Says that others wait, and says it again only after a while.
struct Full {
    section: &'static str,
    said: Option<Instant>,
}

impl Full {
    const AGAIN_AFTER: Duration = Duration::from_secs(60);

    fn say(&mut self, connections: usize) {
        if self.said.is_none_or(|said| said.elapsed() >= Self::AGAIN_AFTER) {
            self.said = Some(Instant::now());
            let section = self.section;
            tracing::warn!(
                "{connections} clients are connected, as many as {section}.connections lets, and others wait"
            );
        }
    }
}
