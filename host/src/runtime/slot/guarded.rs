//! A slot as its guard sees it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use switchback_model::guard::{Mode, Settings};
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
    pub(super) fn new(name: Arc<str>, settings: Settings) -> Self {
        let is_guarded = AtomicBool::new(settings.mode != Mode::Off);
        let state = SlotState { guard: settings, ..SlotState::default() };
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
