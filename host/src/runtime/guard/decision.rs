//! What follows from something that is due, by what the release does in the slot now.

use switchback_model::guard::{Evidence, Mode, Segment};
use switchback_model::release::ReleaseId;
use switchback_store::control::{GuardAction, SlotState};
use switchback_store::guard_store::Due;

/// What is to be done.
pub(super) enum Decision {
    Do(GuardAction),
    /// The guard may only tell, or can do nothing else.
    Tell,
    /// The guard does not look at the slot now.
    Wait,
    /// It is over, or was done.
    Nothing,
}

/// What is to be done, by the role that the release has now; nothing if it has none, or had to begin anew since.
pub(super) fn decision(slot: &SlotState, due: &Due) -> Decision {
    if slot.entered.get(&due.release.digest) != Some(&due.since) {
        return Decision::Nothing;
    }
    let is = |release: &ReleaseId| *release == due.release;
    let action = if slot.live.as_ref().is_some_and(is) {
        // Without a predecessor there is nothing to go back to.
        if slot.standbys.is_empty() {
            return if slot.guard.mode == Mode::Off { Decision::Wait } else { Decision::Tell };
        }
        match of_live(slot, &due.evidence) {
            Some(action) => action,
            None => return Decision::Nothing,
        }
    } else if slot.canaries.iter().any(|canary| is(&canary.release)) {
        GuardAction::Withdraw
    } else if slot.harmful.contains_key(&due.release.digest) {
        return Decision::Nothing;
    } else {
        GuardAction::Block
    };
    match slot.guard.mode {
        Mode::Act => Decision::Do(action),
        Mode::Warn => Decision::Tell,
        Mode::Off => Decision::Wait,
    }
}

/// Whether the whole release goes back, or one segment first; nothing if that segment has gone back already.
fn of_live(slot: &SlotState, evidence: &Evidence) -> Option<GuardAction> {
    let Evidence::Flips(flips) = evidence else { return Some(GuardAction::Revert) };
    if is_back(slot, &flips.segment) {
        return None;
    }
    let is_cohort = matches!(flips.segment, Segment::Domain(_) | Segment::Provider(_));
    let has_room = slot.segments.len() < usize::from(slot.guard.segment_reverts);
    let stands_by = slot.standbys.contains(&flips.baseline);
    Some(if is_cohort && has_room && stands_by { GuardAction::RevertSegment } else { GuardAction::Revert })
}

/// Whether a segment is back at a standby, by itself or with its provider.
fn is_back(slot: &SlotState, segment: &Segment) -> bool {
    slot.segments.iter().any(|rule| {
        rule.segment == *segment
            || matches!(segment, Segment::Domain(domain) if rule.domains.iter().any(|one| **one == **domain))
    })
}
