//! One record: who judged a message, and what every release made of it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use switchback_model::guard::Key;
use switchback_model::message::{Fingerprint, Reading};
use switchback_model::release::{Digest, ReleaseId};
use switchback_model::route::Generation;
use switchback_model::timing::Timing;
use switchback_model::verdict::{Action, Category, DecidedBy, Opinion, RecordId, Scl};

/// What the journal keeps of one message. No content, and no recipients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
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
    pub generation: Generation,
    /// The reading of the message that was scored.
    #[serde(default = "Reading::unnamed")]
    pub reading: Reading,
    /// Which message it was.
    pub mail: RecordedMessage,
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
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RecordedMessage {
    /// The campaign that it belongs to: [`Message::fingerprint`](switchback_model::message::Message::fingerprint).
    pub fingerprint: Fingerprint,
    /// SHA-256 of the message as the filter had it.
    pub digest: Digest,
    /// What the filter told beside the message: [`Message::context_digest`](switchback_model::message::Message::context_digest).
    pub context: Digest,
    /// The Message-ID as the journal's policy has it: a keyed hash, the text, or nothing.
    pub message_id: Option<Arc<str>>,
    /// The organisational domain of the sender in `From`; none without a usable one.
    pub sender_domain: Option<Arc<str>>,
    /// The mailbox of that sender, as a hash with the journal's key: the same one has the same hash in all of a journal, and
    /// nobody without the key can tell which. A tag behind `+` is left out. None without an address.
    pub sender: Option<Key>,
    /// Whether that sender was authenticated: [`Message::is_sender_authenticated`](switchback_model::message::Message::is_sender_authenticated).
    pub is_authenticated: bool,
    /// The size of the message.
    pub bytes: u64,
}

switchback_model::debug! {
    /// Without the message's name and its sender's, which belong in no log.
    RecordedMessage {
        fingerprint, digest, context, message_id: unsaid_if_any, sender_domain: unsaid_if_any, sender, is_authenticated,
        bytes
    }
}

impl RecordedMessage {
    /// A message of which neither Message-ID nor sender is kept.
    pub fn new(fingerprint: Fingerprint, digest: Digest, context: Digest, bytes: u64) -> Self {
        Self {
            fingerprint,
            digest,
            context,
            message_id: None,
            sender_domain: None,
            sender: None,
            is_authenticated: false,
            bytes,
        }
    }
}

impl Record {
    /// A record of a message that no release has said anything about.
    pub fn new(
        id: RecordId,
        at: Timestamp,
        slot: Arc<str>,
        mail: RecordedMessage,
        action: Action,
        decided_by: DecidedBy,
    ) -> Self {
        Self {
            id,
            at,
            process: 0,
            slot,
            generation: Generation::default(),
            reading: Reading::CURRENT,
            mail,
            action,
            scl: None,
            category: None,
            decided_by,
            timing: Timing::default(),
            opinions: Vec::new(),
        }
    }

    /// What a release made of the message, if it was to score it.
    pub fn opinion(&self, release: &Digest) -> Option<&Opinion> {
        self.opinions.iter().find(|opinion| opinion.release.digest == *release)
    }

    /// The release that the verdict names.
    pub fn release(&self) -> Option<&ReleaseId> {
        self.opinions.first().map(|opinion| &opinion.release)
    }
}
