//! [`Message`]: what a model sees of the message it scores.

#[cfg(target_arch = "wasm32")]
mod borrowed;
#[cfg(not(target_arch = "wasm32"))]
mod built;
mod checks;
mod records;

#[cfg(target_arch = "wasm32")]
use borrowed::Source;
#[cfg(not(target_arch = "wasm32"))]
pub use built::MessageBuilder;
#[cfg(not(target_arch = "wasm32"))]
use built::Source;
pub use checks::{AuthResult, Authentication, Defects};
pub use records::{
    Attachment, Attachments, Client, Content, Counts, Envelope, Features, HeaderField, HeaderFields, Link, Links,
    Mailbox, Recipient, Structure,
};

use crate::features::{Facts, FeatureKind};

/// The message being scored.
///
/// In the sandbox every method is a call to the host, about 0.2 microseconds and a copy of what it
/// returns: ask for what you need, once. Each traps unless the manifest's `reads` has the group that it
/// names. Natively a message is what a test built: [`Message::builder`].
///
/// Header fields that carry another filter's verdict (`X-Spam-*` and their like) are hidden, and so are
/// fields that name recipients (`To`, `Cc`, `Delivered-To` and their like) unless `recipients` is granted.
#[derive(Debug)]
#[cfg_attr(target_arch = "wasm32", derive(ref_cast::RefCast), repr(transparent))]
pub struct Message(Source);

impl Message {
    /// The SMTP envelope. Group `envelope`.
    pub fn envelope(&self) -> Envelope {
        self.0.envelope()
    }

    /// The SMTP client. Group `client`.
    pub fn client(&self) -> Client {
        self.0.client()
    }

    /// Sender authentication. Group `authentication`.
    pub fn authentication(&self) -> Authentication {
        self.0.authentication()
    }

    /// The subject, decoded, at most 4,096 bytes; empty if there is none. Group `subject`.
    pub fn subject(&self) -> String {
        self.0.subject()
    }

    /// The mailboxes of `From`, at most 16. Group `sender`.
    pub fn from(&self) -> Vec<Mailbox> {
        self.0.from()
    }

    /// The mailboxes of `Reply-To`, at most 16. Group `sender`.
    pub fn reply_to(&self) -> Vec<Mailbox> {
        self.0.reply_to()
    }

    /// The time that `Date` states, in seconds since 1970-01-01 UTC. Group `date`.
    pub fn date(&self) -> Option<i64> {
        self.0.date()
    }

    /// The size of the whole message in bytes. Group `size`.
    pub fn size(&self) -> u64 {
        self.0.size()
    }

    /// Cheap counts. Group `size`.
    pub fn counts(&self) -> Counts {
        self.0.counts()
    }

    /// What was wrong with the message as bytes. Group `size`.
    pub fn defects(&self) -> Defects {
        self.0.defects()
    }

    /// The values of every field of this name (case does not matter), at most 64, each at most 8,192 bytes.
    /// Group `headers`.
    pub fn header(&self, name: &str) -> Vec<String> {
        self.0.header(name)
    }

    /// All header fields. Group `headers`.
    pub fn headers(&self) -> HeaderFields {
        self.0.headers()
    }

    /// What a person reads: the plain-text body or, where there is none, the HTML body's text; at most
    /// `bytes_max` bytes of it, and at most 262,144. Group `text`.
    pub fn text(&self, bytes_max: u32) -> Content {
        self.0.text(bytes_max)
    }

    /// The HTML body as it came; empty if there is none. Bounds as for [`text`](Self::text). Group `html`.
    pub fn html(&self, bytes_max: u32) -> Content {
        self.0.html(bytes_max)
    }

    /// The links of both bodies, at most `max` of them, and at most 512. Group `links`.
    pub fn links(&self, max: u32) -> Links {
        self.0.links(max)
    }

    /// The attachments. Group `attachments`.
    pub fn attachments(&self) -> Attachments {
        self.0.attachments()
    }

    /// The message's features of one kind, which the host finds once for all models: see
    /// [`switchback_features`]. Group `features`.
    ///
    /// ```
    /// use switchback_guest::features::{FeatureKind, Kind, Namespace, hash, index_of};
    /// use switchback_guest::Message;
    ///
    /// let message = Message::builder().subject("Pay NOW").build();
    /// let words = message.features(FeatureKind::Words).subject;
    /// assert_eq!(words[1], index_of(hash(Kind::Word, Namespace::SUBJECT, b"now"), 32));
    /// ```
    pub fn features(&self, kind: FeatureKind) -> Features {
        self.0.features(kind)
    }

    /// What the message is made of, hashed as [`features`](Self::features) are and found once likewise: see
    /// [`switchback_features`]. A model for which this does not matter should not ask: it costs the host 3 microseconds of a
    /// message. Group `features`.
    ///
    /// ```
    /// use switchback_guest::features::{Kind, Namespace, hash, index_of};
    /// use switchback_guest::Message;
    ///
    /// let message = Message::builder().header("X-Mailer", "").build();
    /// let name = hash(Kind::Token, Namespace::STRUCTURE, b"field:x-mailer");
    /// assert_eq!(message.structure().features, [index_of(name, 32)]);
    /// ```
    pub fn structure(&self) -> Structure {
        self.0.structure()
    }

    /// Numbers about the message, of which [`Fact`](crate::features::Fact) has the list, in one call. Group `facts`.
    ///
    /// ```
    /// use switchback_guest::features::Fact;
    /// use switchback_guest::Message;
    ///
    /// let message = Message::builder().text("WELL done").build();
    /// assert_eq!(message.facts().get(Fact::TextCapitals), 4.0 / 9.0);
    /// ```
    pub fn facts(&self) -> Facts {
        self.0.facts()
    }

    /// Bytes of the message without the hidden fields, from `offset` on: at most `length`, and at most
    /// 65,536, of them; fewer at the end. Group `raw`.
    pub fn raw(&self, offset: u64, length: u32) -> Vec<u8> {
        self.0.raw(offset, length)
    }
}
