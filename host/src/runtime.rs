//! The facade: slots, releases, and the operations that join them.

mod builder;
mod error;
mod slot;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

pub use builder::RuntimeBuilder;
pub use error::{BuildError, LoadError, LoadFault, UnloadError};
pub use slot::{Role, Slot, SlotConfig};

use crate::message::{Message, Recipients};
use crate::release::{Digest, Draft, Manifest, ModelName, ReleaseId, Verified};
use crate::sandbox::{Loaded, Sandbox, ScoreError, Scored};
use crate::verdict::{Outcome, Overrides};

/// A filter's engine: loads releases, holds them in slots, scores messages. Share it between threads by
/// reference or in an [`Arc`]; every method takes `&self`.
///
/// Scoring is synchronous: it computes, and waits for nothing. In an asynchronous filter, call it from a
/// bounded pool of blocking workers, such as tokio's `spawn_blocking` behind a semaphore with as many
/// permits as cores, and not on the threads that drive I/O.
pub struct Runtime {
    sandbox: Arc<Sandbox>,
    slots: BTreeMap<String, Slot>,
    releases: Arc<Releases>,
    /// The overrides that every slot looks at: an immutable index, replaced as a whole.
    #[cfg_attr(not(test), expect(dead_code, reason = "fed by the follower of a store; slots hold their own handle"))]
    pub(crate) overrides: Arc<ArcSwap<Overrides>>,
    /// Models that see recipients in clear.
    granted_recipients: Vec<ModelName>,
}

/// Every loaded release.
#[derive(Default)]
pub(crate) struct Releases(Mutex<BTreeMap<Digest, Arc<Loaded>>>);

impl Releases {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Digest, Arc<Loaded>>> {
        // No code that can panic runs while the map is being changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, release: &ReleaseId) -> Option<Arc<Loaded>> {
        self.lock().get(&release.digest).cloned()
    }
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
        let verified = self.verify(path.as_ref())?;
        let id = verified.id().clone();
        let failed = |fault| LoadError::new(&id, fault);
        if self.is_known(&id).map_err(failed)? {
            return Ok(id);
        }
        let loaded = self.make_warm(verified)?;
        self_test(&loaded).map_err(failed)?;
        self.releases.lock().entry(id.digest).or_insert(loaded);
        Ok(id)
    }

    /// Scores the self-tests of a release file, in their order, without comparing them with what the manifest
    /// expects: for the tool that writes the expectations. The release is not loaded afterwards.
    ///
    /// # Errors
    /// If the file is no release that this host accepts, or does not compile.
    pub fn rehearse(&self, path: impl AsRef<Path>) -> Result<Vec<Result<Scored, ScoreError>>, LoadError> {
        let loaded = self.make_warm(self.verify(path.as_ref())?)?;
        let tests = &loaded.manifest().self_tests;
        Ok(tests.iter().map(|test| loaded.score(&Message::parse(test.message.clone()))).collect())
    }

    /// Reads a release file and checks all that needs no compiler.
    fn verify(&self, path: &Path) -> Result<Verified, LoadError> {
        let refused = |refusal| LoadError::new(path.display(), LoadFault::Refused(refusal));
        let draft = Draft::read(path, self.sandbox.limits()).map_err(refused)?;
        draft.verify(self.sandbox.limits()).map_err(refused)
    }

    /// Compiles or maps a release.
    fn make_warm(&self, verified: Verified) -> Result<Arc<Loaded>, LoadError> {
        let id = verified.id().clone();
        let recipients = match self.granted_recipients.contains(&id.name) {
            true if verified.manifest().reads.contains(crate::release::Reads::RECIPIENTS) => Recipients::Granted,
            _ => Recipients::Masked,
        };
        self.sandbox.load(verified, recipients).map_err(|error| LoadError::new(&id, LoadFault::from(error)))
    }

    /// Whether the release is loaded. Name and version stand for one digest.
    fn is_known(&self, id: &ReleaseId) -> Result<bool, LoadFault> {
        let releases = self.releases.lock();
        let namesake = releases.values().find(|known| known.id().name == id.name && known.id().version == id.version);
        match namesake {
            Some(other) if other.id().digest != id.digest => {
                Err(LoadFault::Namesake { loaded: other.id().digest, offered: id.digest })
            }
            namesake => Ok(namesake.is_some()),
        }
    }

    /// Lets go of a release. Its memory is returned when the last message that it is scoring is done, on a
    /// thread of its own.
    ///
    /// # Errors
    /// If it is not loaded, or has a role in a slot.
    pub fn unload(&self, release: &ReleaseId) -> Result<(), UnloadError> {
        let mut releases = self.releases.lock();
        if !releases.contains_key(&release.digest) {
            return Err(UnloadError::NotLoaded(release.clone()));
        }
        // Under the lock: nobody can promote it between the check and the removal.
        if let Some((slot, role)) = self.slots.values().find_map(|slot| Some((slot.name(), slot.role(release)?))) {
            return Err(UnloadError::InUse { release: release.clone(), slot: slot.to_owned(), role });
        }
        releases.remove(&release.digest);
        Ok(())
    }

    /// Every loaded release, by name and version.
    pub fn releases(&self) -> Vec<ReleaseId> {
        let mut ids: Vec<_> = self.releases.lock().values().map(|loaded| loaded.id().clone()).collect();
        ids.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        ids
    }

    /// What a loaded release says about itself.
    pub fn manifest(&self, release: &ReleaseId) -> Option<Manifest> {
        Some(self.releases.get(release)?.manifest().clone())
    }

    /// The last lines that a loaded release logged, oldest first; at most 256.
    pub fn log_of(&self, release: &ReleaseId) -> Option<Vec<String>> {
        Some(self.releases.get(release)?.recent_log())
    }

    /// The slot of this name.
    pub fn slot(&self, name: &str) -> Option<&Slot> {
        self.slots.get(name)
    }

    /// Every slot, by name.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.values()
    }

    /// Scores a message with one loaded release, whatever its role. No slot's policy applies.
    ///
    /// # Errors
    /// [`ScoreError`], with the release and what happened.
    pub fn score_with(&self, release: &ReleaseId, message: &Message) -> Result<Scored, ScoreError> {
        let loaded = self.releases.get(release).ok_or_else(|| ScoreError::not_loaded(release))?;
        loaded.score(message)
    }

    /// How many releases were compiled, and how many mapped from compiled artifacts, since the start.
    pub fn load_counts(&self) -> LoadCounts {
        let counters = self.sandbox.counters();
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

/// Scores every self-test message: same score to the bit, same category.
fn self_test(loaded: &Loaded) -> Result<(), LoadFault> {
    for test in &loaded.manifest().self_tests {
        let failed = |why: String| LoadFault::SelfTest { test: test.name.clone(), why };
        let scored = loaded.score(&Message::parse(test.message.clone())).map_err(|e| failed(e.to_string()))?;
        let assessment = match scored.outcome {
            Outcome::Scored(assessment) => assessment,
            Outcome::Abstained(why) => return Err(failed(format!("it abstained: {why}"))),
        };
        if assessment.score.to_bits() != test.score.to_bits() {
            return Err(failed(format!("it scored {}, expected {}", assessment.score, test.score)));
        }
        if let Some(expected) = test.category.filter(|expected| *expected != assessment.category) {
            return Err(failed(format!("its category is {}, expected {expected}", assessment.category)));
        }
    }
    Ok(())
}
