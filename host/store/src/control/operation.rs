//! What can be done to a store: operations, as data.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use switchback_model::guard::{Evidence, GuardSettings, Segment};
use switchback_model::release::{Digest, KeyId, PublicKey, ReleaseId};
use switchback_model::route::{CanaryKey, Generation};
use switchback_model::verdict::{Action, AllowScope, RecordId, Rule};

use super::number::{EventSequence, ProcessNumber};
use super::rollout::Plan;
use crate::limits::MESSAGES_NAMED_MAX;

/// One operation, as the ledger has it. What it does to the state is [`StoreState::apply`](super::StoreState::apply).
///
/// It is for reading: an operator asks with a [`Request`](super::Request), and what lets a release decide is an
/// [`Admission`](super::Admission). In the ledger it is JSON, tagged by `op`. Fields are only ever added, with a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Operation {
    /// Makes a release known: its file is in the store, every process that lives prepares it.
    Load {
        /// The release.
        release: ReleaseId,
        /// The key that signed it, where a trust list asked for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signer: Option<KeyId>,
    },
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
    /// Lets a release decide for a share of the messages.
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
        #[serde(default, skip_serializing_if = "is_false")]
        mirrored: bool,
        /// Whether nothing was waited for: neither that every process has prepared the release and has a guard that
        /// works, nor, where the guard found it harmful in this slot, that it is harmless.
        #[serde(default, skip_serializing_if = "is_false")]
        forced: bool,
    },
    /// Takes the role canary, shadow or standby from a release.
    Withdraw {
        /// Where.
        slot: String,
        /// The release.
        release: ReleaseId,
    },
    /// Makes a release live. What was live becomes the first standby.
    Promote {
        /// Where.
        slot: String,
        /// The release.
        release: ReleaseId,
        /// Whether a version older than the live one is meant.
        #[serde(default, skip_serializing_if = "is_false")]
        older: bool,
        /// Whether nothing was waited for: neither that every process has prepared the release and has a guard that
        /// works, nor, where the guard found it harmful in this slot, that it is harmless.
        #[serde(default, skip_serializing_if = "is_false")]
        forced: bool,
        /// For how many seconds the predecessor goes on scoring, in reverse shadow; 0 for not at all. The default
        /// of 24 hours is written into the event when it is drafted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cool_off_s: Option<u64>,
    },
    /// Makes the predecessor, or a named release, live again. What was live has no role afterwards.
    Revert {
        /// Where.
        slot: String,
        /// To which release; the first standby if not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ReleaseId>,
        /// Present if a process did it by itself before the store knew.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        emergency: Option<Emergency>,
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
    /// Refuses promotions, and canaries that get a larger share, until a thaw: in one slot, or everywhere.
    Freeze {
        /// Where; everywhere if not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slot: Option<String>,
    },
    /// Ends a freeze.
    Thaw {
        /// Where; everywhere if not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slot: Option<String>,
    },
    /// Puts the mail of one segment back to a standby, while the live release goes on deciding for the rest. Ends with
    /// the next promotion or revert of the slot.
    RevertSegment {
        /// Where.
        slot: String,
        /// Whose mail: a provider's or a domain's.
        segment: Segment,
        /// To which release; the first standby if not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ReleaseId>,
        /// The organisational domains of the segment, as they were when this was drafted.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        domains: Vec<String>,
    },
    /// Lets the live release decide for a segment again.
    RestoreSegment {
        /// Where.
        slot: String,
        /// Whose mail.
        segment: Segment,
        /// Whether it was done although the guard had put the segment back, or a guard does not work.
        #[serde(default, skip_serializing_if = "is_false")]
        forced: bool,
    },
    /// Says what the guard may do in a slot, and from when on.
    SetGuard {
        /// Where.
        slot: String,
        /// What it may do.
        settings: Box<GuardSettings>,
    },
    /// The guard did something by itself.
    Guard {
        /// Where.
        slot: String,
        /// To which release.
        release: ReleaseId,
        /// What.
        action: GuardAction,
        /// The numbers that made it act.
        evidence: Box<Evidence>,
        /// The organisational domains of the segment that goes back, where only a segment does.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        domains: Vec<String>,
    },
    /// Begins to try a release out, step by step. The first step begins at once.
    Rollout {
        /// Where.
        slot: String,
        /// The release.
        release: ReleaseId,
        /// The steps.
        plan: Plan,
    },
    /// Goes on to the next step of a rollout.
    Advance {
        /// Where.
        slot: String,
        /// The release.
        release: ReleaseId,
        /// The step that begins, from 0.
        step: usize,
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
    /// Gives back mail that was held beside the store. Changes no route: what became of each message is with the messages.
    ReleaseMail {
        /// How many messages.
        count: u64,
        /// SHA-256 of all their names, each as its 16 bytes, in order: so it can be told which they were.
        digest: Digest,
        /// The first of them, at most 100.
        messages: Vec<RecordId>,
    },
    /// Moves mail back that was delivered into a folder of junk. Changes no route; what becomes of each message, the mail store
    /// shows.
    MoveMail {
        /// How many messages.
        count: u64,
        /// SHA-256 of all their names, as of [`Operation::ReleaseMail`].
        digest: Digest,
        /// The first of them, at most 100.
        messages: Vec<RecordId>,
    },
    /// The ledger was damaged, or set back, and somebody had it begin anew after the event before: processes that obeyed
    /// what is lost obey this. Only [`SqliteStore::recover`](super::SqliteStore::recover) writes it.
    Recover {
        /// Which recovery of this store it is, from 1.
        number: u64,
        /// The last event that is known to have been there.
        known: EventSequence,
        /// The highest generation that is known to have been there: the next one is higher.
        generation: Generation,
    },
}

/// A revert that a process made by itself, and wrote into the ledger afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Emergency {
    /// The process, by its number in the store.
    pub process: ProcessNumber,
    /// When it took effect there.
    pub at: Timestamp,
    /// The generation that its verdicts have named since.
    pub generation: Generation,
}

impl Emergency {
    /// A revert that took effect in this process at this time, from this generation on.
    pub const fn new(process: ProcessNumber, at: Timestamp, generation: Generation) -> Self {
        Self { process, at, generation }
    }
}

/// What the guard did by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: whoever carries it out has to know each.
pub enum GuardAction {
    /// It marked a shadow as harmful: it cannot be promoted or made a canary unless somebody forces it.
    Block,
    /// It took the role from a canary, and marked it as harmful.
    Withdraw,
    /// It made the predecessor live again, and quarantined the release. Where that is live in another slot
    /// without a standby, it is marked as harmful in this one instead.
    Revert,
    /// It put the mail of one segment back to the predecessor.
    RevertSegment,
}

impl fmt::Display for GuardAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Block => "block",
            Self::Withdraw => "withdraw",
            Self::Revert => "revert",
            Self::RevertSegment => "revert-segment",
        })
    }
}

impl Operation {
    /// The release of held messages, whose names are kept as far as there is room.
    pub(super) fn release_mail(messages: Vec<RecordId>) -> Self {
        let (count, digest, messages) = named(messages);
        Self::ReleaseMail { count, digest, messages }
    }

    /// The way back of messages that were delivered, likewise.
    pub(super) fn move_mail(messages: Vec<RecordId>) -> Self {
        let (count, digest, messages) = named(messages);
        Self::MoveMail { count, digest, messages }
    }

    /// The release that gets a role which it need not have had before.
    pub(crate) fn enters(&self) -> Option<&ReleaseId> {
        match self {
            Self::Shadow { release, .. }
            | Self::Canary { release, .. }
            | Self::Promote { release, .. }
            | Self::Rollout { release, .. } => Some(release),
            _ => None,
        }
    }

    /// The slot that it is about, if it is about one.
    pub fn slot(&self) -> Option<&str> {
        match self {
            Self::Shadow { slot, .. }
            | Self::Canary { slot, .. }
            | Self::Withdraw { slot, .. }
            | Self::Promote { slot, .. }
            | Self::Revert { slot, .. }
            | Self::RevertSegment { slot, .. }
            | Self::RestoreSegment { slot, .. }
            | Self::SetGuard { slot, .. }
            | Self::Guard { slot, .. }
            | Self::Rollout { slot, .. }
            | Self::Advance { slot, .. }
            | Self::StopRollout { slot } => Some(slot),
            Self::Freeze { slot } | Self::Thaw { slot } => slot.as_deref(),
            Self::Load { .. }
            | Self::Unload { .. }
            | Self::Quarantine { .. }
            | Self::LiftQuarantine { .. }
            | Self::Allow { .. }
            | Self::Block { .. }
            | Self::Expire { .. }
            | Self::TrustKey { .. }
            | Self::RevokeKey { .. }
            | Self::RevokeDigest { .. }
            | Self::ReleaseMail { .. }
            | Self::MoveMail { .. }
            | Self::Recover { .. } => None,
        }
    }
}

/// How many messages these are, the digest of their names, and the first of them.
fn named(mut messages: Vec<RecordId>) -> (u64, Digest, Vec<RecordId>) {
    messages.sort_unstable();
    messages.dedup();
    let names: Vec<u8> = messages.iter().flat_map(RecordId::as_bytes).copied().collect();
    let count = messages.len() as u64;
    messages.truncate(MESSAGES_NAMED_MAX);
    (count, Digest::of(&names), messages)
}

/// One line for a person: `promote phish@2.0.0 in inbound, forced`.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load { release, signer: None } => write!(f, "load {release}"),
            Self::Load { release, signer: Some(key) } => write!(f, "load {release}, signed by {key}"),
            Self::Unload { release } => write!(f, "unload {release}"),
            Self::Shadow { slot, release, rate_bp } => write!(f, "shadow {release} in {slot}, {}", Percent(*rate_bp)),
            Self::Canary { slot, release, share_bp, key, mirrored, forced } => {
                let (mirrored, forced) = (marked(*mirrored, ", mirrored"), marked(*forced, ", forced"));
                write!(f, "canary {release} in {slot}, {} by {key}{mirrored}{forced}", Percent(*share_bp))
            }
            Self::Withdraw { slot, release } => write!(f, "withdraw {release} from {slot}"),
            Self::Promote { slot, release, older, forced, .. } => {
                let (older, forced) = (marked(*older, ", older"), marked(*forced, ", forced"));
                write!(f, "promote {release} in {slot}{older}{forced}")
            }
            Self::Revert { slot, to, emergency } => {
                write!(f, "revert {slot}")?;
                to.as_ref().map_or(Ok(()), |to| write!(f, " to {to}"))?;
                emergency.as_ref().map_or(Ok(()), |e| write!(f, ", by process {} at {}", e.process, e.at))
            }
            Self::Quarantine { release } => write!(f, "quarantine {release}"),
            Self::LiftQuarantine { release } => write!(f, "lift the quarantine of {release}"),
            Self::Allow { rule, may } => write!(f, "allow {rule}, over {may}"),
            Self::Block { rule, action } => write!(f, "block {rule}: {action}"),
            Self::Expire { rule } => write!(f, "expire override {rule}"),
            Self::Freeze { slot } => write!(f, "freeze {}", slot.as_deref().unwrap_or(EVERYWHERE)),
            Self::Thaw { slot } => write!(f, "thaw {}", slot.as_deref().unwrap_or(EVERYWHERE)),
            Self::RevertSegment { slot, segment, to, .. } => {
                write!(f, "revert {segment} in {slot}")?;
                to.as_ref().map_or(Ok(()), |to| write!(f, " to {to}"))
            }
            Self::RestoreSegment { slot, segment, forced } => {
                write!(f, "restore {segment} in {slot}{}", marked(*forced, ", forced"))
            }
            Self::SetGuard { slot, settings } => write!(f, "set the guard of {slot}: {}", settings.mode),
            Self::Guard { slot, release, action, evidence, .. } => {
                write!(f, "guard: {}", Guarded { slot, release, action: *action, evidence })
            }
            Self::Rollout { slot, release, plan } => write!(f, "roll out {release} in {slot}: {plan}"),
            Self::Advance { slot, release, step } => {
                write!(f, "rollout of {release} in {slot} goes on to step {}", step + 1)
            }
            Self::StopRollout { slot } => write!(f, "stop the rollout in {slot}"),
            Self::TrustKey { key, label } if label.is_empty() => write!(f, "trust key {}", key.id()),
            Self::TrustKey { key, label } => write!(f, "trust key {} of {label}", key.id()),
            Self::RevokeKey { key } => write!(f, "revoke key {key}"),
            Self::RevokeDigest { digest } => write!(f, "revoke release file {digest}"),
            Self::ReleaseMail { count: 1, messages, .. } => {
                let message = messages.first().map(|id| format!(" {id}")).unwrap_or_default();
                write!(f, "release held message{message}")
            }
            Self::ReleaseMail { count, .. } => write!(f, "release {count} held messages"),
            Self::MoveMail { count: 1, messages, .. } => {
                let message = messages.first().map(|id| format!(" {id}")).unwrap_or_default();
                write!(f, "move delivered message{message} back")
            }
            Self::MoveMail { count, .. } => write!(f, "move {count} delivered messages back"),
            Self::Recover { number, known, .. } => {
                write!(
                    f,
                    "recover the ledger, recovery {number}: events up to {known} were known, and those after this one's predecessor are lost"
                )
            }
        }
    }
}

/// What the guard did, for one line: `revert phish@2.0.0 in inbound, for gmail.com`.
struct Guarded<'a> {
    slot: &'a str,
    release: &'a ReleaseId,
    action: GuardAction,
    evidence: &'a Evidence,
}

impl fmt::Display for Guarded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { slot, release, action, evidence } = self;
        write!(f, "{action} {release} in {slot}, for {}", evidence.cause())
    }
}

const EVERYWHERE: &str = "every slot";

/// Basis points as a person reads them: `2.5 %`.
struct Percent(u16);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", f64::from(self.0) / 100.0)
    }
}

fn marked(is: bool, mark: &'static str) -> &'static str {
    if is { mark } else { "" }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::event::Proposal;
    use crate::control::ledger::Ledger;
    use crate::control::refused::Refused;
    use crate::control::request::Request;

    fn id(number: u16) -> RecordId {
        let mut bytes = [7; 16];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        bytes.into()
    }

    fn drafted(request: Request) -> Result<Operation, Refused> {
        let proposal = Proposal::new("ada", "a wrong release", request);
        let ledger = Ledger::default();
        let event = ledger.draft(proposal, Timestamp::UNIX_EPOCH)?.into_event();
        let mut after = ledger.state().clone();
        after.apply(&event)?;
        assert_eq!((event.generation, after.slots.len()), (Generation::default(), 0), "no route is changed");
        Ok(event.operation)
    }

    #[test]
    fn mail_that_is_given_back_is_counted_and_named_within_bounds() {
        let release = |messages| drafted(Request::ReleaseMail { messages });
        let Operation::ReleaseMail { count, digest, messages } = release((0..500).rev().map(id).collect()).unwrap()
        else {
            panic!("another operation")
        };
        assert_eq!((count, messages.len(), messages[0], messages[99]), (500, 100, id(0), id(99)));
        let same = release((0..500).chain(0..500).map(id).collect()).unwrap();
        assert_eq!(same, Operation::ReleaseMail { count, digest, messages: messages.clone() });
        assert_eq!(same.to_string(), "release 500 held messages");
        assert_eq!(release(vec![id(1)]).unwrap().to_string(), format!("release held message {}", id(1)));
        assert!(matches!(release(Vec::new()), Err(Refused::NoMail)));
        let back = |messages| drafted(Request::MoveMail { messages });
        let moved = back((0..500).map(id).collect()).unwrap();
        assert_eq!(moved, Operation::MoveMail { count, digest, messages });
        assert_eq!(moved.to_string(), "move 500 delivered messages back");
        assert_eq!(back(vec![id(1)]).unwrap().to_string(), format!("move delivered message {} back", id(1)));
        assert!(matches!(back(Vec::new()), Err(Refused::NoMail)));
    }
}
