//! The metrics of one release in one role of one slot.

use std::sync::Arc;

use crate::metric::{Counter, Histogram, counter, histogram};
use switchback_model::release::ReleaseId;
use switchback_model::verdict::{Action, Cause, Dropped, Opinion, Role, Said};

/// Why a release that was asked did not answer.
const FAULTS: [Cause; 4] = [Cause::Trap, Cause::Deadline, Cause::Overload, Cause::BadInput];

/// The metrics of one release in one role of one slot.
pub(in crate::runtime) struct ReleaseMeters {
    verdicts: [Counter; Action::ALL.len()],
    score_seconds: Histogram,
    faults: [Counter; FAULTS.len()],
    drops: [Counter; Dropped::ALL.len()],
}

impl ReleaseMeters {
    pub(super) fn new(slot: &Arc<str>, release: &ReleaseId, role: Role) -> Self {
        let labels: [(&str, Arc<str>); 3] =
            [("slot", Arc::clone(slot)), ("release", release.to_string().into()), ("role", role.name().into())];
        let with = |name: &'static str, value: &str| {
            let [slot, release, role] = labels.clone();
            [slot, release, role, (name, value.into())]
        };
        Self {
            verdicts: Action::ALL.map(|action| counter!("switchback_verdicts_total", &with("action", action.name()))),
            score_seconds: histogram!("switchback_score_seconds", &labels),
            faults: FAULTS.map(|cause| counter!("switchback_faults_total", &with("cause", cause.name()))),
            drops: Dropped::ALL.map(|reason| counter!("switchback_shadow_drops_total", &with("reason", reason.name()))),
        }
    }

    /// A verdict names the release.
    pub(in crate::runtime) fn decided(&self, action: Action) {
        self.verdicts[action as usize].increment(1);
    }

    /// The release was asked.
    pub(in crate::runtime) fn said(&self, opinion: &Opinion) {
        match opinion.said {
            Said::Failed(cause) => {
                FAULTS.iter().zip(&self.faults).filter(|(one, _)| **one == cause).for_each(|(_, n)| n.increment(1));
            }
            Said::Dropped(why) => return self.dropped(why),
            _ => {}
        }
        self.score_seconds.record(f64::from(opinion.took_us) / 1e6);
    }

    /// The release was to score in the background, and was not asked.
    pub(in crate::runtime) fn dropped(&self, why: Dropped) {
        self.drops[why as usize].increment(1);
    }
}
