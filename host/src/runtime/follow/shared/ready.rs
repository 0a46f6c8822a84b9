//! Making releases ready.

use std::sync::mpsc::Sender;

use super::{Progress, Shared};
use crate::control::{ControlStore as _, FileIdentity, LayoutError, Preparation, TrustList};
use crate::release::{Digest, Draft, ReleaseId};
use crate::runtime::error::describe;

/// A release that could not be loaded.
pub(super) struct Failure {
    /// The files that it was loaded from, its own and its signature's: others are tried.
    files: [Option<FileIdentity>; 2],
    /// Whose releases were accepted: by another list it is tried again.
    trust: TrustList,
    pub(super) why: String,
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
    /// Something else.
    Other(String),
}

impl Shared {
    /// Tells the preparer what to load: what is new, and what failed if its file is another one now.
    pub(super) fn order(&self, progress: &mut Progress, jobs: &Sender<Digest>) {
        let wanted: Vec<_> = progress.ledger.state().releases.keys().copied().collect();
        for release in wanted {
            if self.is_settled(progress, &release) || progress.ordered.contains(&release) {
                continue;
            }
            self.take_back_failure(progress, &release);
            progress.ordered.push(release);
            // Fails only while the follower is being dropped.
            let _ = jobs.send(release);
        }
    }

    fn is_settled(&self, progress: &Progress, release: &Digest) -> bool {
        let files = || self.store.layout().release_identity(release);
        match progress.failed.get(release) {
            Some(failure) => failure.files == files() && failure.trust == progress.ledger.state().trust,
            None => self.core.releases.has(release),
        }
    }

    /// Nobody shall be told of a failure that may be over.
    fn take_back_failure(&self, progress: &mut Progress, release: &Digest) {
        if progress.failed.remove(release).is_none() {
            return;
        }
        let Some(membership) = &progress.membership else { return };
        if let Err(error) = self.store.report(membership, release, None) {
            tracing::debug!(%error, %release, "the store does not know yet that a release is loaded again");
        }
    }

    /// Loads what the ledger names, on this thread.
    pub(super) fn load_all(&self, progress: &mut Progress) {
        let trust = progress.ledger.state().trust.clone();
        let wanted: Vec<_> = progress.ledger.state().releases.values().map(|stored| stored.id.clone()).collect();
        for release in wanted {
            let loaded = self.load_from_store(&release, &trust);
            self.settle(progress, &release.digest, loaded);
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
        let [mut file, signature] = self.store.layout().release_identity(&release.digest);
        self.load_file(release, trust).map_err(|unusable| {
            let why = match unusable {
                Unusable::Other(why) => why,
                Unusable::Damaged(why) => {
                    let (place, why) = self.set_aside(release, &why);
                    file = file.filter(|_| place == Place::Same);
                    why
                }
            };
            Box::new(Failure { files: [file, signature], trust: trust.clone(), why })
        })
    }

    fn load_file(&self, release: &ReleaseId, trust: &TrustList) -> Result<(), Unusable> {
        let other = |why: String| Unusable::Other(why);
        let limits = self.core.sandbox.limits();
        let read = self.store.layout().read_release(&release.digest, limits.release_bytes_max);
        let (bytes, signature) = read.map_err(|error| other(describe(&error)))?;
        let is_whole = |bytes: &[u8]| Digest::of(bytes) == release.digest;
        let verified = match Draft::new(bytes.clone()).verify(limits) {
            Ok(verified) if verified.id() == release => verified,
            Ok(another) => return Err(Unusable::Damaged(format!("it holds {}", another.id()))),
            Err(refusal) if is_whole(&bytes) => return Err(other(describe(&refusal))),
            Err(refusal) => return Err(Unusable::Damaged(describe(&refusal))),
        };
        trust.check(release, verified.bytes(), signature.as_deref()).map_err(|error| other(error.to_string()))?;
        self.core.load(verified).map(drop).map_err(|error| other(describe(&error)))
    }

    /// Sets a damaged file aside, and says what happened to it.
    fn set_aside(&self, release: &ReleaseId, why: &str) -> (Place, String) {
        let (place, what) = match self.store.layout().set_release_aside(&release.digest) {
            Ok(aside) => (Place::Aside, format!("was set aside as {}", aside.display())),
            Err(LayoutError::Unusable { path, .. }) => (Place::Same, format!("is still {}", path.display())),
            Err(error) => (Place::Same, error.to_string()),
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
            Err(failure) => {
                tracing::error!(%release, why = %failure.why, "a release of the store cannot be loaded");
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
