//! Senders without authentication or history, or fewer than twenty of those that have both, cannot have a release taken
//! back, whatever they send, nor keep it from being taken back. They can have somebody warned.

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::{Action, DAY_S, Letter, World, acts, letter};
use crate::guard::{GuardSettings, Key, Level};

/// What an adversary sends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Adversary {
    /// Anything, from anybody, without authentication.
    Unauthenticated,
    /// Authenticated, each time from a domain or an address that nobody has seen on an earlier day.
    Unknown,
    /// Authenticated, known for long, from one domain of its own, as whoever it likes there.
    Owner,
}

const ALL: [Adversary; 3] = [Adversary::Unauthenticated, Adversary::Unknown, Adversary::Owner];

/// Attacks for three weeks among some mail that stays as it is; whether the guard acted, and whether it warned.
fn attack(
    adversary: Adversary,
    seed: u64,
    settings: GuardSettings,
    mut flip: impl FnMut(&mut ChaCha8Rng) -> bool,
) -> [bool; 2] {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut world = World::new(settings);
    let mut seen = [false; 2];
    let mut number = 0;
    for day in 0..21 {
        // Neither is what an adversary sends drowned in other mail, nor is there none.
        for person in 0..rng.random_range(0..20) {
            world.stays(Letter { person, ..letter(day, "gmail.com", 1 << 40 | number) });
            number += 1;
        }
        for _ in 0..rng.random_range(1..200) {
            number += 1;
            let fresh = format!("fresh-{number}.example");
            let domain = match adversary {
                Adversary::Unauthenticated => ["gmail.com", "bank.example", &fresh][rng.random_range(0..3)],
                Adversary::Unknown => ["gmail.com", "outlook.com", &fresh][rng.random_range(0..3)],
                Adversary::Owner => "attacker.example",
            };
            let message = Letter {
                second: day * DAY_S + rng.random_range(0..DAY_S),
                domain,
                person: number,
                is_authenticated: adversary != Adversary::Unauthenticated,
                campaign: number,
                recipient: rng.random_range(0..1_000),
            };
            let [before, after] =
                if flip(&mut rng) { [Action::Deliver, Action::Reject] } else { [Action::Reject, Action::Deliver] };
            let findings = world.judge(message, before, after);
            seen[0] |= acts(&findings);
            seen[1] |= findings.iter().any(|finding| finding.level == Level::Warn);
        }
    }
    seen
}

#[test]
fn no_adversary_has_a_release_taken_back_and_each_has_somebody_warned() {
    let settings = || GuardSettings { acts_on_flips_down: true, ..GuardSettings::default() };
    for adversary in ALL {
        // All one way, all the other way: the worst that can be done to either test.
        assert_eq!(attack(adversary, 1, settings(), |_| true), [false, true], "{adversary:?}");
        assert_eq!(attack(adversary, 2, settings(), |_| false), [false, true], "{adversary:?}");
    }
}

#[test]
fn no_random_adversary_has_a_release_taken_back() {
    for seed in 0..60 {
        let adversary = ALL[seed as usize % ALL.len()];
        let mut share = ChaCha8Rng::seed_from_u64(1_000 + seed);
        let share: f64 = share.random();
        let settings = GuardSettings { acts_on_flips_down: true, ..GuardSettings::default() };
        let [acted, _] = attack(adversary, seed, settings, |rng| rng.random_bool(share));
        assert!(!acted, "{adversary:?} {seed}");
    }
}

/// When the candidate enters its trial.
const ENTERED: i64 = 60;

/// Somebody's mail: an address and its domain.
type Address = (String, String);

fn at(local: &str, domain: &str) -> Address {
    (format!("{local}@{domain}"), domain.to_owned())
}

/// Accounts of Gmail, by number.
fn accounts(numbers: std::ops::Range<u64>) -> Vec<Address> {
    numbers.map(|number| at(&format!("person{number}"), "gmail.com")).collect()
}

/// A filter that knows so many accounts and as many domains of others, each for two months, and those of an adversary.
struct Filter {
    world: World,
    number: u64,
}

impl Filter {
    fn new(others: u64, adversary: &[Address], days: &[i64]) -> Self {
        let mut filter = Self { world: World::entered(GuardSettings::default(), ENTERED), number: 0 };
        let domains = (0..others).map(|number| at("somebody", &format!("company-{number}.example")));
        let honest: Vec<_> = accounts(0..others).into_iter().chain(domains).collect();
        for day in [0, 20, 40] {
            honest.iter().for_each(|address| filter.learns(day, address));
        }
        for day in days {
            adversary.iter().for_each(|address| filter.learns(*day, address));
        }
        filter
    }

    fn learns(&mut self, day: i64, (address, domain): &Address) {
        self.number += 1;
        self.world.learns(Letter { ..letter(day, domain, self.number) }, Key::of_sender(address));
    }

    /// A message of its own campaign, which the candidate flags or lets pass; whether the guard acted.
    fn gets(&mut self, day: i64, (address, domain): &Address, is_flagged: bool) -> bool {
        self.number += 1;
        let letter = letter(day, domain, self.number);
        let after = if is_flagged { Action::Quarantine } else { Action::Deliver };
        acts(&self.world.judge_from(letter, Key::of_sender(address), Action::Deliver, after))
    }

    /// Whether the guard acts within a week in which an adversary has everything flagged that it sends, three messages a day
    /// from each address, beside mail of others that stays as it is.
    fn is_made_to_act(&mut self, others: u64, adversary: &[Address]) -> bool {
        (ENTERED..ENTERED + 7).any(|day| {
            // Something always flips by chance, here of one in a hundred, each day of others.
            let by_chance = |number: u64| number % 100 == day as u64 % 100;
            let others = (0..others).zip(accounts(0..others));
            let acted =
                others.fold(false, |acted, (number, address)| self.gets(day, &address, by_chance(number)) || acted);
            let all = adversary.iter().flat_map(|address| std::iter::repeat_n(address, 3));
            all.fold(acted, |acted, address| self.gets(day, address, true) || acted)
        })
    }
}

/// Long enough ago, and often enough.
const AGED: [i64; 3] = [0, 20, 40];

/// Whether such senders have a release taken back at a filter that knows others.
fn has_it_taken_back(adversary: &[Address], days: &[i64]) -> bool {
    [0, 100].into_iter().any(|others| Filter::new(others, adversary, days).is_made_to_act(others, adversary))
}

fn numbered(count: u64, address: impl Fn(u64) -> Address) -> Vec<Address> {
    (0..count).map(address).collect()
}

#[test]
fn free_names_however_many_are_few_senders() {
    let services = ["duckdns.org", "ddns.net", "hopto.org", "zapto.org", "eu.org", "mooo.com", "us.to", "zzux.com"];
    for service in services {
        let names = numbered(100, |number| at("a", &format!("name{number}.{service}")));
        assert!(!has_it_taken_back(&names, &AGED), "{service}");
    }
    let names =
        numbered(200, |number| at("a", &format!("name{number}.{}", services[number as usize % services.len()])));
    assert!(!has_it_taken_back(&names, &AGED));
}

#[test]
fn addresses_that_one_account_makes_up_are_one_sender() {
    let kinds: [(&str, &dyn Fn(u64) -> Address); 7] = [
        ("Yahoo keywords", &|number| at(&format!("nick-keyword{number}"), "yahoo.com")),
        ("Gmail tags", &|number| at(&format!("nick+{number}"), "gmail.com")),
        ("Gmail dots", &|number| at(&format!("n{}ick", ".".repeat(number as usize)), "googlemail.com")),
        ("iCloud's Hide My Email", &|number| at(&format!("{:x}_random", number * 7_919), "icloud.com")),
        ("Apple's relay", &|number| at(&format!("{:x}", number * 7_919), "privaterelay.appleid.com")),
        ("Fastmail subdomains", &|number| at(&format!("any{number}"), "nick.fastmail.com")),
        ("Yandex countries", &|number| at("nick", ["yandex.ru", "ya.ru", "yandex.kz"][number as usize % 3])),
    ];
    for (kind, address) in kinds {
        assert!(!has_it_taken_back(&numbered(200, address), &AGED), "{kind}");
    }
    // Ten aliases each: nineteen accounts of Outlook.com.
    assert!(!has_it_taken_back(&numbered(190, |number| at(&format!("alias{number}"), "outlook.com")), &AGED));
}

#[test]
fn fewer_than_twenty_aged_senders_have_nothing_taken_back_and_more_have() {
    let own_domains = |count| numbered(count, |number| at("a", &format!("own-{number}.example")));
    for count in [1_u64, 5, 10, 19, 20] {
        assert!(!has_it_taken_back(&accounts(1_000..1_000 + count), &AGED), "{count} accounts");
        assert!(!has_it_taken_back(&own_domains(count), &AGED), "{count} domains");
    }
    let mixed: Vec<_> = accounts(1_000..1_010).into_iter().chain(own_domains(9)).collect();
    assert!(!has_it_taken_back(&mixed, &AGED));
    // What the price is: else the tests above could not fail.
    assert!(has_it_taken_back(&accounts(1_000..1_040), &AGED));
    assert!(has_it_taken_back(&own_domains(40), &AGED));
}

#[test]
fn many_senders_that_are_young_or_were_seldom_seen_have_nothing_taken_back() {
    let many = accounts(1_000..1_100);
    assert!(!has_it_taken_back(&many, &[0, 20]), "on two days");
    assert!(!has_it_taken_back(&many, &[ENTERED - 13, ENTERED - 5, ENTERED - 1]), "for thirteen days");
    assert!(!has_it_taken_back(&many, &[]), "only since the candidate entered");
    assert!(has_it_taken_back(&many, &[ENTERED - 14, ENTERED - 5, ENTERED - 1]));
}

#[test]
fn where_few_are_known_four_suffice_that_are_known_for_half_a_year() {
    let act = |count: u64, others, days: [i64; 3]| {
        let adversary = accounts(1_000..1_000 + count);
        Filter::new(others, &adversary, &days).is_made_to_act(others.min(20), &adversary)
    };
    let half_a_year = [ENTERED - 180, 0, 20];
    assert!(act(4, 20, half_a_year), "a small filter");
    assert!(!act(3, 20, half_a_year), "three");
    assert!(!act(19, 20, [ENTERED - 179, 0, 20]), "which knows them for too short a time");
    assert!(!act(19, 100, half_a_year), "a filter that knows 200 others");
}

/// After how many messages of Gmail's a candidate is found that flags half of that mail, where an adversary sends what does
/// not flip at the same time.
fn found_after(adversary: &[Address], messages_a_day: usize) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut filter = Filter::new(300, adversary, &AGED);
    let mut messages = 0;
    for day in ENTERED..ENTERED + 30 {
        for _ in 0..messages_a_day {
            adversary.iter().for_each(|address| assert!(!filter.gets(day, address, false)));
        }
        for address in accounts(0..300) {
            messages += 1;
            if filter.gets(day, &address, rng.random_bool(0.5)) {
                return messages;
            }
        }
    }
    panic!("it is never found")
}

#[test]
fn nineteen_accounts_or_one_with_thousands_of_messages_hide_nothing() {
    let alone = found_after(&[], 0);
    assert!(alone <= 90, "{alone}");
    for (adversary, messages_a_day) in [
        (accounts(1_000..1_001), 3_000),
        (accounts(1_000..1_019), 150),
        (numbered(19, |number| at("a", &format!("own-{number}.example"))), 150),
        (numbered(500, |number| at(&format!("nick-{number}"), "yahoo.com")), 6),
    ] {
        let found = found_after(&adversary, messages_a_day);
        assert!(found <= alone + 15, "{} senders: {found} instead of {alone}", adversary.len());
    }
}

#[test]
fn the_same_mail_of_known_senders_of_a_provider_does_have_it_taken_back() {
    // Who the adversary is not: else the tests above could not fail.
    let mut world = World::entered(GuardSettings::default(), 20);
    let mut letters = |day| {
        (0..50).any(|number| {
            acts(&world.flips_up(Letter { person: number, ..letter(day, "gmail.com", 1_000 * day as u64 + number) }))
        })
    };
    assert!([0, 3, 6].into_iter().all(|day| !letters(day)));
    assert!(letters(20));
}
