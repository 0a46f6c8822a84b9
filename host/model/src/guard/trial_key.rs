//! Which trial it is.

use crate::generation::Generation;
use crate::release::ReleaseId;

/// What tells one trial from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TrialKey {
    /// Where.
    pub slot: String,
    /// The release that is tried.
    pub candidate: ReleaseId,
    /// What it is compared with.
    pub baseline: ReleaseId,
    /// The generation since which the candidate has a role in the slot.
    pub since: Generation,
}

impl TrialKey {
    /// The trial in a slot of a candidate against a baseline, since the generation in which the candidate got a role there.
    pub fn new(slot: impl Into<String>, candidate: ReleaseId, baseline: ReleaseId, since: Generation) -> Self {
        Self { slot: slot.into(), candidate, baseline, since }
    }
}
