//! Which mail provider a domain belongs to.

use std::collections::HashMap;
use std::sync::Arc;

/// The large mailbox providers, with the organisational domains that their users write from. Names and domains are
/// their own; national domains as far as they give addresses.
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
            "outlook.de",
            "outlook.fr",
            "outlook.es",
            "outlook.it",
            "outlook.jp",
            "outlook.com.br",
            "hotmail.co.uk",
            "hotmail.de",
            "hotmail.es",
            "hotmail.fr",
            "hotmail.it",
            "live.ca",
            "live.co.uk",
            "live.de",
            "live.fr",
            "live.it",
            "live.nl",
        ],
    ),
    (
        "yahoo",
        &[
            "yahoo.com",
            "ymail.com",
            "rocketmail.com",
            "myyahoo.com",
            "yahoo.ca",
            "yahoo.co.id",
            "yahoo.co.in",
            "yahoo.co.uk",
            "yahoo.com.ar",
            "yahoo.com.au",
            "yahoo.com.br",
            "yahoo.com.mx",
            "yahoo.com.ph",
            "yahoo.com.sg",
            "yahoo.com.tw",
            "yahoo.de",
            "yahoo.es",
            "yahoo.fr",
            "yahoo.gr",
            "yahoo.in",
            "yahoo.it",
            "yahoo.se",
            "aol.com",
            "aim.com",
        ],
    ),
    ("yahoo-japan", &["yahoo.co.jp", "ymail.ne.jp"]),
    ("apple", &["icloud.com", "me.com", "mac.com"]),
    ("proton", &["proton.me", "protonmail.com", "protonmail.ch", "pm.me"]),
    ("gmx", &["gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "web.de", "mail.com"]),
    ("t-online", &["t-online.de", "magenta.de"]),
    ("orange", &["orange.fr", "wanadoo.fr"]),
    ("yandex", &["yandex.ru", "yandex.com", "ya.ru"]),
    ("mail-ru", &["mail.ru", "bk.ru", "inbox.ru", "list.ru"]),
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
/// let providers = Providers::default().with("acme", ["acme.example", "acme.example.net"]);
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
