//! What an operation makes of the routes.

use std::time::Duration;

use jiff::Timestamp;

use super::State;
use super::slot::SlotState;
use crate::control::operation::Operation;
use crate::control::refused::Refused;
use crate::limits::COOL_OFF_DEFAULT;
use crate::release::ReleaseId;
use crate::route::{Salt, Share};

impl State {
    /// An operation with what it left open: the target of a revert, the cool-off of a promotion. So the ledger says
    /// what was done, whatever a later program would choose.
    pub(super) fn pinned(&self, operation: Operation) -> Operation {
        match operation {
            Operation::Revert { slot, to: None, emergency } => {
                let to = self.slots.get(&slot).and_then(|slot| slot.standbys.first().cloned());
                Operation::Revert { slot, to, emergency }
            }
            Operation::Promote { slot, release, older, forced, cool_off_s: None } => {
                Operation::Promote { slot, release, older, forced, cool_off_s: Some(COOL_OFF_DEFAULT.as_secs()) }
            }
            other => other,
        }
    }

    /// The slots whose route an operation changes, with what they become.
    pub(super) fn routes_after(
        &self,
        operation: &Operation,
        at: Timestamp,
    ) -> Result<Vec<(String, SlotState)>, Refused> {
        let one = |slot: &str, state: Result<SlotState, Refused>| Ok(vec![(slot.to_owned(), state?)]);
        match operation {
            Operation::Shadow { slot, release, rate_bp } => {
                self.check_may_have_role(release)?;
                self.check_trusted(release)?;
                one(slot, self.slot(slot)?.changed(slot, |roles| roles.shadowing(release.clone(), *rate_bp)))
            }
            Operation::Canary { slot, release, share_bp, key, mirrored, .. } => {
                self.check_not_frozen(slot)?;
                self.check_may_have_role(release)?;
                self.check_trusted(release)?;
                let share = Share { share_bp: *share_bp, key: *key, mirrored: *mirrored };
                let salt = Salt::new(slot, release.digest.as_bytes(), self.sequence + 1);
                one(slot, self.slot(slot)?.changed(slot, |roles| roles.trying(release.clone(), share, salt)))
            }
            Operation::Withdraw { slot, release } => {
                one(slot, self.slot(slot)?.changed(slot, |roles| roles.withdrawing(release)))
            }
            Operation::Promote { slot, release, older, cool_off_s, .. } => {
                self.check_not_frozen(slot)?;
                self.check_may_have_role(release)?;
                self.check_trusted(release)?;
                let state = self.slot(slot)?;
                check_not_older(&state, release, *older)?;
                let until = cool_off_end(at, *cool_off_s);
                one(slot, state.changed(slot, |roles| roles.promoting(release.clone(), until)))
            }
            Operation::Revert { slot, to: Some(to), emergency: Some(_) } if self.is_live(slot, to) => {
                // Somebody else reverted too. Only the generation goes on, to the one that was named already.
                one(slot, self.slot(slot))
            }
            Operation::Revert { slot, to, .. } => {
                if let Some(to) = to {
                    self.check_may_have_role(to)?;
                }
                let state = self.slot(slot)?;
                let target = to.as_ref().or(state.standbys.first()).cloned();
                let target = target.ok_or_else(|| Refused::NoStandby(slot.clone()))?;
                one(slot, state.changed(slot, |roles| roles.reverting(target)))
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
        used.map(|(name, slot)| {
            let without = slot.clone().changed(name, |roles| roles.without(release))?;
            Ok((name.clone(), without))
        })
        .collect()
    }

    fn check_not_frozen(&self, slot: &str) -> Result<(), Refused> {
        let frozen = self.frozen.as_ref().or_else(|| self.slots.get(slot)?.frozen.as_ref());
        frozen.map_or(Ok(()), |note| Err(Refused::Frozen { slot: slot.to_owned(), since: note.clone() }))
    }
}

/// Refuses an older version than the live one of the same model, unless it is meant.
fn check_not_older(slot: &SlotState, release: &ReleaseId, older: bool) -> Result<(), Refused> {
    let newer = slot.live.as_ref().filter(|live| live.name == release.name && live.version > release.version);
    match newer {
        Some(live) if !older => Err(Refused::Older { release: release.clone().into(), live: live.clone().into() }),
        _ => Ok(()),
    }
}

/// When the predecessor of a release that is promoted now stops scoring; none if it does not even begin. Events of
/// before there was a cool-off have none.
fn cool_off_end(at: Timestamp, cool_off_s: Option<u64>) -> Option<Timestamp> {
    let cool_off = Duration::from_secs(cool_off_s.filter(|seconds| *seconds > 0)?);
    Some(at.checked_add(cool_off).unwrap_or(Timestamp::MAX))
}
