//! What the filter tells about the transaction that the message came with.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::address::domain_of;
use super::content::cut;
use super::limits::{MAILBOX_BYTES_MAX, RECIPIENTS_MAX};

/// What the SMTP transaction said.
///
/// # Examples
///
/// ```
/// use switchback::Envelope;
///
/// let envelope = Envelope::new().mail_from("bounces@news.example").recipient("me@home.example");
/// assert_eq!(envelope.recipients.len(), 1);
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Envelope {
    /// The reverse path (`MAIL FROM`) without angle brackets: empty for the null sender, absent if it
    /// is not known. Models see at most 1,024 bytes.
    pub mail_from: Option<Arc<str>>,
    /// The recipients (`RCPT TO`), without angle brackets. Models see at most 100.
    pub recipients: Vec<Arc<str>>,
}

crate::debug! {
    /// Without addresses, which belong in no log.
    Envelope { mail_from: unsaid_if_any, recipients: counted }
}

impl Envelope {
    /// An envelope of which nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The envelope as it is kept, however its fields were set: addresses without angle brackets.
    pub(super) fn bounded(self) -> Self {
        let envelope = self.mail_from.iter().fold(Self::new(), |envelope, address| envelope.mail_from(address));
        self.recipients.iter().fold(envelope, |envelope, address| envelope.recipient(address))
    }

    /// Sets the reverse path; `""` is the null sender.
    #[must_use]
    pub fn mail_from(mut self, address: &str) -> Self {
        self.mail_from = Some(cut(unbracketed(address), MAILBOX_BYTES_MAX).into());
        self
    }

    /// Adds a recipient.
    #[must_use]
    pub fn recipient(mut self, address: &str) -> Self {
        self.recipients.push(unbracketed(address).into());
        self
    }
}

fn unbracketed(address: &str) -> &str {
    let address = address.trim();
    address.strip_prefix('<').and_then(|inner| inner.strip_suffix('>')).map_or(address, str::trim)
}

/// The SMTP client.
///
/// # Examples
///
/// ```
/// use switchback::Client;
///
/// let client = Client::new().ip([192, 0, 2, 7].into()).helo("mx.news.example").tls(true);
/// assert_eq!(client.host, None);
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Client {
    /// Its address. An IPv4 address that is written as IPv6 (`::ffff:192.0.2.7`) is taken for the IPv4 address that it is.
    pub ip: Option<IpAddr>,
    /// The name it gave with `HELO` or `EHLO`.
    pub helo: Option<Arc<str>>,
    /// Its host name, only if forward and reverse DNS agree.
    pub host: Option<Arc<str>>,
    /// Whether the connection was encrypted; absent if unknown.
    pub tls: Option<bool>,
}

crate::debug! {
    /// Without the names, which belong in no log.
    Client { ip, helo: unsaid_if_any, host: unsaid_if_any, tls }
}

impl Client {
    /// A client of which nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the address.
    #[must_use]
    pub fn ip(mut self, ip: IpAddr) -> Self {
        self.ip = Some(ip.to_canonical());
        self
    }

    /// Sets the name of `HELO` or `EHLO`. At most 1,024 bytes of it are kept.
    #[must_use]
    pub fn helo(mut self, name: &str) -> Self {
        self.helo = Some(cut(name.trim(), MAILBOX_BYTES_MAX).into());
        self
    }

    /// Sets the host name that forward and reverse DNS agree on. At most 1,024 bytes of it are kept.
    #[must_use]
    pub fn host(mut self, name: &str) -> Self {
        self.host = Some(cut(name.trim(), MAILBOX_BYTES_MAX).into());
        self
    }

    /// The client as it is kept, however its fields were set: an IPv4 address as such, and names within their bounds.
    pub(super) fn bounded(self) -> Self {
        let Self { ip, helo, host, tls } = self;
        let client = ip.into_iter().fold(Self::new(), Self::ip);
        let client = helo.iter().fold(client, |client, name| client.helo(name));
        let client = host.iter().fold(client, |client, name| client.host(name));
        Self { tls, ..client }
    }

    /// Sets whether the connection was encrypted.
    #[must_use]
    pub fn tls(mut self, encrypted: bool) -> Self {
        self.tls = Some(encrypted);
        self
    }
}

/// One recipient of the envelope, as models may see it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Recipient {
    /// The address. Not for a model without the `recipients` grant.
    pub address: Arc<str>,
    /// The domain, in lower case and ASCII; empty if the address has none.
    pub domain: Arc<str>,
    /// A keyed hash of the address in lower case: 16 hexadecimal digits.
    pub key: Arc<str>,
}

crate::debug! {
    /// Without the address, which belongs in no log.
    Recipient { address: unsaid, domain: unsaid, key }
}

/// The recipients of the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecipientList<'a> {
    /// The first 100.
    pub items: &'a [Recipient],
    /// Whether there were more.
    pub truncated: bool,
    /// How many there were.
    pub total: u32,
}

impl Recipient {
    /// The key is the first 8 bytes of keyed BLAKE3 over the address in lower case.
    fn new(address: &str, key: &[u8; 32]) -> Self {
        let hash = blake3::keyed_hash(key, address.to_lowercase().as_bytes());
        Self {
            address: cut(address, MAILBOX_BYTES_MAX).into(),
            domain: domain_of(address).into(),
            key: hash.to_hex()[..16].into(),
        }
    }
}

/// The recipients that are listed.
pub(super) fn recipients(envelope: Option<&Envelope>, key: &[u8; 32]) -> Vec<Recipient> {
    let addresses = envelope.map_or(&[][..], |envelope| &envelope.recipients);
    addresses.iter().take(RECIPIENTS_MAX).map(|address| Recipient::new(address, key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    #[test]
    fn a_key_tells_addresses_apart_and_installations_too() {
        let envelope = Envelope::new().recipient("<A@x.example>").recipient("a@X.example").recipient("b@x.example");
        let here = recipients(Some(&envelope), &[0; 32]);
        let there = recipients(Some(&envelope), &[1; 32]);
        assert_eq!(here[0].key, here[1].key);
        assert_ne!(here[0].key, here[2].key);
        assert_ne!(here[0].key, there[0].key);
        assert_eq!(here[0].key.len(), 16);
        assert_eq!((&*here[0].address, &*here[1].domain), ("A@x.example", "x.example"));
    }

    #[test]
    fn a_client_has_one_address_however_it_was_set() {
        let mapped: IpAddr = "::ffff:192.0.2.7".parse().unwrap();
        let set = Client { ip: Some(mapped), helo: Some(" mx.x.example ".into()), ..Client::default() };
        let read: Client = serde_json::from_str(r#"{"ip": "::ffff:192.0.2.7", "helo": "mx.x.example"}"#).unwrap();
        let expected = Client::new().ip([192, 0, 2, 7].into()).helo("mx.x.example");
        for client in [set, read, Client::new().ip(mapped).helo("mx.x.example")] {
            assert_eq!(*Message::builder("").client(client).build().client(), expected);
        }
    }

    #[test]
    fn the_key_is_frozen() {
        let envelope = Envelope::new().recipient("a@x.example");
        assert_eq!(&*recipients(Some(&envelope), &[0; 32])[0].key, "c6c2552368c0d5a8");
    }
}
