//! Which release judges a message: one immutable table behind one atomic pointer.
//!
//! **A message is judged by one route.** It is read once per message, and everything about the message is
//! decided from what was read.
//!
//! **A revert allocates nothing before it takes effect.** A route carries the route that a revert would
//! make, built when there was time.

mod table;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

pub(crate) use table::{Route, Warm};

use crate::release::ReleaseId;

/// The pointer to the route of one slot, and the right to change it.
pub(crate) struct Switch<R> {
    current: ArcSwap<Route<R>>,
    /// One change at a time. Readers do not take it.
    changing: Mutex<()>,
}

impl<R: Warm> Switch<R> {
    /// A switch whose slot has no release yet, at generation 0.
    pub(crate) fn new() -> Self {
        Self { current: ArcSwap::from_pointee(Route::empty()), changing: Mutex::new(()) }
    }

    /// The route, for one message.
    pub(crate) fn read(&self) -> Arc<Route<R>> {
        // Not a guard: it would be held for the whole call, and there are few of the cheap ones.
        self.current.load_full()
    }

    /// Puts a release in charge. What was live becomes the first standby.
    pub(crate) fn promote(&self, release: &Arc<R>) -> Result<u64, RouteError> {
        let _changing = self.lock();
        let current = self.read();
        Ok(self.publish(current.promoting(release)?, current.generation() + 1).generation())
    }

    /// Puts the first standby in charge, `step` generations on. What was live has no role afterwards.
    pub(crate) fn revert(&self, step: u64) -> Result<Arc<Route<R>>, RouteError> {
        let _changing = self.lock();
        let current = self.read();
        let next = current.reverted().cloned().ok_or(RouteError::NoStandby)?;
        Ok(self.publish(next, current.generation() + step))
    }

    /// Puts a given standby in charge, `step` generations on, and takes the role from all that came after it.
    pub(crate) fn revert_to(&self, release: &ReleaseId, step: u64) -> Result<Arc<Route<R>>, RouteError> {
        let _changing = self.lock();
        let current = self.read();
        Ok(self.publish(current.reverting_to(release)?, current.generation() + step))
    }

    /// Takes over the roles that a store says, at the generation that it says.
    pub(crate) fn install(&self, generation: u64, live: Option<&Arc<R>>, standbys: Vec<Arc<R>>) {
        let _changing = self.lock();
        let current = self.read();
        if current.generation() == generation && current.is(live, &standbys) {
            return;
        }
        // A revert finds the route that was built for it.
        let ready = current.reverted().filter(|reverted| reverted.is(live, &standbys));
        let next = ready.cloned().unwrap_or_else(|| Route::new(live.cloned(), standbys));
        self.publish(next, generation);
    }

    /// Takes the standby role from a release.
    pub(crate) fn dismiss(&self, release: &ReleaseId) -> Result<u64, RouteError> {
        let _changing = self.lock();
        let current = self.read();
        Ok(self.publish(current.dismissing(release)?, current.generation() + 1).generation())
    }

    fn publish(&self, next: Arc<Route<R>>, generation: u64) -> Arc<Route<R>> {
        next.number(generation);
        self.current.store(Arc::clone(&next));
        next
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        // The pointer is whole at every instant, whatever happened to the thread that held the lock.
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a route cannot be changed as asked. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// There is nothing to revert to.
    #[error("there is no standby to revert to: promote a release instead")]
    NoStandby,
    /// The release is live already.
    #[error("{0} is live already")]
    AlreadyLive(ReleaseId),
    /// The release is no standby of this slot.
    #[error("{0} is no standby of this slot: promote it instead")]
    NotStandby(ReleaseId),
    /// The runtime has no such release.
    #[error("{0} is not loaded")]
    NotLoaded(ReleaseId),
    /// The slot's route is a store's.
    #[error("the slot follows a store: change it there, with `Control` or the command `switchback`")]
    FollowsStore,
}
