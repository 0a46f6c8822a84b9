//! Why an operation is refused.

use switchback_model::guard::{InvalidSegment, InvalidSettings};
use switchback_model::release::{Digest, ReleaseId};
use switchback_model::route::{Generation, RouteError};
use switchback_model::verdict::{InvalidOverride, Role};

use super::newer::NewerEvent;
use super::note::OperationNote;
use super::number::EventSequence;
use super::trust::TrustRefused;

/// Why an operation is refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Nobody but the recovery itself writes one.
    #[error("only the recovery of a store writes one into its ledger")]
    OnlyRecovery,
    /// Nothing can be said to follow from events that are not understood.
    #[error("{0}: use that version; nothing was changed")]
    Newer(Box<NewerEvent>),
    /// The release is not in the store.
    #[error("{0} is not loaded")]
    NotLoaded(ReleaseId),
    /// The release is in the store already.
    #[error("{0} is loaded already")]
    LoadedAlready(ReleaseId),
    /// Another file is loaded under this name and version.
    #[error(
        "{loaded} is loaded with digest {}, this file has {}: a release is immutable, so give the changed one a new version, such as 1.2.3-dev.1 for a trial",
        loaded.digest.short(), offered.short()
    )]
    Namesake {
        /// The loaded one.
        loaded: ReleaseId,
        /// The digest of the file that was offered.
        offered: Digest,
    },
    /// A live release cannot be unloaded.
    #[error("{release} is live in {slot}: revert or promote another release first")]
    Live {
        /// The release.
        release: ReleaseId,
        /// Where.
        slot: String,
    },
    /// A release with a role cannot be unloaded.
    #[error("{release} has a role in {slot}: withdraw it there first")]
    InUse {
        /// The release.
        release: ReleaseId,
        /// Where.
        slot: String,
    },
    /// The slot's roles do not allow it.
    #[error(transparent)]
    Route(RouteError),
    /// There is nothing to revert to.
    #[error("{0} has no standby to revert to: promote a release instead")]
    NoStandby(String),
    /// A promotion of an older version has to be meant.
    #[error("{release} is older than {live}, which is live")]
    Older {
        /// The release.
        release: Box<ReleaseId>,
        /// What is live.
        live: Box<ReleaseId>,
    },
    /// Nobody may promote.
    #[error("{slot} is frozen since {}, by {}{}: thaw it first; a revert is possible at any time", since.at, since.author, because(since))]
    Frozen {
        /// The slot.
        slot: String,
        /// Who froze it, when and why.
        since: OperationNote,
    },
    /// It is frozen already.
    #[error("{} frozen already", .0.as_ref().map_or("every slot is".to_owned(), |slot| format!("{slot} is")))]
    FrozenAlready(Option<String>),
    /// There is no such freeze.
    #[error("there is no freeze of {}", .0.as_deref().unwrap_or("every slot"))]
    NotFrozen(Option<String>),
    /// The release may have no role.
    #[error("{0} is quarantined")]
    Quarantined(ReleaseId),
    /// The guard found it harmful.
    #[error(
        "{release} is harmful in {slot}, the guard found on {}{}, in event {}",
        since.at, because(since), since.sequence
    )]
    Harmful {
        /// The release.
        release: Box<ReleaseId>,
        /// Where.
        slot: String,
        /// The event in which the guard said so.
        since: OperationNote,
    },
    /// The guard acted on a role that the release does not have any more.
    #[error("{release} is not {role} in {slot} any more, so the guard has nothing to do")]
    GuardIsLate {
        /// The release.
        release: Box<ReleaseId>,
        /// Where.
        slot: String,
        /// The role in which the guard found it.
        role: Role,
    },
    /// The guard's settings contradict themselves.
    #[error(transparent)]
    Guard(InvalidSettings),
    /// No mail can be of a provider's domain in the guard's settings.
    #[error("of the guard's providers, {0}")]
    Provider(InvalidSegment),
    /// Another release is being rolled out.
    #[error("{release} is being rolled out in {slot}: wait for its end, or stop it")]
    RolloutGoesOn {
        /// What is rolled out.
        release: Box<ReleaseId>,
        /// Where.
        slot: String,
    },
    /// There is no such rollout, or it is in another step.
    #[error("there is no rollout in {0} of which this would be the next step")]
    NoRollout(String),
    /// No rollout goes on in the slot.
    #[error("no rollout goes on in {0}, so there is none to stop")]
    NothingToStop(String),
    /// The trust list does not accept the release any more.
    #[error("{0} is not signed by a key that this store trusts now, or was revoked: sign it, and load it again")]
    Untrusted(ReleaseId),
    /// The release is not quarantined, and nobody found it harmful.
    #[error("{0} is not quarantined, and the guard has not found it harmful")]
    NotQuarantined(ReleaseId),
    /// A slot cannot have this name.
    #[error("`{0}` is no name for a slot: 1 to 64 bytes without control characters, `/` and `\\` are")]
    SlotName(String),
    /// There is no such override.
    #[error("there is no override {0}")]
    NoOverride(u64),
    /// The override is not valid.
    #[error(transparent)]
    Override(InvalidOverride),
    /// No message is named that would be given back.
    #[error("no message is named, so there is none to give back")]
    NoMail,
    /// The trust list cannot be changed so.
    #[error(transparent)]
    Trust(TrustRefused),
    /// The event is not the next one.
    #[error("event {found} cannot follow here, {expected} would be next")]
    OutOfOrder {
        /// The next one's sequence.
        expected: EventSequence,
        /// This one's.
        found: EventSequence,
    },
    /// The event says that it is a recovery which took place before.
    #[error("it says recovery {found}, and the ledger was recovered {known} times before it")]
    WrongRecovery {
        /// How often the ledger was recovered before it.
        known: u64,
        /// Which recovery it says it is.
        found: u64,
    },
    /// The event claims a generation that it does not lead to.
    #[error("it says generation {found}, and leads to {expected}")]
    WrongGeneration {
        /// What it leads to.
        expected: Generation,
        /// What it says.
        found: Generation,
    },
}

impl Refused {
    /// What a slot's roles do not allow; a revert without a target names the slot.
    pub(super) fn of_route(slot: &str, error: RouteError) -> Self {
        match error {
            RouteError::NoStandby => Self::NoStandby(slot.to_owned()),
            error => Self::Route(error),
        }
    }
}

fn because(note: &OperationNote) -> String {
    if note.reason.is_empty() { String::new() } else { format!(" ({})", note.reason) }
}
