//! What does an adversary achieve who owns senders? Of a harmless candidate: is it taken back? Of a harmful one: how late
//! is it found?

use switchback::guard::GuardSettings;

use crate::filter::{Adversary, HARMFUL, HARMLESS, MIDDLE, Reverted, SMALL, Size, tried};
use crate::mail::Address;
use crate::{parallel, table};

/// Seen on three days, the first two months before the candidate.
const AGED: [i64; 3] = [60, 40, 20];

/// Two days before it.
const TWO_DAYS: [i64; 2] = [2, 1];

/// Seen first half a year before.
const HALF_A_YEAR: [i64; 3] = [180, 60, 20];

/// Free names, of services in both parts of the public suffix list and in neither.
const SERVICES: [&str; 12] = [
    "duckdns.org",
    "ddns.net",
    "hopto.org",
    "zapto.org",
    "eu.org",
    "dedyn.io",
    "mooo.com",
    "us.to",
    "zzux.com",
    "ydns.eu",
    "linkpc.net",
    "kozow.com",
];

/// A row of the table.
struct Attack {
    owns: String,
    seen: Vec<i64>,
    size: Size,
    addresses: Vec<Address>,
    /// Whether it is to achieve something.
    succeeds: bool,
}

impl Attack {
    fn new(owns: &str, count: usize, address: impl Fn(usize) -> Address) -> Self {
        let addresses = (0..count).map(address).collect();
        Self { owns: owns.to_owned(), seen: AGED.to_vec(), size: MIDDLE, addresses, succeeds: false }
    }

    fn seen(self, seen: &[i64]) -> Self {
        Self { seen: seen.to_vec(), ..self }
    }

    fn succeeds(self) -> Self {
        Self { succeeds: true, ..self }
    }

    fn adversary(&self, messages: usize, is_flagged: bool) -> Adversary {
        Adversary { addresses: self.addresses.clone(), seen: self.seen.clone(), messages, is_flagged }
    }

    /// For how long it was known, in words.
    fn known(&self) -> String {
        match (self.seen.first(), self.seen.len()) {
            (Some(first), days) => format!("{first} days, {days} of them seen"),
            (None, _) => "not before the candidate".to_owned(),
        }
    }
}

fn gmail(number: usize) -> Address {
    Address::new(&format!("adversary{number}"), "gmail.com")
}

fn own_domain(number: usize) -> Address {
    Address::new("a", &format!("adversary-{number}.example"))
}

/// Who wants a harmless candidate taken back: three messages a day of each sender, all of which it newly flags.
fn flipping() -> Vec<Attack> {
    let name = |number: usize| Address::new("a", &format!("name{number}.{}", SERVICES[number % SERVICES.len()]));
    let keyword = |number: usize| Address::new(&format!("nick-{number}"), "yahoo.com");
    let random = |number: usize| Address::new(&format!("random{}x", number * 7_919), "icloud.com");
    let alias = |number: usize| Address::new(&format!("alias{number}"), "outlook.com");
    let mut attacks = vec![
        Attack::new("nothing", 0, gmail),
        Attack::new("1 domain of its own, as anybody there", 50, |number| {
            Address::new(&format!("a{number}"), "adversary.example")
        }),
        Attack::new("12 free names, of as many dynamic-DNS services", 12, name),
        Attack::new("600 free names of those services", 600, name),
        Attack::new("1 Yahoo account, 20 keyword addresses", 20, keyword),
        Attack::new("1 Yahoo account, 500 keyword addresses", 500, keyword),
        Attack::new("1 iCloud account, 700 random aliases", 700, random),
        Attack::new("19 Outlook.com accounts with 10 aliases each", 190, alias),
        Attack::new("50 Outlook.com accounts with 10 aliases each", 500, alias).succeeds(),
        Attack::new("5 Gmail accounts", 5, gmail).seen(&TWO_DAYS),
        Attack::new("500 Gmail accounts", 500, gmail).seen(&TWO_DAYS),
        Attack::new("500 Gmail accounts", 500, gmail).seen(&[]),
    ];
    for count in [5, 10, 19, 20, 30, 50] {
        let attack = Attack::new(&format!("{count} Gmail accounts"), count, gmail);
        attacks.push(if count <= 30 { attack } else { attack.succeeds() });
    }
    for count in [10, 19, 20, 30, 50] {
        let attack = Attack::new(&format!("{count} domains of its own"), count, own_domain);
        attacks.push(if count <= 20 { attack } else { attack.succeeds() });
    }
    let at_a_small_one = |attack: Attack| Attack {
        owns: format!("{}, at a filter that knows 45 others", attack.owns),
        size: SMALL,
        ..attack
    };
    attacks.push(at_a_small_one(Attack::new("19 Gmail accounts", 19, gmail)));
    attacks.push(at_a_small_one(Attack::new("1 Gmail account", 1, gmail).seen(&HALF_A_YEAR)));
    attacks.push(at_a_small_one(Attack::new("4 Gmail accounts", 4, gmail).seen(&HALF_A_YEAR)).succeeds());
    attacks
}

/// Who wants a harmful candidate to stay: mail that does not flip, so much of each sender on a day.
fn hiding() -> Vec<(Attack, usize)> {
    let keyword = |number: usize| Address::new(&format!("nick-{number}"), "yahoo.com");
    vec![
        (Attack::new("nothing", 0, gmail), 0),
        (Attack::new("1 Gmail account, 3,000 messages a day", 1, gmail), 3_000),
        (Attack::new("19 Gmail accounts, 150 messages a day each", 19, gmail), 150),
        (Attack::new("50 Gmail accounts, 50 messages a day each", 50, gmail), 50),
        (Attack::new("500 Gmail accounts, 5 messages a day each", 500, gmail), 5),
        (Attack::new("1 Yahoo account, 500 keyword addresses, 5 messages a day each", 500, keyword), 5),
        (Attack::new("19 domains of its own, 150 messages a day each", 19, own_domain), 150),
        (Attack::new("500 domains of its own, 5 messages a day each", 500, own_domain), 5),
    ]
}

fn taken_back(attack: &Attack, runs: u64) -> Vec<Option<Reverted>> {
    let (settings, adversary) = (GuardSettings::default(), attack.adversary(3, true));
    parallel::runs(&attack.owns, runs, |rng| tried(attack.size, &settings, HARMLESS, &adversary, rng))
}

/// The median of the messages from Gmail, and of the days, after which a harmful candidate is found.
pub(crate) fn found_after(size: Size, settings: &GuardSettings, adversary: &Adversary, runs: u64) -> Option<[f64; 2]> {
    let found = parallel::runs("until it is found", runs, |rng| tried(size, settings, HARMFUL, adversary, rng));
    let median = |of: &dyn Fn(Reverted) -> f64| {
        let mut all: Vec<_> = found.iter().map(|reverted| reverted.map_or(f64::INFINITY, of)).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let medians = [median(&|reverted| reverted.gmail as f64), median(&|reverted| reverted.days)];
    medians[0].is_finite().then_some(medians)
}

/// How much later a harmful candidate may be found before an adversary has achieved something.
const LATER: f64 = 1.5;

/// Prints what each attack achieves; whether it is what is published.
pub(crate) fn report(runs: u64) -> bool {
    let mut is_as_published = true;
    let mut rows = Vec::new();
    for attack in flipping() {
        let reverted: Vec<_> = taken_back(&attack, runs).into_iter().flatten().collect();
        is_as_published &= reverted.is_empty() != attack.succeeds;
        let mut days: Vec<_> = reverted.iter().map(|reverted| reverted.days).collect();
        days.sort_by(f64::total_cmp);
        let when = days.get(days.len() / 2).map_or("never".to_owned(), |days| format!("after {days:.1} days"));
        rows.push(vec![attack.owns.clone(), attack.known(), format!("{} of {runs}", reverted.len()), when]);
    }
    table::print(
        "A harmless candidate: three messages a day of each sender, all newly flagged",
        &["an adversary owns", "known for", "taken back within a week", "in the median"],
        &rows,
    );

    let mut rows = Vec::new();
    let mut alone = f64::INFINITY;
    for (attack, messages) in hiding() {
        let found = found_after(MIDDLE, &GuardSettings::default(), &attack.adversary(messages, false), runs);
        let (after, later) = match found {
            Some([gmail, days]) => {
                alone = alone.min(gmail);
                is_as_published &= (gmail > LATER * alone) == attack.succeeds;
                (format!("{gmail} messages, {days:.1} days"), format!("{:.2} times", gmail / alone))
            }
            None => {
                is_as_published &= attack.succeeds;
                ("not within a week".to_owned(), String::new())
            }
        };
        rows.push(vec![attack.owns.clone(), attack.known(), after, later]);
    }
    table::print(
        "A candidate that newly flags a fifth of Gmail: mail that does not flip",
        &["an adversary owns", "known for", "found after, of Gmail", "as late as without"],
        &rows,
    );
    is_as_published
}
