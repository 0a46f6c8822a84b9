//! The releases that a runtime has loaded.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use switchback_model::release::{Digest, ReleaseId};
use switchback_sandbox::Loaded;

/// Every loaded release. Reading waits for nobody.
#[derive(Default)]
pub(super) struct Releases {
    loaded: ArcSwap<BTreeMap<Digest, Arc<Loaded>>>,
    changing: Mutex<()>,
}

impl Releases {
    /// While this is held, no release comes or goes.
    pub(super) fn hold(&self) -> MutexGuard<'_, ()> {
        // The map is replaced as a whole, whatever happened to the thread that held the lock.
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, release: &ReleaseId) -> Option<Arc<Loaded>> {
        self.loaded.load().get(&release.digest).cloned()
    }

    pub(super) fn has(&self, release: &Digest) -> bool {
        self.loaded.load().contains_key(release)
    }

    /// Every loaded release, by name and version.
    pub(super) fn ids(&self) -> Vec<ReleaseId> {
        let mut ids: Vec<_> = self.loaded.load().values().map(|loaded| loaded.id().clone()).collect();
        ids.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        ids
    }

    /// Adds a release, unless it is there.
    pub(super) fn add(&self, release: Arc<Loaded>) {
        let _held = self.hold();
        let mut loaded = BTreeMap::clone(&self.loaded.load());
        loaded.entry(release.id().digest).or_insert(release);
        self.loaded.store(Arc::new(loaded));
    }

    /// Removes a release, under the lock that its caller holds.
    pub(super) fn remove(&self, release: &Digest, _held: &MutexGuard<'_, ()>) {
        let mut loaded = BTreeMap::clone(&self.loaded.load());
        loaded.remove(release);
        self.loaded.store(Arc::new(loaded));
    }
}
