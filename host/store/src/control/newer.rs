//! Events that a newer program wrote.
//!
//! Operations, and what they say, are only ever added. What every event has, in whichever version, is its place, the hash
//! of the event before it, when, who and why, the generation after it and the name of the operation: so the chain can be
//! checked also where what happened is not understood.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use switchback_model::release::Digest;
use switchback_model::route::Generation;

use super::number::EventSequence;

/// An event that this version does not understand: its operation, or something that it says, came later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NewerEvent {
    /// Its place in the ledger.
    pub sequence: EventSequence,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub author: String,
    /// Why; may be empty.
    pub reason: String,
    /// The name of the operation.
    pub operation: String,
    /// The generation after it.
    pub generation: Generation,
    /// Its hash.
    pub hash: Digest,
    /// The hash of the event before it.
    #[serde(skip)]
    pub(super) previous: Digest,
}

#[derive(Deserialize)]
struct Envelope {
    sequence: EventSequence,
    generation: Generation,
    previous: Digest,
    at: Timestamp,
    author: String,
    #[serde(default)]
    reason: String,
    operation: Named,
}

#[derive(Deserialize)]
struct Named {
    op: String,
}

impl NewerEvent {
    /// Reads of an event what every version of one has; none if the text is no event at all.
    pub(super) fn of(body: &str, hash: Digest) -> Option<Self> {
        let Envelope { sequence, generation, previous, at, author, reason, operation } =
            serde_json::from_str(body).ok()?;
        Some(Self { sequence, at, author, reason, operation: operation.op, generation, hash, previous })
    }
}

/// `event 3 (pin, by ada at 2026-11-30T09:00:00Z) was written by a newer version of Switchback than this one, 0.1.0`.
impl fmt::Display for NewerEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sequence, at, author, operation, .. } = self;
        write!(
            f,
            "event {sequence} ({operation}, by {author} at {at}) was written by a newer version of Switchback than this one, {}",
            env!("CARGO_PKG_VERSION")
        )
    }
}
