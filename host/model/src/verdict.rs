//! From what a model said to what a filter does: score -> SCL -> action, and who decided.
//!
//! Plain data and pure functions; nothing here knows a sandbox.

mod action;
mod assessment;
mod failure;
mod judged;
mod judgement;
mod opinion;
mod overrides;
mod record_id;
mod role;
mod scl;
mod thresholds;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use action::{Action, InvalidAction};
pub use assessment::{Assessment, Category, InvalidAssessment, Outcome, Reason};
pub use failure::{Answer, Cause, FailurePolicy};
pub use judged::Judged;
pub use judgement::{Failed, Judgement};
pub use opinion::Opinions;
pub use opinion::{Dropped, Opinion, Said};
pub use overrides::HitCounter;
pub use overrides::{
    AllowScope, Effect, InvalidOverride, Matcher, Network, Override, Overrides, Rule, Scope, SenderAddress,
    SenderDomain, Senders,
};
pub use record_id::{InvalidRecordId, RecordId};
pub use role::{InvalidRole, Role};
pub use scl::Scl;
pub use thresholds::{InvalidThresholds, Thresholds};

use crate::generation::Generation;
use crate::log::Logged;
use crate::message::{Authorship, Reading};
use crate::release::ReleaseId;
use crate::timing::Timing;

/// What the host decides about one message.
///
/// Serialises with times in microseconds.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Verdict {
    /// The name of its record in the journal, if one is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RecordId>,
    /// What to do with the message.
    pub action: Action,
    /// The probability that the message is unwanted, 0 to 1; absent unless a model scored it.
    pub score: Option<f64>,
    /// What kind of mail it is; absent unless a model scored it.
    pub category: Option<Category>,
    /// The spam confidence level; absent unless a model scored it or an override decided.
    pub scl: Option<Scl>,
    /// Why, on the release's scale; empty unless a model scored it.
    pub reasons: Vec<Reason>,
    /// Who decided.
    pub decided_by: DecidedBy,
    /// The release that scored the message, or that tried last; absent if the slot had none.
    pub release: Option<ReleaseId>,
    /// What is known of who the message is from: which rules about senders could match, and whether the guard counts it.
    #[serde(default)]
    pub author: Authorship,
    /// The generation of the route that judged the message.
    pub generation: Generation,
    /// The reading of the message that was scored.
    #[serde(default = "Reading::unnamed")]
    pub reading: Reading,
    /// What went wrong, if the live release did not answer; `decided_by` says who did.
    pub fault: Option<String>,
    /// Of what kind that was, if it is why the live release does not decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// What the releases logged that were asked for this verdict; those that logged nothing are not in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<ReleaseLog>,
    /// How long it took.
    pub timing: Timing,
}

crate::debug! {
    /// Without the text of the fault, the reasons and the log, which a model may have written: it belongs in no log.
    Verdict {
        id, action, score, category, scl, reasons, decided_by, release, author, generation, reading,
        fault: unsaid_if_any, cause, log, timing
    }
}

impl Verdict {
    /// Whether the message crosses the flag boundary: junk, quarantine or reject.
    pub fn is_flagged(&self) -> bool {
        self.action.is_flagged()
    }
}

/// What one release logged while it scored one message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ReleaseLog {
    /// The release.
    pub release: ReleaseId,
    /// What it logged.
    #[serde(flatten)]
    pub log: Logged,
}

impl ReleaseLog {
    /// None if nothing was logged.
    #[doc(hidden)]
    pub fn of(release: &ReleaseId, log: Logged) -> Option<Self> {
        (!log.is_empty()).then(|| Self { release: release.clone(), log })
    }
}

/// Who decided a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DecidedBy {
    /// The live release.
    Live,
    /// A canary, for its share of the messages.
    Canary,
    /// The previous release, because the live one failed.
    Previous,
    /// A standby, for the mail of a segment that is back at it.
    Segment,
    /// The live release had no opinion: the message is delivered, and nobody vouches for it.
    Abstained,
    /// Nobody scored the message: the slot's failure policy answered.
    Unscanned,
    /// An operator's allow rule, above whatever a model said.
    Allowed {
        /// The [`Override::id`] of the rule.
        rule: u64,
    },
    /// An operator's block rule, above whatever a model said.
    Blocked {
        /// The [`Override::id`] of the rule.
        rule: u64,
    },
}

impl DecidedBy {
    /// The name of each, as in every table and record.
    pub const NAMES: [&str; 8] =
        ["live", "canary", "previous", "segment", "abstained", "unscanned", "allowed", "blocked"];

    /// Its name, without the rule.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Canary => "canary",
            Self::Previous => "previous",
            Self::Segment => "segment",
            Self::Abstained => "abstained",
            Self::Unscanned => "unscanned",
            Self::Allowed { .. } => "allowed",
            Self::Blocked { .. } => "blocked",
        }
    }

    /// The rule that decided, if one did.
    pub const fn rule(self) -> Option<u64> {
        match self {
            Self::Allowed { rule } | Self::Blocked { rule } => Some(rule),
            _ => None,
        }
    }

    /// The one of this name; a rule's number is needed where a rule decided.
    #[doc(hidden)]
    pub fn of(name: &str, rule: Option<u64>) -> Option<Self> {
        Some(match name {
            "live" => Self::Live,
            "canary" => Self::Canary,
            "previous" => Self::Previous,
            "segment" => Self::Segment,
            "abstained" => Self::Abstained,
            "unscanned" => Self::Unscanned,
            "allowed" => Self::Allowed { rule: rule? },
            "blocked" => Self::Blocked { rule: rule? },
            _ => return None,
        })
    }
}

/// For a person: `live`, `allowed by rule 17`.
impl fmt::Display for DecidedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live => f.pad("live"),
            Self::Canary => f.pad("canary"),
            Self::Previous => f.pad("previous"),
            Self::Segment => f.pad("segment"),
            Self::Abstained => f.pad("abstained"),
            Self::Unscanned => f.pad("unscanned"),
            Self::Allowed { rule } => f.pad(&format!("allowed by rule {rule}")),
            Self::Blocked { rule } => f.pad(&format!("blocked by rule {rule}")),
        }
    }
}
