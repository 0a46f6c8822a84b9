//! What does it cost to count a pair? With 100,000 segments, new campaigns of domains and of a provider, copies of one,
//! and mail that flips; against a map of the same keys that counts and knows nothing, and against few segments.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

use std::collections::HashMap;
use std::hint::black_box;

use criterion::Criterion;
use jiff::Timestamp;
use switchback::guard::{Counts, GuardSettings, InMemory, Key, Sighting, Trial};
use switchback::message::Fingerprint;
use switchback::release::ModelName;
use switchback::{Action, Digest, ReleaseId};
use switchback_benches::{in_turn, print_ratio};

const FEW: usize = 100;
/// With everything, a provider and its domain as many segments as are kept: with more, some would be evicted again and
/// again.
const MANY: usize = 99_997;
const MESSAGES: usize = 20_000;
const ROUNDS: usize = 21;
const ADDRESSES: u64 = 50_000;

fn main() {
    let many = domains(MANY);
    let few = domains(FEW);
    let gmail = vec!["gmail.com".to_owned()];
    compare("a new campaign of one of 100,000 domains", &many, &many, Action::Deliver);
    compare("of one of 100 domains", &few, &few, Action::Deliver);
    compare("of a provider, beside 100,000 domains", &gmail, &many, Action::Deliver);
    compare("a flip of one of 100,000 domains", &many, &many, Action::Junk);
    compare("a flip of a provider, beside 100,000 domains", &gmail, &many, Action::Junk);
    copies(&gmail, &many);

    let mut criterion = Criterion::default().configure_from_args();
    for (name, of) in [("100,000 domains", &many), ("a provider", &gmail)] {
        let mut guard = Guard::beside(&many);
        let mut number = 0;
        criterion.bench_function(&format!("observe a new campaign of {name}"), |b| {
            b.iter(|| {
                number += 1;
                guard.observe(&of[number * 7919 % of.len()], number as u64, Action::Deliver);
            });
        });
    }
    criterion.final_summary();
}

fn domains(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("company-{number}.example")).collect()
}

/// A trial, and what it remembers of these domains.
struct Guard {
    trial: Trial,
    memory: InMemory,
}

impl Guard {
    fn beside(domains: &[String]) -> Self {
        let digest = Digest::of(b"the baseline");
        let name: ModelName = "phish".parse().expect("a name");
        let baseline = ReleaseId::new(name, semver::Version::new(1, 1, 0), digest);
        // Each of them is known, or nothing would be acted on and less be counted.
        let settings = GuardSettings::default().known_days(0);
        let mut guard =
            Self { trial: Trial::new(settings, baseline, Timestamp::UNIX_EPOCH), memory: InMemory::default() };
        for (number, domain) in domains.iter().enumerate() {
            guard.observe(domain, u64::MAX - number as u64, Action::Deliver);
        }
        guard
    }

    /// Counts a message of a campaign, at a time that moves on by a second with every hundredth.
    fn observe(&mut self, domain: &str, campaign: u64, after: Action) {
        let sighting = sighting(domain, campaign);
        let Ok(findings) = self.trial.observe(&mut self.memory, black_box(&sighting), Action::Deliver, after);
        black_box(findings);
    }
}

fn sighting(domain: &str, campaign: u64) -> Sighting<'_> {
    let mut fingerprint = [0; 16];
    fingerprint[..8].copy_from_slice(&campaign.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    let at = Timestamp::from_second((campaign % 10_000_000 / 100) as i64).expect("a time");
    Sighting::new(at, Fingerprint::from(fingerprint))
        .sender_domain(Some(domain))
        .sender(Some(Key(campaign % ADDRESSES)))
        .is_authenticated(true)
        .recipient(Some(Key(campaign)))
}

/// A map that counts and knows nothing: the same segments, one update for each.
#[derive(Default)]
struct Bare(HashMap<String, Counts>);

impl Bare {
    fn count(&mut self, domain: &str, is_flip: bool) {
        let more = Counts::new(is_flip.into(), 0, 1);
        for segment in [domain, "everything"] {
            match self.0.get_mut(segment) {
                Some(counts) => *counts += more,
                None => drop(self.0.insert(segment.to_owned(), more)),
            }
        }
    }
}

/// Counts campaigns of some domains, beside others that are there too.
fn compare(what: &str, of: &[String], beside: &[String], after: Action) {
    let mut guard = Guard::beside(beside);
    let mut bare = Bare::default();
    beside.iter().for_each(|domain| bare.count(domain, false));
    let (mut first, mut second) = (0, 0);
    let domain = |number: usize| &of[number.wrapping_mul(7919) % of.len()];
    let [observed, counted] = in_turn(
        ROUNDS,
        [
            ("observe", &mut || {
                for _ in 0..MESSAGES {
                    first += 1;
                    guard.observe(domain(first), first as u64, after);
                }
            }),
            ("bare", &mut || {
                for _ in 0..MESSAGES {
                    second += 1;
                    bare.count(black_box(domain(second)), after.is_flagged());
                }
            }),
        ],
    );
    print_ratio(what, ("observe", observed), ("a bare map", counted), MESSAGES);
}

/// Copies of a campaign that was counted before.
fn copies(of: &[String], beside: &[String]) {
    let mut guard = Guard::beside(beside);
    let mut bare = Bare::default();
    beside.iter().for_each(|domain| bare.count(domain, false));
    let [observed, counted] = in_turn(
        ROUNDS,
        [
            ("observe", &mut || (0..MESSAGES).for_each(|_| guard.observe(&of[0], 1, Action::Deliver))),
            ("bare", &mut || (0..MESSAGES).for_each(|_| bare.count(black_box(&of[0]), false))),
        ],
    );
    print_ratio("a copy of a campaign of a provider", ("observe", observed), ("a bare map", counted), MESSAGES);
}
