//! What an alert is about.

use serde::{Deserialize, Serialize};
use switchback_model::guard::{Evidence, Requirements};
use switchback_model::release::{Digest, ReleaseId};
use switchback_model::route::Generation;

use crate::control::EventSequence;

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// A release does harm: the evidence suffices to act.
    Harm,
    /// A release may do harm: the evidence suffices to warn.
    Warning,
    /// The guard itself cannot do its work, or not all of it. Scoring goes on; the summary says whether promotions stop.
    Guard,
    /// A rollout went on, paused or ended.
    Rollout,
    /// The store was touched, set back or damaged: a process no longer follows it, and goes on as before.
    Store,
    /// Something was done to the store.
    Change,
    /// Somebody tries whether alerts arrive.
    Test,
}

impl Kind {
    /// Its name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Harm => "harm",
            Self::Warning => "warning",
            Self::Guard => "guard",
            Self::Rollout => "rollout",
            Self::Store => "store",
            Self::Change => "change",
            Self::Test => "test",
        }
    }

    /// How bad it is at worst.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Harm | Self::Store => Severity::Critical,
            Self::Guard => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Rollout | Self::Change | Self::Test => Severity::Notice,
        }
    }
}

/// How bad something is, in the words of syslog (RFC 5424, section 6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: a receiver has to rank each of them.
pub enum Severity {
    /// Nothing is wrong.
    Notice,
    /// Somebody should look in the course of the day.
    Warning,
    /// Something does not work.
    Error,
    /// Mail was misfiled, or would have been; or the store was touched.
    Critical,
}

impl Severity {
    /// Its name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

/// What was done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Response {
    /// Nothing.
    None,
    /// The live release went back to its predecessor, and is quarantined.
    Reverted,
    /// The live release went back to its predecessor in one process, which could not tell the ledger yet: other processes
    /// go on with it until it can.
    RevertedHere,
    /// One segment went back to the predecessor.
    SegmentReverted,
    /// The canary was withdrawn.
    Withdrawn,
    /// The release cannot be promoted.
    Blocked,
    /// The rollout waits.
    Paused,
    /// The rollout went on to its next step.
    Advanced,
}

impl Response {
    /// Its name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Reverted => "reverted",
            Self::RevertedHere => "reverted-here",
            Self::SegmentReverted => "segment-reverted",
            Self::Withdrawn => "withdrawn",
            Self::Blocked => "blocked",
            Self::Paused => "paused",
            Self::Advanced => "advanced",
        }
    }
}

/// A process of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct By {
    /// Its number in the store.
    pub process: u64,
    /// What it calls itself.
    pub name: String,
}

impl By {
    /// A process with its number in the store and what it calls itself.
    pub fn new(process: u64, name: impl Into<String>) -> Self {
        Self { process, name: name.into() }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Found {
    /// A release does harm.
    Harm(Evidence),
    /// A release may do harm.
    Warning(Evidence),
    /// The guard itself cannot do its work, for this reason, so promotions stop.
    Guard(String),
    /// The guard itself sees less than it should, for this reason; promotions go on.
    Hindrance(String),
    /// A rollout did this.
    Rollout(String),
    /// The store is not followed, for this reason.
    Store(String),
    /// An event took place.
    Change {
        /// What was done.
        what: String,
        /// Who did it.
        by: String,
        /// The hash of the event, which is the ledger's head until the next.
        head: Digest,
    },
    /// Nothing: a try.
    Test,
}

impl Found {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Harm(_) => Kind::Harm,
            Self::Warning(_) => Kind::Warning,
            Self::Guard(_) | Self::Hindrance(_) => Kind::Guard,
            Self::Rollout(_) => Kind::Rollout,
            Self::Store(_) => Kind::Store,
            Self::Change { .. } => Kind::Change,
            Self::Test => Kind::Test,
        }
    }

    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Hindrance(_) => Severity::Warning,
            _ => self.kind().severity(),
        }
    }

    /// The numbers.
    pub const fn evidence(&self) -> Option<&Evidence> {
        match self {
            Self::Harm(evidence) | Self::Warning(evidence) => Some(evidence),
            _ => None,
        }
    }
}

/// Where it was found, and what is known of it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct About {
    /// The slot.
    pub slot: Option<String>,
    /// The release.
    pub release: Option<ReleaseId>,
    /// The share of a canary that was withdrawn, in basis points.
    pub share_bp: Option<u16>,
    /// The slot's generation after what was done.
    pub generation: Option<Generation>,
    /// The event of the ledger that did it.
    pub event: Option<EventSequence>,
    /// The process that raises the alert.
    pub process: Option<By>,
    /// What it takes to act, and what there was of it.
    pub requirements: Option<Requirements>,
}
