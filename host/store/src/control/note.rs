//! Who made it so, when and why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::number::EventSequence;

/// Who made it so, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OperationNote {
    /// The event that made it so.
    pub sequence: EventSequence,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub author: String,
    /// Why; may be empty.
    pub reason: String,
}

impl OperationNote {
    /// Who made it so with the event of this number, when and why.
    pub fn new(sequence: EventSequence, at: Timestamp, author: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { sequence, at, author: author.into(), reason: reason.into() }
    }
}
