//! A store that somebody else wrote: where it panics, that is an error of the store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use switchback_model::contain::contained;
use switchback_model::release::Digest;
use switchback_store::control::{
    Acknowledgement, ControlStore, Drafted, Entry, EventSequence, Mark, Membership, NewProcess, Preparation, Presence,
    ReleaseFiles, ReleaseStamps, StoreError, StoreProcess, Tail, Watch, Watched, Witness,
};
use switchback_store::limits::FOLLOW_INTERVAL_MAX;

/// A store whose panics are [`StoreError::Panicked`].
#[derive(Debug)]
pub(in crate::runtime) struct ContainedStore {
    store: Arc<dyn ControlStore>,
    guard_dir: PathBuf,
}

impl ContainedStore {
    pub(in crate::runtime) fn new(store: Arc<dyn ControlStore>) -> Result<Self, StoreError> {
        let guard_dir = tried(|| Ok(store.guard_dir().to_owned()))?;
        Ok(Self { store, guard_dir })
    }
}

fn tried<T>(call: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    contained(call).unwrap_or_else(|said| Err(StoreError::Panicked(said)))
}

/// What a call without an error returns in the place of its panic.
fn tried_or<T>(instead: T, call: impl FnOnce() -> T) -> T {
    contained(call).unwrap_or_else(|said| {
        tracing::error!("the store panicked: {said}");
        instead
    })
}

impl ReleaseFiles for ContainedStore {
    fn release_location(&self, release: &Digest) -> String {
        tried_or(format!("release {release}"), || self.store.release_location(release))
    }

    fn keep_release(&self, release: &Digest, bytes: &[u8], signature: Option<&str>) -> Result<(), StoreError> {
        tried(|| self.store.keep_release(release, bytes, signature))
    }

    fn read_release(&self, release: &Digest, bytes_max: u64) -> Result<(Vec<u8>, Option<String>), StoreError> {
        tried(|| self.store.read_release(release, bytes_max))
    }

    fn find_release(&self, release: &Digest) -> Result<(), StoreError> {
        tried(|| self.store.find_release(release))
    }

    fn release_stamps(&self, release: &Digest) -> ReleaseStamps {
        tried_or(ReleaseStamps::default(), || self.store.release_stamps(release))
    }

    fn set_release_aside(&self, release: &Digest) -> Result<String, StoreError> {
        tried(|| self.store.set_release_aside(release))
    }
}

impl ControlStore for ContainedStore {
    fn guard_dir(&self) -> &Path {
        &self.guard_dir
    }

    fn entries_after(&self, sequence: EventSequence) -> Result<Vec<Entry>, StoreError> {
        tried(|| self.store.entries_after(sequence))
    }

    fn head(&self) -> Result<Option<(EventSequence, Digest)>, StoreError> {
        tried(|| self.store.head())
    }

    fn tail(&self, after: EventSequence) -> Result<Tail, StoreError> {
        tried(|| self.store.tail(after))
    }

    fn append(&self, event: &Drafted) -> Result<(), StoreError> {
        tried(|| self.store.append(event))
    }

    fn append_all(&self, events: &[Drafted]) -> Result<(), StoreError> {
        tried(|| self.store.append_all(events))
    }

    fn register(&self, process: &NewProcess) -> Result<Membership, StoreError> {
        tried(|| self.store.register(process))
    }

    fn is_seen(&self, member: &Membership) -> bool {
        tried_or(false, || self.store.is_seen(member))
    }

    fn keep_seen(&self, member: &mut Membership, process: &NewProcess) -> Result<(), StoreError> {
        tried(|| self.store.keep_seen(member, process))
    }

    fn keep_present(&self, member: &mut Membership, process: &NewProcess) -> Result<Presence, StoreError> {
        tried(|| self.store.keep_present(member, process))
    }

    fn acknowledge(&self, member: &Membership, acknowledgement: &Acknowledgement) -> Result<(), StoreError> {
        tried(|| self.store.acknowledge(member, acknowledgement))
    }

    fn report(
        &self,
        member: &Membership,
        release: &Digest,
        preparation: Option<&Preparation>,
    ) -> Result<(), StoreError> {
        tried(|| self.store.report(member, release, preparation))
    }

    fn ask_for(&self, release: &Digest) -> Result<(), StoreError> {
        tried(|| self.store.ask_for(release))
    }

    fn asked_of(&self, member: &Membership) -> Result<Vec<Digest>, StoreError> {
        tried(|| self.store.asked_of(member))
    }

    fn add_hits(&self, hits: &[(u64, u64)]) -> Result<(), StoreError> {
        tried(|| self.store.add_hits(hits))
    }

    fn hits(&self) -> Result<Vec<(u64, u64)>, StoreError> {
        tried(|| self.store.hits())
    }

    fn processes(&self) -> Result<Vec<StoreProcess>, StoreError> {
        tried(|| self.store.processes())
    }

    fn witnesses(&self) -> Result<Vec<Witness>, StoreError> {
        tried(|| self.store.witnesses())
    }

    fn remember(&self, mark: &Mark) {
        tried_or((), || self.store.remember(mark));
    }

    fn problem(&self) -> Result<Option<String>, StoreError> {
        tried(|| self.store.problem())
    }

    fn watch(&self, what: Watched) -> Result<Box<dyn Watch>, StoreError> {
        Ok(Box::new(ContainedWatch(tried(|| self.store.watch(what))?)))
    }
}

/// A watch whose panics end a wait.
struct ContainedWatch(Box<dyn Watch>);

impl Watch for ContainedWatch {
    fn wait(&mut self, timeout: Duration) {
        if contained(|| self.0.wait(timeout)).is_err() {
            // Whoever waits next finds it as it is now: without a pause a thread would do nothing else.
            thread::sleep(timeout.min(FOLLOW_INTERVAL_MAX));
        }
    }

    fn bell(&self) -> Box<dyn Fn() + Send + Sync> {
        let bell = contained(|| self.0.bell());
        // Without it, whoever waits looks by itself after a moment.
        Box::new(move || {
            if let Ok(bell) = &bell {
                let _ = contained(bell);
            }
        })
    }
}
