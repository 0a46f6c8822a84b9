//! One alert.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use switchback_model::beginning::on_one_line;
use switchback_model::guard::{Evidence, Requirements};
use switchback_model::release::{Digest, ReleaseId};
use switchback_system::clock;
use uuid::Uuid;

use super::text;

/// Something that a person has to know. As JSON it is what a webhook receives and what a command reads; fields are only
/// ever added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alert {
    /// Its name, the same for every attempt to deliver it: whoever receives it twice can tell.
    pub id: Uuid,
    /// When it was raised.
    pub at: Timestamp,
    /// What it is about.
    pub kind: Kind,
    /// How bad it is.
    pub severity: Severity,
    /// What was done about it.
    pub response: Response,
    /// The slot, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// The release, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseId>,
    /// The numbers: the segment, its counts, the evidence and what it had to reach, or what a breaker measured. What the
    /// release was compared with is among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// What it takes to act on these flips, and what there was of it: of a warning, why nothing was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirements: Option<Requirements>,
    /// The slot's generation after what was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// The event of the ledger that did it. `switchback guard explain` takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// The hash of that event, where the alert says that it took place: the ledger's head until the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Digest>,
    /// Which process raised it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<By>,
    /// All of it in one line.
    pub summary: String,
    /// The command that undoes what was done, for whoever knows better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
}

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
pub struct By {
    /// Its number in the store.
    pub process: u64,
    /// What it calls itself.
    pub name: String,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
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
pub struct About {
    /// The slot.
    pub slot: Option<String>,
    /// The release.
    pub release: Option<ReleaseId>,
    /// The share of a canary that was withdrawn, in basis points.
    pub share_bp: Option<u16>,
    /// The slot's generation after what was done.
    pub generation: Option<u64>,
    /// The event of the ledger that did it.
    pub event: Option<u64>,
    /// The process that raises the alert.
    pub process: Option<By>,
    /// What it takes to act, and what there was of it.
    pub requirements: Option<Requirements>,
}

impl Alert {
    /// An alert about this, with a new name. The severity, the line and the command that undoes it follow from the rest.
    pub fn new(found: Found, response: Response, about: About, at: Timestamp) -> Self {
        let summary = on_one_line(&text::summary(&found, response, &about));
        let undo = text::undo(&found, response, &about);
        let kind = found.kind();
        let About { slot, release, generation, event, process, requirements, .. } = about;
        let evidence = found.evidence().cloned();
        let head = match found {
            Found::Change { head, .. } => Some(head),
            _ => None,
        };
        let (id, severity) = (clock::new_id(), found.severity());
        Self {
            id,
            at,
            kind,
            severity,
            response,
            slot,
            release,
            evidence,
            requirements,
            generation,
            event,
            head,
            process,
            summary,
            undo,
        }
    }

    /// What the release was compared with, where it was.
    pub fn baseline(&self) -> Option<&ReleaseId> {
        match self.evidence.as_ref()? {
            Evidence::Flips(evidence) => Some(&evidence.baseline),
            Evidence::Breaker(evidence) => evidence.baseline.as_ref(),
        }
    }

    /// The alert as a webhook and a command get it.
    ///
    /// # Errors
    /// Never for an alert that [`Alert::new`] made.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}
