//! The roles in one slot.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use switchback_model::guard::{GuardSettings, TrialKey};
use switchback_model::limits::NAME_BYTES_MAX;
use switchback_model::name::shown;
use switchback_model::release::{Digest, ReleaseId};
use switchback_model::route::Generation;

use crate::control::note::OperationNote;
use crate::control::refused::Refused;
use crate::control::rollout::{Exposure, Rollout};
pub(crate) use switchback_model::route::{Canary, CoolOff, Roles, RouteError, SegmentRule, Shadow};

/// Which release has which role in a slot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SlotState {
    /// The generation that the last change of this route led to; 0 if it never had a release.
    pub generation: Generation,
    /// The release that decides.
    pub live: Option<ReleaseId>,
    /// The targets of reverts, the next one first; at most 8.
    pub standbys: Vec<ReleaseId>,
    /// Releases that decide for a share.
    pub canaries: Vec<Canary>,
    /// Releases that score without deciding.
    pub shadows: Vec<Shadow>,
    /// The predecessor that goes on scoring after a promotion, for a while.
    pub cool_off: Option<CoolOff>,
    /// Whose mail standbys decide; at most 8.
    pub segments: Vec<SegmentRule>,
    /// Present while the slot is frozen.
    pub frozen: Option<OperationNote>,
    /// What the guard may do here.
    pub guard: GuardSettings,
    /// Releases that the guard found harmful here and that nobody has forced since, by digest, with the event in which
    /// it said so.
    pub harmful: BTreeMap<Digest, OperationNote>,
    /// Since which generation a release has been live, a canary or a shadow here without interruption, by digest. A trial
    /// begins with it.
    pub entered: BTreeMap<Digest, Generation>,
    /// The rollout that goes on here.
    pub rollout: Option<Rollout>,
}

impl SlotState {
    /// Whether the slot is as a rollout made it: whoever changes its release's role, or what is live, ends it. What the ledger
    /// says of that is in `along.rs`.
    pub(in crate::control) fn is_as_made_by(&self, rollout: &Rollout) -> bool {
        let is_beside_baseline = self.live.as_ref() == Some(&rollout.baseline);
        is_beside_baseline
            && match rollout.current().map(|step| step.exposure) {
                Some(Exposure::Shadow) => self.shadows.iter().any(|shadow| shadow.release == rollout.release),
                Some(Exposure::Canary(share_bp)) => {
                    self.canaries.iter().any(|one| one.release == rollout.release && one.share.share_bp == share_bp)
                }
                Some(Exposure::Live) | None => false,
            }
    }

    /// Whether a release has a role here.
    pub fn uses(&self, release: &ReleaseId) -> bool {
        self.releases().any(|used| used == release)
    }

    /// Every release that has a role here; one with two roles comes twice.
    pub fn releases(&self) -> impl Iterator<Item = &ReleaseId> {
        let canaries = self.canaries.iter().map(|canary| &canary.release);
        let shadows = self.shadows.iter().map(|shadow| &shadow.release);
        self.live.iter().chain(&self.standbys).chain(canaries).chain(shadows)
    }

    /// The trial of the rollout that goes on in this slot, which has this name; none if none does.
    pub fn rollout_trial(&self, name: &str) -> Option<TrialKey> {
        let Rollout { release, baseline, .. } = self.rollout.as_ref()?;
        let since = *self.entered.get(&release.digest)?;
        Some(TrialKey::new(name, release.clone(), baseline.clone(), since))
    }

    /// The roles.
    #[doc(hidden)]
    pub fn roles(&self) -> Roles<ReleaseId> {
        let Self { live, standbys, canaries, shadows, cool_off, segments, .. } = self.clone();
        Roles { live, standbys, canaries, shadows, cool_off, segments }
    }

    /// The slot with other roles.
    pub(super) fn changed(
        mut self,
        slot: &str,
        change: impl FnOnce(Roles<ReleaseId>) -> Result<Roles<ReleaseId>, RouteError>,
    ) -> Result<Self, Refused> {
        let roles = change(self.roles()).map_err(|error| Refused::of_route(slot, error))?;
        self.assign(roles);
        Ok(self)
    }

    /// Brings a slot that follows no ledger to this generation, with these roles.
    #[doc(hidden)]
    pub fn advance(&mut self, generation: Generation, roles: Roles<ReleaseId>) {
        self.generation = generation;
        self.assign(roles);
        self.settle(generation);
    }

    /// Gives the slot these roles. Where other segments are back at a standby than before, the trial of the live release
    /// begins anew: it decides for others, and what it did to those who went back is no reason for more.
    fn assign(&mut self, roles: Roles<ReleaseId>) {
        if let Some(live) = roles.live.as_ref().filter(|_| roles.segments != self.segments) {
            self.entered.remove(&live.digest);
        }
        let Roles { live, standbys, canaries, shadows, cool_off, segments } = roles;
        (self.live, self.standbys, self.canaries) = (live, standbys, canaries);
        (self.shadows, self.cool_off, self.segments) = (shadows, cool_off, segments);
    }

    /// Notes which releases are tried since when, and whether a rollout goes on, after the slot got its roles at this
    /// generation.
    pub(super) fn settle(&mut self, generation: Generation) {
        let canaries = self.canaries.iter().map(|canary| &canary.release);
        let shadows = self.shadows.iter().map(|shadow| &shadow.release);
        let tried = self.live.iter().chain(canaries).chain(shadows).map(|release| release.digest);
        let since = |digest: Digest| (digest, self.entered.get(&digest).copied().unwrap_or(generation));
        self.entered = tried.map(since).collect();
        self.rollout = self.rollout.take().filter(|rollout| self.is_as_made_by(rollout));
    }
}

/// Refuses what could never be in a ledger. A slot that is named for the first time is held to more.
pub(super) fn check_name(slot: &str) -> Result<(), Refused> {
    let good = (1..=NAME_BYTES_MAX).contains(&slot.len()) && !slot.chars().any(char::is_control);
    if good { Ok(()) } else { Err(Refused::SlotName(shown(slot))) }
}
