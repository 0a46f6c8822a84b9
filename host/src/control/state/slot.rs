//! The roles in one slot.

use serde::{Deserialize, Serialize};

use super::Note;
use crate::control::refused::Refused;
use crate::limits::SLOT_NAME_BYTES_MAX;
use crate::release::ReleaseId;
use crate::route::{Canary, CoolOff, Roles, RouteError, Shadow};

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
    /// The predecessor that goes on scoring after a promotion, for a while.
    pub cool_off: Option<CoolOff>,
    /// Present while the slot is frozen.
    pub frozen: Option<Note>,
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

    /// The roles.
    pub(crate) fn roles(&self) -> Roles<ReleaseId> {
        let Self { live, standbys, canaries, shadows, cool_off, .. } = self.clone();
        Roles { live, standbys, canaries, shadows, cool_off }
    }

    /// The slot with other roles.
    pub(super) fn changed(
        self,
        slot: &str,
        change: impl FnOnce(Roles<ReleaseId>) -> Result<Roles<ReleaseId>, RouteError>,
    ) -> Result<Self, Refused> {
        let roles = change(self.roles()).map_err(|error| Refused::of_route(slot, error))?;
        let Roles { live, standbys, canaries, shadows, cool_off } = roles;
        Ok(Self { live, standbys, canaries, shadows, cool_off, ..self })
    }
}

pub(super) fn check_name(slot: &str) -> Result<(), Refused> {
    let good = (1..=SLOT_NAME_BYTES_MAX).contains(&slot.len()) && !slot.chars().any(char::is_control);
    if good { Ok(()) } else { Err(Refused::SlotName(slot.to_owned())) }
}
