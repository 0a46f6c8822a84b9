//! Which campaign a message belongs to. `docs/fingerprint.md` has the algorithm, its sources, and how often it errs.
//!
//! The format is frozen: another algorithm is another [`VERSION`]. It reads no table that changes with a build, such
//! as the public suffix list, because processes of different builds have to agree.

mod links;
mod words;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Message;
use words::{Keep, Words};

/// The algorithm that is described here; the first byte of a fingerprint.
const VERSION: u8 = 1;

/// The same algorithm, over a text in which bytes without a meaning in their character set stand for themselves: the
/// first byte of the fingerprints of such messages. Decoded, all of them would be one campaign, of U+FFFD.
const VERSION_LITERAL: u8 = 2;

/// Messages that have fewer words in common with their copies are taken literally: what is left says too little.
const WORDS_MIN: usize = 12;

/// The campaign that a message belongs to: 16 bytes, written as 32 hexadecimal digits in lower case. The first byte is
/// the version of the algorithm: 1, or 2 where bytes of the text cannot be decoded. Fingerprints of different versions say
/// nothing about each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for Fingerprint {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

crate::hexadecimal!(Fingerprint);

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidFingerprint(text.to_owned());
        if text.len() != 32 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(invalid());
        }
        u128::from_str_radix(text, 16).map(|number| Self(number.to_be_bytes())).map_err(|_| invalid())
    }
}

crate::text_form!(Fingerprint, InvalidFingerprint);

/// A text that is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no fingerprint: that is 32 hexadecimal digits")]
pub struct InvalidFingerprint(String);

/// [`Message::fingerprint`].
pub(super) fn of(message: &Message) -> Fingerprint {
    let subject = message.literal_subject();
    let text = message.literal_text();
    let version = if subject.is_some() || text.is_some() { VERSION_LITERAL } else { VERSION };
    let subject = subject.as_deref().unwrap_or_else(|| message.subject());
    let text = text.as_ref().unwrap_or_else(|| message.kept_text()).content(usize::MAX).value;
    let words = |keep| {
        let mut words = Words::new(keep);
        words.add(subject);
        words.add(text);
        words
    };
    let common = words(Keep::Common);
    let mut told = if common.count() >= WORDS_MIN {
        format!("template\n{}", common.kept())
    } else {
        let domains: Vec<_> = message.author().candidates().iter().map(|candidate| &*candidate.domain).collect();
        format!("literal {}\n{}", domains.join(" "), words(Keep::All).kept())
    };
    for site in links::sites(message.links(usize::MAX).items) {
        told.push_str("\nlink ");
        told.push_str(site);
    }
    for attachment in message.attachments().items {
        told.push_str("\nattachment ");
        told.push_str(if is_signature(&attachment.media_type) { "signature" } else { &attachment.sha256 });
    }
    let hash = blake3::hash(told.as_bytes());
    let mut bytes = [version; 16];
    bytes[1..].copy_from_slice(&hash.as_bytes()[..15]);
    Fingerprint(bytes)
}

/// A signature is another one each time that it is made, of whatever it is.
fn is_signature(media_type: &str) -> bool {
    matches!(media_type, "application/pgp-signature" | "application/pkcs7-signature" | "application/x-pkcs7-signature")
}

#[cfg(test)]
mod tests;
