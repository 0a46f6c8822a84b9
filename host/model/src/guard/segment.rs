//! A cohort of senders.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::sighting::Key;
use crate::beginning::beginning;
use crate::limits::{DOMAIN_BYTES_MAX, LABEL_BYTES_MAX};
use crate::message::{is_normal, normal_domain};
use crate::organisation::{is_registry, organisation};

/// A cohort of senders. They form a tree: what is counted under a domain is counted under its provider, if it has one,
/// and under everything.
///
/// Written as `everything`, `unauthenticated`, `provider:gmail`, or a domain. Parsing brings a domain to the form in which mail
/// is counted (lower case, internationalised labels in ASCII, no dot at the end), and refuses one under which none is: a
/// name below an organisational domain, or a public suffix. What was stored is read as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
// Exhaustive: whoever asks whose mail it is has to know each kind.
pub enum Segment {
    /// Every sender.
    Everything,
    /// Senders that were not authenticated. Nothing is ever done for this one but to warn.
    Unauthenticated,
    /// The authenticated senders of a mailbox provider.
    Provider(Arc<str>),
    /// The authenticated senders of an [organisational domain](super::organisation), in lower case and ASCII.
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
    /// Refuses a domain under which no mail is counted.
    ///
    /// # Errors
    /// If it is not in its normal form, or no organisational domain. Says what is meant.
    pub fn validate(&self) -> Result<(), InvalidSegment> {
        let Self::Domain(domain) = self else { return Ok(()) };
        match counted_domain(domain)? {
            normal if normal == **domain => Ok(()),
            normal => Err(InvalidSegment::of(domain, &format!("it is written `{normal}`"))),
        }
    }

    /// Whether a text is the name of a segment of its own: a domain with a dot, as [`Segment::Domain`] is written.
    pub(super) fn is_domain(text: &str) -> bool {
        is_name(text) && text.contains('.') && !text.contains(':')
    }
}

fn is_name(text: &str) -> bool {
    (1..=DOMAIN_BYTES_MAX).contains(&text.len()) && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// The domain that somebody names, as mail is counted under it.
pub(super) fn counted_domain(text: &str) -> Result<String, InvalidSegment> {
    let refuse = |why: &str| Err(InvalidSegment::of(text, why));
    let domain = normal_domain(text);
    let is_label = |label: &str| (1..=LABEL_BYTES_MAX).contains(&label.len());
    if domain.len() > DOMAIN_BYTES_MAX || !is_normal(&domain) || !domain.split('.').all(is_label) {
        return refuse(
            "it is neither a domain nor `everything`, `unauthenticated` or `provider:` and a provider's name",
        );
    }
    if !domain.contains('.') {
        return refuse("a domain has a dot, and a provider's name is written behind `provider:`");
    }
    let organisation = organisation(&domain);
    if organisation != domain {
        return refuse(&format!("mail of {domain} is counted under {organisation}, so name that"));
    }
    if is_registry(&domain) {
        return refuse(
            "it is a public suffix, below which unrelated parties register their domains; name the domain of one of them",
        );
    }
    Ok(domain.into_owned())
}

impl FromStr for Segment {
    type Err = InvalidSegment;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        match (text, text.strip_prefix(PROVIDER)) {
            (EVERYTHING, _) => Ok(Self::Everything),
            (UNAUTHENTICATED, _) => Ok(Self::Unauthenticated),
            (_, Some(name)) if is_name(name) => Ok(Self::Provider(name.into())),
            (_, Some(_)) => Err(InvalidSegment::of(text, "a provider's name is missing, or has a space in it")),
            (_, None) => Ok(Self::Domain(counted_domain(text)?.into())),
        }
    }
}

/// What was stored, as it was written: needs no table that changes.
impl TryFrom<String> for Segment {
    type Error = InvalidSegment;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match (text.as_str(), text.strip_prefix(PROVIDER)) {
            (EVERYTHING, _) => Ok(Self::Everything),
            (UNAUTHENTICATED, _) => Ok(Self::Unauthenticated),
            (_, Some(name)) if is_name(name) => Ok(Self::Provider(name.into())),
            (domain, None) if Self::is_domain(domain) => Ok(Self::Domain(domain.to_ascii_lowercase().into())),
            _ => Err(InvalidSegment::of(&text, "it was never the name of one")),
        }
    }
}

impl From<Segment> for String {
    fn from(segment: Segment) -> Self {
        segment.to_string()
    }
}

/// A text that names no segment, or one that no mail can be of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no segment: {why}")]
pub struct InvalidSegment {
    text: String,
    why: String,
}

impl InvalidSegment {
    fn of(text: &str, why: &str) -> Self {
        Self { text: beginning(text, DOMAIN_BYTES_MAX), why: why.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        text.parse::<Segment>().unwrap_err().to_string()
    }

    #[test]
    fn a_segment_reads_back_as_it_is_written() {
        for text in ["everything", "unauthenticated", "provider:gmail", "gmail.com"] {
            let segment: Segment = text.parse().unwrap();
            assert_eq!(segment.to_string(), text);
            assert_eq!(SegmentRef::from(&segment).to_segment(), segment);
            assert_eq!(Segment::try_from(text.to_owned()), Ok(segment));
        }
    }

    #[test]
    fn a_domain_is_brought_to_the_form_in_which_mail_is_counted() {
        for (text, counted) in [
            (" Gmail.com ", "gmail.com"),
            ("gmail.com.", "gmail.com"),
            ("münchen.example", "xn--mnchen-3ya.example"),
            ("Example.co.uk", "example.co.uk"),
            ("github.io", "github.io"),
        ] {
            assert_eq!(text.parse(), Ok(Segment::Domain(counted.into())), "{text}");
        }
    }

    #[test]
    fn what_no_mail_is_counted_under_is_refused_with_what_is_meant() {
        let long = format!("{}example.com", "abc.".repeat(70_000));
        for (text, said) in [
            ("mail.gmail.com", "mail of mail.gmail.com is counted under gmail.com, so name that"),
            ("somebody.mooo.com", "counted under afraid.org"),
            ("one.github.io", "counted under github.io"),
            ("co.uk", "public suffix"),
            ("COM.", "a domain has a dot"),
            ("gmail", "provider:"),
            ("<script>.x", "neither a domain"),
            ("", "neither a domain"),
            ("a..example", "neither a domain"),
            ("[192.0.2.1]", "neither a domain"),
            ("group:x.example", "neither a domain"),
            (&long, "neither a domain"),
            ("provider:", "a provider's name is missing"),
            ("provider:a b", "a provider's name"),
        ] {
            let why = why(text);
            assert!(why.contains(said) && why.len() < 500, "{why}");
        }
    }

    #[test]
    fn a_segment_that_was_put_together_is_checked_as_well() {
        let check = |domain: &str| Segment::Domain(domain.into()).validate().map_err(|error| error.to_string());
        assert_eq!(check("gmail.com"), Ok(()));
        assert!(check("Gmail.com").unwrap_err().ends_with("it is written `gmail.com`"));
        assert!(check("mail.gmail.com").unwrap_err().contains("counted under gmail.com"));
        assert_eq!(Segment::Everything.validate(), Ok(()));
    }

    #[test]
    fn what_was_stored_is_read_whatever_the_tables_say_today() {
        let read = |text: &str| Segment::try_from(text.to_owned()).map(|segment| segment.to_string()).ok();
        assert_eq!(read("mail.gmail.com").as_deref(), Some("mail.gmail.com"));
        for odd in ["", "gmail", "provider:", "a b.example", "group:x.example", "provider:a b"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
