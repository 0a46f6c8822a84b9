//! The guard at work: it looks at what releases made of the same messages, beside the answers, and takes back what does
//! harm.
//!
//! **No answer waits for it.** What releases said comes here by a bounded queue: from the threads beside the answers, or,
//! where nothing else is to be done there, from those that answer. It is woken for the first message of a batch alone. Where
//! there is no room it is dropped and counted.
//!
//! **What was decided is done.** A decision is kept in the transaction that led to it; whichever process comes first
//! carries it out, and the ledger takes it once.
//!
//! **If it fails, nothing moves.** Where the guard panics, falls behind, or cannot remember, scoring goes on, promotions
//! stop, and an alert says so.

mod act;
mod batch;
mod deliver;
mod inbox;
mod rollouts;
mod spare;
mod wellness;
mod worker;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use switchback_store::alert::{By, Sink};
use switchback_store::control::SqliteStore;

pub(super) use inbox::{Inbox, Seen, is_plain};

use self::deliver::Deliverer;
use self::worker::{Order, Worker};
use super::core::Core;
use super::follow::StoreLink;

/// The guard of a runtime, until it is dropped.
pub(super) struct Guard {
    core: Arc<Core>,
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
    /// Dropped after the thread, which gives it alerts.
    deliverer: Option<Deliverer>,
}

/// The store of a guarded runtime.
#[derive(Clone)]
pub(super) struct Home {
    pub(super) dir: PathBuf,
    pub(super) store: Arc<SqliteStore>,
    /// Knows the number of this process, once it has one.
    pub(super) link: Arc<StoreLink>,
    /// What it calls itself.
    pub(super) name: String,
}

impl Home {
    /// This process.
    fn by(&self) -> By {
        By { process: self.link.process(), name: self.name.clone() }
    }
}

impl Guard {
    /// Starts it. When this returns, it has said how it is.
    pub(super) fn start(
        core: Arc<Core>,
        inbox: Receiver<Seen>,
        home: Option<Home>,
        sinks: Vec<Sink>,
    ) -> io::Result<Self> {
        let deliverer = Deliverer::start(home.as_ref(), sinks)?;
        let (orders, ordered) = bounded(0);
        let mut worker = Worker::new(Arc::clone(&core), inbox, home, deliverer.letterbox());
        worker.tick();
        let thread = thread::Builder::new().name("switchback-guard".to_owned()).spawn(move || worker.run(&ordered))?;
        Ok(Self { core, orders: Some(orders), thread: Some(thread), deliverer: Some(deliverer) })
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
        self.deliverer.iter().for_each(Deliverer::flush);
    }
}

#[cfg(test)]
mod tests;

impl Drop for Guard {
    fn drop(&mut self) {
        // What was answered is compared, and what was compared is counted.
        self.core.beside.close();
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            // A panic was caught in the thread already.
            let _ = thread.join();
        }
        drop(self.deliverer.take());
    }
}
