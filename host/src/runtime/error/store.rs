//! What can be wrong with the store of a runtime.

use switchback_store::control::{LoadReleaseError, StoreError};

use super::{BuildError, LoadFault};

impl From<LoadReleaseError> for LoadFault {
    fn from(error: LoadReleaseError) -> Self {
        Self::Control(error.into())
    }
}

impl From<StoreError> for BuildError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}
