//! A sender's address and a sender's domain, as rules name them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::InvalidOverride;
use crate::limits::{ADDRESS_BYTES_MAX, DOMAIN_BYTES_MAX, LABEL_BYTES_MAX};
use crate::message::is_normal;

/// A sender's address in its normal form: lower case, the domain's internationalised labels in ASCII (RFC 5891),
/// at most 320 bytes. Parsing brings it there; mail servers tell no two addresses apart by case, whatever RFC 5321
/// allows them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct SenderAddress(String);

/// A sender's domain in its normal form: lower case, internationalised labels in ASCII (RFC 5891), no dot at the
/// end, at most 253 bytes. Parsing brings it there. A rule for it matches its subdomains too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct SenderDomain(String);

impl SenderAddress {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SenderDomain {
    /// The domain.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Refuses a domain below which everybody registers (<https://publicsuffix.org>, as compiled in).
    pub(super) fn validate(&self) -> Result<(), InvalidOverride> {
        if psl::domain_str(&self.0).is_none() {
            return Err(InvalidOverride(format!(
                "`{self}` is a public suffix, below which unrelated parties register their domains; name the domain \
                 of one of them"
            )));
        }
        Ok(())
    }
}

impl FromStr for SenderAddress {
    type Err = InvalidOverride;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let text = text.strip_prefix('<').and_then(|inner| inner.strip_suffix('>')).unwrap_or(text);
        let Some((local, domain)) = text.rsplit_once('@') else {
            return Err(InvalidOverride(format!("`{text}` is no address: there is no `@`; for a domain say `domain`")));
        };
        let domain = normal_domain(domain)?;
        // RFC 5322 allows it; whoever writes it means a pattern.
        if local.contains('*') {
            return Err(InvalidOverride(format!(
                "`{text}`: a rule for a sender is about one address, without `*`; for all of `{domain}` say `domain`"
            )));
        }
        Self::try_from(format!("{}@{domain}", local.to_lowercase()))
    }
}

impl FromStr for SenderDomain {
    type Err = InvalidOverride;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Some(domain) = text.strip_prefix("*.") {
            return Err(InvalidOverride(format!("`{text}`: a rule for `{domain}` matches its subdomains anyway")));
        }
        let domain = Self(normal_domain(text)?);
        domain.validate()?;
        Ok(domain)
    }
}

/// Accepts the normal form only, as it was written; needs no table that changes.
impl TryFrom<String> for SenderAddress {
    type Error = InvalidOverride;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let refuse = |why: &str| Err(InvalidOverride(format!("`{text}` is no sender's address: {why}")));
        let Some((local, domain)) = text.rsplit_once('@') else { return refuse("there is no `@`") };
        if text.len() > ADDRESS_BYTES_MAX {
            return refuse("it has more than 320 bytes");
        }
        if local.is_empty() {
            return refuse("there is nothing before the `@`");
        }
        if local.chars().any(|c| c.is_whitespace() || c.is_control() || "@<>()[],;:\\\"".contains(c)) {
            return refuse("before the `@` there is a character that belongs into no address");
        }
        if local.to_lowercase() != local {
            return refuse("it is not in lower case");
        }
        check_domain(domain)?;
        Ok(Self(text))
    }
}

/// Accepts the normal form only, as it was written; needs no table that changes.
impl TryFrom<String> for SenderDomain {
    type Error = InvalidOverride;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        check_domain(&text)?;
        Ok(Self(text))
    }
}

/// A domain as an operator writes it, brought to its normal form.
fn normal_domain(text: &str) -> Result<String, InvalidOverride> {
    let text = text.trim().trim_end_matches('.');
    let ascii = match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        false => idna::domain_to_ascii(text).map_err(|_| {
            InvalidOverride(format!("`{text}` is no domain: its letters cannot be written in ASCII (RFC 5891)"))
        })?,
    };
    let is_number =
        ascii.rsplit('.').next().is_some_and(|last| !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()));
    if is_number || ascii.parse::<IpAddr>().is_ok() {
        return Err(InvalidOverride(format!(
            "`{text}` is no domain: none ends in a number; for a client's address say `network`"
        )));
    }
    check_domain(&ascii)?;
    Ok(ascii)
}

/// Checks that a domain is in its normal form.
fn check_domain(domain: &str) -> Result<(), InvalidOverride> {
    let refuse = |why: &str| Err(InvalidOverride(format!("`{domain}` is no domain: {why}")));
    if domain.starts_with('[') {
        return refuse("it is an address literal; for a client's address say `network`");
    }
    if domain.is_empty() || domain.len() > DOMAIN_BYTES_MAX {
        return refuse("a domain has 1 to 253 bytes");
    }
    if domain.split('.').any(|label| label.is_empty() || label.len() > LABEL_BYTES_MAX) {
        return refuse("between two dots there are 1 to 63 bytes");
    }
    if !is_normal(domain) {
        return refuse("it consists of a-z, 0-9, `-`, `_` and dots");
    }
    Ok(())
}

impl fmt::Display for SenderAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for SenderDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<SenderAddress> for String {
    fn from(address: SenderAddress) -> Self {
        address.0
    }
}

impl From<SenderDomain> for String {
    fn from(domain: SenderDomain) -> Self {
        domain.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> Result<String, String> {
        text.parse().map(|domain: SenderDomain| domain.into()).map_err(|e| e.to_string())
    }

    fn address(text: &str) -> Result<String, String> {
        text.parse().map(|address: SenderAddress| address.into()).map_err(|e| e.to_string())
    }

    #[test]
    fn names_are_brought_to_their_normal_form() {
        assert_eq!(domain(" Mail.EXAMPLE.co.uk. ").unwrap(), "mail.example.co.uk");
        assert_eq!(domain("Bücher.example.com").unwrap(), "xn--bcher-kva.example.com");
        assert_eq!(address(" <Ada.L+x@Bücher.example> ").unwrap(), "ada.l+x@xn--bcher-kva.example");
        assert_eq!(address("ÄRGER@x.example").unwrap(), "ärger@x.example");
        assert_eq!(address("root@localhost").unwrap(), "root@localhost");
    }

    #[test]
    fn a_public_suffix_is_refused_with_the_reason() {
        for suffix in ["com", "co.uk", "CO.UK.", "github.io", "localhost"] {
            assert!(domain(suffix).unwrap_err().contains("public suffix"), "{suffix}");
        }
        assert!(domain("example.co.uk").is_ok());
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_reason() {
        let long_label = format!("{}.example.com", "a".repeat(64));
        let long = format!("{}example.com", "abc.".repeat(70));
        for (text, why) in [
            ("", "1 to 253"),
            ("a..example.com", "between two dots"),
            (&long_label, "between two dots"),
            (&long, "1 to 253"),
            ("*.example.com", "subdomains anyway"),
            ("exa mple.com", "a-z"),
            ("@example.com", "a-z"),
            ("[192.0.2.1]", "`network`"),
            ("192.0.2.1", "`network`"),
            ("mail.192.0.2.1.", "`network`"),
            ("2001:db8::1", "`network`"),
            ("\u{200d}.example", "ASCII"),
        ] {
            assert!(domain(text).unwrap_err().contains(why), "{text}: {:?}", domain(text));
        }
        let long = format!("{}@example.com", "a".repeat(310));
        for (text, why) in [
            ("example.com", "no `@`"),
            ("@example.com", "nothing before"),
            ("a b@example.com", "character"),
            ("a@b@example.com", "character"),
            ("a@[192.0.2.1]", "`network`"),
            ("a@192.0.2.1", "`network`"),
            ("*@example.com", "for all of `example.com` say `domain`"),
            ("news-*@example.com", "one address"),
            ("a@*.example.com", "a-z"),
            (&long, "320"),
        ] {
            assert!(address(text).unwrap_err().contains(why), "{text}: {:?}", address(text));
        }
    }

    #[test]
    fn what_was_stored_is_read_back_as_it_was_or_not_at_all() {
        let read = |json: &str| serde_json::from_str::<SenderDomain>(json).map(String::from).ok();
        assert_eq!(read(r#""example.com""#).as_deref(), Some("example.com"));
        // Whatever the list of public suffixes says today.
        assert_eq!(read(r#""github.io""#).as_deref(), Some("github.io"));
        assert_eq!(read(r#""Example.com""#), None);
        assert!(serde_json::from_str::<SenderAddress>(r#""A@example.com""#).is_err());
        assert!(serde_json::from_str::<SenderAddress>(r#""a@bücher.example""#).is_err());
    }
}
