//! [`Stop`]: the end of a training that nobody waits for any more.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends a training before it is done, from any thread: [`Trainer::stopped_by`](crate::Trainer::stopped_by).
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// One that nobody has asked for.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for the end. It comes before another example is read.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked for it.
    pub fn is_asked_for(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An error if somebody asked for it.
    pub(crate) fn check(&self) -> io::Result<()> {
        if self.is_asked_for() { Err(io::Error::other("the training was stopped")) } else { Ok(()) }
    }
}
