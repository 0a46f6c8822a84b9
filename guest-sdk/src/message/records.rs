//! The plain records that a message is made of. Field by field they are those of the contract, whose
//! bounds the host keeps.

/// A mailbox of a header field (RFC 5322, section 3.4).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Mailbox {
    /// The display name, decoded, without quotes; empty if there is none. At most 1,024 bytes.
    pub name: String,
    /// `local-part@domain`, as written. At most 1,024 bytes.
    pub address: String,
    /// The domain of `address` in lower case, internationalised labels in their ASCII form; empty if the
    /// address has none.
    pub domain: String,
}

impl Mailbox {
    /// A mailbox whose domain is what follows the last `@` of the address, in lower case.
    pub fn new(name: &str, address: &str) -> Self {
        Self { name: name.to_owned(), address: address.to_owned(), domain: domain_of(address) }
    }
}

/// One recipient of the envelope (RFC 5321, `RCPT TO`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Recipient {
    /// The address; absent unless the manifest reads `recipients` and the operator grants it.
    pub address: Option<String>,
    /// The domain, in lower case.
    pub domain: String,
    /// A keyed hash of the address: 16 hexadecimal digits, the same for the same address within one
    /// installation and unrelated to those of any other.
    pub key: String,
}

/// What the SMTP transaction said, as far as the filter told the host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Envelope {
    /// The reverse path (`MAIL FROM`) without angle brackets; empty for the null sender, absent if the
    /// filter did not say.
    pub mail_from: Option<String>,
    /// The recipients, at most 100.
    pub recipients: Vec<Recipient>,
    /// Whether there were more recipients than are listed.
    pub truncated: bool,
}

/// The SMTP client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Client {
    /// Its address: IPv4 in dotted decimal, IPv6 as RFC 5952 says.
    pub ip: Option<String>,
    /// The name it gave with `HELO` or `EHLO`.
    pub helo: Option<String>,
    /// Its host name, only if forward and reverse DNS agree.
    pub host: Option<String>,
    /// Whether the connection was encrypted; absent if unknown.
    pub tls: Option<bool>,
}

/// Sizes that cost nothing to know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Counts {
    /// Header fields that a model may see.
    pub headers: u32,
    /// `Received` fields.
    pub received: u32,
    /// MIME parts, of any kind.
    pub parts: u32,
    /// Attachments.
    pub attachments: u32,
    /// Envelope recipients, before any truncation.
    pub recipients: u32,
}

/// A header field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct HeaderField {
    /// The name as written.
    pub name: String,
    /// The value, unfolded, encoded words decoded. At most 8,192 bytes.
    pub value: String,
}

/// Header fields in the order of the message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct HeaderFields {
    /// At most 512.
    pub items: Vec<HeaderField>,
    /// Whether fields were left out or values were cut.
    pub truncated: bool,
}

/// A part of the content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Content {
    /// The content, decoded to UTF-8.
    pub value: String,
    /// Whether there was more than was asked for, or than the host keeps.
    pub truncated: bool,
}

/// A link found in the message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Link {
    /// The target as an absolute URL, at most 2,048 bytes.
    pub url: String,
    /// The host name of the target: lower case, ASCII form; empty if it has none (`mailto:`).
    pub host: String,
    /// The text shown for it, white space collapsed, at most 256 bytes. For a link that was found in plain
    /// text, the text itself.
    pub text: String,
}

impl Link {
    /// A link whose host is taken from the URL, for URLs of the usual form.
    ///
    /// ```
    /// use switchback_guest::Link;
    ///
    /// assert_eq!(Link::new("https://user@Example.com:8080/path", "here").host, "example.com");
    /// assert_eq!(Link::new("mailto:a@example.com", "write").host, "");
    /// ```
    pub fn new(url: &str, text: &str) -> Self {
        let authority = url.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        let port = host.rfind(':').filter(|at| host[at + 1..].bytes().all(|byte| byte.is_ascii_digit()));
        let host = port.map_or(host, |at| &host[..at]);
        Self { url: url.to_owned(), host: host.to_ascii_lowercase(), text: text.to_owned() }
    }
}

/// Links in the order of the message, without repetitions of the same target and text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Links {
    /// The links.
    pub items: Vec<Link>,
    /// Whether there were more than were asked for, or than the host keeps.
    pub truncated: bool,
}

/// The features of one kind that a message has: for each field 32-bit numbers, each once, in the order in which it first
/// appears. A model with a table of 2<sup>bits</sup> weights takes the top `bits` of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    /// Of the subject.
    pub subject: Vec<u32>,
    /// Of `From` and `Reply-To`.
    pub sender: Vec<u32>,
    /// Of the text.
    pub body: Vec<u32>,
    /// Of the links.
    pub links: Vec<u32>,
    /// Whether there is more text, or are more links, than is hashed.
    pub truncated: bool,
}

/// What a message is made of, hashed: header fields, mail program, parts, attachments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Structure {
    /// 32-bit numbers as [`Features`] has them, each once, in the order in which it first appears.
    pub features: Vec<u32>,
    /// Whether there are more header fields, or more parts, than are hashed.
    pub truncated: bool,
}

/// An attachment: a part with a file name, or with a disposition of `attachment`, or that is neither text
/// nor a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Attachment {
    /// The file name, decoded, at most 255 bytes; empty if there is none.
    pub name: String,
    /// The media type as declared, in lower case: `application/pdf`.
    pub media_type: String,
    /// The size of the decoded content in bytes.
    pub size: u64,
    /// SHA-256 of the decoded content: 64 hexadecimal digits in lower case.
    pub sha256: String,
}

/// Attachments in the order of the message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Attachments {
    /// At most 64.
    pub items: Vec<Attachment>,
    /// Whether there were more.
    pub truncated: bool,
}

/// What follows the last `@`, in lower case; nothing if there is none.
pub(crate) fn domain_of(address: &str) -> String {
    address.rsplit_once('@').map_or_else(String::new, |(_, domain)| domain.to_ascii_lowercase())
}
