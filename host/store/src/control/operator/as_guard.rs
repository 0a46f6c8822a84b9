//! What the guard of a process writes into a ledger, and nobody else.

use switchback_model::release::ReleaseId;

use super::ready::PromoteError;
use super::{Control, ControlError};
use crate::control::committed::Committed;
use crate::control::ledger::Ledger;
use crate::control::operation::Operation;

/// A [`Control`] in the hand of a guard. The crate `switchback` does not hand this on: operators ask with a
/// [`Request`](crate::control::Request) or an [`Admission`](crate::control::Admission).
pub trait AsGuard {
    /// Does what the guard decided, unless the routes have changed since `seen`.
    ///
    /// # Errors
    /// As [`Control::commit`].
    fn act(&self, seen: &Ledger, operation: Operation) -> Result<Committed, ControlError>;

    /// Goes on to a step of a rollout, unless the routes have changed since `seen`. Who is not ready now is not waited for.
    ///
    /// # Errors
    /// As [`Control::admit`].
    fn advance(&self, seen: &Ledger, slot: &str, release: &ReleaseId, step: usize) -> Result<Committed, PromoteError>;
}

impl AsGuard for Control {
    fn act(&self, seen: &Ledger, operation: Operation) -> Result<Committed, ControlError> {
        self.write_after(seen, operation)
    }

    fn advance(&self, seen: &Ledger, slot: &str, release: &ReleaseId, step: usize) -> Result<Committed, PromoteError> {
        let operation = self.check_step(seen, slot, release, step)?;
        self.write_after(seen, operation).map_err(PromoteError::Control)
    }
}
