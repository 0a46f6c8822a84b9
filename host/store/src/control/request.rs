//! What an operator may ask of a store.

use switchback_model::guard::{GuardSettings, Segment};
use switchback_model::release::{Digest, KeyId, PublicKey, ReleaseId};
use switchback_model::verdict::{Action, AllowScope, RecordId, Rule};

use super::operation::Operation;

/// What an operator asks of a store with [`Control::commit`](super::Control::commit).
///
/// It holds no operation that lets a release decide: that is an [`Admission`](super::Admission), which is checked first. A
/// release is brought in by `Runtime::load_into`. What the guard does and what a process reverts
/// by itself is written by them alone: an [`Operation`] read from the ledger cannot be asked for again.
///
/// ```compile_fail
/// # fn ask(control: &switchback::Control, event: switchback::control::Event) {
/// let _ = control.commit(event.operation); // an operation is not a request
/// # }
/// ```
///
/// ```
/// # fn ask(control: &switchback::Control) {
/// let _ = control.commit(switchback::control::Request::Freeze { slot: None });
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Request {
    /// Forgets a release that has no role. Its file stays.
    Unload {
        /// The release.
        release: ReleaseId,
    },
    /// Lets a release score without deciding.
    Shadow {
        /// Where.
        slot: String,
        /// The release.
        release: ReleaseId,
        /// The share of messages that it scores, in basis points, 1 to 10,000.
        rate_bp: u16,
    },
    /// Takes the role canary, shadow or standby from a release.
    Withdraw {
        /// Where.
        slot: String,
        /// The release.
        release: ReleaseId,
    },
    /// Makes the predecessor, or a named standby, live again. What was live has no role afterwards.
    Revert {
        /// Where.
        slot: String,
        /// To which standby; the first one if not given. Only what was live in the slot is on standby there.
        to: Option<ReleaseId>,
    },
    /// Puts the mail of one segment back to a standby, while the live release goes on deciding for the rest. Ends with
    /// the next promotion or revert of the slot.
    RevertSegment {
        /// Where.
        slot: String,
        /// Whose mail: a provider's or a domain's.
        segment: Segment,
        /// To which standby; the first one if not given.
        to: Option<ReleaseId>,
    },
    /// Bars a release from every role, in all slots. Where it is live, its predecessor takes over.
    Quarantine {
        /// The release.
        release: ReleaseId,
    },
    /// Takes a release out of quarantine, and forgets that the guard found it harmful. It has no role until it is given
    /// one.
    LiftQuarantine {
        /// The release.
        release: ReleaseId,
    },
    /// Adds an override that lets mail pass.
    Allow {
        /// Which mail.
        rule: Rule,
        /// What it may override.
        may: AllowScope,
    },
    /// Adds an override that holds mail back.
    Block {
        /// Which mail.
        rule: Rule,
        /// What is done with it.
        action: Action,
    },
    /// Ends an override before its time.
    Expire {
        /// Its number: the sequence of the event that made it.
        rule: u64,
    },
    /// Refuses whatever lets a release decide for more until a thaw: in one slot, or everywhere. A canary can be narrowed all
    /// the same: the ledger has that between a thaw and another freeze, which every version understands.
    Freeze {
        /// Where; everywhere if not given.
        slot: Option<String>,
    },
    /// Ends a freeze.
    Thaw {
        /// Where; everywhere if not given.
        slot: Option<String>,
    },
    /// Says what the guard may do in a slot, and from when on.
    SetGuard {
        /// Where.
        slot: String,
        /// What it may do.
        settings: Box<GuardSettings>,
    },
    /// Ends a rollout. The release keeps the role that it has.
    StopRollout {
        /// Where.
        slot: String,
    },
    /// Trusts a key. From the first one on, nothing unsigned is loaded.
    TrustKey {
        /// The key.
        key: PublicKey,
        /// Whose it is.
        label: String,
    },
    /// Distrusts a key for good.
    RevokeKey {
        /// The key.
        key: KeyId,
    },
    /// Distrusts one release file for good.
    RevokeDigest {
        /// Its digest.
        digest: Digest,
    },
    /// Records that mail is given back that was held beside the store. Whoever asks gives it back afterwards.
    ReleaseMail {
        /// The messages, by their records; at least one. The ledger has their number, a digest and the first 100.
        messages: Vec<RecordId>,
    },
    /// Records that mail is moved back that was delivered into a folder of junk. Whoever asks moves it afterwards.
    MoveMail {
        /// The messages, likewise.
        messages: Vec<RecordId>,
    },
}

impl From<Request> for Operation {
    fn from(request: Request) -> Self {
        match request {
            Request::Unload { release } => Self::Unload { release },
            Request::Shadow { slot, release, rate_bp } => Self::Shadow { slot, release, rate_bp },
            Request::Withdraw { slot, release } => Self::Withdraw { slot, release },
            Request::Revert { slot, to } => Self::Revert { slot, to, emergency: None },
            Request::RevertSegment { slot, segment, to } => {
                Self::RevertSegment { slot, segment, to, domains: Vec::new() }
            }
            Request::Quarantine { release } => Self::Quarantine { release },
            Request::LiftQuarantine { release } => Self::LiftQuarantine { release },
            Request::Allow { rule, may } => Self::Allow { rule, may },
            Request::Block { rule, action } => Self::Block { rule, action },
            Request::Expire { rule } => Self::Expire { rule },
            Request::Freeze { slot } => Self::Freeze { slot },
            Request::Thaw { slot } => Self::Thaw { slot },
            Request::SetGuard { slot, settings } => Self::SetGuard { slot, settings },
            Request::StopRollout { slot } => Self::StopRollout { slot },
            Request::TrustKey { key, label } => Self::TrustKey { key, label },
            Request::RevokeKey { key } => Self::RevokeKey { key },
            Request::RevokeDigest { digest } => Self::RevokeDigest { digest },
            Request::ReleaseMail { messages } => Self::release_mail(messages),
            Request::MoveMail { messages } => Self::move_mail(messages),
        }
    }
}
