//! Mailboxes and domains.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::content::{cut, shared};
use super::limits::MAILBOX_BYTES_MAX;
use crate::limits::{DOMAIN_BYTES_MAX, LABEL_BYTES_MAX};
use crate::organisation::is_shared;

/// A mailbox of a header field (RFC 5322, section 3.4).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mailbox {
    /// The display name, decoded (RFC 2047), without quotes; empty if there is none. At most 1,024
    /// bytes.
    pub name: Arc<str>,
    /// `local-part@domain`, as written; empty if there is none. At most 1,024 bytes.
    pub address: Arc<str>,
    /// The domain of `address` in lower case, internationalised labels in their ASCII form (RFC
    /// 5891); empty if the address has none.
    pub domain: Arc<str>,
}

crate::debug! {
    /// Without the address, which belongs in no log.
    Mailbox { name: unsaid, address: unsaid, domain: unsaid }
}

impl Mailbox {
    pub(super) fn new(name: &str, address: &str) -> Self {
        let address = cut(address.trim(), MAILBOX_BYTES_MAX);
        Self {
            name: shared(cut(name.trim(), MAILBOX_BYTES_MAX)),
            address: shared(address),
            domain: shared(&domain_of(address)),
        }
    }

    /// Whether it has the address of another, however that writes it.
    pub(super) fn is_same<'a>(&'a self, other: &'a Self) -> bool {
        let local =
            |mailbox: &'a Self| mailbox.address.rsplit_once('@').map_or("", |(local, _)| local).trim_matches('"');
        let is_same = |one: &str, other: &str| one == other || one.to_lowercase() == other.to_lowercase();
        self.domain == other.domain && is_same(local(self), local(other))
    }
}

/// The domain of an address in lower case and ASCII; empty if it has none.
pub fn domain_of(address: &str) -> Cow<'_, str> {
    match address.rsplit_once('@') {
        Some((_, domain)) => ascii_domain(domain.trim().trim_end_matches(['>', '"', '.'])),
        None => Cow::Borrowed(""),
    }
}

/// A domain in lower case, internationalised labels in their ASCII form (RFC 5891). What is no domain
/// by those rules is only put in lower case.
pub(super) fn ascii_domain(domain: &str) -> Cow<'_, str> {
    if is_normal(domain) {
        return Cow::Borrowed(domain);
    }
    if domain.is_ascii() {
        return Cow::Owned(domain.to_ascii_lowercase());
    }
    Cow::Owned(idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_lowercase()))
}

/// A domain in lower case and ASCII, if it is one as it stands: an address literal, or labels of letters, digits, hyphens
/// and underscores, of which those above ASCII are in the one form that IDNA2008 has for them (RFC 5890, section
/// 2.3.2.1). A form that is only mapped to that one is none: programs differ in the mapping.
pub(super) fn strict_domain(domain: &str) -> Option<Cow<'_, str>> {
    if let Some(literal) = domain.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        let is_sound = !literal.is_empty() && literal.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-".contains(&b));
        return is_sound.then(|| Cow::Owned(domain.to_ascii_lowercase()));
    }
    if domain.len() > MAILBOX_BYTES_MAX {
        return None;
    }
    let ascii = match domain.is_ascii() {
        true => ascii_domain(domain),
        false => {
            let ascii = idna::domain_to_ascii_strict(domain).ok()?;
            let (unicode, sound) = idna::domain_to_unicode(&ascii);
            (sound.is_ok() && unicode == domain.to_lowercase()).then_some(Cow::Owned(ascii))?
        }
    };
    let is_label = |label: &str| (1..=LABEL_BYTES_MAX).contains(&label.len());
    (is_normal(&ascii) && ascii.len() <= DOMAIN_BYTES_MAX && ascii.split('.').all(is_label)).then_some(ascii)
}

/// The domain that someone registered: the part of `domain` that is one label longer than its public
/// suffix (<https://publicsuffix.org>, as compiled in). A domain that is itself a public suffix, or an
/// address literal, is returned as it is.
pub fn organisational_domain(domain: &str) -> &str {
    if domain.starts_with('[') {
        return domain;
    }
    psl::domain_str(domain).unwrap_or(domain)
}

/// Whether two domains belong to one organisation (RFC 7489, section 3.2). Names of a service that gives them to anybody,
/// and that the public suffix list does not know, are each of somebody else.
pub(super) fn is_one_organisation(one: &str, other: &str) -> bool {
    let organisation = organisational_domain(one);
    one == other || (organisation == organisational_domain(other) && !is_shared(organisation))
}

/// A domain as the filter gave it, in lower case and ASCII.
pub fn normal_domain(domain: &str) -> Cow<'_, str> {
    ascii_domain(domain.trim().trim_end_matches('.'))
}

/// Whether all characters are those of a domain in lower case and ASCII.
pub fn is_normal(domain: &str) -> bool {
    domain.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_the_same_however_its_address_is_written() {
        let one = Mailbox::new("Ann", "Ann.Lee@Mail.x.example");
        for (address, is_same) in [
            ("ann.lee@mail.X.example", true),
            ("\"ann.lee\"@mail.x.example", true),
            ("ann.li@mail.x.example", false),
            ("ann.lee@x.example", false),
        ] {
            assert_eq!(one.is_same(&Mailbox::new("", address)), is_same, "{address}");
        }
    }

    #[test]
    fn domains_are_lower_case_and_ascii() {
        assert_eq!(domain_of("A@Example.ORG"), "example.org");
        assert_eq!(domain_of("a@bücher.example"), "xn--bcher-kva.example");
        assert_eq!(domain_of("a@b@c.example"), "c.example");
        assert_eq!(domain_of("a@[192.0.2.1]"), "[192.0.2.1]");
        assert_eq!(domain_of("nobody"), "");
        assert_eq!(domain_of("a@"), "");
    }

    #[test]
    fn the_organisational_domain_is_one_label_below_the_public_suffix() {
        assert_eq!(organisational_domain("mail.example.co.uk"), "example.co.uk");
        assert_eq!(organisational_domain("gmail.com"), "gmail.com");
        assert_eq!(organisational_domain("co.uk"), "co.uk");
        assert_eq!(organisational_domain("[192.0.2.1]"), "[192.0.2.1]");
        assert_eq!(organisational_domain(""), "");
    }

    #[test]
    fn long_names_are_cut() {
        let mailbox = Mailbox::new(&"é".repeat(1_000), "a@x.example");
        assert_eq!(mailbox.name.len(), 1_024);
    }
}
