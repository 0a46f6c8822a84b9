//! The clock of deadlines: a thread that advances the engine's epoch.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use wasmtime::Engine;

use crate::limits::EPOCH_TICK;

/// Advances the epoch of an engine every [`EPOCH_TICK`] until it is dropped.
///
/// Deadlines are counted in ticks for each store. Nobody ever advances the epoch to stop one call: that
/// would bring every other store nearer to its deadline. Ticks do not drift, and where the thread had to wait for a core
/// it makes up for those that it missed; a store whose epoch comes looks at the clock itself before it stops.
pub(crate) struct Ticker {
    /// Closing it stops the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let engine = engine.clone();
        let thread = thread::Builder::new().name("switchback-clock".to_owned()).spawn(move || {
            let mut next = Instant::now() + EPOCH_TICK;
            while stopped.recv_timeout(next.saturating_duration_since(Instant::now())) == Err(RecvTimeoutError::Timeout)
            {
                while next <= Instant::now() {
                    engine.increment_epoch();
                    next += EPOCH_TICK;
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Its loop cannot panic, and there is nothing to do about it here if it did.
            let _ = thread.join();
        }
    }
}
