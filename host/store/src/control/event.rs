//! One line of the ledger.

use std::ops::Deref;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use switchback_model::release::Digest;
use switchback_model::route::Generation;

use super::newer::NewerEvent;
use super::note::OperationNote;
use super::number::EventSequence;
use super::operation::Operation;
use super::request::Request;

/// An operation that took place: who, when, why, and after what.
///
/// The ledger keeps it as JSON, exactly these bytes, and its hash is their SHA-256. Each event holds the hash
/// of the one before, so none can be changed, taken out or moved without all that follow showing it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Event {
    /// Its place in the ledger: 1 for the first, one more for each.
    pub sequence: EventSequence,
    /// The generation after it. Rises with every event that changes a route, and never falls.
    pub generation: Generation,
    /// When it was written.
    pub at: Timestamp,
    /// Who did it: a user of the system, or a name that was given.
    pub author: String,
    /// Why; may be empty.
    pub reason: String,
    /// What was done.
    pub operation: Operation,
    /// The hash of the event before; zeros for the first.
    pub previous: Digest,
}

/// What somebody wants done.
///
/// Outside this crate it is made of a [`Request`] alone.
///
/// ```compile_fail
/// # fn propose(operation: switchback::control::Operation) {
/// let _ = switchback::control::Proposal { author: "ada".into(), reason: String::new(), operation };
/// # }
/// ```
///
/// ```
/// let _ = switchback::control::Proposal::new("ada", "holidays", switchback::control::Request::Freeze { slot: None });
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    pub(crate) author: String,
    pub(crate) reason: String,
    pub(crate) operation: Operation,
}

impl Proposal {
    /// What an operator asks for, who it is, and why; the reason may be empty.
    pub fn new(author: impl Into<String>, reason: impl Into<String>, request: Request) -> Self {
        Self { author: author.into(), reason: reason.into(), operation: request.into() }
    }
}

/// An event that was drafted against a state and not refused: what a store [appends](super::ControlStore::append).
///
/// Only [`StoreState::draft`](super::StoreState::draft) makes one. An event that somebody put together, or read elsewhere,
/// cannot be appended.
///
/// ```compile_fail
/// # fn append(store: &dyn switchback::control::ControlStore, event: switchback::control::Event) {
/// let _ = store.append(&event);
/// # }
/// ```
///
/// ```
/// # fn append(store: &dyn switchback::control::ControlStore, event: switchback::control::Drafted) {
/// let _ = store.append(&event);
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Drafted(Event);

impl Drafted {
    pub(super) fn new(event: Event) -> Self {
        Self(event)
    }

    /// The event.
    pub fn into_event(self) -> Event {
        self.0
    }
}

impl Deref for Drafted {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.0
    }
}

impl Event {
    /// The event as the ledger keeps it: JSON, on one line.
    #[expect(clippy::expect_used, reason = "it has no map, no path and nothing else that JSON has no form for")]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an event can be written as JSON")
    }

    /// The hash under which the ledger keeps it; while it is the last one, the ledger's head. Whoever writes it down
    /// elsewhere can tell later whether the ledger still has this event, and all before it.
    pub fn hash(&self) -> Digest {
        hash(&self.to_json())
    }

    /// Reads an event as the ledger keeps it.
    ///
    /// # Errors
    /// If the text is not JSON, or not an event that this program knows: the source says where.
    pub fn from_json(text: &str) -> Result<Self, InvalidEvent> {
        serde_json::from_str(text).map_err(InvalidEvent)
    }
}

/// A text that is not an event of a ledger. Its source says what is wrong, and where.
#[derive(Debug, thiserror::Error)]
#[error("it is not an event that this program knows")]
pub struct InvalidEvent(#[source] serde_json::Error);

impl Event {
    /// The event as one that is not understood, because it follows one that is not.
    pub(super) fn not_understood(self, hash: Digest) -> NewerEvent {
        let Self { sequence, generation, at, author, reason, operation, previous } = self;
        let tagged = serde_json::to_value(operation).unwrap_or_default();
        let operation = tagged["op"].as_str().unwrap_or_default().to_owned();
        NewerEvent { sequence, at, author, reason, operation, generation, hash, previous }
    }
}

impl From<&Event> for OperationNote {
    fn from(event: &Event) -> Self {
        Self { sequence: event.sequence, at: event.at, author: event.author.clone(), reason: event.reason.clone() }
    }
}

/// The hash of an event that is kept as this text.
pub(super) fn hash(body: &str) -> Digest {
    Digest::of(body.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn a_text_that_is_no_event_is_refused_with_what_is_wrong_as_the_source() {
        let error = Event::from_json(r#"{"sequence":"one"}"#).unwrap_err();
        let source = error.source().and_then(|source| source.downcast_ref::<serde_json::Error>()).unwrap();
        assert!(source.is_data() && source.column() > 0, "{source}");
        assert!(!error.to_string().contains("one"), "{error}");
    }
}
