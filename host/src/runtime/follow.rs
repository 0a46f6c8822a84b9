//! A runtime that does what a store says.

mod emergency;
mod preparer;
mod shared;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

pub(super) use emergency::StoreLink;

use self::preparer::Preparer;
use self::shared::Shared;
use super::Core;
use super::error::BuildError;
use crate::clock;
use crate::control::{ControlStore, Membership, NewProcess, SqliteStore, Watch, Watched};
use crate::limits::{FOLLOW_INTERVAL_MAX, FOLLOW_NICENESS};
use crate::release::CONTRACT_VERSION;

/// Keeps a runtime in the state that its store says, until it is dropped.
///
/// **Scoring waits for none of this**: a thread of its own reads the ledger and stores pointers, another one
/// makes releases ready. Where the store cannot be read, the runtime keeps the state that it has.
pub(super) struct Follower {
    shared: Arc<Shared>,
    stop: Arc<AtomicBool>,
    bell: Arc<dyn Fn() + Send + Sync>,
    thread: Option<JoinHandle<()>>,
    /// Dropped after the thread, which holds a way into its inbox.
    preparer: Option<Preparer>,
}

/// A store that a runtime is about to follow.
pub(super) struct Enlisted {
    pub(super) link: Arc<StoreLink>,
    pub(super) store: Arc<SqliteStore>,
    membership: Membership,
    watch: Box<dyn Watch>,
    pub(super) name: String,
}

impl Enlisted {
    /// Opens the store, or makes it, and registers this process with the slots that it will have. From here on
    /// a promotion waits for this process.
    pub(super) fn new(dir: &Path, name: &str, slots: Vec<String>) -> Result<Self, BuildError> {
        let store = SqliteStore::create(dir)?;
        let process = NewProcess {
            name: name.to_owned(),
            pid: std::process::id(),
            since: clock::now(),
            contract: CONTRACT_VERSION,
            slots,
        };
        let membership = store.register(&process)?;
        let watch = store.watch(Watched::Ledger)?;
        let link = Arc::new(StoreLink::new(membership.process, watch.bell()));
        Ok(Self { link, store: Arc::new(store), membership, watch, name: name.to_owned() })
    }

    /// The number of this process in the store.
    pub(super) fn process(&self) -> u64 {
        self.membership.process
    }
}

impl Follower {
    /// Brings the runtime into the state of the store, and keeps it there.
    pub(super) fn start(core: Arc<Core>, enlisted: Enlisted) -> Result<Self, BuildError> {
        let Enlisted { link, store, membership, mut watch, name } = enlisted;
        let bell: Arc<dyn Fn() + Send + Sync> = watch.bell().into();
        let shared = Arc::new(Shared::new(core, store, membership, name, link));
        let preparer = Preparer::start(Arc::clone(&shared)).map_err(thread_failed)?;
        shared.start_up()?;
        let stop = Arc::new(AtomicBool::new(false));
        let (following, stopped, jobs) = (Arc::clone(&shared), Arc::clone(&stop), preparer.jobs());
        let follow = move || {
            // On Linux niceness belongs to the thread. Where raising it is not allowed, it follows as before.
            let _ = rustix::process::nice(FOLLOW_NICENESS);
            while !stopped.load(Ordering::Acquire) {
                watch.wait(FOLLOW_INTERVAL_MAX);
                following.catch_up(&jobs);
            }
        };
        let thread =
            thread::Builder::new().name("switchback-follow".to_owned()).spawn(follow).map_err(thread_failed)?;
        Ok(Self { shared, stop, bell, thread: Some(thread), preparer: Some(preparer) })
    }

    /// The number of this process in its store.
    pub(super) fn process(&self) -> u64 {
        self.shared.process()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        (self.bell)();
        if let Some(thread) = self.thread.take() {
            // Nothing in its loop panics; if it did, it has stopped.
            let _ = thread.join();
        }
        drop(self.preparer.take());
        self.shared.flush();
    }
}

fn thread_failed(error: io::Error) -> BuildError {
    BuildError::Sandbox(format!("a thread cannot be started: {error}"))
}
