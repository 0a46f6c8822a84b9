//! What is known of a message that is held.

use std::fmt;

use serde::{Deserialize, Serialize};
use switchback::jiff::Timestamp;
use switchback::message::Recipients;
use switchback::route::Generation;
use switchback::verdict::{DecidedBy, RecordId};
use switchback::{Action, Authentication, Category, Client, Digest, Envelope, Message, ReleaseId};

use super::mail::MailToHold;
use crate::mail::Direction;

/// A message that is held: what is known of it besides its bytes.
///
/// `Debug` prints no addresses and no text of mail.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct HeldMessage {
    /// Its name: that of its record in the journal, where there is one.
    pub id: RecordId,
    /// Since when it is held.
    pub at: Timestamp,
    /// The slot that judged it.
    pub slot: String,
    /// Which way it went.
    pub direction: Direction,
    /// The release that the verdict names; none if the slot had none.
    pub release: Option<ReleaseId>,
    /// The generation of the route that judged it.
    pub generation: Generation,
    /// What the slot decided.
    pub action: Action,
    /// The score; none unless a model scored it.
    pub score: Option<f64>,
    /// What kind of mail it is; none unless a model scored it.
    pub category: Option<Category>,
    /// Who decided.
    pub decided_by: DecidedBy,
    /// The mail server's name for it, if it told.
    pub queue_id: Option<String>,
    /// The mail server's host name, if it told.
    pub server: Option<String>,
    /// The login name of the client, if it has authenticated itself.
    pub user: Option<String>,
    /// `MAIL FROM`, without angle brackets; empty for the null sender.
    pub sender: String,
    /// Parameters of `MAIL FROM`.
    pub mail_parameters: Vec<String>,
    /// The recipients.
    pub recipients: Vec<HeldRecipient>,
    /// The size of the message.
    pub bytes: u64,
    /// SHA-256 of the message as it is held.
    pub digest: Digest,
    /// The organisational domain of its author; none without a usable one.
    pub sender_domain: Option<String>,
    /// Its Message-ID, if it has one.
    pub message_id: Option<String>,
    /// Its subject; at most 200 characters.
    pub subject: String,
    /// Present while it is being given back, and after a crash in the middle of that: then nobody knows whether the mail server
    /// has it.
    #[serde(default)]
    pub attempt: Option<Attempt>,
    /// Why it was not given back, or not to everybody, when that was tried last.
    #[serde(default)]
    pub why: Option<String>,
}

/// A recipient of a message that is held.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct HeldRecipient {
    /// `RCPT TO`, without angle brackets.
    pub address: String,
    /// Its parameters.
    pub parameters: Vec<String>,
    /// Present once the mail server has taken the message for this recipient.
    #[serde(default)]
    pub released: Option<Released>,
    /// With what the mail server refused this recipient last.
    #[serde(default)]
    pub refused: Option<String>,
}

/// The mail server has taken a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Released {
    /// When.
    pub at: Timestamp,
    /// What it said, in its own words.
    pub reply: String,
}

/// A message was handed to the mail server, and the answer is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Attempt {
    /// When that began.
    pub at: Timestamp,
    /// Who did it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// To whom: `smtp 127.0.0.1:10026`, `/usr/sbin/sendmail`.
    pub through: String,
}

impl HeldMessage {
    /// Whether it was being given back when that was cut off, so that nobody knows whether the mail server has it. Also so
    /// while it is being given back.
    pub fn is_uncertain(&self) -> bool {
        self.attempt.is_some()
    }

    /// The recipients that do not have it yet.
    pub fn outstanding(&self) -> impl Iterator<Item = &HeldRecipient> {
        self.recipients.iter().filter(|recipient| recipient.released.is_none())
    }
}

/// Without addresses and text.
impl fmt::Debug for HeldMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldMessage")
            .field("id", &self.id)
            .field("at", &self.at)
            .field("slot", &self.slot)
            .field("direction", &self.direction)
            .field("release", &self.release)
            .field("action", &self.action)
            .field("score", &self.score)
            .field("decided_by", &self.decided_by)
            .field("queue_id", &self.queue_id)
            .field("recipients", &self.recipients)
            .field("bytes", &self.bytes)
            .field("digest", &self.digest)
            .field("is_uncertain", &self.is_uncertain())
            .finish_non_exhaustive()
    }
}

/// Without the address, and without a reply that may have it.
impl fmt::Debug for HeldRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldRecipient")
            .field("is_released", &self.released.is_some())
            .field("is_refused", &self.refused.is_some())
            .finish_non_exhaustive()
    }
}

/// How much of a subject is kept beside the message: what a list shows.
const SUBJECT_CHARS_MAX: usize = 200;

/// The file beside a message. All but `held` is what every sidecar of a message has.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    envelope: Envelope,
    client: Client,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authentication: Option<Authentication>,
    pub(super) held: HeldMessage,
}

impl Kept {
    pub(super) fn of(mail: &MailToHold<'_>, id: RecordId, at: Timestamp) -> Self {
        let MailToHold { transaction, bytes, slot, direction, verdict, .. } = mail;
        let message = Message::parse(*bytes);
        let header = |name| message.header(name, Recipients::Masked).first().map(|value| value.trim().to_owned());
        let held = HeldMessage {
            id,
            at,
            slot: (*slot).to_owned(),
            direction: *direction,
            release: verdict.release.clone(),
            generation: verdict.generation,
            action: verdict.action,
            score: verdict.score,
            category: verdict.category,
            decided_by: verdict.decided_by,
            queue_id: transaction.queue_id.clone(),
            server: transaction.server.clone(),
            user: transaction.user.clone(),
            sender: transaction.envelope.mail_from.as_deref().unwrap_or_default().to_owned(),
            mail_parameters: transaction.mail_parameters.clone(),
            recipients: recipients(mail),
            bytes: bytes.len() as u64,
            digest: Digest::of(bytes),
            sender_domain: message.sender_domain().map(str::to_owned),
            message_id: header("Message-ID"),
            subject: message.subject().chars().take(SUBJECT_CHARS_MAX).collect(),
            attempt: None,
            why: None,
        };
        let client = mail.client.unwrap_or(&transaction.client).clone();
        Self { envelope: transaction.envelope.clone(), client, authentication: mail.authentication.cloned(), held }
    }
}

fn recipients(mail: &MailToHold<'_>) -> Vec<HeldRecipient> {
    let mut parameters = mail.transaction.recipient_parameters.iter();
    let recipients = mail.transaction.envelope.recipients.iter();
    recipients
        .map(|address| HeldRecipient {
            address: address.to_string(),
            parameters: parameters.next().cloned().unwrap_or_default(),
            released: None,
            refused: None,
        })
        .collect()
}
