//! The runtime, as far as stores concern it.

use std::path::Path;

use switchback_model::release::ReleaseId;
use switchback_store::control::{Control, LoadedRelease, ProcessNumber};
use switchback_system::release_file::{read_signature, signature_path};

use super::Runtime;
use crate::runtime::error::LoadError;
use crate::runtime::follow::Following;

impl Runtime {
    /// Loads a release file as [`Runtime::load`] does, and brings it into a store: the way for a runtime whose
    /// [cache](crate::RuntimeBuilder::cache_dir) is that store's folder, so that what it compiles is there for every
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

    /// Makes a release of the store that this runtime follows ready to [score with](Runtime::score_with), and returns whether
    /// it is: those without a role are not, until somebody asks for them. Why one is not is in the log.
    pub fn rouse(&self, release: &ReleaseId) -> bool {
        let is_ready = || self.0.core.releases.get(release).is_some();
        let Ok(_inside) = self.0.core.life.enter() else { return false };
        is_ready() || self.0.companions.follower().is_some_and(|follower| follower.rouse(&release.digest))
    }

    /// The number of this process in the store that it follows, if it follows one; none while that cannot be written.
    pub fn process(&self) -> Option<ProcessNumber> {
        let _inside = self.0.core.life.enter().ok()?;
        self.0.companions.follower().and_then(|follower| follower.process())
    }

    /// How this runtime follows its store, if it follows one: up to which event, and what keeps it from going on or from
    /// being seen to. Also in the log, and as the metric `switchback_store_trouble`.
    pub fn following(&self) -> Option<Following> {
        let _inside = self.0.core.life.enter().ok()?;
        self.0.companions.follower().map(|follower| follower.following())
    }
}
