//! How many pairs of a sender should count on a day? The more, the sooner harm is found where few people write much, and the
//! more weighs what one of them sends.

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use switchback::guard::{Floor, GuardSettings};

use crate::attacks::found_after;
use crate::filter::{Adversary, Candidate, HARMLESS, MIDDLE, Size, tried};
use crate::interval::Share;
use crate::mail::Address;
use crate::{parallel, table};

/// A filter of 240 people, of whom each that writes on a day writes three times.
const FEW: Size = Size { accounts: 240, domains: 60, share: 0.35, messages: 3.0 };

const PAIRS: [[u32; 2]; 5] = [[1, 1], [1, 3], [2, 5], [5, 10], [64, 64]];

/// One that newly flags more than is tolerated of nobody's mail but everything of some: what flips is not drawn message by
/// message, but belongs to people.
fn of_people(size: Size, settings: &GuardSettings, rng: &mut ChaCha8Rng) -> bool {
    // One person of a hundred writes what it flags; those are as an adversary's.
    let flagged = (0..size.accounts).filter(|_| rng.random_bool(0.01));
    let addresses = flagged.map(|number| Address::new(&format!("flagged{number}"), "gmail.com")).collect();
    let adversary = Adversary { addresses, seen: vec![60, 40, 20], messages: 3, is_flagged: true };
    tried(size, settings, Candidate { gmail: 0.0, others: 0.0, ..HARMLESS }, &adversary, rng).is_some()
}

/// Prints what the settings do.
pub(crate) fn report(runs: u64) {
    let mut rows = Vec::new();
    for [account_pairs, domain_pairs] in PAIRS {
        let settings = GuardSettings::default().account_pairs(account_pairs).domain_pairs(domain_pairs);
        let hiding = |count: usize| Adversary {
            addresses: (0..count).map(|number| Address::new(&format!("a{number}"), "gmail.com")).collect(),
            seen: vec![60, 40, 20],
            messages: 150,
            is_flagged: false,
        };
        let after = |size, adversary: &Adversary| {
            let found = found_after(size, &settings, adversary, runs);
            found.map_or("never".to_owned(), |[gmail, days]| format!("{gmail} ({days:.1} days)"))
        };
        let floor = Floor::new(10, 2, 2);
        let without_floor = settings.clone().floor(floor);
        let harmless = parallel::runs("flips that belong to people", runs, |rng| of_people(FEW, &without_floor, rng));
        let share = Share { part: harmless.iter().filter(|found| **found).count() as u64, whole: runs };
        rows.push(vec![
            format!("{account_pairs}, {domain_pairs}"),
            after(MIDDLE, &Adversary::nobody()),
            after(FEW, &Adversary::nobody()),
            after(FEW, &hiding(19)),
            share.cells()[0].clone(),
        ]);
    }
    table::print(
        "Pairs of an account and of a domain that count on a day: messages of Gmail until a fifth flagged is found",
        &[
            "pairs",
            "1,000 accounts",
            "240 accounts, 3 messages a day",
            "the same, 19 accounts hide it",
            "harmless, all mail of 1 % of people flips, floor of 2: taken back",
        ],
        &rows,
    );
}
