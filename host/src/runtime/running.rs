//! A runtime at work, until its last handle is dropped.

use std::sync::Arc;
use std::time::Duration;

use switchback_model::gone::RuntimeGone;

use super::companions::Companions;
use super::core::Core;
use super::ending::{Ending, Parts, ShutdownError};

/// A runtime at work.
pub(super) struct Running {
    /// Dropped first: they count what was answered, and write what follows.
    pub(super) companions: Companions,
    pub(super) core: Arc<Core>,
    ending: Arc<Ending>,
}

impl Running {
    pub(super) fn new(core: Arc<Core>, companions: Companions) -> Self {
        Self { companions, core, ending: Arc::default() }
    }

    /// Ends it in order, within a time.
    pub(super) fn shutdown(&self, timeout: Duration) -> Result<(), ShutdownError> {
        self.core.life.end().map_err(RuntimeGone::from)?;
        let parts = || Parts { core: Arc::clone(&self.core), companions: self.companions.take() };
        self.ending.end(parts, timeout)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        match self.core.life.end() {
            // A slot may outlive this, and somebody may be scoring there.
            Ok(()) => self.core.life.wait_for_leaving(),
            // The threads are not here, and what they write to is the parent's.
            Err(_) => std::mem::forget((Arc::clone(&self.core), self.companions.take())),
        }
    }
}
