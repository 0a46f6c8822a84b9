//! Making releases ready.

use std::sync::mpsc::Sender;

use super::{Progress, Shared};
use crate::control::{ControlStore as _, FileIdentity, LayoutError, Preparation, TrustList};
use crate::release::{Digest, Draft, ReleaseId};
use crate::runtime::error::describe;

/// A release that could not be loaded.
pub(super) struct Failure {
    /// The file that it was, if there was one: another one is tried.
    file: Option<FileIdentity>,
    pub(super) why: String,
}

impl Failure {
    /// As the store is told.
    pub(super) fn preparation(&self) -> Preparation {
        Preparation::Failed { why: self.why.clone() }
    }
}

impl Shared {
    /// Tells the preparer what to load: what is new, and what failed if its file is another one now.
    pub(super) fn order(&self, progress: &mut Progress, jobs: &Sender<Digest>) {
        let wanted: Vec<_> = progress.ledger.state().releases.keys().copied().collect();
        for release in wanted {
            if self.is_settled(progress, &release) || progress.ordered.contains(&release) {
                continue;
            }
            progress.ordered.push(release);
            // Fails only while the follower is being dropped.
            let _ = jobs.send(release);
        }
    }

    fn is_settled(&self, progress: &Progress, release: &Digest) -> bool {
        let identity = || self.store.layout().release_identity(release);
        match progress.failed.get(release) {
            Some(failure) => failure.file == identity(),
            None => self.core.releases.has(release),
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
    pub(super) fn load(&self, release: &Digest) -> Result<(), String> {
        let (stored, trust) = {
            let progress = self.progress();
            let state = progress.ledger.state();
            (state.releases.get(release).cloned(), state.trust.clone())
        };
        // Unloaded again in the meantime: nothing to do.
        stored.map_or(Ok(()), |stored| self.load_from_store(&stored.id, &trust))
    }

    /// Reads a release's file, checks it and its signature, and makes it warm.
    fn load_from_store(&self, release: &ReleaseId, trust: &TrustList) -> Result<(), String> {
        let limits = self.core.sandbox.limits();
        let read = self.store.layout().read_release(&release.digest, limits.release_bytes_max);
        let (bytes, signature) = read.map_err(|error| describe(&error))?;
        let is_whole = |bytes: &[u8]| Digest::of(bytes) == release.digest;
        let verified = match Draft::new(bytes.clone()).verify(limits) {
            Ok(verified) if verified.id() == release => verified,
            Ok(other) => return Err(self.set_aside(release, &format!("it holds {}", other.id()))),
            Err(refusal) if is_whole(&bytes) => return Err(describe(&refusal)),
            Err(refusal) => return Err(self.set_aside(release, &describe(&refusal))),
        };
        trust.check(release, verified.bytes(), signature.as_deref()).map_err(|error| error.to_string())?;
        self.core.load(verified).map(drop).map_err(|error| describe(&error))
    }

    /// Sets a damaged file aside, and says what happened to it.
    fn set_aside(&self, release: &ReleaseId, why: &str) -> String {
        let place = match self.store.layout().set_release_aside(&release.digest) {
            Ok(place) => format!("was set aside as {}", place.display()),
            Err(LayoutError::Unusable { path, .. }) => format!("is still {}", path.display()),
            Err(error) => error.to_string(),
        };
        format!("its file in the store is damaged ({why}) and {place}: load the release again")
    }

    /// Keeps what became of loading a release, and tells the store.
    pub(super) fn settle(&self, progress: &mut Progress, release: &Digest, loaded: Result<(), String>) {
        let preparation = match loaded {
            Ok(()) => {
                progress.failed.remove(release);
                progress.held.insert(*release);
                Preparation::Ready
            }
            Err(why) => {
                tracing::error!(%release, %why, "a release of the store cannot be loaded");
                let file = self.store.layout().release_identity(release);
                progress.failed.insert(*release, Failure { file, why: why.clone() });
                Preparation::Failed { why }
            }
        };
        // Where nobody is registered there is nobody to wait for.
        if let Some(number) = progress.number() {
            let told = self.store.report(number, release, &preparation);
            self.told(progress, told);
        }
    }
}
