//! Whose an address is, to count with.

use std::sync::LazyLock;

use crate::compare::Providers;
use crate::message::domain_of;
use crate::organisation::organisation;

/// How a provider tells the addresses of one account apart, and how far.
struct Rule {
    /// The provider, as [`Providers`] calls it.
    provider: &'static str,
    /// The domain that all of its domains count as, where one account has the same name in each.
    domain: Option<&'static str>,
    /// What it does not read in the part before the `@`.
    ignored: &'static [char],
    /// What begins a tag that the owner of an account makes up.
    tags: &'static [char],
    /// How many addresses an account has beside that.
    addresses: Addresses,
}

/// How many addresses one account of a provider has that nobody outside can reduce to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addresses {
    /// One, or hardly more: each costs an account.
    One,
    /// About ten that its owner chooses.
    Ten,
    /// Any number: random ones that are made up on the spot.
    Any,
}

/// What the providers themselves say, else what is known of them; minFraud is MaxMind's client for its fraud service,
/// which reduces addresses too (<https://github.com/maxmind/minfraud-api-python>). A provider without a rule here has the
/// usual tag and one address for each account.
const RULES: [Rule; 11] = [
    // "Dots don't matter in Gmail addresses" and "Create task-specific email addresses" (support.google.com); googlemail.com
    // is gmail.com.
    Rule { domain: Some("gmail.com"), ignored: &['.'], ..Rule::usual("gmail") },
    // "Add or remove an email alias in Outlook.com": ten at a time, two new ones a week (support.microsoft.com).
    Rule { addresses: Addresses::Ten, ..Rule::usual("outlook") },
    // Disposable addresses are a nickname, `-` and a keyword (help.yahoo.com; minFraud). No account's name has a hyphen.
    Rule { tags: &['+', '-'], ..Rule::usual("yahoo") },
    // "Safety addresses" are of the same form (support.yahoo-net.jp).
    Rule { tags: &['+', '-'], ..Rule::usual("yahoo-japan") },
    // One name in all three domains; Hide My Email makes up any number at icloud.com, to send from as well (support.apple.com).
    Rule { domain: Some("icloud.com"), addresses: Addresses::Any, ..Rule::usual("apple") },
    // "Addresses and aliases": ten and more of a paid account, and one name in all domains (proton.me/support; minFraud).
    // Dots, hyphens and underscores are not read (reddit.com/r/ProtonMail, by Proton).
    Rule { domain: Some("proton.me"), ignored: &['.', '-', '_'], addresses: Addresses::Ten, ..Rule::usual("proton") },
    // Ten of a free account (hilfe.gmx.net, support.mail.com).
    Rule { addresses: Addresses::Ten, ..Rule::usual("gmx") },
    // Ten (telekom.de/hilfe).
    Rule { addresses: Addresses::Ten, ..Rule::usual("t-online") },
    // One name in all country domains; dots and hyphens stand for each other, so neither is read (yandex.com/support/id;
    // minFraud).
    Rule { domain: Some("yandex.ru"), ignored: &['.', '-'], ..Rule::usual("yandex") },
    // Ten anonymous addresses (help.mail.ru).
    Rule { addresses: Addresses::Ten, ..Rule::usual("mail-ru") },
    // A number, a name, a telephone number, and foxmail.com (service.mail.qq.com).
    Rule { addresses: Addresses::Ten, ..Rule::usual("qq") },
];

impl Rule {
    /// The rule of a provider that has no other: a tag behind `+` (RFC 5233).
    const fn usual(provider: &'static str) -> Self {
        Self { provider, domain: None, ignored: &[], tags: &['+'], addresses: Addresses::One }
    }

    fn of(provider: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.provider == provider)
    }
}

/// Where mail of one account is known by the subdomain: `anything@account.fastmail.com` ("Plus addressing and subdomain
/// addressing", fastmail.help).
const BY_SUBDOMAIN: &str = "fastmail.com";

/// How many addresses one account of a provider has.
pub(super) fn addresses(provider: &str) -> Addresses {
    Rule::of(provider).map_or(Addresses::One, |rule| rule.addresses)
}

/// The account behind an address: the same text for all addresses that are known to be one account's, because its owner
/// made them up with a tag, with dots, or in another domain of the provider. Only to count with: mail is sent to nobody
/// by this.
pub(crate) fn account(address: &str) -> String {
    static PROVIDERS: LazyLock<Providers> = LazyLock::new(Providers::default);
    let address = address.to_lowercase();
    let domain = domain_of(&address);
    let Some((local, _)) = address.rsplit_once('@') else { return address };
    let local = unquoted(local);
    let organisation = organisation(&domain);
    if organisation == BY_SUBDOMAIN
        && let Some((owner, domain)) = fastmail(&domain)
    {
        return format!("{owner}@{domain}");
    }
    const USUAL: Rule = Rule::usual("");
    let rule = PROVIDERS.of(organisation).and_then(Rule::of).unwrap_or(&USUAL);
    let untagged = match local.split_once(rule.tags) {
        Some((untagged, _)) if !untagged.is_empty() => untagged,
        _ => local.as_str(),
    };
    let read: String = untagged.chars().filter(|letter| !rule.ignored.contains(letter)).collect();
    let name = if read.is_empty() { untagged } else { &read };
    format!("{name}@{}", rule.domain.unwrap_or(&domain))
}

/// The owner and the domain of an address in a subdomain of Fastmail's.
fn fastmail(domain: &str) -> Option<(&str, &str)> {
    let own = psl::domain_str(domain)?;
    let above = domain.strip_suffix(own)?.strip_suffix('.')?;
    Some((above.rsplit_once('.').map_or(above, |(_, owner)| owner), own))
}

/// A part before the `@` without quotes that it does not need (RFC 5321, section 4.1.2).
fn unquoted(local: &str) -> String {
    match local.strip_prefix('"').and_then(|local| local.strip_suffix('"')) {
        Some(quoted) => quoted.replace('\\', ""),
        None => local.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_their_owner_makes_up_are_one_account() {
        for (addresses, account_expected) in [
            (&["Ada@X.Example", "ada+lists@x.example", "\"ada\"@x.example", "ada@x.example."][..], "ada@x.example"),
            (&["a.da+1+2@gmail.com", "A.D.A@googlemail.com", "\"a.da\"@gmail.com"], "ada@gmail.com"),
            (&["ada+x@outlook.com", "Ada@outlook.com"], "ada@outlook.com"),
            (&["ada-shop@yahoo.com", "ada-news@yahoo.com", "ada+x@yahoo.com"], "ada@yahoo.com"),
            (&["ada-shop@yahoo.co.nz"], "ada@yahoo.co.nz"),
            (&["ada-shop@yahoo.co.jp"], "ada@yahoo.co.jp"),
            (&["ada@me.com", "ada@mac.com", "ada+x@icloud.com"], "ada@icloud.com"),
            (&["a.da@pm.me", "a-d_a@protonmail.com", "ada+x@proton.me", "ada@protonmail.ch"], "ada@proton.me"),
            (&["a.da@yandex.ru", "a-da@ya.ru", "ada@yandex.kz", "ada+x@yandex.com.tr"], "ada@yandex.ru"),
            (&["any@ada.fastmail.com", "other@ada.fastmail.com", "a.b@x.ada.fastmail.com"], "ada@fastmail.com"),
            (&["any@ada.sent.com", "ada+x@sent.com"], "ada@sent.com"),
            (&["a.da@x.example"], "a.da@x.example"),
            (&["a-da@x.example"], "a-da@x.example"),
            (&["+lists@x.example"], "+lists@x.example"),
            (&["...@gmail.com"], "...@gmail.com"),
            (&["nobody"], "nobody"),
        ] {
            for address in addresses {
                assert_eq!(account(address), account_expected, "{address}");
            }
        }
    }

    #[test]
    fn every_rule_is_of_a_provider_that_there_is_and_its_domain_is_one_of_that() {
        let providers = Providers::default();
        for rule in &RULES {
            let domains = providers.domains_of(rule.provider);
            assert!(!domains.is_empty(), "{}", rule.provider);
            assert!(rule.domain.is_none_or(|domain| domains.iter().any(|one| one == domain)), "{}", rule.provider);
        }
        assert_eq!(addresses("gmail"), Addresses::One);
        assert_eq!(addresses("apple"), Addresses::Any);
        assert_eq!(addresses("of an operator"), Addresses::One);
    }
}
