//! One record: who judged a message, and what every release made of it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock;
use crate::guard::Key;
use crate::message::{Fingerprint, Reading};
use crate::release::{Digest, ReleaseId};
use crate::timing::Timing;
use crate::verdict::{Action, Category, DecidedBy, Opinion, Scl};

/// What the journal keeps of one message. No content, and no recipients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Record {
    /// The name of this record; a verdict carries it.
    pub id: RecordId,
    /// When the message was judged.
    pub at: Timestamp,
    /// The process that judged it, by its number in the store; 0 in a runtime without one.
    pub process: u64,
    /// The slot.
    pub slot: Arc<str>,
    /// The generation of the route.
    pub generation: u64,
    /// The reading of the message that was scored.
    #[serde(default = "Reading::unnamed")]
    pub reading: Reading,
    /// Which message it was.
    pub mail: Mail,
    /// What was done with it.
    pub action: Action,
    /// The spam confidence level; absent unless a model scored it or an override decided.
    pub scl: Option<Scl>,
    /// What kind of mail it is; absent unless a model scored it.
    pub category: Option<Category>,
    /// Who decided.
    pub decided_by: DecidedBy,
    /// How long the answer took.
    pub timing: Timing,
    /// What each release made of it. The first is the release that the verdict names, also where an override
    /// decided above it; none if the slot had no release.
    pub opinions: Vec<Opinion>,
}

/// Which message a record is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Mail {
    /// The campaign that it belongs to: [`Message::fingerprint`](crate::Message::fingerprint).
    pub fingerprint: Fingerprint,
    /// SHA-256 of the message as the filter had it.
    pub digest: Digest,
    /// What the filter told beside the message: [`Message::context_digest`](crate::Message::context_digest).
    pub context: Digest,
    /// The Message-ID as the journal's policy has it: a keyed hash, the text, or nothing.
    pub message_id: Option<Arc<str>>,
    /// The organisational domain of the sender in `From`; none without a usable one.
    pub sender_domain: Option<Arc<str>>,
    /// The mailbox of that sender, as a hash with the journal's key: the same one has the same hash in all of a journal, and
    /// nobody without the key can tell which. A tag behind `+` is left out. None without an address.
    pub sender: Option<Key>,
    /// Whether that sender was authenticated: [`Message::is_sender_authenticated`](crate::Message::is_sender_authenticated).
    pub is_authenticated: bool,
    /// The size of the message.
    pub bytes: u64,
}

/// The name of a record: a UUID of version 7 (RFC 9562, section 5.7), which begins with the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct RecordId(Uuid);

impl RecordId {
    /// A name that no other record has.
    pub fn new() -> Self {
        Self(clock::new_id())
    }

    /// The 16 bytes, which sort by time.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl From<[u8; 16]> for RecordId {
    fn from(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl Default for RecordId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RecordId {
    type Err = InvalidRecordId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| InvalidRecordId(text.to_owned()))
    }
}

/// A text that names no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no record: that is 32 hexadecimal digits, as in 01938a4e-7c1b-7000-8000-0242ac120002")]
pub struct InvalidRecordId(String);

impl Record {
    /// What a release made of the message, if it was to score it.
    pub fn opinion(&self, release: &Digest) -> Option<&Opinion> {
        self.opinions.iter().find(|opinion| opinion.release.digest == *release)
    }

    /// The release that the verdict names.
    pub fn release(&self) -> Option<&ReleaseId> {
        self.opinions.first().map(|opinion| &opinion.release)
    }
}
