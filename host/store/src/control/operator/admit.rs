//! The one way in which a release comes to decide: its file is there, every process is ready, and no guard speaks against it.

use std::time::Duration;

use switchback_model::guard::{Evidence, Segment};
use switchback_model::release::ReleaseId;
use switchback_system::clock;

use super::{Control, PromoteError};
use crate::control::admission::{Admission, Promotion, Readiness};
use crate::control::committed::Committed;
use crate::control::event::Event;
use crate::control::ledger::Ledger;
use crate::control::operation::{GuardAction, Operation};
use crate::control::refused::Refused;
use crate::control::state::StoreState;

impl Control {
    /// Promotes a release once every living process has it ready and a guard that works.
    ///
    /// # Errors
    /// As [`Control::admit`].
    pub fn promote(&self, promotion: Promotion) -> Result<Committed, PromoteError> {
        self.admit(promotion)
    }

    /// Lets a release decide once every living process has it ready, else the same message would get different answers in
    /// different processes, a file that a process which starts could load, and a guard that works. What is forced is not
    /// checked, and the ledger says so; nor is a canary that gets a smaller share, which a freeze lets through as well.
    ///
    /// # Errors
    /// As [`Control::commit`]; and, unless it is forced, if the guard knows that the release does harm, its file is missing or
    /// was altered, a process cannot load it, or does not say so in time, or its guard cannot do its work. Nothing was changed
    /// then, anywhere.
    pub fn admit(&self, admission: impl Into<Admission>) -> Result<Committed, PromoteError> {
        self.admit_after(&self.ledger().map_err(PromoteError::Control)?, admission)
    }

    /// [`Control::admit`] unless the routes have changed since `seen`.
    ///
    /// # Errors
    /// As [`Control::admit`].
    pub fn admit_after(&self, seen: &Ledger, admission: impl Into<Admission>) -> Result<Committed, PromoteError> {
        let admission = admission.into();
        let operation = Operation::from(&admission);
        // What is refused is refused before anybody waits.
        self.draft(seen, operation.clone()).map_err(refused)?;
        self.check_file_of(seen.state(), &admission, &operation)?;
        if let (Some(release), Some(Readiness::Wait(timeout))) =
            (admission.release(seen.state()), admission.readiness())
            && !seen.state().narrows(&operation)
        {
            self.check_not_put_back(&admission, release)?;
            self.check_deciding(seen.state(), admission.slot(), release, timeout)?;
        }
        self.write_after(seen, operation).map_err(PromoteError::Control)
    }

    /// Refuses what lets a release decide that a process which starts could not load. What is forced is not checked, and
    /// what leaves it less than before need not be.
    fn check_file_of(
        &self,
        state: &StoreState,
        admission: &Admission,
        operation: &Operation,
    ) -> Result<(), PromoteError> {
        if admission.readiness() == Some(Readiness::Skip) || state.narrows(operation) {
            return Ok(());
        }
        self.check_file_for(state, operation).map_err(PromoteError::Control)
    }

    /// What an admission would do to the ledger that was `seen`: the event that it would be, and the state after it. Changes
    /// nothing, and waits for nobody: whether processes are ready is for who asks.
    ///
    /// # Errors
    /// As [`Control::commit`]; and, unless it is forced, if the guard knows that the release does harm.
    pub fn dry_run_admission(&self, seen: &Ledger, admission: &Admission) -> Result<(Event, StoreState), PromoteError> {
        let operation = Operation::from(admission);
        let tried = self.outcome(seen, operation.clone()).map_err(PromoteError::Control)?;
        self.check_file_of(seen.state(), admission, &operation)?;
        if let (Some(release), Some(Readiness::Wait(_))) = (admission.release(seen.state()), admission.readiness())
            && !seen.state().narrows(&operation)
        {
            self.check_not_put_back(admission, release)?;
            self.check_harmless(seen.state(), admission.slot(), release)?;
        }
        Ok(tried)
    }

    /// Whether the rollout of a slot could go on to its next step now, whatever the evidence. Changes nothing.
    ///
    /// # Errors
    /// As [`Control::admit`].
    pub fn check_next_step(&self, slot: &str) -> Result<(), PromoteError> {
        let seen = self.ledger().map_err(PromoteError::Control)?;
        let rollout = seen.state().slots.get(slot).and_then(|slot| slot.rollout.as_ref());
        let rollout = rollout.ok_or_else(|| refused(Refused::NoRollout(slot.to_owned())))?;
        self.check_step(&seen, slot, &rollout.release, rollout.step + 1).map(drop)
    }

    pub(super) fn check_step(
        &self,
        seen: &Ledger,
        slot: &str,
        release: &ReleaseId,
        step: usize,
    ) -> Result<Operation, PromoteError> {
        let operation = Operation::Advance { slot: slot.to_owned(), release: release.clone(), step };
        self.draft(seen, operation.clone()).map_err(refused)?;
        self.check_file_for(seen.state(), &operation).map_err(PromoteError::Control)?;
        self.check_deciding(seen.state(), slot, release, Duration::ZERO)?;
        Ok(operation)
    }

    fn check_deciding(
        &self,
        state: &StoreState,
        slot: &str,
        release: &ReleaseId,
        timeout: Duration,
    ) -> Result<(), PromoteError> {
        let deadline = clock::deadline_after(timeout);
        self.check_harmless(state, slot, release)?;
        self.wait_until_ready(release, timeout)?;
        self.check_guarded(state, slot, release, deadline)
    }

    /// Refuses to restore a segment that the guard put back. Its trial has begun anew since, so what the guard counts now
    /// does not show the harm.
    fn check_not_put_back(&self, admission: &Admission, release: &ReleaseId) -> Result<(), PromoteError> {
        let Admission::Restoration { slot, segment, .. } = admission else { return Ok(()) };
        let history = self.history().map_err(PromoteError::Control)?;
        let put_back = history.iter().rev().find_map(|event| put_back(&event.operation, slot, segment));
        if put_back != Some(By::Guard) {
            return Ok(());
        }
        let (release, slot, segments) = (release.clone(), slot.clone(), vec![segment.clone()]);
        Err(PromoteError::Harmed { release, slot, segments })
    }
}

/// Who put a segment back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Guard,
    Operator,
}

/// Who put this segment back with an operation; none if it did not do so.
fn put_back(operation: &Operation, slot: &str, segment: &Segment) -> Option<By> {
    match operation {
        Operation::RevertSegment { slot: of, segment: whose, .. } if (of.as_str(), whose) == (slot, segment) => {
            Some(By::Operator)
        }
        Operation::Guard { slot: of, action: GuardAction::RevertSegment, evidence, .. } if of == slot => {
            match &**evidence {
                Evidence::Flips(flips) if flips.segment == *segment => Some(By::Guard),
                _ => None,
            }
        }
        _ => None,
    }
}

fn refused(refused: Refused) -> PromoteError {
    PromoteError::Control(refused.into())
}
