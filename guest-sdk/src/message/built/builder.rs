//! [`MessageBuilder`].

use super::{Attachment, Authentication, Client, Defects, HeaderField, Link, Mailbox, Message, Recipient, Source};

/// Builds a [`Message`] outside of the sandbox. Every method sets what the method of the same name
/// returns, and nothing else: a `From` field added with [`header`](Self::header) is not parsed.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct MessageBuilder(Source);

impl MessageBuilder {
    /// The message.
    #[must_use]
    pub fn build(self) -> Message {
        Message(self.0)
    }

    /// Sets the reverse path of the envelope; empty for the null sender.
    pub fn mail_from(mut self, address: &str) -> Self {
        self.0.envelope.mail_from = Some(address.to_owned());
        self
    }

    /// Adds a recipient to the envelope.
    pub fn recipient(mut self, recipient: Recipient) -> Self {
        self.0.envelope.recipients.push(recipient);
        self
    }

    /// Sets the SMTP client.
    pub fn client(mut self, client: Client) -> Self {
        self.0.client = client;
        self
    }

    /// Sets the sender authentication.
    pub fn authentication(mut self, authentication: Authentication) -> Self {
        self.0.authentication = authentication;
        self
    }

    /// Sets the subject.
    pub fn subject(mut self, subject: &str) -> Self {
        self.0.subject = subject.to_owned();
        self
    }

    /// Adds a mailbox of `From`.
    pub fn from(mut self, name: &str, address: &str) -> Self {
        self.0.from.push(Mailbox::new(name, address));
        self
    }

    /// Adds a mailbox of `Reply-To`.
    pub fn reply_to(mut self, name: &str, address: &str) -> Self {
        self.0.reply_to.push(Mailbox::new(name, address));
        self
    }

    /// Adds a mailbox of `From` as it is, its domain included.
    pub fn from_mailbox(mut self, mailbox: Mailbox) -> Self {
        self.0.from.push(mailbox);
        self
    }

    /// Adds a mailbox of `Reply-To` as it is, its domain included.
    pub fn reply_to_mailbox(mut self, mailbox: Mailbox) -> Self {
        self.0.reply_to.push(mailbox);
        self
    }

    /// Sets the date, in seconds since 1970-01-01 UTC.
    pub fn date(mut self, seconds: i64) -> Self {
        self.0.date = Some(seconds);
        self
    }

    /// Sets the size of the whole message in bytes; without it, it is that of [`raw`](Self::raw).
    pub fn size(mut self, bytes: u64) -> Self {
        self.0.size = Some(bytes);
        self
    }

    /// Sets the number of MIME parts; without it, one more than there are attachments.
    pub fn parts(mut self, parts: u32) -> Self {
        self.0.parts = Some(parts);
        self
    }

    /// Sets the defects.
    pub fn defects(mut self, defects: Defects) -> Self {
        self.0.defects = defects;
        self
    }

    /// Adds a header field.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0.headers.push(HeaderField { name: name.to_owned(), value: value.to_owned() });
        self
    }

    /// Sets the text that a person reads.
    pub fn text(mut self, text: &str) -> Self {
        self.0.text = text.to_owned();
        self
    }

    /// Sets the HTML body.
    pub fn html(mut self, html: &str) -> Self {
        self.0.html = html.to_owned();
        self
    }

    /// Adds a link, see [`Link::new`].
    pub fn link(mut self, url: &str, text: &str) -> Self {
        self.0.links.push(Link::new(url, text));
        self
    }

    /// Adds a link as it is, its host included.
    pub fn link_record(mut self, link: Link) -> Self {
        self.0.links.push(link);
        self
    }

    /// Adds an attachment.
    pub fn attachment(mut self, attachment: Attachment) -> Self {
        self.0.attachments.push(attachment);
        self
    }

    /// Sets the bytes of the message.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.raw = bytes.to_vec();
        self
    }
}
