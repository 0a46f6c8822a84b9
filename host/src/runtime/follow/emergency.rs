//! Reverts that take effect before the store knows of them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use switchback_model::release::ReleaseId;
use switchback_model::route::{Generation, Route, RouteError};
use switchback_sandbox::Loaded;
use switchback_store::control::{Emergency, Ledger, ProcessNumber};
use switchback_system::clock;

use crate::runtime::slot::RevertLog;

/// The generations that one process may use ahead of the ledger, so that no two processes name different
/// routes by the same one. A process reverts by itself once in a while, not a million times.
const GENERATIONS_PER_PROCESS: u64 = 1_000_000;

/// The most generations that a revert goes on: a store may give any number to a process, and a generation has 64 bits.
const GENERATIONS_AHEAD_MAX: u64 = 1 << 48;

/// What joins the slots of a runtime to the store that they follow.
pub(in crate::runtime) struct StoreLink {
    /// 0 while the store cannot be written.
    process: AtomicU64,
    waiting: Mutex<Emergencies>,
    /// One of them was written, or refused.
    answered: Condvar,
    bell: Box<dyn Fn() + Send + Sync>,
    /// What gives the ledger as this process follows it.
    ledger: OnceLock<Box<LedgerSource>>,
}

/// Gives a ledger that is followed; none while it is not.
type LedgerSource = dyn Fn() -> Option<Ledger> + Send + Sync;

/// Emergency reverts of this process.
#[derive(Default)]
pub(in crate::runtime) struct Emergencies {
    /// Those that the ledger does not have yet, oldest first.
    pub(super) waiting: VecDeque<Waiting>,
    /// Those that it refused.
    refused: Vec<Waiting>,
}

/// What the ledger did with a revert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    Written,
    Refused,
}

/// One of them.
#[derive(Clone, Debug)]
pub(in crate::runtime) struct Waiting {
    pub(super) slot: String,
    pub(super) to: ReleaseId,
    pub(super) emergency: Emergency,
}

impl StoreLink {
    pub(super) fn new(process: Option<ProcessNumber>, bell: Box<dyn Fn() + Send + Sync>) -> Self {
        let (waiting, answered, ledger) = Default::default();
        Self { process: process.map_or(0, ProcessNumber::get).into(), waiting, answered, bell, ledger }
    }

    /// The store is followed, and this gives its ledger.
    pub(super) fn follow(&self, ledger: impl Fn() -> Option<Ledger> + Send + Sync + 'static) {
        // Fails only for a second follower, and there is one.
        let _ = self.ledger.set(Box::new(ledger));
    }

    /// The ledger as far as this process has read it; none while it cannot be followed. Reads nothing.
    pub(in crate::runtime) fn ledger(&self) -> Option<Ledger> {
        self.ledger.get()?()
    }

    /// The number of this process in the store; 0 while the store cannot be written.
    pub(in crate::runtime) fn process(&self) -> u64 {
        self.process.load(Ordering::Relaxed)
    }

    /// The process has got its number.
    pub(super) fn is_process(&self, number: ProcessNumber) {
        self.process.store(number.get(), Ordering::Relaxed);
    }

    /// How many generations an emergency revert goes on: into a range of this process's own.
    fn step(&self) -> u64 {
        self.process().saturating_mul(GENERATIONS_PER_PROCESS).min(GENERATIONS_AHEAD_MAX)
    }

    /// The oldest revert that waits was answered.
    pub(super) fn answer(&self, answered: Answered) {
        let mut emergencies = self.waiting();
        let oldest = emergencies.waiting.pop_front();
        if answered == Answered::Refused {
            emergencies.refused.extend(oldest);
        }
        drop(emergencies);
        self.answered.notify_all();
    }

    /// The reverts that wait. While they are held, nobody reverts.
    pub(super) fn waiting(&self) -> MutexGuard<'_, Emergencies> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RevertLog for StoreLink {
    /// While the ledger does not have it, the store does not change this slot.
    fn revert(
        &self,
        slot: &str,
        revert: &dyn Fn(u64) -> Result<Arc<Route<Loaded>>, RouteError>,
    ) -> Result<Generation, RouteError> {
        let mut waiting = self.waiting();
        let route = revert(self.step())?;
        let generation = route.generation();
        // A route that a revert makes has a live release.
        let Some(to) = route.live().map(|live| live.id().clone()) else { return Ok(generation) };
        let emergency = Emergency::new(ProcessNumber::new(self.process()), clock::now(), generation);
        waiting.waiting.push_back(Waiting { slot: slot.to_owned(), to, emergency });
        drop(waiting);
        (self.bell)();
        Ok(generation)
    }

    fn has_written(&self, slot: &str, generation: Generation) -> bool {
        let Emergencies { waiting, refused } = &*self.waiting();
        !waiting.iter().chain(refused).any(|one| one.made(slot, generation))
    }

    fn wait_written(&self, slot: &str, generation: Generation, timeout: Duration) -> bool {
        let is_waiting =
            |emergencies: &mut Emergencies| emergencies.waiting.iter().any(|one| one.made(slot, generation));
        drop(self.answered.wait_timeout_while(self.waiting(), timeout, is_waiting));
        self.has_written(slot, generation)
    }
}

impl Waiting {
    fn made(&self, slot: &str, generation: Generation) -> bool {
        (self.slot.as_str(), self.emergency.generation) == (slot, generation)
    }
}
