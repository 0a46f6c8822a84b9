//! A runtime at work, until its last handle is dropped.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use switchback_model::gone::RuntimeGone;

use super::core::Core;
use super::ending::{Ending, Parts, ShutdownError};
use super::follow::Follower;
use super::guard::Guard;

/// A runtime at work.
pub(super) struct Running {
    /// Present if there is a slot, until the end. Dropped first: it counts what was answered, and writes what follows.
    pub(super) guard: ArcSwapOption<Guard>,
    pub(super) core: Arc<Core>,
    /// Present if the runtime follows a store, until the end.
    pub(super) follower: ArcSwapOption<Follower>,
    ending: Arc<Ending>,
}

impl Running {
    pub(super) fn new(core: Arc<Core>, guard: Option<Guard>, follower: Option<Follower>) -> Self {
        let (guard, follower) = (guard.map(Arc::new).into(), follower.map(Arc::new).into());
        Self { guard, core, follower, ending: Arc::default() }
    }

    /// Ends it in order, within a time.
    pub(super) fn shutdown(&self, timeout: Duration) -> Result<(), ShutdownError> {
        self.core.life.end().map_err(RuntimeGone::from)?;
        let parts =
            || Parts { core: Arc::clone(&self.core), guard: self.guard.swap(None), follower: self.follower.swap(None) };
        self.ending.end(parts, timeout)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        match self.core.life.end() {
            // A slot may outlive this, and somebody may be scoring there.
            Ok(()) => self.core.life.wait_for_leaving(),
            // The threads are not here, and what they write to is the parent's.
            Err(_) => {
                std::mem::forget((Arc::clone(&self.core), self.guard.swap(None), self.follower.swap(None)));
            }
        }
    }
}
