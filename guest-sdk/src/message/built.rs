//! The message outside of the sandbox: built by hand, for tests and benches.

use super::{
    Attachment, Attachments, AuthResult, Authentication, Client, Content, Counts, Defects, Envelope, Features,
    HeaderField, HeaderFields, Link, Links, Mailbox, Message, Recipient, Structure,
};

mod builder;
mod hashed;

pub use builder::MessageBuilder;

/// Bytes of text, and of HTML, that a host keeps.
const CONTENT_BYTES_MAX: usize = 262_144;

/// Links that a host keeps.
const LINKS_MAX: usize = 512;

/// What was built. Nothing is derived from anything else but the counts, the features and the facts, so a test controls
/// every answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Source {
    envelope: Envelope,
    client: Client,
    authentication: Authentication,
    subject: String,
    from: Vec<Mailbox>,
    reply_to: Vec<Mailbox>,
    date: Option<i64>,
    size: Option<u64>,
    parts: Option<u32>,
    defects: Defects,
    headers: Vec<HeaderField>,
    text: String,
    html: String,
    links: Vec<Link>,
    attachments: Vec<Attachment>,
    raw: Vec<u8>,
    hashed: hashed::Hashed,
}

impl Message {
    /// Starts an empty message: no fields, no text, nothing checked. Only outside of the sandbox.
    ///
    /// Nothing is parsed here. What a model makes of a real message is tested by a `[[self_test]]` in the manifest, and tried with
    /// `switchback score -v -m model.wasm message.eml`.
    ///
    /// ```
    /// use switchback_guest::{AuthResult, Authentication, Message};
    ///
    /// let message = Message::builder()
    ///     .from("PayPal", "service@paypa1.example")
    ///     .subject("Your account")
    ///     .authentication(Authentication { dmarc: AuthResult::Fail, ..Authentication::default() })
    ///     .link("http://192.0.2.7/login", "https://www.paypal.com/")
    ///     .text("Please log in.")
    ///     .build();
    /// assert_eq!(message.from()[0].domain, "paypa1.example");
    /// assert_eq!(message.links(10).items[0].host, "192.0.2.7");
    /// assert!(message.text(6).truncated);
    /// ```
    pub fn builder() -> MessageBuilder {
        MessageBuilder::default()
    }
}

impl Source {
    pub(super) fn envelope(&self) -> Envelope {
        self.envelope.clone()
    }

    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    pub(super) fn authentication(&self) -> Authentication {
        self.authentication.clone()
    }

    pub(super) fn subject(&self) -> String {
        self.subject.clone()
    }

    pub(super) fn from(&self) -> Vec<Mailbox> {
        self.from.clone()
    }

    pub(super) fn reply_to(&self) -> Vec<Mailbox> {
        self.reply_to.clone()
    }

    pub(super) fn date(&self) -> Option<i64> {
        self.date
    }

    pub(super) fn size(&self) -> u64 {
        self.size.unwrap_or(self.raw.len() as u64)
    }

    pub(super) fn counts(&self) -> Counts {
        let received = self.headers.iter().filter(|field| field.name.eq_ignore_ascii_case("received"));
        Counts {
            headers: self.headers.len() as u32,
            received: received.count() as u32,
            parts: self.parts.unwrap_or(1 + self.attachments.len() as u32),
            attachments: self.attachments.len() as u32,
            recipients: self.envelope.recipients.len() as u32,
        }
    }

    pub(super) fn defects(&self) -> Defects {
        self.defects
    }

    pub(super) fn header(&self, name: &str) -> Vec<String> {
        let named = self.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
        named.take(64).map(|field| field.value.clone()).collect()
    }

    pub(super) fn headers(&self) -> HeaderFields {
        let (items, truncated) = first(&self.headers, 512);
        HeaderFields { items, truncated }
    }

    pub(super) fn text(&self, bytes_max: u32) -> Content {
        content(&self.text, bytes_max)
    }

    pub(super) fn html(&self, bytes_max: u32) -> Content {
        content(&self.html, bytes_max)
    }

    pub(super) fn links(&self, max: u32) -> Links {
        let (items, truncated) = first(&self.links, (max as usize).min(LINKS_MAX));
        Links { items, truncated }
    }

    pub(super) fn attachments(&self) -> Attachments {
        let (items, truncated) = first(&self.attachments, 64);
        Attachments { items, truncated }
    }

    pub(super) fn raw(&self, offset: u64, length: u32) -> Vec<u8> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.raw.get(offset..)).unwrap_or_default();
        rest[..rest.len().min(length.min(65_536) as usize)].to_vec()
    }
}

/// The first items of a list, and whether there are more.
fn first<T: Clone>(items: &[T], max: usize) -> (Vec<T>, bool) {
    (items.iter().take(max).cloned().collect(), items.len() > max)
}

/// The beginning of a text, cut at a character as the host does.
fn content(text: &str, bytes_max: u32) -> Content {
    let end = text.floor_char_boundary((bytes_max as usize).min(CONTENT_BYTES_MAX));
    Content { value: text[..end].to_owned(), truncated: end < text.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_message_answers_every_question() {
        let message = Message::builder().build();
        assert_eq!(message.subject(), "");
        assert_eq!(message.from(), []);
        assert_eq!(message.size(), 0);
        assert_eq!(message.counts(), Counts { parts: 1, ..Counts::default() });
        assert_eq!(message.authentication(), Authentication::default());
        assert_eq!(message.raw(5, 5), b"");
    }

    #[test]
    fn text_is_cut_at_a_character() {
        let message = Message::builder().text("aé").build();
        assert_eq!(message.text(2), Content { value: "a".to_owned(), truncated: true });
        assert_eq!(message.text(3), Content { value: "aé".to_owned(), truncated: false });
    }

    #[test]
    fn raw_bytes_are_read_by_range() {
        let message = Message::builder().raw(b"Subject: x\r\n\r\n").build();
        assert_eq!(message.raw(9, 1), b"x");
        assert_eq!(message.raw(10, 100), b"\r\n\r\n");
        assert_eq!(message.raw(u64::MAX, 1), b"");
        assert_eq!(message.size(), 14);
    }

    #[test]
    fn header_fields_are_found_whatever_their_case() {
        let message = Message::builder().header("X-A", "1").header("x-a", "2").header("Received", "r").build();
        assert_eq!(message.header("X-a"), ["1", "2"]);
        assert_eq!(message.counts().received, 1);
        assert_eq!(message.headers().items.len(), 3);
    }

    #[test]
    fn lists_say_when_they_are_cut() {
        let message = Message::builder().link("https://a.example/", "a").link("https://b.example/", "b").build();
        assert_eq!(message.links(1).items.len(), 1);
        assert!(message.links(1).truncated);
        assert!(!message.links(2).truncated);
    }
}
