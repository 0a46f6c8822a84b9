//! What the guard is told of one message.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::account::account;
use super::counts::Flip;
use crate::message::{Fingerprint, Message};
use crate::verdict::Action;

/// Who an address, or whose a domain, is: the first 8 bytes of its BLAKE3 hash. All that is kept of people. As text, also
/// in JSON, these bytes as 16 hexadecimal digits: most programs round a number of that size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "Spelled", into = "String")]
#[cfg_attr(feature = "schema", schemars(try_from = "String", into = "String"))]
pub struct Key(pub u64);

/// A key as it is read.
#[derive(Deserialize)]
#[serde(untagged)]
enum Spelled {
    Text(String),
    /// As 0.1.0 wrote it.
    Number(u64),
}

/// A text that is no key.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not the key of a sender: that is 16 hexadecimal digits")]
struct NoKey(String);

impl TryFrom<Spelled> for Key {
    type Error = NoKey;

    fn try_from(spelled: Spelled) -> Result<Self, NoKey> {
        match spelled {
            Spelled::Number(number) => Ok(Self(number)),
            Spelled::Text(text) => {
                let is_key = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
                let bytes = u64::from_str_radix(&text, 16).ok().filter(|_| is_key).map(u64::to_be_bytes);
                bytes.map(|bytes| Self(u64::from_le_bytes(bytes))).ok_or(NoKey(text))
            }
        }
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.to_string()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_le_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Key {
    /// The key of a text, taken in lower case.
    pub fn of(text: &str) -> Self {
        Self::of_lower_case(&text.to_lowercase())
    }

    /// The key of the account behind a sender's address: addresses that their owner can make up, with a tag, with dots or
    /// however else the provider permits, have one.
    pub fn of_sender(address: &str) -> Self {
        Self::of_lower_case(&account(address))
    }

    /// The key of a text that is in lower case.
    pub(super) fn of_lower_case(text: &str) -> Self {
        let mut first = [0; 8];
        first.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..8]);
        Self(u64::from_le_bytes(first))
    }
}

/// Who sent a message to whom, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sighting<'a> {
    /// When it was judged.
    pub at: Timestamp,
    /// The campaign that it belongs to.
    pub fingerprint: Fingerprint,
    /// The organisational domain of the sender in `From`, in lower case; none without a usable one.
    pub sender_domain: Option<&'a str>,
    /// The account of that sender ([`Key::of_sender`]); none without one.
    pub sender: Option<Key>,
    /// Whether that sender was authenticated.
    pub is_authenticated: bool,
    /// A recipient of the envelope, of several the smallest key; none where the filter does not say: such a message
    /// counts as one to a recipient of its own.
    pub recipient: Option<Key>,
}

impl<'a> Sighting<'a> {
    /// A message of a campaign that was judged at this time, of which neither sender nor recipient are known.
    pub const fn new(at: Timestamp, fingerprint: Fingerprint) -> Self {
        Self { at, fingerprint, sender_domain: None, sender: None, is_authenticated: false, recipient: None }
    }

    /// The organisational domain of the sender in `From`, in lower case; none by default.
    #[must_use]
    pub const fn sender_domain(mut self, domain: Option<&'a str>) -> Self {
        self.sender_domain = domain;
        self
    }

    /// The account of that sender ([`Key::of_sender`]); none by default.
    #[must_use]
    pub const fn sender(mut self, sender: Option<Key>) -> Self {
        self.sender = sender;
        self
    }

    /// Whether that sender was authenticated. By default it was not.
    #[must_use]
    pub const fn is_authenticated(mut self, is_authenticated: bool) -> Self {
        self.is_authenticated = is_authenticated;
        self
    }

    /// A recipient of the envelope, of several the smallest key; none by default.
    #[must_use]
    pub const fn recipient(mut self, recipient: Option<Key>) -> Self {
        self.recipient = recipient;
        self
    }

    /// A message that was judged at this time.
    pub fn of(message: &'a Message, at: Timestamp) -> Self {
        let sender = message.author().mailbox().map(|author| Key::of_sender(&author.address));
        let recipients = message.envelope().map(|envelope| &*envelope.recipients).unwrap_or_default();
        Self {
            at,
            fingerprint: message.fingerprint(),
            sender_domain: message.sender_domain(),
            sender,
            is_authenticated: message.is_sender_authenticated(),
            recipient: recipients.iter().map(|recipient| Key::of(recipient)).min(),
        }
    }
}

/// What became of a message on its way from a baseline to a candidate; none if it did not flip.
pub fn flip(before: Action, after: Action) -> Option<Flip> {
    match (before.is_flagged(), after.is_flagged()) {
        (false, true) => Some(Flip::Up),
        (true, false) => Some(Flip::Down),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_account_have_one_key() {
        assert_eq!(Key::of_sender("a.da+1@gmail.com"), Key::of_sender("ada@googlemail.com"));
        assert_ne!(Key::of_sender("a.da@x.example"), Key::of_sender("ada@x.example"));
    }

    #[test]
    fn a_key_is_text_that_no_program_rounds_and_is_read_as_it_was_written_before() {
        let key = Key(0xfedc_ba98_7654_3210);
        let read = |text: &str| serde_json::from_str::<Key>(text);
        assert_eq!(serde_json::to_string(&key).unwrap(), r#""1032547698badcfe""#);
        assert_eq!(read(r#""1032547698badcfe""#).unwrap(), key);
        assert_eq!(read("18364758544493064720").unwrap(), key);
        for bad in [r#""""#, r#""1032547698badcf""#, r#""+032547698badcfe""#, r#""1032547698badcfg""#, "-1"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
