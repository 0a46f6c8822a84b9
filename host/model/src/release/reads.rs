//! What a model may read of a message.

use std::ops::BitOr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of the things of a message that a model may read, as the contract names them.
///
/// In manifests it is a list of names: `["subject", "text"]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reads(u16);

/// Every member with its name in manifests and in the contract.
const NAMES: [(&str, Reads); 15] = [
    ("envelope", Reads::ENVELOPE),
    ("client", Reads::CLIENT),
    ("authentication", Reads::AUTHENTICATION),
    ("subject", Reads::SUBJECT),
    ("sender", Reads::SENDER),
    ("date", Reads::DATE),
    ("size", Reads::SIZE),
    ("headers", Reads::HEADERS),
    ("text", Reads::TEXT),
    ("html", Reads::HTML),
    ("links", Reads::LINKS),
    ("attachments", Reads::ATTACHMENTS),
    ("raw", Reads::RAW),
    ("features", Reads::FEATURES),
    ("facts", Reads::FACTS),
];

/// Asks for recipients in clear. Beside [`NAMES`], because the operator has to grant it.
const RECIPIENTS: &str = "recipients";

impl Reads {
    /// The SMTP envelope.
    pub const ENVELOPE: Self = Self(1);
    /// The SMTP client.
    pub const CLIENT: Self = Self(1 << 1);
    /// Sender authentication.
    pub const AUTHENTICATION: Self = Self(1 << 2);
    /// The subject.
    pub const SUBJECT: Self = Self(1 << 3);
    /// `From` and `Reply-To`.
    pub const SENDER: Self = Self(1 << 4);
    /// `Date`.
    pub const DATE: Self = Self(1 << 5);
    /// Size, counts and defects.
    pub const SIZE: Self = Self(1 << 6);
    /// Header fields.
    pub const HEADERS: Self = Self(1 << 7);
    /// The text of the body.
    pub const TEXT: Self = Self(1 << 8);
    /// The HTML body.
    pub const HTML: Self = Self(1 << 9);
    /// Links.
    pub const LINKS: Self = Self(1 << 10);
    /// Attachments.
    pub const ATTACHMENTS: Self = Self(1 << 11);
    /// Raw bytes.
    pub const RAW: Self = Self(1 << 12);
    /// Recipients in clear; works only where the operator grants it to the model.
    pub const RECIPIENTS: Self = Self(1 << 13);
    /// Hashed words, pairs of words and n-grams of subject, senders, text and links, and what the message is made of, hashed
    /// likewise. Since contract 1.1.
    pub const FEATURES: Self = Self(1 << 14);
    /// Numbers about the message. Since contract 1.1.
    pub const FACTS: Self = Self(1 << 15);

    /// What is in this set and not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether all of `other` is in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names of the members, in the contract's order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let recipients = (RECIPIENTS, Self::RECIPIENTS);
        NAMES.into_iter().chain([recipients]).filter(move |(_, one)| self.contains(*one)).map(|(name, _)| name)
    }

    /// The member of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let recipients = (RECIPIENTS, Self::RECIPIENTS);
        NAMES.into_iter().chain([recipients]).find(|(known, _)| *known == name).map(|(_, one)| one)
    }
}

impl BitOr for Reads {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Serialize for Reads {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

impl<'de> Deserialize<'de> for Reads {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<String>::deserialize(deserializer)?.iter().try_fold(Self::default(), |all, name| {
            Self::from_name(name).map(|one| all | one).ok_or_else(|| {
                let known = NAMES.map(|(known, _)| known).join(", ");
                serde::de::Error::custom(format!("`{name}` is nothing to read; there are: {known}, {RECIPIENTS}"))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_a_list_of_names() {
        let reads: Reads = serde_json::from_str(r#"["text","subject","recipients"]"#).unwrap();
        assert_eq!(reads, Reads::TEXT | Reads::SUBJECT | Reads::RECIPIENTS);
        assert_eq!(serde_json::to_string(&reads).unwrap(), r#"["subject","text","recipients"]"#);
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let error = serde_json::from_str::<Reads>(r#"["body"]"#).unwrap_err().to_string();
        assert!(error.contains("`body`") && error.contains("text"), "{error}");
    }
}
