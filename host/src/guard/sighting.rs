//! What the guard is told of one message.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::counts::Flip;
use crate::message::{Fingerprint, Message};
use crate::verdict::Action;

/// Who an address, or whose a domain, is: the first 8 bytes of its BLAKE3 hash. All that is kept of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(pub u64);

impl Key {
    /// The key of a text, taken in lower case.
    pub fn of(text: &str) -> Self {
        Self::of_lower_case(&text.to_lowercase())
    }

    /// The key of the mailbox behind a sender's address: addresses that their owner can make up, with a tag or with dots,
    /// have one.
    pub fn of_sender(address: &str) -> Self {
        Self::of_lower_case(&mailbox(address))
    }

    /// The key of a text that is in lower case.
    pub(super) fn of_lower_case(text: &str) -> Self {
        let mut first = [0; 8];
        first.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..8]);
        Self(u64::from_le_bytes(first))
    }
}

/// The mailbox behind an address, in lower case: without a tag behind `+` (RFC 5233), and at Gmail, which ignores them and
/// has two names, without dots.
fn mailbox(address: &str) -> String {
    let address = address.to_lowercase();
    let Some((local, domain)) = address.rsplit_once('@') else { return address };
    let local = match local.split_once('+') {
        Some((untagged, _)) if !untagged.is_empty() => untagged,
        _ => local,
    };
    match domain {
        "gmail.com" | "googlemail.com" => format!("{}@gmail.com", local.replace('.', "")),
        _ => format!("{local}@{domain}"),
    }
}

/// Who sent a message to whom, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sighting<'a> {
    /// When it was judged.
    pub at: Timestamp,
    /// The campaign that it belongs to.
    pub fingerprint: Fingerprint,
    /// The organisational domain of the sender in `From`, in lower case; none without a usable one.
    pub sender_domain: Option<&'a str>,
    /// The mailbox of that sender ([`Key::of_sender`]); none without one.
    pub sender: Option<Key>,
    /// Whether that sender was authenticated.
    pub is_authenticated: bool,
    /// A recipient of the envelope, of several the smallest key; none where the filter does not say: such a message
    /// counts as one to a recipient of its own.
    pub recipient: Option<Key>,
}

impl<'a> Sighting<'a> {
    /// A message that was judged at this time.
    pub fn of(message: &'a Message, at: Timestamp) -> Self {
        let sender = message.from().first().map(|mailbox| Key::of_sender(&mailbox.address));
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
    fn addresses_that_their_owner_makes_up_are_one_mailbox() {
        for (address, expected) in [
            ("Ada@X.Example", "ada@x.example"),
            ("ada+lists@x.example", "ada@x.example"),
            ("a.da+1+2@gmail.com", "ada@gmail.com"),
            ("A.D.A@googlemail.com", "ada@gmail.com"),
            ("a.da@x.example", "a.da@x.example"),
            ("+lists@x.example", "+lists@x.example"),
            ("nobody", "nobody"),
        ] {
            assert_eq!(mailbox(address), expected, "{address}");
        }
        assert_eq!(Key::of_sender("a.da+1@gmail.com"), Key::of_sender("ada@googlemail.com"));
    }
}
