//! A cohort of senders.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::sighting::Key;
use crate::limits::DOMAIN_BYTES_MAX;

/// A cohort of senders. They form a tree: what is counted under a domain is counted under its provider, if it has one,
/// and under everything.
///
/// Written as `everything`, `unauthenticated`, `provider:gmail`, or a domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub enum Segment {
    /// Every sender.
    Everything,
    /// Senders that were not authenticated. Nothing is ever done for this one but to warn.
    Unauthenticated,
    /// The authenticated senders of a mailbox provider.
    Provider(Arc<str>),
    /// The authenticated senders of an organisational domain, in lower case.
    Domain(Arc<str>),
}

/// A segment that is only named, with the key of its name: what a message counts in. Nothing is allocated for it before
/// somebody remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentRef<'a> {
    key: Key,
    name: Name<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name<'a> {
    Everything,
    Unauthenticated,
    Provider(&'a str),
    Domain(&'a str),
}

impl<'a> SegmentRef<'a> {
    // No hash has these keys, or hardly any.
    pub(super) const EVERYTHING: Self = Self { key: Key(0), name: Name::Everything };
    pub(super) const UNAUTHENTICATED: Self = Self { key: Key(1), name: Name::Unauthenticated };

    pub(super) fn provider(name: &'a str) -> Self {
        Self { key: Key(Key::of_lower_case(name).0 ^ 1), name: Name::Provider(name) }
    }

    /// The domain is in lower case.
    pub(super) fn domain(domain: &'a str) -> Self {
        Self { key: Key::of_lower_case(domain), name: Name::Domain(domain) }
    }

    /// The key of its name: of a domain, that of the domain.
    pub fn key(self) -> Key {
        self.key
    }

    /// The segment itself.
    pub fn to_segment(self) -> Segment {
        match self.name {
            Name::Everything => Segment::Everything,
            Name::Unauthenticated => Segment::Unauthenticated,
            Name::Provider(name) => Segment::Provider(name.into()),
            Name::Domain(domain) => Segment::Domain(domain.into()),
        }
    }
}

impl<'a> From<&'a Segment> for SegmentRef<'a> {
    fn from(segment: &'a Segment) -> Self {
        match segment {
            Segment::Everything => Self::EVERYTHING,
            Segment::Unauthenticated => Self::UNAUTHENTICATED,
            Segment::Provider(name) => Self::provider(name),
            Segment::Domain(domain) => Self::domain(domain),
        }
    }
}

const EVERYTHING: &str = "everything";
const UNAUTHENTICATED: &str = "unauthenticated";
const PROVIDER: &str = "provider:";

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.pad(EVERYTHING),
            Self::Unauthenticated => f.pad(UNAUTHENTICATED),
            Self::Provider(name) => f.pad(&format!("{PROVIDER}{name}")),
            Self::Domain(domain) => f.pad(domain),
        }
    }
}

impl Segment {
    /// Whether a text is the name of a segment of its own: a domain with a dot, as [`Segment::Domain`] is written.
    pub(super) fn is_domain(text: &str) -> bool {
        is_name(text) && text.contains('.') && !text.contains(':')
    }
}

fn is_name(text: &str) -> bool {
    (1..=DOMAIN_BYTES_MAX).contains(&text.len()) && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

impl FromStr for Segment {
    type Err = InvalidSegment;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidSegment(text.to_owned());
        match text {
            EVERYTHING => Ok(Self::Everything),
            UNAUTHENTICATED => Ok(Self::Unauthenticated),
            _ => match text.strip_prefix(PROVIDER) {
                Some(name) if is_name(name) => Ok(Self::Provider(name.into())),
                None if Self::is_domain(text) => Ok(Self::Domain(text.to_ascii_lowercase().into())),
                _ => Err(invalid()),
            },
        }
    }
}

impl TryFrom<String> for Segment {
    type Error = InvalidSegment;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Segment> for String {
    fn from(segment: Segment) -> Self {
        segment.to_string()
    }
}

/// A text that names no segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no segment: `everything`, `unauthenticated`, `provider:` and a provider's name, or a domain are")]
pub struct InvalidSegment(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_reads_back_as_it_is_written() {
        for text in ["everything", "unauthenticated", "provider:gmail", "gmail.com"] {
            let segment: Segment = text.parse().unwrap();
            assert_eq!(segment.to_string(), text);
            assert_eq!(SegmentRef::from(&segment).to_segment(), segment);
        }
        assert_eq!("Gmail.com".parse(), Ok(Segment::Domain("gmail.com".into())));
        for odd in ["", "gmail", "provider:", "a b.example", "group:x.example", "provider:a b"] {
            assert_eq!(odd.parse::<Segment>(), Err(InvalidSegment(odd.to_owned())));
        }
    }
}
