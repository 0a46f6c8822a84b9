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
        let next = self.read().promoting(release)?;
        Ok(self.publish(next))
    }

    /// Puts the first standby in charge. What was live has no role afterwards.
    pub(crate) fn revert(&self) -> Result<u64, RouteError> {
        let _changing = self.lock();
        let next = self.read().reverted().cloned().ok_or(RouteError::NoStandby)?;
        Ok(self.publish(next))
    }

    /// Puts a given standby in charge, and takes the role from all that came after it.
    pub(crate) fn revert_to(&self, release: &ReleaseId) -> Result<u64, RouteError> {
        let _changing = self.lock();
        let next = self.read().reverting_to(release)?;
        Ok(self.publish(next))
    }

    /// Takes the standby role from a release.
    pub(crate) fn dismiss(&self, release: &ReleaseId) -> Result<u64, RouteError> {
        let _changing = self.lock();
        let next = self.read().dismissing(release)?;
        Ok(self.publish(next))
    }

    fn publish(&self, next: Arc<Route<R>>) -> u64 {
        let generation = next.generation();
        self.current.store(next);
        generation
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
}
