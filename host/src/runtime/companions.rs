//! What works beside the slots of a runtime: what follows its store, and its guard.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::{ArcSwap, ArcSwapOption};
use crossbeam_channel::Receiver;
use switchback_model::name::{acceptable, check_name};
use switchback_model::verdict::Overrides;
use switchback_store::alert::Changes;

use super::core::Core;
use super::error::{BuildError, thread_failed};
use super::exchange::Exchange;
use super::follow::{Enlisted, Follower};
use super::guard::{Guard, Observation, ObservationQueue, Sinks, StoreContext};
use super::meters::StoreMeters;
use super::news::News;
use super::options::{Followed, Options, program_name};
use super::slot::{Observer, RevertLog};

/// What will work beside the slots, before there are any.
pub(super) struct Planned {
    enlisted: Option<Enlisted>,
    observed: Arc<ObservationQueue>,
    observations: Receiver<Observation>,
    sinks: Sinks,
    changes: Changes,
}

/// What works beside the slots, each until the end.
pub(super) struct Companions {
    /// Present if there is a slot. Dropped first: it counts what was answered, and writes what follows.
    guard: ArcSwapOption<Guard>,
    /// Present if the runtime follows a store.
    follower: ArcSwapOption<Follower>,
}

impl Planned {
    /// Without a store.
    pub(super) fn local(options: &Options) -> Result<Self, BuildError> {
        Self::new(options, None)
    }

    /// With a store, which has registered this process afterwards.
    pub(super) fn following(options: &Options, store: Followed) -> Result<Self, BuildError> {
        Self::new(options, Some(store))
    }

    fn new(options: &Options, store: Option<Followed>) -> Result<Self, BuildError> {
        let name = options.name.clone().unwrap_or_else(|| acceptable(&program_name()));
        check_name(&name).map_err(|error| BuildError::Range(format!("a process: {error}")))?;
        let sinks = options.alerts.sinks().map_err(|error| BuildError::Range(error.to_string()))?;
        let slots = options.slots.iter().map(|slot| slot.name.clone()).collect();
        let store = store.map(Followed::open).transpose()?;
        let enlisted = store.map(|store| Enlisted::new(store, &name, slots)).transpose()?;
        let (observed, observations) = ObservationQueue::new();
        Ok(Self { enlisted, observed, observations, sinks, changes: options.alerts.changes })
    }

    /// Whom slots tell what releases made of messages.
    pub(super) fn observer(&self) -> Option<Arc<dyn Observer>> {
        Some(Arc::<ObservationQueue>::clone(&self.observed))
    }

    /// Where slots leave word of reverts.
    pub(super) fn revert_log(&self) -> Option<Arc<dyn RevertLog>> {
        self.enlisted.as_ref().map(|enlisted| Arc::clone(&enlisted.link) as Arc<dyn RevertLog>)
    }

    /// The number of this process in the store; 0 without one.
    #[cfg(feature = "journal")]
    pub(super) fn process(&self) -> u64 {
        self.enlisted.as_ref().map_or(0, |enlisted| enlisted.link.process())
    }

    /// What the slots share with what will work beside them.
    pub(super) fn exchange(&self, overrides: &Arc<ArcSwap<Overrides>>) -> Exchange {
        Exchange { meters: StoreMeters::new(), news: News::new(self.changes), overrides: Arc::clone(overrides) }
    }

    /// Starts it.
    pub(super) fn start(self, core: &Arc<Core>) -> Result<Companions, BuildError> {
        let Self { enlisted, observed, observations, sinks, .. } = self;
        let context = enlisted.as_ref().map(|enlisted| StoreContext {
            dir: enlisted.store.guard_dir().to_owned(),
            store: Arc::clone(&enlisted.store),
            link: Arc::clone(&enlisted.link),
            name: enlisted.name().to_owned(),
        });
        let follower = enlisted.map(|enlisted| Follower::start(Arc::clone(core), enlisted)).transpose()?;
        let start_guard = || Guard::start(Arc::clone(core), (observed, observations), context, sinks);
        let guard = (!core.slots.is_empty()).then(start_guard).transpose().map_err(thread_failed)?;
        follower.iter().for_each(|follower| core.life.in_fork(follower.leaving_in_fork()));
        Ok(Companions { guard: guard.map(Arc::new).into(), follower: follower.map(Arc::new).into() })
    }
}

impl Companions {
    /// What follows the store, if there is one.
    pub(super) fn follower(&self) -> Option<Arc<Follower>> {
        self.follower.load_full()
    }

    /// Waits until they have done what they know of.
    pub(super) fn flush(&self) {
        self.guard.load().iter().for_each(|guard| guard.flush());
        self.follower.load().iter().for_each(|follower| follower.flush());
    }

    /// Hands them over, so that they end with whoever has them.
    pub(super) fn take(&self) -> Self {
        Self { guard: self.guard.swap(None).into(), follower: self.follower.swap(None).into() }
    }

    /// Lets the guard count, do what follows and tell people.
    pub(super) fn end_guard(&self) {
        drop(self.guard.swap(None));
    }

    /// Writes reverts into the ledger until then, and leaves the store; returns how many reverts the ledger does not have.
    pub(super) fn leave_store(&self, deadline: Instant) -> usize {
        let follower = self.follower.swap(None);
        follower.as_ref().map_or(0, |follower| follower.write_all(deadline))
    }
}
