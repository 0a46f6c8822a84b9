//! Whose a domain is: to count with, and who gives names to anybody.

mod services;

use std::collections::HashMap;
use std::sync::LazyLock;

use psl::Type;
use services::{FREE_MAIL, FREE_NAMES};

/// The organisation that a domain, in lower case and ASCII, counts for: the part of it that somebody registered with a
/// registry, by the ICANN part of the public suffix list (<https://publicsuffix.org>, as compiled in). Names under a
/// service that gives them to anybody are one organisation, whether or not the list has that service in its private part;
/// and where a service has several domains to choose from, all of them are one.
///
/// Only to count with: for alignment the whole list decides, and `is_shared`. A domain that is a public suffix, or an address
/// literal, is returned as it is.
///
/// # Examples
///
/// ```
/// use switchback::guard::organisation;
///
/// assert_eq!(organisation("mail.example.co.uk"), "example.co.uk");
/// assert_eq!(organisation("mx.somebody.duckdns.org"), "duckdns.org");
/// assert_eq!(organisation("somebody.mooo.com"), organisation("else.us.to"));
/// ```
pub fn organisation(domain: &str) -> &str {
    let registered = registered(domain);
    SERVICES.get(registered).copied().unwrap_or(registered)
}

/// Whether a domain, in lower case and ASCII, is one below which a registry registers names, and so nobody's own: `co.uk`.
pub(crate) fn is_registry(domain: &str) -> bool {
    registry(domain) == Some(domain)
}

/// Whether names below this domain, in lower case and ASCII, are given to anybody.
pub(crate) fn is_shared(domain: &str) -> bool {
    SERVICES.contains_key(domain)
}

/// By each domain of a service, the one that its names count for.
static SERVICES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let all = FREE_NAMES.iter().chain(&FREE_MAIL);
    all.flat_map(|(owner, domains)| domains.split_whitespace().map(|domain| (domain, *owner))).collect()
});

/// The part of a domain that is one label longer than its suffix in the ICANN part of the list.
fn registered(domain: &str) -> &str {
    if domain.starts_with('[') {
        return domain;
    }
    let Some(suffix) = registry(domain) else { return domain };
    let own = domain.strip_suffix(suffix).and_then(|own| own.strip_suffix('.'));
    let Some(own) = own.filter(|own| !own.is_empty()) else { return domain };
    let begin = own.rfind('.').map_or(0, |dot| dot + 1);
    &domain[begin..]
}

/// The suffix of a domain under which a registry registers names; of a top-level domain that nobody knows, that one.
fn registry(domain: &str) -> Option<&str> {
    let suffix = psl::suffix(domain.as_bytes())?;
    let text = std::str::from_utf8(suffix.as_bytes()).ok()?;
    if suffix.typ() != Some(Type::Private) {
        return Some(text);
    }
    // What the private part of the list has lies below what a registry has.
    registry(text.split_once('.')?.1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn what_a_registry_sold_is_an_organisation_and_what_its_owner_gives_away_is_none() {
        for (domain, expected) in [
            ("example.com", "example.com"),
            ("a.b.example.com", "example.com"),
            ("mail.example.co.uk", "example.co.uk"),
            ("co.uk", "co.uk"),
            ("com", "com"),
            ("", ""),
            ("[192.0.2.1]", "[192.0.2.1]"),
            ("shop.example", "shop.example"),
            ("www.shop.example", "shop.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            // In the private part of the list.
            ("one.duckdns.org", "duckdns.org"),
            ("mx.one.duckdns.org", "duckdns.org"),
            ("duckdns.org", "duckdns.org"),
            ("one.eu.org", "eu.org"),
            ("one.asso.eu.org", "eu.org"),
            ("one.github.io", "github.io"),
            ("one.uk.com", "uk.com"),
            ("one.dedyn.io", "dedyn.io"),
            ("one.s3.dualstack.us-east-1.amazonaws.com", "amazonaws.com"),
            // Not in the list at all.
            ("one.weebly.com", "weebly.com"),
            ("one.onmicrosoft.com", "onmicrosoft.com"),
            ("one.ydns.eu", "ydns.eu"),
        ] {
            assert_eq!(organisation(domain), expected, "{domain}");
            assert_eq!(organisation(organisation(domain)), organisation(domain), "{domain}");
        }
    }

    #[test]
    fn a_service_with_many_domains_is_one_organisation() {
        for (domains, owner) in [
            (["a.mooo.com", "b.us.to", "c.chickenkiller.com"], "afraid.org"),
            (["a.ddns.net", "b.hopto.org", "c.zapto.org"], "noip.com"),
            (["a.zzux.com", "b.dynamic-dns.net", "c.mrbasic.com"], "changeip.com"),
            (["a.linkpc.net", "b.publicvm.com", "c.work.gd"], "dnsexit.com"),
            (["a.kozow.com", "b.freeddns.org", "c.mywire.org"], "dynu.com"),
            (["fastmail.com", "sent.com", "somebody.fastmail.fm"], "fastmail.com"),
        ] {
            assert_eq!(domains.map(organisation), [owner; 3]);
        }
    }

    #[test]
    fn every_domain_of_the_tables_is_registered_and_there_once() {
        let mut seen = HashSet::new();
        for (owner, domains) in FREE_NAMES.iter().chain(&FREE_MAIL) {
            assert_eq!(organisation(owner), *owner, "{owner}");
            for domain in domains.split_whitespace() {
                assert_eq!(registered(domain), domain);
                assert!(!domain.ends_with('-'), "{domain} is half of one");
                assert!(seen.insert(domain), "{domain} is there twice");
            }
        }
    }
}
