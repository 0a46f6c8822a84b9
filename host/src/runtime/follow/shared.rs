//! What the threads of a follower share: how far this process has come, and how it goes on.

mod obey;
mod read;
mod ready;
mod tell;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::emergency::StoreLink;
use crate::control::{Acknowledgement, Broken, Ledger, Membership, SqliteStore, StoreError};
use crate::release::Digest;
use crate::runtime::Core;
use crate::runtime::error::BuildError;
use crate::verdict::{HitCounter, Overrides};

pub(super) struct Shared {
    core: Arc<Core>,
    store: Arc<SqliteStore>,
    membership: Membership,
    /// What this process calls itself.
    name: String,
    link: Arc<StoreLink>,
    progress: Mutex<Progress>,
}

/// How far this process has come.
#[derive(Default)]
struct Progress {
    ledger: Ledger,
    /// The index of the ledger's overrides.
    overrides: Overrides,
    /// Whether the slots look at an older one.
    overrides_changed: bool,
    /// Releases that were loaded for the store. What a program of this process loads by itself is its own.
    held: BTreeSet<Digest>,
    /// Releases that could not be loaded, and why.
    failed: BTreeMap<Digest, ready::Failure>,
    /// Releases that the preparer has been told to load.
    ordered: Vec<Digest>,
    acknowledged: Option<Acknowledgement>,
    /// Overrides that are no more, with hits of which the store may not know.
    expired: Vec<HitCounter>,
    /// Hits that the store knows of, by override.
    reported_hits: BTreeMap<u64, u64>,
    /// When it was told last.
    hits_reported: Option<Instant>,
    /// What went wrong last, so that it is logged once.
    trouble: Option<String>,
}

impl Shared {
    pub(super) fn new(
        core: Arc<Core>,
        store: Arc<SqliteStore>,
        membership: Membership,
        name: String,
        link: Arc<StoreLink>,
    ) -> Self {
        Self { core, store, membership, name, link, progress: Mutex::default() }
    }

    /// The number of this process in the store.
    pub(super) fn process(&self) -> u64 {
        self.membership.process
    }

    /// Reads the ledger and loads what it says, on this thread: a filter starts with a release in charge.
    pub(super) fn start_up(&self) -> Result<(), BuildError> {
        let mut progress = self.progress();
        let started = self.read(&mut progress).and_then(|()| {
            self.load_all(&mut progress);
            self.obey(&mut progress)
        });
        started.map_err(|trouble| BuildError::Store(trouble.to_string()))
    }

    /// Takes over what is new in the store, and tells it what is new here.
    pub(super) fn catch_up(&self, jobs: &Sender<Digest>) {
        let mut progress = self.progress();
        let trouble = self.exchange(&mut progress, jobs).err().map(|trouble| trouble.to_string());
        if trouble != progress.trouble {
            match &trouble {
                Some(trouble) => tracing::error!(%trouble, "the store cannot be followed; scoring goes on as before"),
                None => tracing::info!("the store can be followed again"),
            }
            progress.trouble = trouble;
        }
    }

    fn exchange(&self, progress: &mut Progress, jobs: &Sender<Digest>) -> Result<(), Trouble> {
        self.read(progress)?;
        self.write_emergencies(progress)?;
        self.order(progress, jobs);
        self.obey(progress)?;
        self.report_hits_in_time(progress)
    }

    /// Loads one release, and does what had to wait for it.
    pub(super) fn prepare(&self, release: &Digest) {
        let loaded = self.load(release);
        let mut progress = self.progress();
        progress.ordered.retain(|ordered| ordered != release);
        let told = self.settle(&mut progress, release, loaded).and_then(|()| self.obey(&mut progress));
        if let Err(error) = told {
            tracing::warn!(%error, "the store does not know yet which releases are ready here");
        }
    }

    /// Tells the store what is only known here. Called last.
    pub(super) fn flush(&self) {
        let mut progress = self.progress();
        let told = self.write_emergencies(&mut progress).and_then(|()| self.report_hits(&mut progress));
        if let Err(error) = told {
            tracing::warn!(%error, "the store does not know the last hits of overrides");
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why the store cannot be followed. The state stays as it is.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("its ledger is not whole: {0}")]
    Ledger(#[from] Broken),
}
