//! What the guard does in a slot that follows no store.

use switchback_model::guard::Evidence;
use switchback_model::release::ReleaseId;
use switchback_model::route::{Generation, RouteError};
use switchback_store::control::{EventSequence, GuardAction, OperationNote};
use switchback_system::clock;

use super::LocalSlot;
use crate::runtime::slot::Inner;

impl LocalSlot {
    /// Forgets that the guard found a release harmful here and took it back, so that it can have a role again. It gets none by
    /// this. What the guard finds is forgotten in any case when the runtime ends.
    ///
    /// # Errors
    /// If the runtime has ended.
    pub fn clear_harmful(&self, release: &ReleaseId) -> Result<(), RouteError> {
        let Inner { shared, life, .. } = &*self.0.0;
        let _inside = life.enter()?;
        shared.guarded().change_state(|state| drop(state.harmful.remove(&release.digest)));
        Ok(())
    }

    /// Does what the guard decided. The release decides nothing here until it is [cleared](Self::clear_harmful). Its roles
    /// in other slots stay: each slot has a guard of its own.
    pub(in crate::runtime) fn take_back(
        &self,
        release: &ReleaseId,
        action: GuardAction,
        evidence: &Evidence,
    ) -> Result<Generation, RouteError> {
        let Inner { shared, life, .. } = &*self.0.0;
        let _inside = life.enter()?;
        self.refresh();
        let target = evidence.baseline().filter(|baseline| self.standbys().contains(baseline));
        let generation = match (action, evidence) {
            (GuardAction::Block, _) => self.generation(),
            (GuardAction::Withdraw, _) => self.withdraw(release)?,
            (GuardAction::RevertSegment, Evidence::Flips(flips)) => {
                let domains = self.state().guard.domains_of(&flips.segment);
                let baseline = Some(&flips.baseline);
                return self.changing_roles(|roles| roles.reverting_segment(&flips.segment, &domains, baseline));
            }
            (GuardAction::Revert | GuardAction::RevertSegment, _) => match target {
                Some(target) => self.revert_to(target)?.generation,
                None => self.revert()?.generation,
            },
        };
        let note = OperationNote::new(EventSequence::NONE, clock::now(), "guard", evidence.cause());
        shared.guarded().change_state(|state| drop(state.harmful.insert(release.digest, note)));
        Ok(generation)
    }
}
