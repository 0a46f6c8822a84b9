//! A slot as its guard sees it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use switchback_model::guard::{GuardSettings, Mode};
use switchback_model::release::ReleaseId;
use switchback_model::route::{RouteError, Switch};
use switchback_sandbox::Loaded;
use switchback_store::control::SlotState;

/// A slot as its guard sees it.
pub(in crate::runtime) struct GuardedSlot {
    name: Arc<str>,
    /// What the ledger says about the slot, or would say if there were one. No answer reads it.
    state: Mutex<Arc<SlotState>>,
    /// Whether the guard looks at this slot.
    is_guarded: AtomicBool,
}

impl GuardedSlot {
    pub(super) fn new(name: Arc<str>, settings: GuardSettings) -> Self {
        let is_guarded = AtomicBool::new(settings.mode != Mode::Off);
        let mut state = SlotState::default();
        state.guard = settings;
        Self { name, state: Mutex::new(Arc::new(state)), is_guarded }
    }

    pub(in crate::runtime) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Whether the guard looks at this slot.
    pub(in crate::runtime) fn is_guarded(&self) -> bool {
        self.is_guarded.load(Ordering::Relaxed)
    }

    /// What the guard goes by.
    pub(in crate::runtime) fn state(&self) -> Arc<SlotState> {
        Arc::clone(&self.locked())
    }

    /// Refuses a release that the guard found harmful.
    pub(super) fn check_harmless(&self, release: &ReleaseId) -> Result<(), RouteError> {
        let is_harmful = self.locked().harmful.contains_key(&release.digest);
        if is_harmful { Err(RouteError::Harmful(release.clone())) } else { Ok(()) }
    }

    /// Brings what the guard goes by up to the route of a slot that follows no store.
    pub(super) fn advance(&self, switch: &Switch<Loaded>) {
        if self.state().generation != switch.read().generation() {
            self.change_state(|state| {
                // Of two changes at once the later one is seen here.
                let route = switch.read();
                state.advance(route.generation(), route.roles().filter_map(|release| Some(release.id().clone())));
            });
        }
    }

    /// Changes what the guard goes by: in place, if nobody looks at it.
    pub(super) fn change_state(&self, change: impl FnOnce(&mut SlotState)) {
        let mut state = self.locked();
        change(Arc::make_mut(&mut state));
        self.is_guarded.store(state.guard.mode != Mode::Off, Ordering::Relaxed);
    }

    fn locked(&self) -> MutexGuard<'_, Arc<SlotState>> {
        // Whatever happened to the thread that held the lock, the next change brings it up to date.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
