//! One alert.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use switchback_model::beginning::on_one_line;
use switchback_model::guard::{Evidence, Requirements};
use switchback_model::release::{Digest, ReleaseId};
use switchback_model::route::Generation;
use switchback_system::clock;
use uuid::Uuid;

use super::found::{About, By, Found, Kind, Response, Severity};
use super::text;
use crate::control::EventSequence;

/// Something that a person has to know. As JSON it is what a webhook receives and what a command reads; fields are only
/// ever added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
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
    pub generation: Option<Generation>,
    /// The event of the ledger that did it. `switchback guard explain` takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventSequence>,
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
        self.evidence.as_ref()?.baseline()
    }

    /// The alert as a webhook and a command get it: JSON, on one line.
    #[expect(clippy::expect_used, reason = "it has no map, no path and nothing else that JSON has no form for")]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an alert can be written as JSON")
    }
}
