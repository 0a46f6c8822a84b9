//! What domains and hosts tell.

/// Brands that are pretended to be, as they appear in display names and hosts, and the organisations that
/// they send from. Extend it by what your users deal with.
const BRANDS: &[(&str, &[&str])] = &[
    ("amazon", &["amazon.com", "amazon.co.uk", "amazon.de", "amazonses.com", "amazon.fr", "amazon.co.jp"]),
    ("apple", &["apple.com", "icloud.com"]),
    ("dhl", &["dhl.com", "dhl.de"]),
    ("docusign", &["docusign.com", "docusign.net"]),
    ("ebay", &["ebay.com", "ebay.co.uk", "ebay.de"]),
    ("facebook", &["facebook.com", "facebookmail.com", "meta.com"]),
    ("fedex", &["fedex.com"]),
    ("metamask", &["metamask.io"]),
    ("microsoft", &["microsoft.com", "office.com", "outlook.com", "live.com", "microsoftonline.com", "office365.com"]),
    ("netflix", &["netflix.com"]),
    ("paypal", &["paypal.com", "paypal.co.uk", "paypal.de"]),
    ("wells fargo", &["wellsfargo.com"]),
];

/// Where anybody can have a mailbox within a minute.
const FREEMAIL: &[&str] = &[
    "aol.com",
    "fastmail.com",
    "gmail.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "mail.com",
    "mail.ru",
    "msn.com",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "web.de",
    "yahoo.co.uk",
    "yahoo.com",
    "yandex.com",
    "yandex.ru",
    "zoho.com",
];

/// Second-level labels under which countries register organisations: `example.co.uk`.
const SECOND_LEVEL: &[&str] = &["ac", "co", "com", "edu", "gob", "gov", "gv", "mil", "ne", "net", "or", "org"];

/// The part of a domain that one organisation registered: its last two labels, or three under a country
/// that has second-level labels. The Public Suffix List knows better and is two hundred times as long.
pub(crate) fn organisation(domain: &str) -> &str {
    let mut dots = domain.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else { return domain };
    let is_country = domain.len() - last == 3;
    if !is_country || !SECOND_LEVEL.contains(&&domain[second + 1..last]) {
        return &domain[second + 1..];
    }
    dots.next().map_or(domain, |third| &domain[third + 1..])
}

/// Whether two domains belong to one organisation.
pub(crate) fn are_related(a: &str, b: &str) -> bool {
    organisation(a) == organisation(b)
}

/// Whether anybody can have a mailbox there.
pub(crate) fn is_freemail(domain: &str) -> bool {
    FREEMAIL.contains(&domain)
}

/// The brand that a text in lower case names as a word of its own, and does not come from.
pub(crate) fn foreign_brand(text: &str, domain: &str) -> Option<&'static str> {
    let has_word = |brand: &str| {
        text.match_indices(brand).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + brand.len()..].chars().next();
            ![before, after].into_iter().flatten().any(char::is_alphanumeric)
        })
    };
    let is_foreign = |senders: &[&str]| !senders.contains(&organisation(domain));
    BRANDS.iter().find(|(brand, senders)| is_foreign(senders) && has_word(brand)).map(|(brand, _)| *brand)
}

/// Whether a host is an address: dotted decimal, one number, or IPv6 in brackets.
pub(crate) fn is_address(host: &str) -> bool {
    let is_v4 = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    !host.is_empty() && (is_v4 || host.starts_with('['))
}

/// Whether a label of the domain is an internationalised one in its ASCII form.
pub(crate) fn is_punycode(domain: &str) -> bool {
    domain.split('.').any(|label| label.starts_with("xn--"))
}

/// The first thing in a text that looks like a domain: `www.example.com` in `visit www.example.com now`.
pub(crate) fn domain_in(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let is_end = |c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-');
    text.split(is_end).map(|word| word.trim_matches(['.', '-'])).find(|word| looks_like_domain(word)).map(str::to_owned)
}

/// Whether a word has the form of a domain under one of the usual top-level domains: prose has dots too.
fn looks_like_domain(word: &str) -> bool {
    const TOPS: &[&str] =
        &["biz", "com", "de", "edu", "eu", "fr", "gov", "info", "io", "it", "jp", "net", "nl", "org", "ru", "uk", "us"];
    word.rsplit_once('.').is_some_and(|(name, top)| name.len() >= 2 && TOPS.contains(&top))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_is_what_was_registered() {
        for (domain, expected) in [
            ("example.com", "example.com"),
            ("mail.example.com", "example.com"),
            ("a.b.example.co.uk", "example.co.uk"),
            ("example.co.uk", "example.co.uk"),
            ("a.example.de", "example.de"),
            ("localhost", "localhost"),
            ("", ""),
        ] {
            assert_eq!(organisation(domain), expected);
        }
    }

    #[test]
    fn a_brand_is_foreign_unless_it_sends_itself() {
        assert_eq!(foreign_brand("paypal support", "evil.example"), Some("paypal"));
        assert_eq!(foreign_brand("paypal support", "mail.paypal.com"), None);
        assert_eq!(foreign_brand("pineapples daily", "fruit.example"), None);
    }

    #[test]
    fn addresses_are_told_from_names() {
        assert!(is_address("192.0.2.1") && is_address("3221225985") && is_address("[2001:db8::1]"));
        assert!(!is_address("1.example.com") && !is_address(""));
    }

    #[test]
    fn domains_are_found_in_prose() {
        assert_eq!(domain_in("Visit WWW.Example.com, now").as_deref(), Some("www.example.com"));
        assert_eq!(domain_in("https://paypal.com/login").as_deref(), Some("paypal.com"));
        assert_eq!(domain_in("e.g. this. And that"), None);
    }
}
