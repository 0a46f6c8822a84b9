//! Which mail provider a domain belongs to.

use std::collections::HashMap;
use std::sync::Arc;

/// The large mailbox providers, with the organisational domains that their users write from. Names and domains are
/// their own; national domains as far as they give addresses: one that is missing here counts as an organisation of its own.
const GROUPS: [(&str, &[&str]); 13] = [
    ("gmail", &["gmail.com", "googlemail.com"]),
    (
        "outlook",
        &[
            "outlook.com",
            "hotmail.com",
            "live.com",
            "msn.com",
            "passport.com",
            "windowslive.com",
            "outlook.at",
            "outlook.be",
            "outlook.cl",
            "outlook.co.id",
            "outlook.co.il",
            "outlook.co.nz",
            "outlook.co.th",
            "outlook.com.ar",
            "outlook.com.au",
            "outlook.com.br",
            "outlook.com.gr",
            "outlook.com.pe",
            "outlook.com.tr",
            "outlook.com.vn",
            "outlook.cz",
            "outlook.de",
            "outlook.dk",
            "outlook.ec",
            "outlook.es",
            "outlook.fr",
            "outlook.hu",
            "outlook.ie",
            "outlook.in",
            "outlook.it",
            "outlook.jp",
            "outlook.kr",
            "outlook.lv",
            "outlook.my",
            "outlook.ph",
            "outlook.pt",
            "outlook.sa",
            "outlook.sg",
            "outlook.sk",
            "hotmail.be",
            "hotmail.ca",
            "hotmail.ch",
            "hotmail.cl",
            "hotmail.co.id",
            "hotmail.co.il",
            "hotmail.co.jp",
            "hotmail.co.kr",
            "hotmail.co.nz",
            "hotmail.co.th",
            "hotmail.co.uk",
            "hotmail.co.za",
            "hotmail.com.ar",
            "hotmail.com.au",
            "hotmail.com.br",
            "hotmail.com.hk",
            "hotmail.com.tr",
            "hotmail.com.tw",
            "hotmail.cz",
            "hotmail.de",
            "hotmail.dk",
            "hotmail.es",
            "hotmail.fi",
            "hotmail.fr",
            "hotmail.gr",
            "hotmail.hu",
            "hotmail.it",
            "hotmail.lt",
            "hotmail.lv",
            "hotmail.my",
            "hotmail.nl",
            "hotmail.no",
            "hotmail.ph",
            "hotmail.rs",
            "hotmail.se",
            "hotmail.sg",
            "hotmail.sk",
            "live.at",
            "live.be",
            "live.ca",
            "live.cl",
            "live.cn",
            "live.co.kr",
            "live.co.uk",
            "live.co.za",
            "live.com.ar",
            "live.com.au",
            "live.com.mx",
            "live.com.my",
            "live.com.ph",
            "live.com.pt",
            "live.com.sg",
            "live.de",
            "live.dk",
            "live.fi",
            "live.fr",
            "live.hk",
            "live.ie",
            "live.in",
            "live.it",
            "live.jp",
            "live.nl",
            "live.no",
            "live.ru",
            "live.se",
        ],
    ),
    (
        "yahoo",
        &[
            "yahoo.com",
            "ymail.com",
            "rocketmail.com",
            "myyahoo.com",
            "y7mail.com",
            "aim.com",
            "aol.co.uk",
            "aol.com",
            "aol.de",
            "aol.fr",
            "yahoo.at",
            "yahoo.be",
            "yahoo.bg",
            "yahoo.ca",
            "yahoo.cl",
            "yahoo.co.id",
            "yahoo.co.il",
            "yahoo.co.in",
            "yahoo.co.kr",
            "yahoo.co.nz",
            "yahoo.co.th",
            "yahoo.co.uk",
            "yahoo.co.za",
            "yahoo.com.ar",
            "yahoo.com.au",
            "yahoo.com.br",
            "yahoo.com.co",
            "yahoo.com.hk",
            "yahoo.com.hr",
            "yahoo.com.mx",
            "yahoo.com.my",
            "yahoo.com.pe",
            "yahoo.com.ph",
            "yahoo.com.sg",
            "yahoo.com.tr",
            "yahoo.com.tw",
            "yahoo.com.ua",
            "yahoo.com.ve",
            "yahoo.com.vn",
            "yahoo.cz",
            "yahoo.de",
            "yahoo.dk",
            "yahoo.ee",
            "yahoo.es",
            "yahoo.fi",
            "yahoo.fr",
            "yahoo.gr",
            "yahoo.hu",
            "yahoo.ie",
            "yahoo.in",
            "yahoo.it",
            "yahoo.lt",
            "yahoo.lv",
            "yahoo.nl",
            "yahoo.no",
            "yahoo.pl",
            "yahoo.pt",
            "yahoo.ro",
            "yahoo.se",
            "yahoo.sk",
        ],
    ),
    ("yahoo-japan", &["yahoo.co.jp", "ymail.ne.jp"]),
    ("apple", &["icloud.com", "me.com", "mac.com"]),
    ("proton", &["proton.me", "protonmail.com", "protonmail.ch", "pm.me"]),
    ("gmx", &["gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "web.de", "mail.com"]),
    ("t-online", &["t-online.de", "magenta.de"]),
    ("orange", &["orange.fr", "wanadoo.fr"]),
    (
        "yandex",
        &[
            "yandex.ru",
            "yandex.com",
            "ya.ru",
            "yandex.az",
            "yandex.by",
            "yandex.co.il",
            "yandex.com.am",
            "yandex.com.ge",
            "yandex.com.tr",
            "yandex.ee",
            "yandex.fr",
            "yandex.kg",
            "yandex.kz",
            "yandex.lt",
            "yandex.lv",
            "yandex.md",
            "yandex.tj",
            "yandex.tm",
            "yandex.ua",
            "yandex.uz",
        ],
    ),
    ("mail-ru", &["mail.ru", "bk.ru", "inbox.ru", "internet.ru", "list.ru", "xmail.ru"]),
    ("qq", &["qq.com", "foxmail.com"]),
    ("netease", &["163.com", "126.com", "yeah.net"]),
];

/// Which mail provider a domain belongs to: the cohorts that a bad release hits at once. A domain that is in no group
/// belongs to its owner alone, whoever carries its mail.
///
/// # Examples
///
/// ```
/// use switchback::compare::Providers;
///
/// let providers = Providers::default().with("acme", ["acme.example", "acme-mail.example"]);
/// assert_eq!(providers.of("googlemail.com"), Some("gmail"));
/// assert_eq!(providers.of("acme.example"), Some("acme"));
/// assert_eq!(providers.of("bank.example"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Providers {
    groups: HashMap<Arc<str>, Arc<str>>,
}

impl Providers {
    /// No provider at all.
    #[must_use]
    pub fn none() -> Self {
        Self { groups: HashMap::new() }
    }

    /// Adds organisational domains to a group, which may be new. A domain that was in another group leaves it.
    #[must_use]
    pub fn with(mut self, group: &str, domains: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let group: Arc<str> = group.into();
        let names = domains.into_iter().map(|domain| Arc::from(domain.as_ref().to_ascii_lowercase()));
        self.groups.extend(names.map(|domain| (domain, Arc::clone(&group))));
        self
    }

    /// The group of an organisational domain in lower case.
    #[must_use]
    pub fn of(&self, domain: &str) -> Option<&str> {
        self.shared(domain).map(|group| &**group)
    }

    /// The organisational domains of a group, in the order of the alphabet; none of one that there is not.
    #[must_use]
    pub fn domains_of(&self, group: &str) -> Vec<String> {
        let own = self.groups.iter().filter(|(_, other)| &***other == group);
        let mut domains: Vec<_> = own.map(|(domain, _)| domain.to_string()).collect();
        domains.sort_unstable();
        domains
    }

    pub(crate) fn shared(&self, domain: &str) -> Option<&Arc<str>> {
        self.groups.get(domain)
    }
}

impl Default for Providers {
    fn default() -> Self {
        GROUPS.iter().fold(Self::none(), |providers, (group, domains)| providers.with(group, *domains))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_domain_of_the_table_is_organisational_and_there_once() {
        let all: Vec<_> = GROUPS.iter().flat_map(|(_, domains)| *domains).collect();
        for domain in &all {
            assert_eq!(psl::domain_str(domain), Some(**domain), "{domain}");
        }
        assert_eq!(Providers::default().groups.len(), all.len());
    }

    #[test]
    fn a_domain_is_in_the_group_that_it_was_put_into_last() {
        let providers = Providers::default().with("own", ["Gmail.com"]);
        assert_eq!((providers.of("gmail.com"), providers.of("googlemail.com")), (Some("own"), Some("gmail")));
        assert_eq!(Providers::none().of("gmail.com"), None);
    }
}
