//! Which trial it is.

use crate::release::ReleaseId;

/// What tells one trial from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TrialKey {
    /// Where.
    pub slot: String,
    /// The release that is tried.
    pub candidate: ReleaseId,
    /// What it is compared with.
    pub baseline: ReleaseId,
    /// The generation since which the candidate has a role in the slot.
    pub since: u64,
}
