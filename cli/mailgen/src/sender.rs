//! Who writes, and under which address.

use crate::dice::{Dice, alphabet};
use crate::facts::Facts;
use crate::provider::Provider;
use crate::scenario::Author;
use crate::tables::{BRANDS, FIRST_NAMES, GRAMMAR, SURNAMES};

/// An author.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sender {
    /// The first name, or the brand.
    pub(crate) first: String,
    /// The display name.
    pub(crate) name: String,
    /// The address in `From`.
    pub(crate) address: String,
    /// The company or brand that the text speaks of.
    pub(crate) company: String,
    /// That company's domain, whether or not the message comes from there.
    pub(crate) company_domain: String,
    /// Whether `From` names a domain that the sender has no right to.
    pub(crate) forged: bool,
}

impl Sender {
    /// The domain of the address.
    pub(crate) fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Makes up an author who sends through `provider`.
    pub(crate) fn draw(author: Author, provider: Provider, dice: &mut Dice) -> Self {
        match author {
            Author::Person => person(provider, dice),
            Author::Brand(sectors) => brand(sectors, dice),
            Author::Imitator(sectors) => imitator(sectors, provider, dice),
            Author::Colleague => colleague(provider, dice),
            Author::Stranger => stranger(provider, dice),
        }
    }
}

/// The one who gets the message: first name and address in the domain that the filter protects.
pub(crate) fn recipient(domain: &str, dice: &mut Dice) -> (String, String) {
    let [first, local] = *dice.pick(&FIRST_NAMES);
    let [_, last] = *dice.pick(&SURNAMES);
    (first.to_owned(), format!("{local}.{last}@{domain}"))
}

fn person(provider: Provider, dice: &mut Dice) -> Sender {
    let (first, last) = (*dice.pick(&FIRST_NAMES), *dice.pick(&SURNAMES));
    let (company, company_domain) = company(dice);
    let domain = domain_at(provider, &company_domain, dice);
    let name = match dice.below(20) {
        0 => first[0].to_lowercase(),
        1 => String::new(),
        2 => format!("{}, {}", last[0], first[0]),
        _ => format!("{} {}", first[0], last[0]),
    };
    let local = local_part(first[1], last[1], provider, dice);
    Sender {
        first: first[0].to_owned(),
        name,
        address: format!("{local}@{domain}"),
        company,
        company_domain,
        forged: false,
    }
}

fn local_part(first: &str, last: &str, provider: Provider, dice: &mut Dice) -> String {
    let year = dice.between(1, 99);
    let initial = first.get(..1).unwrap_or(first);
    let styles = if provider == Provider::Business { 4 } else { 9 };
    match dice.below(styles) {
        0 => format!("{first}.{last}"),
        1 => first.to_owned(),
        2 => format!("{initial}.{last}"),
        3 => format!("{initial}{last}"),
        4 => format!("{first}{last}{year}"),
        5 => format!("{first}.{last}{year:02}"),
        6 => format!("{last}.{first}"),
        7 => format!("{first}_{last}"),
        _ => format!("{first}{last}"),
    }
}

/// A company's name and domain.
fn company(dice: &mut Dice) -> (String, String) {
    let first = GRAMMAR.expand("company-first", &Facts::default(), dice);
    let last = GRAMMAR.expand("company-last", &Facts::default(), dice);
    let domain = format!("{first}-{last}.example").to_lowercase().replace(' ', "");
    (format!("{first} {last}"), domain)
}

/// The domain of an address at `provider`.
fn domain_at(provider: Provider, own: &str, dice: &mut Dice) -> String {
    match provider {
        Provider::Throwaway => throwaway_domain(dice),
        Provider::Business | Provider::Platform => own.to_owned(),
        _ => {
            let domains = provider.domains();
            let index = dice.below(10).saturating_sub(6) as usize; // The first in 7 of 10 cases.
            (*domains.get(index).unwrap_or(&domains[0])).to_owned()
        }
    }
}

/// A domain that was bought for the occasion.
pub(crate) fn throwaway_domain(dice: &mut Dice) -> String {
    let mut word = || GRAMMAR.expand("throwaway", &Facts::default(), dice);
    let (first, second, third) = (word(), word(), word());
    match dice.below(5) {
        0 => format!("{first}{second}.example"),
        1 => format!("{first}-{second}.example"),
        2 => format!("{first}{second}{}.example", dice.between(2, 99)),
        3 => format!("{first}-{second}-{third}.example"),
        _ => format!("{first}.{second}{third}.example"),
    }
}

/// A domain that is to be taken for `domain`.
pub(crate) fn lookalike_domain(domain: &str, dice: &mut Dice) -> String {
    let stem = domain.split('.').next().unwrap_or(domain);
    let word = GRAMMAR.expand("lookalike", &Facts::default(), dice);
    let other = GRAMMAR.expand("lookalike", &Facts::default(), dice);
    match dice.below(6) {
        0 => format!("{stem}-{word}.example"),
        1 => format!("{word}-{stem}.example"),
        2 => format!("{stem}.{word}-{other}.example"),
        3 => format!("{}-{word}.example", stem.replacen(['l', 'i'], "1", 1)),
        4 => format!("{word}-{other}{}.example", dice.between(1, 99)),
        _ => format!("{stem}.{word}.example"),
    }
}

fn pick_brand(sectors: &[&str], dice: &mut Dice) -> [&'static str; 3] {
    let fitting: Vec<_> = BRANDS.iter().filter(|brand| sectors.contains(&brand[2])).collect();
    **dice.pick(&fitting)
}

fn brand(sectors: &[&str], dice: &mut Dice) -> Sender {
    let [name, domain, _] = pick_brand(sectors, dice);
    let local = *dice.pick(&[
        "noreply",
        "no-reply",
        "hello",
        "service",
        "info",
        "news",
        "orders",
        "notifications",
        "support",
        "team",
        "account",
        "mail",
    ]);
    let host = *dice.pick(&["", "", "mail.", "e.", "news.", "notify."]);
    Sender {
        first: name.to_owned(),
        name: name.to_owned(),
        address: format!("{local}@{host}{domain}"),
        company: name.to_owned(),
        company_domain: domain.to_owned(),
        forged: false,
    }
}

fn imitator(sectors: &[&str], provider: Provider, dice: &mut Dice) -> Sender {
    let brand = brand(sectors, dice);
    let stem = brand.company_domain.split('.').next().unwrap_or_default().to_owned();
    let word = GRAMMAR.expand("lookalike", &Facts::default(), dice);
    let forged = provider == Provider::Throwaway && dice.chance(150);
    let address = match provider {
        _ if forged => brand.address.clone(),
        Provider::Throwaway if dice.chance(500) => {
            format!("{word}@{}", lookalike_domain(&brand.company_domain, dice))
        }
        Provider::Throwaway => format!("{word}@{}", throwaway_domain(dice)),
        Provider::Business => person(provider, dice).address,
        _ if dice.chance(350) => person(provider, dice).address,
        _ => {
            let digits = dice.characters(alphabet::DIGITS, 4);
            let local = match dice.below(3) {
                0 => format!("{stem}.{word}{digits}"),
                1 => format!("{word}.{stem}"),
                _ => format!("{stem}{word}"),
            };
            format!("{local}@{}", domain_at(provider, "", dice))
        }
    };
    let name = match dice.below(4) {
        0 => brand.name.clone(),
        1 => format!("{} Support", brand.name),
        2 => format!("{} Security", brand.name),
        _ => format!("{} {word}", brand.name),
    };
    Sender { name, address, forged, ..brand }
}

fn colleague(provider: Provider, dice: &mut Dice) -> Sender {
    let real = person(Provider::Business, dice);
    let mut address = person(provider, dice).address;
    if dice.chance(400) && !provider.domains().is_empty() {
        let role = *dice.pick(&["ceo", "office", "director", "private", "exec", "mobile"]);
        let digits = dice.characters(alphabet::DIGITS, 3);
        address = format!("{role}.{}{digits}@{}", real.first_local(), domain_at(provider, "", dice));
    }
    Sender { address, ..real }
}

fn stranger(provider: Provider, dice: &mut Dice) -> Sender {
    let mut sender = person(provider, dice);
    let word = GRAMMAR.expand("throwaway", &Facts::default(), dice);
    match dice.below(4) {
        0 => sender.name = word.to_uppercase(),
        1 => {
            let letters = dice.characters(alphabet::LOWER_DIGITS, 9);
            sender.address = format!("{letters}@{}", sender.domain());
        }
        2 => sender.address = format!("{word}@{}", sender.domain()),
        _ => {}
    }
    sender
}

impl Sender {
    /// The name as a part of an address.
    fn first_local(&self) -> &str {
        let known = FIRST_NAMES.iter().find(|name| name[0] == self.first);
        known.map_or("staff", |name| name[1])
    }
}
