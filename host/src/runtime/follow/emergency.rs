//! Reverts that take effect before the store knows of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock;
use crate::control::Emergency;
use crate::release::ReleaseId;
use crate::route::Route;
use crate::sandbox::Loaded;

/// The generations that one process may use ahead of the ledger, so that no two processes name different
/// routes by the same one. A process reverts by itself once in a while, not a million times.
const GENERATIONS_PER_PROCESS: u64 = 1_000_000;

/// What joins the slots of a runtime to the store that they follow.
pub(in crate::runtime) struct StoreLink {
    /// 0 while the store cannot be written.
    process: AtomicU64,
    waiting: Mutex<Vec<Waiting>>,
    bell: Box<dyn Fn() + Send + Sync>,
}

/// Emergency reverts that the ledger does not have yet, oldest first.
pub(in crate::runtime) type Emergencies = Vec<Waiting>;

/// One of them.
#[derive(Clone, Debug)]
pub(in crate::runtime) struct Waiting {
    pub(super) slot: String,
    pub(super) to: ReleaseId,
    pub(super) emergency: Emergency,
}

impl StoreLink {
    pub(super) fn new(process: Option<u64>, bell: Box<dyn Fn() + Send + Sync>) -> Self {
        Self { process: process.unwrap_or(0).into(), waiting: Mutex::default(), bell }
    }

    /// The number of this process in the store; 0 while the store cannot be written.
    pub(in crate::runtime) fn process(&self) -> u64 {
        self.process.load(Ordering::Relaxed)
    }

    /// The process has got its number.
    pub(super) fn is_process(&self, number: u64) {
        self.process.store(number, Ordering::Relaxed);
    }

    /// How many generations an emergency revert goes on: into a range of this process's own.
    pub(in crate::runtime) fn step(&self) -> u64 {
        self.process().saturating_mul(GENERATIONS_PER_PROCESS)
    }

    /// Reverts at once, and leaves word for the ledger. While it has not got there, the store does not change
    /// this slot.
    pub(in crate::runtime) fn revert<E>(
        &self,
        slot: &str,
        revert: impl FnOnce() -> Result<Arc<Route<Loaded>>, E>,
    ) -> Result<u64, E> {
        let mut waiting = self.waiting();
        let route = revert()?;
        let generation = route.generation();
        // A route that a revert makes has a live release.
        let Some(to) = route.live().map(|live| live.id().clone()) else { return Ok(generation) };
        let emergency = Emergency { process: self.process(), at: clock::now(), generation };
        waiting.push(Waiting { slot: slot.to_owned(), to, emergency });
        drop(waiting);
        (self.bell)();
        Ok(generation)
    }

    /// The reverts that wait. While they are held, nobody reverts.
    pub(super) fn waiting(&self) -> MutexGuard<'_, Emergencies> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
