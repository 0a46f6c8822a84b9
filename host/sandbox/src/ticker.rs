//! The clock of deadlines: a thread that advances the engine's epoch.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> io::Result<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let (stop, engine) = (Arc::clone(&is_over), engine.clone());
        let thread = thread::Builder::new().name("switchback-clock".to_owned()).spawn(move || {
            let mut next = Instant::now() + EPOCH_TICK;
            while !stop.load(Ordering::Relaxed) {
                // Parking costs less than waiting for a message, which spins first.
                thread::park_timeout(next.saturating_duration_since(Instant::now()));
                while next <= Instant::now() {
                    engine.increment_epoch();
                    next += EPOCH_TICK;
                }
            }
        })?;
        Ok(Self { is_over, thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // Its loop cannot panic, and there is nothing to do about it here if it did.
            let _ = thread.join();
        }
    }
}
