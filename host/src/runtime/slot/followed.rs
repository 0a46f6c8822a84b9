//! What the guard sees of a slot, and how it comes into the state that a store says.

use std::sync::Arc;

use switchback_model::release::ReleaseId;
use switchback_model::route::{Generation, Roles};
use switchback_sandbox::Loaded;
use switchback_store::control::SlotState;

use super::Slot;
use super::guarded::GuardedSlot;

impl Slot {
    /// What the guard goes by.
    pub(in crate::runtime) fn state(&self) -> Arc<SlotState> {
        self.refresh();
        self.0.shared.guarded().state()
    }

    /// This slot as its guard sees it.
    pub(in crate::runtime) fn guarded(&self) -> Arc<GuardedSlot> {
        Arc::clone(self.0.shared.guarded())
    }

    /// Takes over the roles that a store says.
    pub(in crate::runtime) fn install(&self, generation: Generation, roles: Roles<Arc<Loaded>>) {
        self.0.switch.install(generation, roles);
        self.0.shared.meters().generation(generation);
    }

    /// Takes over what a store says about the slot, for the guard.
    pub(in crate::runtime) fn obey(&self, state: &SlotState) {
        if *self.state() != *state {
            self.0.shared.guarded().change_state(|current| current.clone_from(state));
        }
    }

    /// Takes every role but that of the live release from releases that the store gives none any more.
    pub(in crate::runtime) fn retain(&self, is_wanted: impl Fn(&ReleaseId) -> bool) {
        let route = self.0.switch.read();
        let is_live = |release: &Arc<Loaded>| route.live().is_some_and(|live| live.id() == release.id());
        let kept = |release: &Arc<Loaded>| (is_live(release) || is_wanted(release.id())).then(|| Arc::clone(release));
        self.0.switch.install(route.generation(), route.roles().filter_map(kept));
    }
}
