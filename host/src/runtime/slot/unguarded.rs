//! A slot where guards are not compiled in.

use std::sync::Arc;

use switchback_model::guard::GuardSettings;
use switchback_model::release::ReleaseId;
use switchback_model::route::{RouteError, Switch};
use switchback_sandbox::Loaded;

/// A slot that no guard looks at, whatever its settings say.
pub(in crate::runtime) struct GuardedSlot {
    name: Arc<str>,
}

impl GuardedSlot {
    pub(super) fn new(name: Arc<str>, _settings: GuardSettings) -> Self {
        Self { name }
    }

    pub(in crate::runtime) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Nobody looks at it.
    pub(super) fn is_guarded(&self) -> bool {
        false
    }

    /// Nobody found any release harmful.
    pub(super) fn check_harmless(&self, _release: &ReleaseId) -> Result<(), RouteError> {
        Ok(())
    }

    /// Nobody goes by it.
    pub(super) fn advance(&self, _switch: &Switch<Loaded>) {}
}
