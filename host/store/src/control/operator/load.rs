//! Bringing a release into a store.

use switchback_model::release::Verified;
use switchback_system::clock;

use super::{Control, ControlError, FileFault};
use crate::control::event::{Event, Proposal};
use crate::control::ledger::Ledger;
use crate::control::operation::Operation;
use crate::control::refused::Refused;
use crate::control::trust::Untrusted;

/// What became of loading a release into a store.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LoadedRelease {
    /// It is new.
    New(Box<Event>),
    /// It was there already.
    Known,
    /// It was there by its name alone, for this reason: its file is whole again.
    Mended(FileFault),
}

impl Control {
    /// Whether a release may be loaded into this store: trusted, and no other file under its name and version.
    /// Asked before anything is compiled. Returns the ledger that says so.
    #[doc(hidden)]
    pub fn vet(&self, release: &Verified, signature: Option<&str>) -> Result<Ledger, LoadReleaseError> {
        let ledger = self.ledger()?;
        self.loading(&ledger, release, signature)?;
        Ok(ledger)
    }

    /// Keeps the file of a release that was compiled and tested, and makes it known to every process. Of the ledger only
    /// what came since it was `seen` is read: one with thousands of events takes a while.
    #[doc(hidden)]
    pub fn add_release(
        &self,
        seen: Ledger,
        release: &Verified,
        signature: Option<&str>,
    ) -> Result<LoadedRelease, LoadReleaseError> {
        let mut ledger = seen;
        self.follow(&mut ledger)?;
        let operation = self.loading(&ledger, release, signature)?;
        let fault = self.check_file(ledger.state(), release.id()).err();
        // The file first: an event never names a file that is not there.
        let kept = self.store.keep_release(&release.id().digest, release.bytes(), signature);
        kept.map_err(ControlError::from)?;
        self.follow(&mut ledger)?;
        match self.write_after(&ledger, operation) {
            Ok(committed) => Ok(LoadedRelease::New(committed.event.into())),
            Err(ControlError::Refused(Refused::LoadedAlready(_))) => {
                Ok(fault.map_or(LoadedRelease::Known, LoadedRelease::Mended))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn loading(
        &self,
        ledger: &Ledger,
        release: &Verified,
        signature: Option<&str>,
    ) -> Result<Operation, LoadReleaseError> {
        let operation = ledger.load_of(release, signature)?;
        match self.draft(ledger, operation.clone()) {
            Ok(_) | Err(Refused::LoadedAlready(_)) => Ok(operation),
            Err(refused) => Err(ControlError::from(refused).into()),
        }
    }
}

impl Ledger {
    /// What loading a release would add to this ledger, and the ledger after it; none if it is loaded already. Writes
    /// nothing, so it also answers for a store that is not there yet.
    ///
    /// # Errors
    /// If the trust list does not accept the release, or another file is loaded under its name and version.
    pub fn dry_run_load(
        &self,
        author: &str,
        reason: &str,
        release: &Verified,
        signature: Option<&str>,
    ) -> Result<Option<(Event, Self)>, LoadReleaseError> {
        let operation = self.load_of(release, signature)?;
        let proposal = Proposal { author: author.to_owned(), reason: reason.to_owned(), operation };
        let event = match self.draft(proposal, clock::now()) {
            Ok(event) => event.into_event(),
            Err(Refused::LoadedAlready(_)) => return Ok(None),
            Err(refused) => return Err(ControlError::from(refused).into()),
        };
        let after = self.after(&event).map_err(ControlError::from)?;
        Ok(Some((event, after)))
    }

    fn load_of(&self, release: &Verified, signature: Option<&str>) -> Result<Operation, LoadReleaseError> {
        let id = release.id();
        let signer = self.state().trust.check(id, release.bytes(), signature).map_err(LoadReleaseError::Untrusted)?;
        Ok(Operation::Load { release: id.clone(), signer })
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
