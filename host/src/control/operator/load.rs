//! Bringing a release into a store.

use super::{Control, ControlError};
use crate::control::event::Event;
use crate::control::operation::Operation;
use crate::control::refused::Refused;
use crate::control::store::StoreError;
use crate::control::trust::Untrusted;
use crate::release::Verified;

/// What became of loading a release into a store.
#[derive(Clone, Debug, PartialEq)]
pub enum LoadedRelease {
    /// It is new.
    New(Box<Event>),
    /// It was there already; its file is whole again if it was not.
    Known,
}

impl Control {
    /// Whether a release may be loaded into this store: trusted, and no other file under its name and version.
    /// Asked before anything is compiled.
    pub(crate) fn vet(&self, release: &Verified, signature: Option<&str>) -> Result<(), LoadReleaseError> {
        self.operation(release, signature).map(drop)
    }

    /// Keeps the file of a release that was compiled and tested, and makes it known to every process.
    pub(crate) fn add_release(
        &self,
        release: &Verified,
        signature: Option<&str>,
    ) -> Result<LoadedRelease, LoadReleaseError> {
        let operation = self.operation(release, signature)?;
        // The file first: an event never names a file that is not there.
        let kept = self.store.layout().keep_release(&release.id().digest, release.bytes(), signature);
        kept.map_err(StoreError::from).map_err(ControlError::from)?;
        match self.commit(operation) {
            Ok(event) => Ok(LoadedRelease::New(event.into())),
            Err(ControlError::Refused(Refused::LoadedAlready(_))) => Ok(LoadedRelease::Known),
            Err(error) => Err(error.into()),
        }
    }

    fn operation(&self, release: &Verified, signature: Option<&str>) -> Result<Operation, LoadReleaseError> {
        let ledger = self.ledger()?;
        let id = release.id();
        let signer = ledger.state().trust.check(id, release.bytes(), signature);
        let signer = signer.map_err(LoadReleaseError::Untrusted)?;
        let operation = Operation::Load { release: id.clone(), signer };
        match self.draft(&ledger, operation.clone()) {
            Ok(_) | Err(Refused::LoadedAlready(_)) => Ok(operation),
            Err(refused) => Err(ControlError::from(refused).into()),
        }
    }
}

/// Why a release was not loaded into a store. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadReleaseError {
    /// The trust list does not accept it.
    #[error(transparent)]
    Untrusted(Untrusted),
    /// The operation was not done.
    #[error(transparent)]
    Control(#[from] ControlError),
}
