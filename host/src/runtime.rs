//! The facade: slots, releases, and the operations that join them.

mod beside;
mod builder;
mod core;
mod error;
mod follow;
mod guard;
mod meters;
mod news;
mod slot;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use self::core::Core;
use self::follow::Follower;
use self::guard::Guard;
pub use builder::RuntimeBuilder;
pub use error::{BuildError, LoadError, LoadFault, UnloadError};
pub use follow::{FollowTrouble, Following};
pub use slot::{Slot, SlotConfig};

use crate::control::{Control, LoadedRelease};
use crate::journal::{Journal, JournalCounts};
use crate::message::Message;
use crate::release::{Draft, Manifest, ReleaseId, Verified, read_signature, signature_path};
use crate::sandbox::{ScoreError, Scored};

/// A filter's engine: loads releases, holds them in slots, scores messages. Share it between threads by
/// reference or in an [`Arc`]; every method takes `&self`.
///
/// Scoring is synchronous: it computes, and waits for nothing. In an asynchronous filter, call it from a
/// bounded pool of blocking workers, such as tokio's `spawn_blocking` behind a semaphore with as many
/// permits as cores, and not on the threads that drive I/O.
///
/// A runtime on a store ([`RuntimeBuilder::store_dir`]) has the releases and routes that the store says, within
/// milliseconds after they change there; operators change them with [`Control`](crate::Control) or the command
/// `switchback`.
pub struct Runtime {
    /// Present if there is a slot. Dropped first: it counts what was answered, and writes what follows.
    guard: Option<Guard>,
    core: Arc<Core>,
    /// Present if the runtime follows a store.
    follower: Option<Follower>,
}

impl Runtime {
    /// Starts a runtime.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder::default()
    }

    /// Reads a release file, checks it, compiles or maps it, and runs its self-tests. Afterwards the release
    /// is warm and has no role; scoring is not disturbed meanwhile. Loading the same file again changes
    /// nothing.
    ///
    /// Takes milliseconds if this store has compiled the release before, else seconds per megabyte of code.
    ///
    /// # Errors
    /// If the file is no release that this host accepts, does not compile, or fails a self-test; or if
    /// another file is loaded under the same name and version.
    pub fn load(&self, path: impl AsRef<Path>) -> Result<ReleaseId, LoadError> {
        self.load_verified(self.verify(path.as_ref())?)
    }

    /// [`Runtime::load`] for a release that was read and checked already.
    ///
    /// # Errors
    /// If it does not compile, or fails a self-test; or if another file is loaded under the same name and version.
    pub fn load_verified(&self, release: Verified) -> Result<ReleaseId, LoadError> {
        self.core.load(release)
    }

    /// Loads a release file as [`Runtime::load`] does, and brings it into a store: the way for a runtime whose
    /// [cache](RuntimeBuilder::cache_dir) is that store's folder, so that what it compiles is there for every
    /// process of the store. A signature is looked for beside the file. The release has no role afterwards.
    ///
    /// # Errors
    /// As [`Runtime::load`]; and if the store's trust list does not accept the release, another file is loaded
    /// there under its name and version, or the store cannot be written. The store was not changed then.
    pub fn load_into(
        &self,
        control: &Control,
        path: impl AsRef<Path>,
    ) -> Result<(ReleaseId, LoadedRelease), LoadError> {
        let path = path.as_ref();
        let verified = self.verify(path)?;
        let id = verified.id().clone();
        let refused = |fault| LoadError::new(&id, fault);
        let signature = read_signature(&signature_path(path)).map_err(|error| refused(error.into()))?;
        // Nothing is compiled for a release that is not trusted.
        let seen = control.vet(&verified, signature.as_deref()).map_err(|error| refused(error.into()))?;
        self.load_verified(verified.clone())?;
        let added =
            control.add_release(seen, &verified, signature.as_deref()).map_err(|error| refused(error.into()))?;
        Ok((id, added))
    }

    /// Scores the self-tests of a release file, in their order, without comparing them with what the manifest
    /// expects: for the tool that writes the expectations. The release is not loaded afterwards.
    ///
    /// # Errors
    /// If the file is no release that this host accepts, or does not compile.
    pub fn rehearse(&self, path: impl AsRef<Path>) -> Result<Vec<Result<Scored, ScoreError>>, LoadError> {
        let loaded = self.core.make_warm(self.verify(path.as_ref())?)?;
        let tests = &loaded.manifest().self_tests;
        Ok(tests.iter().map(|test| loaded.score(&Message::parse(test.message.clone()))).collect())
    }

    /// Reads a release file and checks all that needs no compiler.
    fn verify(&self, path: &Path) -> Result<Verified, LoadError> {
        let refused = |refusal| LoadError::new(path.display(), LoadFault::Refused(refusal));
        let draft = Draft::read(path, self.core.sandbox.limits()).map_err(refused)?;
        draft.verify(self.core.sandbox.limits()).map_err(refused)
    }

    /// Lets go of a release. Its memory is returned when the last message that it is scoring is done, on a
    /// thread of its own.
    ///
    /// # Errors
    /// If it is not loaded, or has a role in a slot.
    pub fn unload(&self, release: &ReleaseId) -> Result<(), UnloadError> {
        self.core.unload(release)
    }

    /// Every loaded release, by name and version. Of a store that is followed, those that have a role and those that were
    /// asked for lately.
    pub fn releases(&self) -> Vec<ReleaseId> {
        self.core.releases.ids()
    }

    /// What a loaded release says about itself.
    pub fn manifest(&self, release: &ReleaseId) -> Option<Manifest> {
        Some(self.core.releases.get(release)?.manifest().clone())
    }

    /// The last lines that a loaded release logged, oldest first; at most 256.
    pub fn log_of(&self, release: &ReleaseId) -> Option<Vec<String>> {
        Some(self.core.releases.get(release)?.recent_log())
    }

    /// Makes a release of the store that this runtime follows ready to [score with](Runtime::score_with), and returns whether
    /// it is: those without a role are not, until somebody asks for them. Why one is not is in the log.
    pub fn rouse(&self, release: &ReleaseId) -> bool {
        let is_ready = || self.core.releases.get(release).is_some();
        is_ready() || self.follower.as_ref().is_some_and(|follower| follower.rouse(&release.digest))
    }

    /// The slot of this name.
    pub fn slot(&self, name: &str) -> Option<&Slot> {
        self.core.slots.get(name)
    }

    /// Every slot, by name.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.core.slots.values()
    }

    /// Scores a message with one loaded release, whatever its role. No slot's policy applies.
    ///
    /// # Errors
    /// [`ScoreError`], with the release and what happened.
    pub fn score_with(&self, release: &ReleaseId, message: &Message) -> Result<Scored, ScoreError> {
        let loaded = self.core.releases.get(release).ok_or_else(|| ScoreError::not_loaded(release))?;
        loaded.score(message)
    }

    /// The number of this process in the store that it follows, if it follows one; none while that cannot be written.
    pub fn process(&self) -> Option<u64> {
        self.follower.as_ref().and_then(Follower::process)
    }

    /// How this runtime follows its store, if it follows one: up to which event, and what keeps it from going on or from
    /// being seen to. Also in the log, and as the metric `switchback_store_trouble`.
    pub fn following(&self) -> Option<Following> {
        self.follower.as_ref().map(Follower::following)
    }

    /// Waits until nothing is left to do beside the answers: releases have scored, records are written, the guard has
    /// counted and done what follows, and alerts that are due were tried once. While other threads
    /// go on scoring there may always be something. Dropping the runtime does the same, but lets nobody score any more.
    pub fn flush(&self) {
        self.core.beside.flush();
        self.guard.iter().for_each(Guard::flush);
    }

    /// What became of the records of messages so far, if a journal is kept.
    pub fn journal_counts(&self) -> Option<JournalCounts> {
        self.core.beside.journal().map(Journal::counts)
    }

    /// How many releases were compiled, and how many mapped from compiled artifacts, since the start.
    pub fn load_counts(&self) -> LoadCounts {
        let counters = self.core.sandbox.counters();
        LoadCounts {
            compiled: counters.compiled.load(Ordering::Relaxed),
            mapped: counters.mapped.load(Ordering::Relaxed),
        }
    }
}

/// What loading did since the start of a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadCounts {
    /// Releases compiled.
    pub compiled: u64,
    /// Releases mapped from an artifact compiled before.
    pub mapped: u64,
}
