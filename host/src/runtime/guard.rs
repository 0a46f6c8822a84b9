//! The guard at work: in the background it looks at what releases made of the same messages, and takes back what does harm.
//!
//! **No answer waits for it.** What releases said comes here by a bounded queue: from the threads of the background work,
//! or, where nothing else is to be done there, from those that answer. It is woken for the first message of a batch alone. Where
//! there is no room it is dropped and counted.
//!
//! **What was decided is done.** A decision is kept in the transaction that led to it; whichever process comes first
//! carries it out, and the ledger takes it once.
//!
//! **If it fails, nothing moves.** Where the guard panics, falls behind, or cannot remember, scoring goes on, promotions
//! stop, and an alert says so.

mod act;
mod batch;
mod decision;
#[cfg(feature = "alerts")]
mod delivery;
#[cfg(not(feature = "alerts"))]
#[path = "guard/undelivered.rs"]
mod delivery;
mod health;
mod observations;
mod rollouts;
mod spare;
mod state;
mod store_context;
#[cfg(test)]
mod tests;
mod worker;

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

pub(super) use delivery::{Alerts, Sinks};
pub(super) use observations::{Observation, ObservationQueue};
pub(super) use store_context::StoreContext;

use self::delivery::Delivery;
use self::state::GuardState;
use self::worker::{Order, Worker};
use super::core::Core;

/// The guard of a runtime, until it is dropped.
pub(super) struct Guard {
    core: Arc<Core>,
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
    /// Dropped after the thread, which gives it alerts.
    delivery: Option<Delivery>,
}

impl Guard {
    /// Starts it. When this returns, it has said how it is.
    pub(super) fn start(
        core: Arc<Core>,
        (observed, observations): (Arc<ObservationQueue>, Receiver<Observation>),
        context: Option<StoreContext>,
        sinks: Sinks,
    ) -> io::Result<Self> {
        let delivery = Delivery::start(context.as_ref(), sinks)?;
        let (orders, ordered) = bounded(0);
        let state = GuardState::new(Arc::clone(&core), observed, context, delivery.queue());
        let mut worker = Worker::new(state, observations);
        worker.tick();
        let thread = thread::Builder::new().name("switchback-guard".to_owned()).spawn(move || worker.run(&ordered))?;
        Ok(Self { core, orders: Some(orders), thread: Some(thread), delivery: Some(delivery) })
    }

    /// Waits until it has looked at all that it was told so far, and has done what follows. For whoever receives alerts
    /// it waits 15 seconds at most.
    pub(super) fn flush(&self) {
        let (done, is_done) = bounded(0);
        let sent = self.orders.as_ref().map(|orders| orders.send(Order::Flush(done)));
        if matches!(sent, Some(Ok(()))) {
            // Fails only if the thread has ended.
            let _ = is_done.recv();
        }
        self.delivery.iter().for_each(Delivery::flush);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // What was answered is compared, and what was compared is counted.
        self.core.background.close();
        drop(self.orders.take());
        // A panic was caught in the thread already.
        let _ = self.thread.take().map(JoinHandle::join);
        drop(self.delivery.take());
    }
}
