//! What a slot and the work beside its answers share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use switchback_model::guard::Mode;
use switchback_model::message::Message;
use switchback_model::route::Roles;
use switchback_model::verdict::Role;
use switchback_sandbox::Loaded;
use switchback_store::control::SlotState;

use super::asks::{Asks, Sampler, asks};
use super::failures::Failures;
use super::fresh::Fresh;
use super::pairs::{self, Pairs};
use super::{Opinions, SlotConfig};
use crate::runtime::beside::Judged;
use crate::runtime::guard::Inbox;
use crate::runtime::meters::Meters;

/// What a slot and the work beside its answers share.
pub(in crate::runtime) struct SlotShared {
    config: SlotConfig,
    name: Arc<str>,
    sampler: Sampler,
    fresh: Fresh,
    meters: Meters,
    failures: Failures,
    pairs: Pairs,
    /// What the guard goes by: what the ledger says about the slot, or would say if there were one. No answer reads it.
    state: Mutex<Arc<SlotState>>,
    /// Whether the guard looks at this slot.
    is_guarded: AtomicBool,
    inbox: Arc<Inbox>,
}

impl SlotShared {
    pub(super) fn new(config: SlotConfig, inbox: Arc<Inbox>) -> Self {
        let name: Arc<str> = config.name.as_str().into();
        Self {
            meters: Meters::new(Arc::clone(&name)),
            name,
            is_guarded: AtomicBool::new(config.guard.mode != Mode::Off),
            state: Mutex::new(Arc::new(SlotState { guard: config.guard.clone(), ..SlotState::default() })),
            config,
            inbox,
            sampler: Sampler::default(),
            fresh: Fresh::default(),
            failures: Failures::default(),
            pairs: Pairs::default(),
        }
    }

    pub(in crate::runtime) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(in crate::runtime) fn config(&self) -> &SlotConfig {
        &self.config
    }

    pub(in crate::runtime) fn meters(&self) -> &Meters {
        &self.meters
    }

    pub(in crate::runtime) fn failures(&self) -> &Failures {
        &self.failures
    }

    /// Whom to ask beside the answer. A message that is too large for the slot is scored by nobody.
    pub(super) fn asks(&self, roles: &Roles<Arc<Loaded>>, message: &Message, opinions: &Opinions) -> Asks {
        if message.len() as u64 > self.config.message_bytes_max {
            return Asks::new();
        }
        asks(roles, &self.sampler, opinions)
    }

    /// Whether a message, that these are asked about, is one of the first under a route that changed who decides.
    pub(super) fn is_fresh(&self, generation: u64, asks: &Asks) -> bool {
        let compares_decider = asks.iter().any(|ask| matches!(ask.role, Role::Standby | Role::Live));
        compares_decider && self.fresh.take(generation)
    }

    /// Counts what releases made of one message.
    pub(in crate::runtime) fn compare(&self, judged: &Judged, message: &Message) {
        pairs::of(&judged.opinions).for_each(|(baseline, candidate)| self.meters.pair(baseline, candidate));
        self.pairs.add(judged, message);
        self.inbox.tell(judged, message);
    }

    /// Tells the guard of a message that one release answered.
    pub(super) fn tell_plain(self: &Arc<Self>, generation: u64, opinions: Opinions, message: &Message) {
        if self.is_guarded() {
            self.inbox.tell_plain(self, generation, opinions, message);
        }
    }

    /// What releases made of one message gets lost: there is no room for it.
    pub(in crate::runtime) fn miss(&self, judged: &Judged) {
        self.inbox.miss(judged);
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

    /// How releases differ on the messages of this process.
    pub(super) fn pairs(&self) -> &Pairs {
        &self.pairs
    }
}
