//! [`Stop`]: the end of work that nobody waits for any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends work before it is done, from any thread: [`Packer::stopped_by`](crate::Packer::stopped_by), and trainings.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// One that nobody has asked for.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for the end. It comes before the next step.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked for it.
    pub fn is_asked_for(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
