//! A runtime that follows no store.

use std::ops::Deref;

use super::handle::Runtime;
use super::slot::{LocalSlot, UnknownSlot};

/// A runtime that follows no store: the filter decides which release has which role in its [slots](LocalSlot).
///
/// It derefs to [`Runtime`] and, like that, is a handle: a clone is the same runtime.
#[derive(Clone, Debug)]
pub struct LocalRuntime(Runtime);

impl LocalRuntime {
    /// The runtime follows no store.
    pub(super) fn new(runtime: Runtime) -> Self {
        Self(runtime)
    }

    /// The slot of this name.
    ///
    /// # Errors
    /// If there is none. The error names those that there are.
    pub fn slot(&self, name: &str) -> Result<LocalSlot, UnknownSlot> {
        self.0.slot(name).map(LocalSlot::new)
    }

    /// Every slot, by name.
    pub fn slots(&self) -> impl Iterator<Item = LocalSlot> {
        self.0.slots().map(LocalSlot::new)
    }
}

impl Deref for LocalRuntime {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        &self.0
    }
}

impl From<LocalRuntime> for Runtime {
    fn from(runtime: LocalRuntime) -> Self {
        runtime.0
    }
}
