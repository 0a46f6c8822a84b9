//! What a runtime and the threads that keep it up to date share.

use std::collections::BTreeMap;
use std::sync::Arc;

use switchback_model::contain::contained;
use switchback_model::message::Recipients;
use switchback_model::release::{ModelName, Reads, ReleaseId, Verified};
use switchback_model::verdict::Outcome;
use switchback_sandbox::{Loaded, Sandbox};

use super::background::BackgroundThreads;
use super::error::{LoadError, LoadFault, UnloadError};
use super::releases::Releases;
use super::slot::{Slot, UnknownSlot};
use crate::life::Life;

pub(super) struct Core {
    pub(super) life: Arc<Life>,
    pub(super) slots: BTreeMap<String, Slot>,
    pub(super) releases: Arc<Releases>,
    /// What the slots share with what works beside them.
    #[cfg(feature = "store")]
    pub(super) exchange: super::exchange::Exchange,
    /// What is done once messages are answered. Nobody else keeps it: it ends with this.
    pub(super) background: Arc<BackgroundThreads>,
    /// Models that see recipients in clear.
    pub(super) granted_recipients: Vec<ModelName>,
    /// Dropped last: its clock ends what may still be scoring in the background.
    pub(super) sandbox: Sandbox,
}

impl Core {
    /// The slot of this name.
    pub(super) fn slot(&self, name: &str) -> Result<Slot, UnknownSlot> {
        let unknown = || UnknownSlot { name: name.to_owned(), known: self.slots.keys().cloned().collect() };
        self.slots.get(name).cloned().ok_or_else(unknown)
    }

    /// Verified -> loaded: compiles or maps the release, and runs its self-tests. One that is loaded stays.
    pub(super) fn load(&self, verified: Verified) -> Result<ReleaseId, LoadError> {
        let id = verified.id().clone();
        let failed = |fault| LoadError::new(&id, fault);
        if self.is_known(&id).map_err(failed)? {
            return Ok(id);
        }
        let loaded = self.make_warm(verified)?;
        contained(|| self_test(&loaded)).unwrap_or_else(|said| Err(LoadFault::Panicked(said))).map_err(failed)?;
        self.releases.add(loaded);
        Ok(id)
    }

    /// Compiles or maps a release.
    pub(super) fn make_warm(&self, verified: Verified) -> Result<Arc<Loaded>, LoadError> {
        let id = verified.id().clone();
        let recipients = match self.granted_recipients.contains(&id.name) {
            true if verified.manifest().reads.contains(Reads::RECIPIENTS) => Recipients::Granted,
            _ => Recipients::Masked,
        };
        self.sandbox.load(verified, recipients).map_err(|error| LoadError::new(&id, LoadFault::from(error)))
    }

    /// Whether the release is loaded. Name and version stand for one digest.
    fn is_known(&self, id: &ReleaseId) -> Result<bool, LoadFault> {
        let namesake =
            self.releases.ids().into_iter().find(|known| (&known.name, &known.version) == (&id.name, &id.version));
        match namesake {
            Some(other) if other.digest != id.digest => {
                Err(LoadFault::Namesake { loaded: other.digest, offered: id.digest })
            }
            namesake => Ok(namesake.is_some()),
        }
    }

    /// Lets go of a release without a role.
    pub(super) fn unload(&self, release: &ReleaseId) -> Result<(), UnloadError> {
        let held = self.releases.hold();
        if !self.releases.has(&release.digest) {
            return Err(UnloadError::NotLoaded(release.clone()));
        }
        // Under the lock: nobody can promote it between the check and the removal.
        if let Some((slot, role)) = self.slots.values().find_map(|slot| Some((slot.name(), slot.role(release)?))) {
            return Err(UnloadError::InUse { release: release.clone(), slot: slot.to_owned(), role });
        }
        self.releases.remove(&release.digest, &held);
        Ok(())
    }
}

/// Scores every self-test message: same score to the bit, same category.
fn self_test(loaded: &Loaded) -> Result<(), LoadFault> {
    for test in &loaded.manifest().self_tests {
        let failed = |why: String| LoadFault::SelfTest { test: test.name.clone(), why };
        let scored = loaded.score_test(test).map_err(|e| match e.is_guest_fault() {
            true => failed(e.to_string()),
            false => LoadFault::Shortage(format!("self-test `{}` could not be run: {}", test.name, e.fault)),
        })?;
        let assessment = match scored.outcome {
            Outcome::Scored(assessment) if test.abstains => {
                return Err(failed(format!("it scored {}, expected to abstain", assessment.score)));
            }
            Outcome::Scored(assessment) => assessment,
            Outcome::Abstained(_) if test.abstains => continue,
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
