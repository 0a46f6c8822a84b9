//! Which release judges a message: one immutable table behind one atomic pointer.
//!
//! **A message is judged by one route.** It is read once per message, and everything about the message is
//! decided from what was read.
//!
//! **A revert allocates nothing before it takes effect.** A route carries the route that a revert would
//! make, built when there was time.

mod roles;
mod share;
mod table;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, Guard};

pub use crate::generation::Generation;
pub use roles::Roles;
pub use roles::{Canary, CoolOff, SegmentRule, Shadow, Share};
pub use share::{BASIS_POINTS, Buckets, CanaryKey, InvalidSalt, Salt};
pub use table::{Route, Warm};

use crate::gone::RuntimeGone;
use crate::guard::{InvalidSegment, Segment};
use crate::release::ReleaseId;

/// The pointer to the route of one slot, and the right to change it.
pub struct Switch<R> {
    current: ArcSwap<Route<R>>,
    /// One change at a time. Readers do not take it.
    changing: Mutex<()>,
}

impl<R: Warm> fmt::Debug for Switch<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switch").field("generation", &self.current.load().generation()).finish_non_exhaustive()
    }
}

impl<R: Warm> Switch<R> {
    /// A switch whose slot has no release yet, at generation 0.
    #[doc(hidden)]
    pub fn new() -> Self {
        Self { current: ArcSwap::from_pointee(Route::empty()), changing: Mutex::new(()) }
    }

    /// The route, for one message. Reading it writes nothing that another thread reads, as an [`Arc`]'s count is: a thread
    /// has eight such guards at once, and a message takes three.
    #[doc(hidden)]
    pub fn read(&self) -> Guard<Arc<Route<R>>> {
        self.current.load()
    }

    /// Changes the roles, and returns the new generation.
    #[doc(hidden)]
    pub fn change(
        &self,
        change: impl FnOnce(Roles<Arc<R>>) -> Result<Roles<Arc<R>>, RouteError>,
    ) -> Result<Generation, RouteError> {
        let _changing = self.lock();
        let current = self.read();
        let next = Route::new(change(current.roles().clone())?);
        Ok(self.publish(next, current.generation().next()).generation())
    }

    /// Makes the first standby live, `step` generations on. What was live has no role afterwards.
    #[doc(hidden)]
    pub fn revert(&self, step: u64) -> Result<Arc<Route<R>>, RouteError> {
        let _changing = self.lock();
        let current = self.read();
        let next = current.reverted().cloned().ok_or(RouteError::NoStandby)?;
        Ok(self.publish(next, current.generation().after(step)))
    }

    /// Makes a given standby live, `step` generations on, and takes the role from all that came after it.
    #[doc(hidden)]
    pub fn revert_to(&self, release: &ReleaseId, step: u64) -> Result<Arc<Route<R>>, RouteError> {
        let _changing = self.lock();
        let current = self.read();
        Ok(self.publish(current.reverting_to(release)?, current.generation().after(step)))
    }

    /// Takes over the roles that a store says, at the generation that it says.
    #[doc(hidden)]
    pub fn install(&self, generation: Generation, roles: Roles<Arc<R>>) {
        let _changing = self.lock();
        let current = self.read();
        if current.generation() == generation && current.is(&roles) {
            return;
        }
        // A revert finds the route that was built for it.
        let ready = current.reverted().filter(|reverted| reverted.is(&roles));
        let next = ready.cloned().unwrap_or_else(|| Route::new(roles));
        self.publish(next, generation);
    }

    fn publish(&self, next: Arc<Route<R>>, generation: Generation) -> Arc<Route<R>> {
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
    /// The release is live, and only another one takes that role from it.
    #[error("{0} is live: revert, or promote another release, to replace it")]
    StaysLive(ReleaseId),
    /// The release is not a standby of this slot.
    #[error("{0} is not a standby of this slot: promote it instead")]
    NotStandby(ReleaseId),
    /// The release has no role in this slot.
    #[error("{0} has no role in this slot")]
    NoRole(ReleaseId),
    /// A canary needs a live release beside it.
    #[error("the slot has no live release for a canary to share the messages with: promote one first")]
    NothingLive,
    /// A share is outside its range.
    #[error("{0} basis points is not a valid share: 1 (0.01 %) to 10,000 (100 %) are possible")]
    Share(u16),
    /// The canaries of the slot would decide for more than everything.
    #[error("the other canaries of this slot leave {} %", f64::from(*left_bp) / 100.0)]
    SharesAboveAll {
        /// What they leave, in basis points.
        left_bp: u16,
    },
    /// The canaries of a slot share by one key.
    #[error("{release} is a canary here by {key}, and all canaries of a slot share by one key: withdraw it first")]
    OtherKey {
        /// A canary of the slot.
        release: ReleaseId,
        /// Its key.
        key: CanaryKey,
    },
    /// A segment cannot be told from the others on the way of a message.
    #[error("{0} cannot be reverted by itself: only a domain, or a provider with its domains, can")]
    NoSuchSenders(Segment),
    /// No mail can be of the segment.
    #[error(transparent)]
    Segment(InvalidSegment),
    /// Too many segments are reverted.
    #[error("8 segments of this slot are reverted, which is the most: revert the release instead")]
    TooManySegments,
    /// The segment is not back at a standby.
    #[error("{0} is decided by the live release already")]
    NoSegmentRule(Segment),
    /// The runtime does nothing any more.
    #[error(transparent)]
    Gone(#[from] RuntimeGone),
    /// The runtime has no such release.
    #[error("{0} is not loaded")]
    NotLoaded(ReleaseId),
    /// The guard found it harmful.
    #[error("the guard found {0} harmful in this slot: clear that first (`clear_harmful`) if you know why it is safe")]
    Harmful(ReleaseId),
}
