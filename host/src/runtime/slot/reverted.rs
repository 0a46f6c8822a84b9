//! What became of a revert.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use switchback_model::route::{Generation, Route, RouteError};
use switchback_sandbox::Loaded;

/// Writes down, for the ledger of a store, reverts that took effect in this process.
pub(in crate::runtime) trait RevertLog: Send + Sync {
    /// Reverts at once, and leaves word for the ledger. `revert` is told how many generations the route goes on.
    fn revert(
        &self,
        slot: &str,
        revert: &dyn Fn(u64) -> Result<Arc<Route<Loaded>>, RouteError>,
    ) -> Result<Generation, RouteError>;

    /// Whether the ledger has the revert that made a generation of a slot.
    fn has_written(&self, slot: &str, generation: Generation) -> bool;

    /// Waits until the ledger has answered to the revert that made a generation, and returns whether it has it.
    fn wait_written(&self, slot: &str, generation: Generation, timeout: Duration) -> bool;
}

/// A revert that took effect in this process.
pub struct Reverted {
    /// The generation of the route that it made.
    pub generation: Generation,
    pub(super) slot: Arc<str>,
    pub(super) store: Option<Arc<dyn RevertLog>>,
}

impl Reverted {
    /// Whether the ledger of the store has it: then it outlives this process, and every other one obeys it. Never in a slot
    /// that follows no store, where nothing outlives the process.
    pub fn is_recorded(&self) -> bool {
        self.store.as_ref().is_some_and(|store| store.has_written(&self.slot, self.generation))
    }

    /// Waits until the ledger has it, and returns whether it has: milliseconds, unless the store cannot be written or the ledger
    /// refuses it. Returns at once in a slot that follows no store.
    pub fn wait_recorded(&self, timeout: Duration) -> bool {
        self.store.as_ref().is_some_and(|store| store.wait_written(&self.slot, self.generation, timeout))
    }
}

impl fmt::Debug for Reverted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (generation, is_recorded) = (&self.generation, self.is_recorded());
        f.debug_struct("Reverted").field("generation", generation).field("is_recorded", &is_recorded).finish()
    }
}
