//! What holds of every comparison, tried on random messages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::release::{Digest, ReleaseId};
use crate::verdict::{Cause, Dropped, Said, Senders, Thresholds};

fn release(version: &str) -> ReleaseId {
    let name = "m".parse().unwrap();
    ReleaseId { name, version: Arc::new(version.parse().unwrap()), digest: Digest::of(version.as_bytes()) }
}

fn report(comparison: &Comparison, limit: usize) -> Report {
    comparison.report(release("1.0.0"), release("2.0.0"), limit)
}

/// A message with what both made of it.
#[derive(Clone, Debug)]
struct Sample {
    number: u64,
    domain: Option<String>,
    is_authenticated: bool,
    before: Side,
    after: Side,
}

impl Sample {
    fn pair(&self) -> Pair<'_> {
        Pair {
            sender_domain: self.domain.as_deref(),
            is_authenticated: self.is_authenticated,
            before: self.before,
            after: self.after,
        }
    }

    fn name(&self) -> MessageName {
        MessageName { message: format!("{:06}", self.number), subject: Some(format!("No {}", self.number)) }
    }

    fn is_paired(&self) -> bool {
        self.before.said.action().is_some() && self.after.said.action().is_some()
    }
}

fn scored(score: f64) -> Side {
    let action = Thresholds::default().action(score);
    Side { said: Said::Scored { score, action }, took_us: 100 }
}

fn side(random: &mut ChaCha8Rng) -> Side {
    let said = match random.random_range(0..20) {
        0 => Said::Abstained,
        1 => Said::Failed(Cause::ALL[random.random_range(0..Cause::ALL.len())]),
        2 => Said::Dropped(Dropped::ALL[random.random_range(0..Dropped::ALL.len())]),
        // Few different scores, so that there are equal ones and equal differences.
        3..10 => scored(f64::from(random.random_range(0..=10)) / 10.0).said,
        _ => scored(random.random()).said,
    };
    Side { said, took_us: random.random_range(0..5_000) }
}

fn samples(random: &mut ChaCha8Rng, count: u64, domains: u64) -> Vec<Sample> {
    let sample = |number| {
        let domain = match random.random_range(0..10) {
            0 => None,
            1 => Some("gmail.com".to_owned()),
            2 => Some("yahoo.fr".to_owned()),
            _ => Some(format!("{}.example", random.random_range(0..domains))),
        };
        Sample { number, domain, is_authenticated: random.random(), before: side(random), after: side(random) }
    };
    (0..count).map(sample).collect()
}

fn compared(samples: &[Sample], settings: &ComparisonSettings) -> Comparison {
    let mut comparison = Comparison::new(settings.clone());
    samples.iter().for_each(|sample| comparison.add(&sample.pair(), || sample.name()));
    comparison
}

/// Compares parts of the messages and adds them up, in a random order.
fn in_parts(random: &mut ChaCha8Rng, samples: &[Sample], settings: &ComparisonSettings) -> Comparison {
    let mut shuffled = samples.to_vec();
    shuffled.shuffle(random);
    let mut parts = Vec::new();
    let mut rest = &shuffled[..];
    while !rest.is_empty() {
        let (part, others) = rest.split_at(random.random_range(1..=rest.len()));
        parts.push(compared(part, settings));
        rest = others;
    }
    parts.shuffle(random);
    let mut all = Comparison::new(settings.clone());
    parts.into_iter().for_each(|part| all.merge(part));
    all
}

#[test]
fn no_order_and_no_partition_shows_in_the_report() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for round in 0..60 {
        let count = random.random_range(1..500);
        let samples = samples(&mut random, count, 40);
        let senders = if round % 2 == 0 { Senders::Authenticated } else { Senders::Anyone };
        let settings = ComparisonSettings { senders, differences_max: 20, ..ComparisonSettings::default() };
        let whole = report(&compared(&samples, &settings), 15);
        let parts = report(&in_parts(&mut random, &samples, &settings), 15);
        assert_eq!(whole, parts, "round {round}");
        assert_eq!(serde_json::to_string(&whole).unwrap(), serde_json::to_string(&parts).unwrap());
    }
}

/// Counts by domain without any bound.
fn exact_domains(samples: &[Sample]) -> BTreeMap<String, u64> {
    let mut exact = BTreeMap::new();
    for sample in samples.iter().filter(|sample| sample.is_paired()) {
        if let Some(domain) = &sample.domain {
            *exact.entry(domain.clone()).or_default() += 1;
        }
    }
    exact
}

#[test]
fn with_too_many_domains_whatever_is_listed_is_exact_and_nothing_is_lost() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for round in 0..40 {
        let samples = samples(&mut random, 3_000, 1_500);
        let settings =
            ComparisonSettings { senders: Senders::Anyone, domains_max: 100, ..ComparisonSettings::default() };
        let exact = exact_domains(&samples);
        let comparison = match round % 2 {
            0 => compared(&samples, &settings),
            _ => in_parts(&mut random, &samples, &settings),
        };
        let report = report(&comparison, usize::MAX);
        assert!(report.domains.len() <= 100, "{}", report.domains.len());
        for listed in &report.domains {
            assert_eq!(listed.segment.flips.messages, exact[&*listed.domain], "{}, round {round}", listed.domain);
        }
        let pooled = report.pooled_domains.unwrap();
        let listed: u64 = report.domains.iter().map(|listed| listed.segment.flips.messages).sum();
        assert_eq!(listed + pooled.segment.flips.messages, exact.values().sum::<u64>(), "round {round}");
        let unlisted = exact.len() as u64 - report.domains.len() as u64;
        assert!(pooled.domains_estimated.abs_diff(unlisted) <= 2, "{} for {unlisted}", pooled.domains_estimated);
        // However small the table, the two that send a tenth of the mail each are in it.
        let names: BTreeSet<_> = report.domains.iter().map(|listed| &*listed.domain).collect();
        assert!(round % 2 == 1 || (names.contains("gmail.com") && names.contains("yahoo.fr")), "{names:?}");
    }
}

#[test]
fn a_flood_of_domains_does_not_hide_the_one_that_comes_after_it() {
    let settings = ComparisonSettings { domains_max: 64, ..ComparisonSettings::default() };
    let mut comparison = Comparison::new(settings);
    let mut add = |domain: &str, after: f64| {
        let pair =
            Pair { sender_domain: Some(domain), is_authenticated: true, before: scored(0.1), after: scored(after) };
        comparison.add(&pair, || MessageName { message: domain.to_owned(), subject: None });
    };
    let flood = 200_000;
    (0..flood).for_each(|i| add(&format!("{i}.example"), 0.1));
    (0..40).for_each(|_| add("bank.example", 0.95));
    (0..10_000).for_each(|i| add(&format!("{i}.later.example"), 0.1));
    let report = report(&comparison, usize::MAX);
    let bank = &report.domains[0];
    assert_eq!((&*bank.domain, bank.segment.flips.newly_flagged), ("bank.example", 40));
    assert!(report.domains.len() <= 64);
    let pooled = report.pooled_domains.unwrap().domains_estimated;
    assert!(pooled.abs_diff(flood + 10_000) < 2_100, "{pooled}");
}

#[test]
fn every_number_is_finite_whatever_a_record_holds() {
    let odd = [f64::NAN, f64::INFINITY, -1.0, 2.0, 0.0, 1.0, f64::MIN_POSITIVE];
    let mut comparison = Comparison::new(ComparisonSettings::default());
    for (i, before) in odd.iter().enumerate() {
        for after in odd {
            let said = |score| Said::Scored { score, action: crate::verdict::Action::Deliver };
            let pair = Pair {
                sender_domain: None,
                is_authenticated: false,
                before: Side { said: said(*before), took_us: u32::MAX },
                after: Side { said: said(after), took_us: 0 },
            };
            comparison.add(&pair, || MessageName { message: i.to_string(), subject: None });
        }
    }
    let report = report(&comparison, 10);
    // Four of seven are no scores: 3 x 3 pairs remain.
    assert_eq!((report.flips.messages, report.unpaired), (9, 40));
    assert_eq!(report.before.answers.failed_by(Cause::Trap), 28);
    assert!(report.mean_difference.is_some_and(f64::is_finite));
    let json = serde_json::to_value(&report).unwrap();
    // JSON has no other way to say that a number is none.
    let absent: BTreeSet<_> = nulls("", &json).into_iter().collect();
    let may_be =
        ["log_odds_from", "log_odds_to", "mean_difference", "other_domains", "pooled_domains", "rates", "subject"];
    assert_eq!(absent, may_be.map(str::to_owned).into());
    let drift = report.drift.unwrap();
    assert!([drift.psi, drift.ks, drift.psi_by_chance_p95, drift.ks_by_chance_p95].iter().all(|n| n.is_finite()));
}

/// The names under which a value has none.
fn nulls(name: &str, value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Null => vec![name.to_owned()],
        serde_json::Value::Array(items) => items.iter().flat_map(|item| nulls(name, item)).collect(),
        serde_json::Value::Object(fields) => fields.iter().flat_map(|(name, value)| nulls(name, value)).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_comparison_of_no_messages_has_a_report() {
    let report = report(&Comparison::new(ComparisonSettings::default()), 10);
    assert_eq!((report.drift, report.before.scores, report.before.latency), (None, None, None));
    assert_eq!(serde_json::to_value(&report).unwrap()["flips"]["messages"], 0);
}

#[test]
fn a_sender_who_was_not_authenticated_counts_under_no_domain_unless_asked_for() {
    let sample = |domain: Option<&str>, is_authenticated| Sample {
        number: 0,
        domain: domain.map(str::to_owned),
        is_authenticated,
        before: scored(0.1),
        after: scored(0.9),
    };
    let too_long = "long.".repeat(60);
    let samples = [
        sample(Some("gmail.com"), true),
        sample(Some("gmail.com"), false),
        sample(Some("bank.example"), true),
        sample(None, false),
        sample(Some(&too_long), true),
    ];
    let found =
        |senders| report(&compared(&samples, &ComparisonSettings { senders, ..ComparisonSettings::default() }), 10);
    let strict = found(Senders::Authenticated);
    let gmail = &strict.providers[0];
    assert_eq!((&*gmail.provider, gmail.segment.flips.newly_flagged), ("gmail", 1));
    assert_eq!(strict.unauthenticated.flips.newly_flagged, 1);
    assert_eq!(strict.without_sender.flips.newly_flagged, 2);
    assert_eq!(strict.other_providers.flips.newly_flagged, 1);
    let loose = found(Senders::Anyone);
    assert_eq!(loose.providers[0].segment.flips.newly_flagged, 2);
    assert_eq!(loose.unauthenticated.flips.messages, 0);
}

#[test]
fn the_table_of_actions_says_who_took_which() {
    use crate::verdict::Action::{Deliver, Junk, Quarantine};
    let mut comparison = Comparison::new(ComparisonSettings::default());
    for (before, after) in [(0.1, 0.95), (0.1, 0.95), (0.6, 0.1)] {
        let pair = Pair { sender_domain: None, is_authenticated: false, before: scored(before), after: scored(after) };
        comparison.add(&pair, || MessageName { message: String::new(), subject: None });
    }
    let report = report(&comparison, 0);
    assert_eq!((report.actions[&Deliver][&Quarantine], report.actions[&Junk][&Deliver]), (2, 1));
    assert_eq!(report.actions.values().flat_map(BTreeMap::values).sum::<u64>(), 3);
    assert!((report.mean_difference.unwrap() - (0.85 + 0.85 - 0.5) / 3.0).abs() < 1e-12);
}

#[test]
fn failures_of_one_release_alone_are_told_apart() {
    let failed = Side { said: Said::Failed(Cause::Trap), took_us: 1 };
    let dropped = Side { said: Said::Dropped(Dropped::Budget), took_us: 0 };
    let mut comparison = Comparison::new(ComparisonSettings::default());
    for (before, after) in
        [(scored(0.1), failed), (scored(0.1), failed), (failed, scored(0.1)), (failed, failed), (scored(0.1), dropped)]
    {
        let pair = Pair { sender_domain: None, is_authenticated: false, before, after };
        comparison.add(&pair, || MessageName { message: String::new(), subject: None });
    }
    let mut twice = comparison.clone();
    twice.merge(comparison.clone());
    for (comparison, times) in [(comparison, 1), (twice, 2)] {
        let report = report(&comparison, 0);
        let failed = [report.unpaired, report.newly_failed, report.no_longer_failed];
        assert_eq!((report.flips.messages, failed), (0, [5, 2, 1].map(|count| count * times)));
        assert_eq!(report.rates, None);
    }
}

#[test]
fn shares_come_with_what_they_may_be() {
    let mut comparison =
        Comparison::new(ComparisonSettings { senders: Senders::Anyone, ..ComparisonSettings::default() });
    for after in [0.9, 0.1, 0.1] {
        let (before, after) = (scored(0.1), scored(after));
        let pair = Pair { sender_domain: Some("gmail.com"), is_authenticated: false, before, after };
        comparison.add(&pair, || MessageName { message: String::new(), subject: None });
    }
    let report = report(&comparison, 1);
    assert_eq!(report.rates.map(|rates| rates.newly_flagged), crate::rate::Rate::of(1, 3));
    assert_eq!(report.rates.map(|rates| rates.no_longer_flagged), crate::rate::Rate::of(0, 3));
    assert_eq!(report.providers[0].segment.rates, report.rates);
    assert_eq!(report.without_sender.rates, None);
}
