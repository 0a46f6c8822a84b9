//! The roles in one slot.

use serde::{Deserialize, Serialize};

use super::Note;
use crate::control::operation::{BASIS_POINTS, CanaryKey};
use crate::control::refused::Refused;
use crate::limits::{SLOT_NAME_BYTES_MAX, STANDBYS_MAX};
use crate::release::ReleaseId;

/// Which release has which role in a slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotState {
    /// The generation that the last change of this route led to; 0 if it never had a release.
    pub generation: u64,
    /// The release that decides.
    pub live: Option<ReleaseId>,
    /// The targets of reverts, the next one first; at most 8.
    pub standbys: Vec<ReleaseId>,
    /// Releases that decide for a share.
    pub canaries: Vec<Canary>,
    /// Releases that score without deciding.
    pub shadows: Vec<Shadow>,
    /// Present while the slot is frozen.
    pub frozen: Option<Note>,
}

/// A release that decides for a share of the messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// The release.
    pub release: ReleaseId,
    /// The share in basis points, 1 to 10,000.
    pub share_bp: u16,
    /// What is hashed to tell whether a message belongs to the share.
    pub key: CanaryKey,
}

/// A release that scores without deciding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shadow {
    /// The release.
    pub release: ReleaseId,
    /// The share of messages that it scores, in basis points, 1 to 10,000.
    pub rate_bp: u16,
}

impl SlotState {
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

    pub(super) fn shadowing(mut self, release: &ReleaseId, rate_bp: u16) -> Result<Self, Refused> {
        check_share(rate_bp)?;
        self.check_not_live(release)?;
        self.drop_trial(release);
        self.shadows.push(Shadow { release: release.clone(), rate_bp });
        Ok(self)
    }

    pub(super) fn trying(mut self, release: &ReleaseId, share_bp: u16, key: CanaryKey) -> Result<Self, Refused> {
        check_share(share_bp)?;
        if self.live.is_none() {
            return Err(Refused::NothingLive);
        }
        self.check_not_live(release)?;
        self.drop_trial(release);
        let taken: u16 = self.canaries.iter().map(|canary| canary.share_bp).sum();
        if share_bp > BASIS_POINTS - taken {
            return Err(Refused::SharesAboveAll { left_bp: BASIS_POINTS - taken });
        }
        self.canaries.push(Canary { release: release.clone(), share_bp, key });
        Ok(self)
    }

    pub(super) fn withdrawing(mut self, release: &ReleaseId) -> Result<Self, Refused> {
        self.check_not_live(release)?;
        if !self.uses(release) {
            return Err(Refused::NoRole(release.clone()));
        }
        self.drop_trial(release);
        self.standbys.retain(|standby| standby != release);
        Ok(self)
    }

    pub(super) fn promoting(mut self, release: &ReleaseId, older: bool) -> Result<Self, Refused> {
        self.check_not_live(release)?;
        if let Some(live) =
            self.live.as_ref().filter(|live| live.name == release.name && live.version > release.version)
            && !older
        {
            return Err(Refused::Older { release: release.clone().into(), live: live.clone().into() });
        }
        self.drop_trial(release);
        self.standbys.retain(|standby| standby != release);
        self.standbys.splice(..0, self.live.replace(release.clone()));
        self.standbys.truncate(STANDBYS_MAX);
        Ok(self)
    }

    pub(super) fn reverting(mut self, slot: &str, to: Option<&ReleaseId>) -> Result<Self, Refused> {
        let target = match to {
            Some(to) => to.clone(),
            None => self.standbys.first().ok_or_else(|| Refused::NoStandby(slot.to_owned()))?.clone(),
        };
        self.check_not_live(&target)?;
        // Those promoted after the target lose their role. A target that is no standby leaves them as they are.
        if let Some(place) = self.standbys.iter().position(|standby| *standby == target) {
            self.standbys.drain(..=place);
        }
        self.drop_trial(&target);
        self.live = Some(target);
        Ok(self)
    }

    /// Without a release that is being quarantined; where it is live, the first standby takes over.
    pub(super) fn without(&self, slot: &str, release: &ReleaseId) -> Result<Self, Refused> {
        let mut without = self.clone();
        without.drop_trial(release);
        without.standbys.retain(|standby| standby != release);
        if without.live.as_ref() == Some(release) {
            return without.reverting(slot, None);
        }
        Ok(without)
    }

    fn drop_trial(&mut self, release: &ReleaseId) {
        self.canaries.retain(|canary| canary.release != *release);
        self.shadows.retain(|shadow| shadow.release != *release);
    }

    fn check_not_live(&self, release: &ReleaseId) -> Result<(), Refused> {
        match &self.live {
            Some(live) if live == release => Err(Refused::LiveAlready(release.clone())),
            _ => Ok(()),
        }
    }
}

pub(super) fn check_name(slot: &str) -> Result<(), Refused> {
    let good = (1..=SLOT_NAME_BYTES_MAX).contains(&slot.len()) && !slot.chars().any(char::is_control);
    if good { Ok(()) } else { Err(Refused::SlotName(slot.to_owned())) }
}

fn check_share(share_bp: u16) -> Result<(), Refused> {
    if (1..=BASIS_POINTS).contains(&share_bp) { Ok(()) } else { Err(Refused::Share(share_bp)) }
}
