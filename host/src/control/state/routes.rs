//! What an operation makes of the routes.

use super::State;
use super::slot::SlotState;
use crate::control::operation::Operation;
use crate::control::refused::Refused;
use crate::release::ReleaseId;

impl State {
    /// A revert with its target, so that the ledger says to which release it was.
    pub(super) fn pinned(&self, operation: Operation) -> Operation {
        match operation {
            Operation::Revert { slot, to: None, emergency } => {
                let to = self.slots.get(&slot).and_then(|slot| slot.standbys.first().cloned());
                Operation::Revert { slot, to, emergency }
            }
            other => other,
        }
    }

    /// The slots whose route an operation changes, with what they become.
    pub(super) fn routes_after(&self, operation: &Operation) -> Result<Vec<(String, SlotState)>, Refused> {
        let one = |slot: &str, state: Result<SlotState, Refused>| Ok(vec![(slot.to_owned(), state?)]);
        match operation {
            Operation::Shadow { slot, release, rate_bp } => {
                self.check_may_have_role(release)?;
                self.check_trusted(release)?;
                one(slot, self.slot(slot)?.shadowing(release, *rate_bp))
            }
            Operation::Canary { slot, release, share_bp, key } => {
                self.check_not_frozen(slot)?;
                self.check_may_have_role(release)?;
                self.check_trusted(release)?;
                one(slot, self.slot(slot)?.trying(release, *share_bp, *key))
            }
            Operation::Withdraw { slot, release } => one(slot, self.slot(slot)?.withdrawing(release)),
            Operation::Promote { slot, release, older, .. } => {
                self.check_not_frozen(slot)?;
                self.check_may_have_role(release)?;
                self.check_trusted(release)?;
                one(slot, self.slot(slot)?.promoting(release, *older))
            }
            Operation::Revert { slot, to: Some(to), emergency: Some(_) } if self.is_live(slot, to) => {
                // Somebody else reverted too. Only the generation goes on, to the one that was named already.
                one(slot, self.slot(slot))
            }
            Operation::Revert { slot, to, .. } => {
                if let Some(to) = to {
                    self.check_may_have_role(to)?;
                }
                one(slot, self.slot(slot)?.reverting(slot, to.as_ref()))
            }
            Operation::Quarantine { release } => self.routes_without(release),
            _ => Ok(Vec::new()),
        }
    }

    /// The generation that an operation leads to.
    pub(super) fn generation_after(&self, operation: &Operation, routes: &[(String, SlotState)]) -> u64 {
        let next = self.generation + u64::from(!routes.is_empty());
        match operation {
            // Verdicts have named it already.
            Operation::Revert { emergency: Some(emergency), .. } => next.max(emergency.generation),
            _ => next,
        }
    }

    fn is_live(&self, slot: &str, release: &ReleaseId) -> bool {
        self.slots.get(slot).is_some_and(|slot| slot.live.as_ref() == Some(release))
    }

    fn check_may_have_role(&self, release: &ReleaseId) -> Result<(), Refused> {
        if self.quarantined.contains_key(&release.digest) {
            return Err(Refused::Quarantined(release.clone()));
        }
        if !self.releases.contains_key(&release.digest) {
            return Err(Refused::NotLoaded(release.clone()));
        }
        Ok(())
    }

    /// Refuses a release that was loaded before its key, or its digest, was revoked, or before there was a trust list.
    fn check_trusted(&self, release: &ReleaseId) -> Result<(), Refused> {
        let signer = self.releases.get(&release.digest).and_then(|stored| stored.signer);
        let is_signed = signer.is_some_and(|key| self.trust.keys().contains_key(&key));
        if self.trust.revoked_digests().contains(&release.digest) || (self.trust.is_set() && !is_signed) {
            return Err(Refused::Untrusted(release.clone()));
        }
        Ok(())
    }

    /// Every slot without a release that is being quarantined.
    fn routes_without(&self, release: &ReleaseId) -> Result<Vec<(String, SlotState)>, Refused> {
        let used = self.slots.iter().filter(|(_, slot)| slot.uses(release));
        used.map(|(name, slot)| Ok((name.clone(), slot.without(name, release)?))).collect()
    }

    fn check_not_frozen(&self, slot: &str) -> Result<(), Refused> {
        let frozen = self.frozen.as_ref().or_else(|| self.slots.get(slot)?.frozen.as_ref());
        frozen.map_or(Ok(()), |note| Err(Refused::Frozen { slot: slot.to_owned(), since: note.clone() }))
    }
}
