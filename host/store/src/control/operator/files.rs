//! Whether the file of a release is in the store, as it was loaded.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use switchback_model::release::{Digest, ReleaseId};
use switchback_system::shortage::in_full;

use super::{Control, ControlError};
use crate::control::operation::Operation;
use crate::control::state::StoreState;
use crate::control::store::{ReleaseStamps, StoreError};
use crate::control::trust::{TrustList, Untrusted};
use crate::limits::STORED_RELEASE_BYTES_MAX;

/// Releases whose files were found whole. Others are read again.
#[derive(Default)]
pub(super) struct Whole(Mutex<BTreeMap<Digest, Found>>);

/// The file of a release and its signature's, and whose signatures were accepted.
type Found = (ReleaseStamps, TrustList);

impl Control {
    /// Whether a process that starts could load a release: its file is in the store, has its digest, and is signed by
    /// whom the state's trust list asks for. Reads the file, some megabytes, unless this [`Control`] found it whole before
    /// and nobody has touched it since.
    ///
    /// # Errors
    /// [`FileFault`], which says what is wrong with it.
    pub fn check_file(&self, state: &StoreState, release: &ReleaseId) -> Result<(), FileFault> {
        // Before it is read: a file that comes meanwhile is another.
        let found: Found = (self.store.release_stamps(&release.digest), state.trust.clone());
        let mut whole = self.whole.0.lock().unwrap_or_else(PoisonError::into_inner);
        if found.0.file.is_some() && whole.get(&release.digest) == Some(&found) {
            return Ok(());
        }
        let read = self.store.read_release(&release.digest, STORED_RELEASE_BYTES_MAX);
        let (bytes, signature) = read.map_err(|error| self.file_fault(release, &error))?;
        if Digest::of(&bytes) != release.digest {
            return Err(FileFault::Altered(self.store.release_location(&release.digest)));
        }
        state.trust.check(release, &bytes, signature.as_deref()).map_err(FileFault::Untrusted)?;
        whole.insert(release.digest, found);
        Ok(())
    }

    /// Whether a release has a file in the store, whatever is in it. Reads none.
    ///
    /// # Errors
    /// [`FileFault`], if there is none, or nobody here may look.
    pub fn find_file(&self, release: &ReleaseId) -> Result<(), FileFault> {
        self.store.find_release(&release.digest).map_err(|error| self.file_fault(release, &error))
    }

    fn file_fault(&self, release: &ReleaseId, error: &StoreError) -> FileFault {
        match error.is_missing_release() {
            true => FileFault::Missing(self.store.release_location(&release.digest)),
            false => FileFault::Unreadable(in_full(error)),
        }
    }

    /// Refuses to give more to a release that a process which starts could not load.
    pub(super) fn check_file_for(&self, state: &StoreState, operation: &Operation) -> Result<(), ControlError> {
        let Some(release) = state.relied_on_by(operation) else { return Ok(()) };
        let release = release.clone();
        self.check_file(state, &release).map_err(|fault| ControlError::File { release, fault: fault.into() })
    }
}

/// What is wrong with the file of a release in a store. Processes that have the release ready go on with it; one that
/// starts cannot load it. Loading the release again brings the file back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// There is none.
    #[error("its file is missing from the store: there is no {0}")]
    Missing(String),
    /// It is another one than was loaded.
    #[error("its file in the store is damaged or was altered: {0} does not have its digest")]
    Altered(String),
    /// It cannot be read.
    #[error("its file in the store cannot be read: {0}")]
    Unreadable(String),
    /// The trust list does not accept it.
    #[error(transparent)]
    Untrusted(Untrusted),
}
