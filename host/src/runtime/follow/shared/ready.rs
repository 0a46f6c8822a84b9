//! Making releases ready.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use switchback_model::release::{Digest, Draft, ReleaseId};
use switchback_store::control::{LayoutError, Preparation, ReleaseStamps, StoreError, TrustList};
use switchback_system::shortage;

use super::{Progress, Shared};
use crate::limits::store::{LOAD_PAUSE_MAX, LOAD_PAUSE_MIN};
use crate::runtime::error::{LoadFault, describe};

/// A release that could not be loaded.
pub(super) struct Failure {
    /// The files that it was loaded from, its own and its signature's: others are tried.
    files: ReleaseStamps,
    /// Whose releases were accepted: by another list it is tried again.
    trust: TrustList,
    pub(super) why: String,
    /// Present where the system did not give what it took: it is tried again by itself.
    retry: Option<Retry>,
}

/// When a release is tried again for which the system did not suffice.
#[derive(Clone, Copy)]
struct Retry {
    at: Instant,
    pause: Duration,
}

impl Retry {
    /// Later after each failure.
    fn after(earlier: Option<Self>) -> Self {
        let pause = earlier.map_or(LOAD_PAUSE_MIN, |earlier| (2 * earlier.pause).min(LOAD_PAUSE_MAX));
        Self { at: Instant::now() + pause, pause }
    }
}

impl Failure {
    /// As the store is told.
    pub(super) fn preparation(&self) -> Preparation {
        Preparation::Failed { why: self.why.clone() }
    }
}

/// Where a damaged file is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Aside,
    Same,
}

/// Why a release is not loaded.
enum Unusable {
    /// Its file is damaged, and has to go.
    Damaged(String),
    /// The system does not give what it takes.
    Short(String),
    /// Something else.
    Other(String),
}

impl Shared {
    /// Tells the preparer what to load: what has a role, is new or was asked for, and what failed if that may be over.
    pub(super) fn order(&self, progress: &mut Progress, jobs: &Sender<Digest>) {
        for release in self.asked_for(progress) {
            progress.asleep.remove(&release);
        }
        for release in wanted(progress) {
            if self.is_settled(progress, &release) || progress.ordered.contains(&release) {
                continue;
            }
            self.take_back_failure(progress, &release);
            progress.ordered.push(release);
            // Fails only while the follower is being dropped.
            let _ = jobs.send(release);
        }
    }

    /// What operators want to be ready here.
    fn asked_for(&self, progress: &Progress) -> Vec<Digest> {
        let asked = progress.membership.as_ref().map(|membership| self.store.asked_of(membership));
        asked.transpose().map(Option::unwrap_or_default).unwrap_or_else(|error| {
            tracing::debug!(error = describe(&error), "it is not known which releases are asked for");
            Vec::new()
        })
    }

    fn is_settled(&self, progress: &Progress, release: &Digest) -> bool {
        let files = || self.store.release_stamps(release);
        match progress.failed.get(release) {
            Some(failure) => {
                let is_early = failure.retry.is_none_or(|retry| Instant::now() < retry.at);
                is_early && failure.files == files() && failure.trust == progress.ledger.state().trust
            }
            None => progress.held.contains(release) && self.core.releases.has(release),
        }
    }

    /// Nobody shall be told of a failure that may be over. One for lack of something probably is not.
    fn take_back_failure(&self, progress: &mut Progress, release: &Digest) {
        if progress.failed.get(release).is_none_or(|failure| failure.retry.is_some()) {
            return;
        }
        progress.failed.remove(release);
        self.take_back(progress, release);
    }

    /// Takes back what this process said of a release.
    pub(super) fn take_back(&self, progress: &Progress, release: &Digest) {
        let Some(membership) = &progress.membership else { return };
        if let Err(error) = self.store.report(membership, release, None) {
            tracing::debug!(error = describe(&error), %release, "the store does not know yet that a release is not ready any more");
        }
    }

    /// Loads what has a role, on this thread, the release that decides first. Every other sleeps until it is asked for.
    pub(super) fn load_all(&self, progress: &mut Progress) {
        let state = progress.ledger.state();
        let (trust, roles) = (state.trust.clone(), state.releases_with_a_role());
        progress.asleep = state.releases.keys().filter(|release| !roles.contains(release)).copied().collect();
        let wanted: Vec<_> = roles.iter().filter_map(|release| state.releases.get(release)).cloned().collect();
        for release in wanted {
            let loaded = self.load_from_store(&release.id, &trust);
            self.settle(progress, &release.id.digest, loaded);
        }
    }

    /// Loads a release that the ledger names.
    pub(super) fn load(&self, release: &Digest) -> Result<(), Box<Failure>> {
        let (stored, trust) = {
            let progress = self.progress();
            let state = progress.ledger.state();
            (state.releases.get(release).cloned(), state.trust.clone())
        };
        // Unloaded again in the meantime: nothing to do.
        stored.map_or(Ok(()), |stored| self.load_from_store(&stored.id, &trust))
    }

    /// Reads a release's file, checks it and its signature, and makes it warm. A damaged file is set aside.
    fn load_from_store(&self, release: &ReleaseId, trust: &TrustList) -> Result<(), Box<Failure>> {
        // Before it is read: files that come meanwhile are others.
        let mut files = self.store.release_stamps(&release.digest);
        self.load_file(release, trust).map_err(|unusable| {
            let mut retry = None;
            let why = match unusable {
                Unusable::Other(why) => why,
                Unusable::Short(why) => {
                    retry = Some(Retry::after(None));
                    why
                }
                Unusable::Damaged(why) => {
                    let (place, why) = self.set_aside(release, &why);
                    files.file = files.file.take().filter(|_| place == Place::Same);
                    why
                }
            };
            Box::new(Failure { files, trust: trust.clone(), why, retry })
        })
    }

    fn load_file(&self, release: &ReleaseId, trust: &TrustList) -> Result<(), Unusable> {
        let other = |why: String| Unusable::Other(why);
        let limits = self.core.sandbox.limits();
        let read = self.store.read_release(&release.digest, limits.release_bytes_max);
        let (bytes, signature) = read.map_err(|error| match shortage::of_system(&error) {
            Some(system) if shortage::is_shortage(&system) => Unusable::Short(describe(&error)),
            _ => other(describe(&error)),
        })?;
        // One that is larger than this process takes was not read to its end.
        let is_cut = bytes.len() as u64 > limits.release_bytes_max;
        let is_whole = |bytes: &[u8]| is_cut || Digest::of(bytes) == release.digest;
        let bytes = Arc::new(bytes);
        let verified = match self.core.sandbox.verify(Draft::new(Arc::clone(&bytes))) {
            Ok(verified) if verified.id() == release => verified,
            Ok(another) => return Err(Unusable::Damaged(format!("it holds {}", another.id()))),
            Err(refusal) if is_whole(&bytes) => return Err(other(describe(&refusal))),
            Err(refusal) => return Err(Unusable::Damaged(describe(&refusal))),
        };
        trust.check(release, verified.bytes(), signature.as_deref()).map_err(|error| other(describe(&error)))?;
        self.core.load(verified).map(drop).map_err(|error| match error.fault {
            LoadFault::Shortage(why) => Unusable::Short(why),
            _ => other(describe(&error)),
        })
    }

    /// Sets a damaged file aside, and says what happened to it.
    fn set_aside(&self, release: &ReleaseId, why: &str) -> (Place, String) {
        let (place, what) = match self.store.set_release_aside(&release.digest) {
            Ok(aside) => (Place::Aside, format!("was set aside as {aside}")),
            Err(StoreError::Layout(LayoutError::Unusable { path, .. })) => {
                (Place::Same, format!("is still {}", path.display()))
            }
            Err(error) => (Place::Same, describe(&error)),
        };
        (place, format!("its file in the store is damaged ({why}) and {what}: load the release again"))
    }

    /// Keeps what became of loading a release, and tells the store.
    pub(super) fn settle(&self, progress: &mut Progress, release: &Digest, loaded: Result<(), Box<Failure>>) {
        let preparation = match loaded {
            Ok(()) => {
                progress.failed.remove(release);
                progress.held.insert(*release);
                Preparation::Ready
            }
            Err(mut failure) => {
                let earlier = progress.failed.get(release);
                failure.retry = failure.retry.map(|_| Retry::after(earlier.and_then(|earlier| earlier.retry)));
                if earlier.is_none_or(|earlier| earlier.why != failure.why) {
                    tracing::error!(%release, why = %failure.why, "a release of the store cannot be loaded");
                }
                let preparation = failure.preparation();
                progress.failed.insert(*release, *failure);
                preparation
            }
        };
        // Where nobody is registered there is nobody to wait for.
        if let Some(membership) = &progress.membership {
            let told = self.store.report(membership, release, Some(&preparation));
            self.told(progress, told);
        }
    }
}

/// What has to be ready, the most urgent first: what has a role, and what was loaded or asked for lately.
fn wanted(progress: &Progress) -> Vec<Digest> {
    let (state, asleep) = (progress.ledger.state(), &progress.asleep);
    let mut wanted = state.releases_with_a_role();
    wanted.retain(|release| state.releases.contains_key(release));
    let fresh: Vec<_> =
        state.releases.keys().filter(|release| !asleep.contains(*release) && !wanted.contains(release)).collect();
    wanted.extend(fresh);
    wanted
}
