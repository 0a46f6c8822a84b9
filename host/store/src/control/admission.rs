//! What lets a release decide.

use std::time::Duration;

use switchback_model::guard::Segment;
use switchback_model::release::ReleaseId;
use switchback_model::route::CanaryKey;

use super::operation::Operation;
use super::rollout::{Exposure, Plan};
use super::state::StoreState;

/// Whatever lets a release decide for more messages than before. [`Control::admit`](super::Control::admit) is the one way to
/// do it, and checks first.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Admission {
    /// Makes a release live.
    Promotion(Promotion),
    /// Lets a release decide for a share of the messages, or changes its share.
    Canary {
        /// Where.
        slot: String,
        /// The release.
        release: ReleaseId,
        /// The share, in basis points, 1 to 10,000; the canaries of a slot share at most 10,000.
        share_bp: u16,
        /// What is hashed to tell whether a message belongs to the share. All canaries of a slot have the same.
        key: CanaryKey,
        /// Whether the canary also scores, without deciding, the messages outside its share.
        mirrored: bool,
        /// What it waits for.
        readiness: Readiness,
    },
    /// Begins to try a release out, step by step. The first step begins at once.
    Rollout {
        /// Where.
        slot: String,
        /// The release.
        release: ReleaseId,
        /// The steps.
        plan: Plan,
        /// For how long to wait until every living process has the release ready, where the first step decides.
        ready_within: Duration,
    },
    /// Lets the live release decide again for a segment that went back to a standby.
    Restoration {
        /// Where.
        slot: String,
        /// Whose mail.
        segment: Segment,
        /// What it waits for.
        readiness: Readiness,
    },
}

/// A promotion to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Promotion {
    /// Where.
    pub slot: String,
    /// The release.
    pub release: ReleaseId,
    /// Whether a version older than the live one is meant.
    pub older: bool,
    /// For how long the predecessor goes on scoring, in reverse shadow. Default if not given: 24 hours.
    pub cool_off: Option<Duration>,
    /// What it waits for.
    pub readiness: Readiness,
}

/// What is waited for before a release decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Exhaustive: a change waits for processes or not.
pub enum Readiness {
    /// Every process that is alive has the release ready and a guard that works; wait for that at most so long. A release
    /// that the guard knows to do harm is refused.
    Wait(Duration),
    /// Nothing. The ledger records that.
    Skip,
}

impl Promotion {
    /// A promotion of a release that is no older than the live one.
    pub fn new(slot: impl Into<String>, release: ReleaseId, readiness: Readiness) -> Self {
        Self { slot: slot.into(), release, older: false, cool_off: None, readiness }
    }

    /// Means a version older than the live one, too.
    #[must_use]
    pub fn older(mut self) -> Self {
        self.older = true;
        self
    }

    switchback_model::setters! {
        /// Sets for how long the predecessor goes on scoring.
        pub cool_off: Some(Duration);

        /// Sets what it waits for.
        pub readiness: Readiness;
    }
}

impl From<Promotion> for Admission {
    fn from(promotion: Promotion) -> Self {
        Self::Promotion(promotion)
    }
}

impl Admission {
    pub(super) fn slot(&self) -> &str {
        match self {
            Self::Promotion(Promotion { slot, .. })
            | Self::Canary { slot, .. }
            | Self::Rollout { slot, .. }
            | Self::Restoration { slot, .. } => slot,
        }
    }

    /// The release that is to decide; none where a segment is restored and nothing is live.
    pub(super) fn release<'a>(&'a self, state: &'a StoreState) -> Option<&'a ReleaseId> {
        match self {
            Self::Promotion(Promotion { release, .. })
            | Self::Canary { release, .. }
            | Self::Rollout { release, .. } => Some(release),
            Self::Restoration { slot, .. } => state.slots.get(slot)?.live.as_ref(),
        }
    }

    /// What has to be waited for; none where it decides nothing yet.
    pub(super) fn readiness(&self) -> Option<Readiness> {
        match self {
            Self::Promotion(Promotion { readiness, .. })
            | Self::Canary { readiness, .. }
            | Self::Restoration { readiness, .. } => Some(*readiness),
            // Each later step is checked when it is made.
            Self::Rollout { plan, .. }
                if plan.steps().first().is_some_and(|step| step.exposure == Exposure::Shadow) =>
            {
                None
            }
            Self::Rollout { ready_within, .. } => Some(Readiness::Wait(*ready_within)),
        }
    }
}

impl From<&Admission> for Operation {
    fn from(admission: &Admission) -> Self {
        match admission.clone() {
            Admission::Promotion(Promotion { slot, release, older, cool_off, readiness }) => {
                let cool_off_s = cool_off.map(|cool_off| cool_off.as_secs());
                Self::Promote { slot, release, older, forced: readiness == Readiness::Skip, cool_off_s }
            }
            Admission::Canary { slot, release, share_bp, key, mirrored, readiness } => {
                Self::Canary { slot, release, share_bp, key, mirrored, forced: readiness == Readiness::Skip }
            }
            Admission::Rollout { slot, release, plan, .. } => Self::Rollout { slot, release, plan },
            Admission::Restoration { slot, segment, readiness } => {
                Self::RestoreSegment { slot, segment, forced: readiness == Readiness::Skip }
            }
        }
    }
}
