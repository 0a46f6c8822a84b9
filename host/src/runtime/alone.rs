//! Nothing works beside the slots of a runtime where stores are not compiled in.

use std::sync::Arc;
use std::time::Instant;

use super::core::Core;
use super::error::BuildError;
use super::options::Options;
use super::slot::{Observer, RevertLog};

/// Nothing will work beside the slots.
pub(super) struct Planned;

/// Nothing works beside the slots.
pub(super) struct Companions;

impl Planned {
    pub(super) fn local(_options: &Options) -> Result<Self, BuildError> {
        Ok(Self)
    }

    /// Nobody is told what releases made of messages.
    pub(super) fn observer(&self) -> Option<Arc<dyn Observer>> {
        None
    }

    /// There is no ledger.
    pub(super) fn revert_log(&self) -> Option<Arc<dyn RevertLog>> {
        None
    }

    /// There is no store that could give this process a number.
    #[cfg(feature = "journal")]
    pub(super) fn process(&self) -> u64 {
        0
    }

    pub(super) fn start(self, _core: &Arc<Core>) -> Result<Companions, BuildError> {
        Ok(Companions)
    }
}

impl Companions {
    pub(super) fn flush(&self) {}

    pub(super) fn take(&self) -> Self {
        Self
    }

    pub(super) fn end_guard(&self) {}

    pub(super) fn leave_store(&self, _deadline: Instant) -> usize {
        0
    }
}
