//! What an operation makes of the routes.

use std::time::Duration;

use jiff::Timestamp;
use switchback_model::guard::{Evidence, GuardSettings, Segment};
use switchback_model::limits::COOL_OFF_DEFAULT;
use switchback_model::name;
use switchback_model::release::ReleaseId;
use switchback_model::route::{BASIS_POINTS, CanaryKey, Generation, RouteError, Salt, Share};
use switchback_model::verdict::Role;

use super::StoreState;
use super::slot::SlotState;
use crate::control::operation::{GuardAction, Operation};
use crate::control::refused::Refused;
use crate::control::rollout::{Exposure, Plan};

impl StoreState {
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
            Operation::RevertSegment { slot, segment, to, .. } => {
                let state = self.slots.get(&slot);
                let to = to.or_else(|| state.and_then(|state| state.standbys.first().cloned()));
                let domains = domains_of(state, &segment);
                Operation::RevertSegment { slot, segment, to, domains }
            }
            Operation::Guard { slot, release, action: action @ GuardAction::RevertSegment, evidence, .. } => {
                let flips = evidence.flips();
                let domains = flips.map(|flips| domains_of(self.slots.get(&slot), &flips.segment)).unwrap_or_default();
                Operation::Guard { slot, release, action, evidence, domains }
            }
            other => other,
        }
    }

    /// The slots whose route an operation changes, with what they become.
    pub(in crate::control) fn routes_after(
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
            Operation::Canary { slot, release, share_bp, key, mirrored, forced } => {
                self.check_may_decide(slot, release, *forced)?;
                let share = Share::new(*share_bp, *key).mirrored(*mirrored);
                let salt = Salt::new(slot, release.digest.as_bytes(), self.sequence.next().get());
                one(slot, self.slot(slot)?.changed(slot, |roles| roles.trying(release.clone(), share, salt)))
            }
            Operation::Withdraw { slot, release } => {
                one(slot, self.slot(slot)?.changed(slot, |roles| roles.withdrawing(release)))
            }
            Operation::Promote { slot, release, older, cool_off_s, forced } => {
                self.check_may_decide(slot, release, *forced)?;
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
            Operation::RevertSegment { slot, segment, to, domains } => one(
                slot,
                self.slot(slot)?.changed(slot, |roles| roles.reverting_segment(segment, domains, to.as_ref())),
            ),
            Operation::RestoreSegment { slot, segment, .. } => {
                one(slot, self.slot(slot)?.changed(slot, |roles| roles.restoring_segment(segment)))
            }
            Operation::Guard { slot, release, action, evidence, domains } => {
                self.routes_guarded(slot, release, *action, evidence, domains)
            }
            Operation::Rollout { slot, release, plan } => {
                let state = self.slot(slot)?;
                check_no_rollout(slot, &state)?;
                state.live.as_ref().ok_or(Refused::Route(RouteError::NothingLive))?;
                check_not_older(&state, release, false)?;
                one(slot, self.stepped(slot, release, plan, 0, at))
            }
            Operation::Advance { slot, release, step } => {
                let state = self.slot(slot)?;
                let rollout = state.rollout.filter(|one| one.release == *release && one.step + 1 == *step);
                let rollout = rollout.ok_or_else(|| Refused::NoRollout(slot.clone()))?;
                one(slot, self.stepped(slot, release, &rollout.plan, *step, at))
            }
            // Every route is as it was, under a generation that none had.
            Operation::Recover { .. } => Ok(self.slots.clone().into_iter().collect()),
            _ => Ok(Vec::new()),
        }
    }

    /// The generation that an operation leads to.
    pub(super) fn generation_after(&self, operation: &Operation, routes: &[(String, SlotState)]) -> Generation {
        let next = self.generation.after(u64::from(!routes.is_empty()));
        match operation {
            // Verdicts have named it already.
            Operation::Revert { emergency: Some(emergency), .. } => next.max(emergency.generation),
            Operation::Recover { generation, .. } => self.generation.max(*generation).next(),
            _ => next,
        }
    }

    /// What the guard makes of the routes. Refused where the release has another role by now than the guard saw.
    fn routes_guarded(
        &self,
        slot: &str,
        release: &ReleaseId,
        action: GuardAction,
        evidence: &Evidence,
        domains: &[String],
    ) -> Result<Vec<(String, SlotState)>, Refused> {
        let state = self.slot(slot)?;
        let role = match action {
            GuardAction::Block => Role::Shadow,
            GuardAction::Withdraw => Role::Canary,
            GuardAction::Revert | GuardAction::RevertSegment => Role::Live,
        };
        if state.roles().role(release) != Some(role) {
            return Err(Refused::GuardIsLate { release: Box::new(release.clone()), slot: slot.to_owned(), role });
        }
        let changed = match action {
            // It keeps its role: what it would do is still to be seen.
            GuardAction::Block => return Ok(Vec::new()),
            GuardAction::Withdraw => state.changed(slot, |roles| roles.withdrawing(release))?,
            GuardAction::RevertSegment => {
                let Evidence::Flips(flips) = evidence else {
                    return Err(Refused::Route(RouteError::NoSuchSenders(Segment::Everything)));
                };
                let baseline = Some(&flips.baseline);
                state.changed(slot, |roles| roles.reverting_segment(&flips.segment, domains, baseline))?
            }
            GuardAction::Revert => {
                let target = evidence.baseline().filter(|baseline| state.standbys.contains(baseline));
                let target = target.or(state.standbys.first()).cloned();
                let target = target.ok_or_else(|| Refused::NoStandby(slot.to_owned()))?;
                state.changed(slot, |roles| roles.reverting(target).and_then(|roles| roles.without(release)))?
            }
        };
        let mut routes = vec![(slot.to_owned(), changed)];
        if action == GuardAction::Revert {
            let elsewhere = self.routes_without(release).unwrap_or_default();
            routes.extend(elsewhere.into_iter().filter(|(name, _)| name != slot));
        }
        Ok(routes)
    }

    /// Whether a release that the guard reverts in a slot can lose its roles in all others.
    pub(super) fn can_be_barred_outside(&self, slot: &str, release: &ReleaseId) -> bool {
        let others = self.slots.iter().filter(|(name, one)| *name != slot && one.uses(release));
        others.into_iter().all(|(_, one)| one.roles().without(release).is_ok())
    }

    /// The slot in a step of a rollout.
    fn stepped(
        &self,
        slot: &str,
        release: &ReleaseId,
        plan: &Plan,
        step: usize,
        at: Timestamp,
    ) -> Result<SlotState, Refused> {
        self.check_may_decide(slot, release, false)?;
        let exposure = plan.steps().get(step).map(|step| step.exposure);
        let exposure = exposure.ok_or_else(|| Refused::NoRollout(slot.to_owned()))?;
        let state = self.slot(slot)?;
        let salt = Salt::new(slot, release.digest.as_bytes(), self.sequence.next().get());
        state.changed(slot, |roles| match exposure {
            Exposure::Shadow => roles.shadowing(release.clone(), BASIS_POINTS),
            Exposure::Canary(share_bp) => {
                let key = roles.canaries.first().map_or_else(CanaryKey::default, |canary| canary.share.key);
                roles.trying(release.clone(), Share::new(share_bp, key).mirrored(true), salt)
            }
            Exposure::Live => roles.promoting(release.clone(), cool_off_end(at, Some(COOL_OFF_DEFAULT.as_secs()))),
        })
    }

    fn is_live(&self, slot: &str, release: &ReleaseId) -> bool {
        self.slots.get(slot).is_some_and(|slot| slot.live.as_ref() == Some(release))
    }

    /// Refuses to let a release decide that may not, or that the guard found harmful in this slot.
    fn check_may_decide(&self, slot: &str, release: &ReleaseId, forced: bool) -> Result<(), Refused> {
        self.check_not_frozen(slot)?;
        self.check_may_have_role(release)?;
        self.check_trusted(release)?;
        let found = self.slots.get(slot).and_then(|slot| slot.harmful.get(&release.digest));
        match found {
            Some(note) if !forced => {
                Err(Refused::Harmful { release: Box::new(release.clone()), slot: slot.to_owned(), since: note.clone() })
            }
            _ => Ok(()),
        }
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

    /// Refuses what somebody wants to do now and what is in ledgers of before there was this rule.
    pub(super) fn check_wanted(&self, operation: &Operation) -> Result<(), Refused> {
        if let Some(slot) = operation.slot().filter(|slot| !self.slots.contains_key(*slot)) {
            name::check_name(slot).map_err(|_| Refused::SlotName(name::shown(slot)))?;
        }
        match operation {
            Operation::RestoreSegment { slot, .. } => self.check_not_frozen(slot),
            Operation::RevertSegment { segment, .. } => {
                segment.validate().map_err(|error| Refused::Route(RouteError::Segment(error)))
            }
            Operation::SetGuard { slot, settings } => {
                let before = self.slots.get(slot).map(|slot| &slot.guard);
                settings.check_providers(before).map_err(Refused::Provider)
            }
            // Nobody has checked that processes have another release ready; a process reverts to standbys alone.
            Operation::Revert { slot, to: Some(to), emergency: None } => {
                let is_standby = self.slots.get(slot).is_some_and(|slot| slot.standbys.contains(to));
                if is_standby { Ok(()) } else { Err(Refused::Route(RouteError::NotStandby(to.clone()))) }
            }
            _ => Ok(()),
        }
    }

    fn check_not_frozen(&self, slot: &str) -> Result<(), Refused> {
        let frozen = self.frozen.as_ref().or_else(|| self.slots.get(slot)?.frozen.as_ref());
        frozen.map_or(Ok(()), |note| Err(Refused::Frozen { slot: slot.to_owned(), since: note.clone() }))
    }
}

/// Refuses an older version than the live one of the same model, unless it is meant.
fn check_not_older(slot: &SlotState, release: &ReleaseId, older: bool) -> Result<(), Refused> {
    let newer = slot.live.as_ref().filter(|live| release.is_older_than(live));
    match newer {
        Some(live) if !older => Err(Refused::Older { release: release.clone().into(), live: live.clone().into() }),
        _ => Ok(()),
    }
}

fn check_no_rollout(name: &str, slot: &SlotState) -> Result<(), Refused> {
    let going_on = slot.rollout.as_ref().map(|rollout| Box::new(rollout.release.clone()));
    going_on.map_or(Ok(()), |release| Err(Refused::RolloutGoesOn { release, slot: name.to_owned() }))
}

/// The organisational domains of a segment, by the providers that the slot knows.
fn domains_of(slot: Option<&SlotState>, segment: &Segment) -> Vec<String> {
    slot.map_or_else(|| GuardSettings::default().domains_of(segment), |slot| slot.guard.domains_of(segment))
}

/// When the predecessor of a release that is promoted now stops scoring; none if it does not even begin. Events of
/// before there was a cool-off have none.
fn cool_off_end(at: Timestamp, cool_off_s: Option<u64>) -> Option<Timestamp> {
    let cool_off = Duration::from_secs(cool_off_s.filter(|seconds| *seconds > 0)?);
    Some(at.checked_add(cool_off).unwrap_or(Timestamp::MAX))
}
