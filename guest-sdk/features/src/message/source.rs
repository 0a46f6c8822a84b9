//! Where a message comes from: the host's, or one that a test built.

use std::borrow::Cow;

/// What features and facts are made of, within the contract's bounds.
pub trait Source {
    /// The decoded subject.
    fn subject(&self) -> &str;
    /// The mailboxes of `From`.
    fn from(&self) -> impl Iterator<Item = Mailbox<'_>>;
    /// The domains of `Reply-To`.
    fn reply_to_domains(&self) -> impl Iterator<Item = &str>;
    /// At most so many bytes of what a person reads, cut between characters, and whether there was more.
    fn text(&self, bytes_max: usize) -> (&str, bool);
    /// The links, and whether there were more.
    fn links(&self) -> (impl ExactSizeIterator<Item = Link<'_>>, bool);
    /// The names of the header fields that a model may see without a grant, as written, and whether fields or parts were not read.
    fn field_names(&self) -> (impl Iterator<Item = Cow<'_, str>>, bool);
    /// The values of the fields of a name, decoded.
    fn values(&self, name: &str) -> impl Iterator<Item = impl AsRef<str>>;
    /// The parts.
    fn parts(&self) -> impl Iterator<Item = Part<'_>>;
    /// The names of attachments.
    fn attachment_names(&self) -> impl Iterator<Item = &str>;
    /// The domains of DKIM signatures that passed.
    fn dkim_domains(&self) -> impl Iterator<Item = &str>;
    /// What is a number already.
    fn measured(&self) -> Measured<'_>;
}

/// A mailbox.
#[derive(Debug, Clone, Copy)]
pub struct Mailbox<'a> {
    /// The decoded display name.
    pub name: &'a str,
    /// The address as written.
    pub address: &'a str,
    /// Its domain, in lower case and ASCII; may be empty.
    pub domain: &'a str,
}

/// A link.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// The target.
    pub url: &'a str,
    /// Its host, in lower case and ASCII; may be empty.
    pub host: &'a str,
    /// The text that is shown for it.
    pub text: &'a str,
}

/// A part, as far as it says something of itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Part<'a> {
    /// The media type; empty if it says none.
    pub media_type: &'a str,
    /// The character set as declared; none of a part that is no text.
    pub charset: Option<&'a str>,
    /// `7bit`, `8bit`, `binary`, `base64` or `quoted-printable`; `other` of another encoding.
    pub encoding: Option<&'a str>,
}

/// What [`Facts`](crate::Facts) have as it is, and the domains that decide whether the author is authenticated.
#[derive(Debug, Clone, Copy, Default)]
pub struct Measured<'a> {
    /// Bytes of the message.
    pub size: u64,
    /// Header fields that a model may see without a grant.
    pub headers: u32,
    /// `Received` fields.
    pub received: u32,
    /// MIME parts.
    pub parts: u32,
    /// Attachments.
    pub attachments: u32,
    /// Recipients of the envelope.
    pub recipients: u32,
    /// Bytes of the HTML body that are kept.
    pub html_bytes: u64,
    /// SPF's result by its place in the contract's enum.
    pub spf: u8,
    /// DKIM's.
    pub dkim: u8,
    /// DMARC's.
    pub dmarc: u8,
    /// ARC's.
    pub arc: u8,
    /// The domain that DMARC was checked for, if that is known.
    pub dmarc_domain: Option<&'a str>,
    /// The author's domain, if the author is certain.
    pub author_domain: Option<&'a str>,
    /// One bit for each defect, in the order of the contract's flags.
    pub defects: u8,
}
