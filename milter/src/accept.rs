//! Accepting connections until the program is told to stop.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use indymilter::Listener as Accepts;
use switchback_gateway::door::{Connection, Listener};

use crate::stream::Stream;

/// The socket as the milter library takes connections from it.
pub(crate) struct Accept {
    /// None once accepting has stopped.
    listener: Option<Listener>,
    /// Completes when accepting is to stop.
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Accept {
    /// Accepts until `stop` completes.
    pub(crate) fn until(listener: Listener, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { listener: Some(listener), stop: Box::pin(stop) }
    }
}

impl Accepts for Accept {
    type Io = Stream<Connection>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Self::Io>> {
        if self.listener.is_some() && self.stop.as_mut().poll(cx).is_ready() {
            self.listener = None;
        }
        match &mut self.listener {
            // Never an error: handed on, it would end the whole program.
            Some(listener) => listener.poll_accept(cx).map(|stream| Ok(Stream::new(stream))),
            None => Poll::Pending,
        }
    }
}

impl fmt::Debug for Accept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accept").field("listener", &self.listener).finish_non_exhaustive()
    }
}
