//! How a runtime ends in order.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use switchback_model::gone::RuntimeGone;
use switchback_system::clock::deadline_after;

use super::companions::Companions;
use super::core::Core;

/// What an end has come to, in the order in which things end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum EndStage {
    /// Messages are being scored, or something is being flushed.
    #[default]
    Scoring,
    /// What was answered is compared and recorded.
    Records,
    /// The guard counts what was compared, does what follows, and tells people.
    Guard,
    /// Reverts and hits of overrides are written into the store, which the process leaves.
    Store,
    /// All of it is done.
    Done,
}

/// A runtime did not come to its end in time. It goes on ending in the background for as long as the process lives.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShutdownError {
    /// It takes longer than the time that was given.
    #[error("the runtime has not ended after {} ms: {}", .timeout.as_millis(), match stage {
        EndStage::Scoring => "a message is still being scored",
        EndStage::Records => "what was answered is not recorded yet",
        EndStage::Guard => "the guard has not counted everything yet",
        EndStage::Store | EndStage::Done => "what the store has to know is not written yet",
    })]
    TimedOut {
        /// What it has come to.
        stage: EndStage,
        /// The time that was given.
        timeout: Duration,
    },
    /// Reverts that took effect in this process are not in the ledger of its store: no other process will obey them.
    #[error(
        "{reverts} reverts of this process are not in the ledger, which cannot be written: revert with the command once it can"
    )]
    RevertsLost {
        /// How many.
        reverts: usize,
    },
    /// There is nothing to end here.
    #[error(transparent)]
    Gone(#[from] RuntimeGone),
}

/// The end of a runtime, as whoever waits for it sees it.
#[derive(Default)]
pub(super) struct Ending {
    stage: Mutex<Option<(EndStage, usize)>>,
    changed: Condvar,
}

/// What has to end.
pub(super) struct Parts {
    pub(super) core: Arc<Core>,
    pub(super) companions: Companions,
}

impl Ending {
    /// Ends everything on a thread of its own, unless somebody began before, and waits for it.
    pub(super) fn end(self: &Arc<Self>, parts: impl FnOnce() -> Parts, timeout: Duration) -> Result<(), ShutdownError> {
        let deadline = deadline_after(timeout);
        if self.is_first() {
            let (ending, parts) = (Arc::clone(self), Arc::new(Mutex::new(Some(parts()))));
            let parts_of_thread = Arc::clone(&parts);
            let thread = thread::Builder::new().name("switchback-end".to_owned());
            // Where no thread can be had, this one does it, however long that takes.
            if thread.spawn(move || ending.run(&parts_of_thread, deadline)).is_err() {
                self.run(&parts, deadline);
            }
        }
        let waiting = |stage: &mut Option<(EndStage, usize)>| !matches!(stage, Some((EndStage::Done, _)));
        let left = deadline.saturating_duration_since(Instant::now());
        let (stage, _) =
            self.changed.wait_timeout_while(self.stage(), left, waiting).unwrap_or_else(PoisonError::into_inner);
        match stage.unwrap_or_default() {
            (EndStage::Done, 0) => Ok(()),
            (EndStage::Done, reverts) => Err(ShutdownError::RevertsLost { reverts }),
            (stage, _) => Err(ShutdownError::TimedOut { stage, timeout }),
        }
    }

    fn is_first(&self) -> bool {
        let mut stage = self.stage();
        let is_first = stage.is_none();
        stage.get_or_insert_default();
        is_first
    }

    fn run(&self, parts: &Mutex<Option<Parts>>, deadline: Instant) {
        let parts = parts.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Parts { core, companions }) = parts else { return };
        core.life.wait_for_leaving();
        self.come_to(EndStage::Records, 0);
        core.background.close();
        self.come_to(EndStage::Guard, 0);
        companions.end_guard();
        self.come_to(EndStage::Store, 0);
        let reverts = companions.leave_store(deadline);
        self.come_to(EndStage::Done, reverts);
    }

    fn come_to(&self, stage: EndStage, reverts: usize) {
        *self.stage() = Some((stage, reverts));
        self.changed.notify_all();
    }

    fn stage(&self) -> MutexGuard<'_, Option<(EndStage, usize)>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
