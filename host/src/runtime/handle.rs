//! The runtime, as a filter holds it.

#[cfg(feature = "store")]
mod store;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use switchback_model::message::Message;
use switchback_model::release::{Manifest, ReleaseId, Verified};
use switchback_sandbox::{Probe, ScoreError, Scored};
#[cfg(feature = "journal")]
use switchback_store::journal::JournalCounts;
use switchback_system::release_file::read_release;

use super::ending::ShutdownError;
use super::error::{LoadError, LoadFault, UnloadError};
use super::running::Running;
use super::slot::{Slot, UnknownSlot};
use crate::life::Inside;

/// A filter's engine: loads releases, holds them in slots, scores messages. This is a handle: a clone is the same runtime, and
/// each thread can have its own.
///
/// Scoring is synchronous: it computes, and waits for nothing. In an asynchronous filter, call it from a
/// bounded pool of blocking workers, and not on the threads that drive I/O: a [`Slot`] moves there. For tokio,
/// the module `tokio` of the feature of that name does it.
///
/// A runtime on a store ([`RuntimeBuilder::store_dir`](crate::RuntimeBuilder::store_dir)) has the releases and routes that the
/// store says, within milliseconds after they change there; operators change them with [`Control`](crate::Control) or the command
/// `switchback`. One without a store is a [`LocalRuntime`](crate::LocalRuntime), whose slots the filter changes itself.
///
/// A runtime belongs to the process that built it: in a fork of that process every call says so and does nothing else
/// ([`RuntimeGone::Forked`](crate::RuntimeGone)), and dropping it there does nothing at all. It ends when its last handle is
/// dropped, which waits for the messages that are being scored, or, where none ever is, because one is in a static or the
/// process ends by [`exit`](std::process::exit), by [`shutdown`](Runtime::shutdown). `docs/embedding.md` tells what a daemon
/// has to know.
#[derive(Clone)]
pub struct Runtime(Arc<Running>);

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("slots", &self.0.core.slots)
            .field("releases", &self.releases())
            .finish_non_exhaustive()
    }
}

impl Runtime {
    pub(super) fn new(running: Running) -> Self {
        Self(Arc::new(running))
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
        let _inside = self.enter_to_load(release.id())?;
        self.0.core.load(release)
    }

    /// Scores the self-tests of a release, in their order, without comparing them with what the manifest expects: for the
    /// tool that writes the expectations. The release is not loaded afterwards.
    ///
    /// # Errors
    /// If it does not compile.
    pub fn run_self_tests(&self, release: Verified) -> Result<Vec<Result<Scored, ScoreError>>, LoadError> {
        let _inside = self.enter_to_load(release.id())?;
        let loaded = self.0.core.make_warm(release)?;
        let tests = &loaded.manifest().self_tests;
        Ok(tests.iter().map(|test| loaded.score_test(test)).collect())
    }

    /// Tells what a call of a release with probes does to its memory, for the tool that measures it. The release is not loaded.
    ///
    /// # Errors
    /// If it does not compile.
    #[doc(hidden)]
    pub fn prober(
        &self,
        release: Verified,
    ) -> Result<impl Fn(&Message) -> Result<Probe, ScoreError> + use<>, LoadError> {
        let _inside = self.enter_to_load(release.id())?;
        let loaded = self.0.core.make_warm(release)?;
        Ok(move |message: &Message| ScoreError::unless_busy(|| loaded.probe(message)))
    }

    /// Scores messages with a release that is not loaded, whatever its self-tests come to, for the tool that tests it.
    ///
    /// # Errors
    /// If it does not compile.
    #[doc(hidden)]
    pub fn scorer(
        &self,
        release: Verified,
    ) -> Result<impl Fn(&Message) -> Result<Scored, ScoreError> + use<>, LoadError> {
        let _inside = self.enter_to_load(release.id())?;
        let loaded = self.0.core.make_warm(release)?;
        Ok(move |message: &Message| ScoreError::unless_busy(|| loaded.score(message)))
    }

    /// The size of the machine code that a release is compiled to, in bytes, for the tool that tells sizes. The release is not loaded.
    ///
    /// # Errors
    /// If it does not compile.
    #[doc(hidden)]
    pub fn compiled_bytes(&self, release: Verified) -> Result<usize, LoadError> {
        let _inside = self.enter_to_load(release.id())?;
        Ok(self.0.core.make_warm(release)?.compiled_bytes())
    }

    fn enter_to_load(&self, release: &ReleaseId) -> Result<Inside<'_>, LoadError> {
        self.0.core.life.enter().map_err(|gone| LoadError::new(release, gone.into()))
    }

    /// Reads a release file and checks all that needs no compiler.
    fn verify(&self, path: &Path) -> Result<Verified, LoadError> {
        let refused = |refusal| LoadError::new(path.display(), LoadFault::Refused(refusal));
        let draft = read_release(path, self.0.core.sandbox.limits()).map_err(refused)?;
        self.0.core.sandbox.verify(draft).map_err(refused)
    }

    /// Lets go of a release. Its memory is returned when the last message that it is scoring is done, on a
    /// thread of its own.
    ///
    /// # Errors
    /// If it is not loaded, or has a role in a slot.
    pub fn unload(&self, release: &ReleaseId) -> Result<(), UnloadError> {
        let _inside = self.0.core.life.enter()?;
        self.0.core.unload(release)
    }

    /// Every loaded release, by name and version. Of a store that is followed, those that have a role and those that were
    /// asked for lately.
    pub fn releases(&self) -> Vec<ReleaseId> {
        self.0.core.releases.ids()
    }

    /// What a loaded release says about itself.
    pub fn manifest(&self, release: &ReleaseId) -> Option<Manifest> {
        Some(self.0.core.releases.get(release)?.manifest().clone())
    }

    /// The last lines that a loaded release logged, oldest first; at most 256.
    pub fn log_of(&self, release: &ReleaseId) -> Option<Vec<String>> {
        Some(self.0.core.releases.get(release)?.recent_log())
    }

    /// The slot of this name.
    ///
    /// # Errors
    /// If there is none. The error names those that there are.
    pub fn slot(&self, name: &str) -> Result<Slot, UnknownSlot> {
        self.0.core.slot(name)
    }

    /// Every slot, by name.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        self.0.core.slots.values().cloned()
    }

    /// Scores a message with one loaded release, whatever its role. No slot's policy applies.
    ///
    /// # Errors
    /// [`ScoreError`], with the release and what happened.
    pub fn score_with(&self, release: &ReleaseId, message: &Message) -> Result<Scored, ScoreError> {
        let _inside = self.0.core.life.enter().map_err(|gone| ScoreError::gone(release, gone))?;
        let loaded = self.0.core.releases.get(release).ok_or_else(|| ScoreError::not_loaded(release))?;
        loaded.score(message)
    }

    /// Waits until nothing is left to do in the background: releases have scored, records are written, the guard has
    /// counted and done what follows, alerts that are due were tried once, and the ledger has what this process did by
    /// itself, unless it cannot be written ([`Reverted::is_recorded`](crate::runtime::Reverted::is_recorded)). While other threads
    /// go on scoring there may always be something. Dropping the last handle does the same, but lets nobody score any more.
    /// In a fork of the process that built it this does nothing.
    pub fn flush(&self) {
        let Ok(_inside) = self.0.core.life.enter() else { return };
        self.0.core.background.flush();
        self.0.companions.flush();
    }

    /// Ends the runtime in order, within a time: waits for the messages that are being scored; gives up what shadows have still
    /// to score, and writes every record; lets the guard count, do what follows and tell people; writes into the ledger what
    /// this process did by itself; and leaves the store. For a runtime that is never dropped: in a static, or in a process
    /// that ends by [`exit`](std::process::exit).
    ///
    /// From then on a message that is to be scored is answered as the slot's policy for [`Cause::NoRelease`](crate::verdict::Cause) says, and says why;
    /// changes fail. What is called twice waits twice for the same end. What is not done in time goes on in the background;
    /// the store is tried again until then.
    ///
    /// # Errors
    /// [`ShutdownError`], if it is not done in time, or reverts could not be written, or this process is a fork of the one
    /// that built the runtime.
    pub fn shutdown(&self, timeout: Duration) -> Result<(), ShutdownError> {
        self.0.shutdown(timeout)
    }

    /// What became of the records of messages so far, if a journal is kept.
    #[cfg(feature = "journal")]
    pub fn journal_counts(&self) -> Option<JournalCounts> {
        self.0.core.background.recorder().map(|recorder| recorder.counts())
    }

    /// How many releases were compiled, and how many mapped from compiled artifacts, since the start.
    pub fn load_counts(&self) -> LoadCounts {
        let counters = self.0.core.sandbox.counters();
        LoadCounts {
            compiled: counters.compiled.load(Ordering::Relaxed),
            mapped: counters.mapped.load(Ordering::Relaxed),
        }
    }
}

/// What loading did since the start of a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadCounts {
    /// Releases compiled.
    pub compiled: u64,
    /// Releases mapped from an artifact compiled before.
    pub mapped: u64,
}
