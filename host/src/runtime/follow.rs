//! A runtime that does what a store says.

pub(super) mod contained;
pub(super) mod emergency;
mod preparer;
mod shared;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use switchback_model::contain::contained;
use switchback_model::release::Digest;
use switchback_store::control::{ControlStore, Membership, NewProcess, ProcessNumber, StoreError, Watch, Watched};
use switchback_store::limits::FOLLOW_INTERVAL_MAX;
use switchback_system::clock;

pub use shared::{FollowTrouble, Following};

use self::emergency::StoreLink;
use self::preparer::Preparer;
use self::shared::Shared;
use super::core::Core;
use super::error::{BuildError, thread_failed};
use crate::limits::store::FOLLOW_NICENESS;

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
    pub(super) store: Arc<dyn ControlStore>,
    /// Or why the store cannot be written.
    membership: Result<Membership, StoreError>,
    watch: Box<dyn Watch>,
    process: NewProcess,
}

impl Enlisted {
    /// Registers this process with the slots that it will have, where the store can be written. From then on a promotion
    /// waits for this process.
    pub(super) fn new(store: Arc<dyn ControlStore>, name: &str, slots: Vec<String>) -> Result<Self, BuildError> {
        let process = NewProcess::new(name, std::process::id(), clock::now(), slots);
        let membership = match store.register(&process) {
            // It follows all the same, and registers when that is possible.
            Err(error) if !error.is_unwritable() => return Err(error.into()),
            membership => membership,
        };
        let watch = store.watch(Watched::Ledger)?;
        let number = membership.as_ref().ok().map(Membership::process);
        let link = Arc::new(StoreLink::new(number, watch.bell()));
        Ok(Self { link, store, membership, watch, process })
    }

    /// What this process calls itself.
    pub(super) fn name(&self) -> &str {
        &self.process.name
    }
}

impl Follower {
    /// Brings the runtime into the state of the store, and keeps it there.
    pub(super) fn start(core: Arc<Core>, enlisted: Enlisted) -> Result<Self, BuildError> {
        let Enlisted { link, store, membership, mut watch, process } = enlisted;
        let bell: Arc<dyn Fn() + Send + Sync> = watch.bell().into();
        let shared = Arc::new(Shared::new(core, store, membership, process, Arc::clone(&link)));
        let followed = Arc::downgrade(&shared);
        link.follow(move || followed.upgrade()?.ledger());
        let preparer = Preparer::start(Arc::clone(&shared)).map_err(thread_failed)?;
        shared.start_up()?;
        let stop = Arc::new(AtomicBool::new(false));
        let (following, stopped, jobs) = (Arc::clone(&shared), Arc::clone(&stop), preparer.jobs());
        let follow = move || {
            // On Linux niceness belongs to the thread. Where raising it is not allowed, it follows as before.
            let _ = rustix::process::nice(FOLLOW_NICENESS);
            while !stopped.load(Ordering::Acquire) {
                watch.wait(FOLLOW_INTERVAL_MAX);
                // Whoever takes the log may panic, as on a disk that is full: the next look goes on from there.
                let _ = contained(|| following.catch_up(&jobs));
            }
        };
        let thread =
            thread::Builder::new().name("switchback-follow".to_owned()).spawn(follow).map_err(thread_failed)?;
        Ok(Self { shared, stop, bell, thread: Some(thread), preparer: Some(preparer) })
    }

    /// The number of this process in its store; none where the store cannot be written.
    pub(super) fn process(&self) -> Option<ProcessNumber> {
        self.shared.process()
    }

    /// Loads a release of the store now, and says whether it is ready.
    pub(super) fn rouse(&self, release: &Digest) -> bool {
        self.shared.rouse(release)
    }

    /// What lets go of this process's place in the register, in a fork of it.
    pub(super) fn leaving_in_fork(&self) -> impl Fn() + Send + Sync + 'static {
        let shared = Arc::downgrade(&self.shared);
        move || shared.upgrade().iter().for_each(|shared| shared.leave_in_fork())
    }

    /// Tells the store what is only known here.
    pub(super) fn flush(&self) {
        self.shared.flush();
    }

    /// Writes the reverts of this process into the ledger, again and again until it has them or it is that late; returns how
    /// many it does not have.
    pub(super) fn write_all(&self, deadline: Instant) -> usize {
        loop {
            let left = self.shared.write_reverts();
            if left == 0 || Instant::now() >= deadline {
                return left;
            }
            thread::sleep(FOLLOW_INTERVAL_MAX.min(deadline.saturating_duration_since(Instant::now())));
        }
    }

    /// How it goes.
    pub(super) fn following(&self) -> Following {
        self.shared.following()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        (self.bell)();
        // Nothing in its loop panics; if it did, it has stopped.
        let _ = self.thread.take().map(JoinHandle::join);
        drop(self.preparer.take());
        self.shared.flush();
    }
}
