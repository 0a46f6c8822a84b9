//! Impact against the truth: what both releases say of every message.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use switchback_model::release::Digest;
use switchback_model::verdict::{Action, Cause, DecidedBy, Dropped, Opinion, RecordId, Role, Said, Thresholds};

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::sample::{Sampler, close_all, release, start, written};
use crate::journal::{
    Impact, ImpactDirection, ImpactQuery, Impacted, JournalConfig, JournalError, JournalReader, KnownBy, Likeness,
    NoSource, Record, RecordedMessage, Rescore, Rescored,
};

/// Messages that release 2 has decided, or something else; what release 1 says of all of them, and whether it is
/// recorded, to be had from a source, or neither.
struct Truth {
    records: Vec<Record>,
    /// What release 1 says: a score, or that it abstains.
    other: Vec<Option<f64>>,
    source: Source,
}

#[derive(Default)]
struct Source(HashMap<Digest, Rescored>);

impl Rescore for Source {
    fn rescore(&self, mail: &RecordedMessage) -> Option<Rescored> {
        self.0.get(&mail.digest).copied()
    }
}

fn said(score: Option<f64>) -> Said {
    score.map_or(Said::Abstained, |score| Said::Scored { score, action: Thresholds::default().action(score) })
}

fn opinion(major: u64, role: Role, said: Said) -> Opinion {
    Opinion::new(&release(major), role, said, Duration::from_micros(1))
}

impl Truth {
    fn new(count: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut sampler = Sampler::new(5);
        let mut truth = Self { records: Vec::new(), other: Vec::new(), source: Source::default() };
        for _ in 0..count {
            let [mine, other] = [(); 2].map(|()| rng.random_bool(0.9).then(|| rng.random::<f64>()));
            let decided_by = match rng.random_range(0..10) {
                0 => DecidedBy::Allowed { rule: 3 },
                1 => DecidedBy::Unscanned,
                2 => DecidedBy::Canary,
                _ if mine.is_none() => DecidedBy::Abstained,
                _ => DecidedBy::Live,
            };
            let mine = if decided_by == DecidedBy::Unscanned { Said::Failed(Cause::Trap) } else { said(mine) };
            let action = if matches!(decided_by, DecidedBy::Allowed { .. }) {
                Action::Deliver
            } else {
                mine.action().unwrap_or_default()
            };
            let decider = if rng.random_bool(0.9) { 2 } else { 3 };
            let mut record = Record {
                slot: "inbound".into(),
                decided_by,
                action,
                opinions: vec![opinion(decider, Role::Live, mine), opinion(0, Role::Standby, Said::Abstained)],
                ..sampler.record()
            };
            let likeness = if rng.random() { Likeness::Same } else { Likeness::Alike };
            match rng.random_range(0..5) {
                0 | 1 => record.opinions.push(opinion(1, Role::Shadow, said(other))),
                2 => record.opinions.push(opinion(1, Role::Shadow, Said::Dropped(Dropped::Budget))),
                _ => {}
            }
            if rng.random() {
                truth.source.0.insert(record.mail.digest, Rescored { score: other, likeness });
            }
            truth.records.push(record);
            truth.other.push(other);
        }
        truth
    }

    /// What is meant to be found, and how many are unknown.
    fn impact(&self, with_source: bool) -> (BTreeMap<RecordId, (ImpactDirection, KnownBy)>, u64) {
        let (mut impacted, mut unknown) = (BTreeMap::new(), 0);
        for (record, other) in self.records.iter().zip(&self.other) {
            let is_decided = matches!(record.decided_by, DecidedBy::Live | DecidedBy::Canary | DecidedBy::Abstained);
            if record.opinions[0].release != release(2) || !is_decided {
                continue;
            }
            let is_paired = record.opinion(&release(1).digest).is_some_and(|one| one.action().is_some());
            let known_by = match self.source.0.get(&record.mail.digest).filter(|_| with_source) {
                _ if is_paired => KnownBy::Pair,
                Some(Rescored { likeness: Likeness::Same, .. }) => KnownBy::Rescored,
                Some(_) => KnownBy::RescoredAlike,
                None => {
                    unknown += 1;
                    continue;
                }
            };
            let would = other.map_or(Action::Deliver, |score| Thresholds::default().action(score));
            if let Some(direction) = ImpactDirection::of(record.action, would) {
                impacted.insert(record.id, (direction, known_by));
            }
        }
        (impacted, unknown)
    }
}

fn query() -> ImpactQuery {
    let (release, against) = (release(2).digest, release(1).digest);
    ImpactQuery { release, against, since: None, until: None, slot: None }
}

fn impact(config: &JournalConfig, query: &ImpactQuery, source: &dyn Rescore) -> (Impact, Vec<Impacted>) {
    let mut found = Vec::new();
    let impact = JournalReader::open(&config.dir).unwrap().impact(query, source, |impacted| {
        found.push(impacted.clone());
        Ok::<_, JournalError>(())
    });
    (impact.unwrap(), found)
}

#[test]
fn impact_finds_exactly_what_the_other_release_would_have_decided_otherwise() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).batches(500, Duration::from_secs(60));
    let truth = Truth::new(4_000);
    written(&config, &truth.records);
    for state in ["stream", "Parquet"] {
        for with_source in [true, false] {
            let source: &dyn Rescore = if with_source { &truth.source } else { &NoSource };
            let (impact, found) = impact(&config, &query(), source);
            let (meant, unknown) = truth.impact(with_source);
            let found: BTreeMap<_, _> = found.into_iter().map(|one| (one.id, (one.direction, one.known_by))).collect();
            assert!(meant.len() > 300 && unknown > 100, "{} and {unknown}", meant.len());
            assert_eq!(found, meant, "{state}");
            assert_eq!((impact.all.unknown, impact.all.impacted()), (unknown, meant.len() as u64));
            for direction in [
                ImpactDirection::HeldBack,
                ImpactDirection::LetThrough,
                ImpactDirection::Harsher,
                ImpactDirection::Milder,
            ] {
                assert!(meant.values().any(|(one, _)| *one == direction), "{direction:?}");
            }
        }
        close_all(&config);
    }
}

#[test]
fn counts_add_up_over_domains_and_kinds() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let truth = Truth::new(2_000);
    written(&config, &truth.records);
    let (impact, found) = impact(&config, &query(), &truth.source);
    let all = impact.all;
    let first: Vec<_> = truth.records.iter().filter(|record| record.opinions[0].release == release(2)).collect();
    assert_eq!(all.decided + impact.overruled + impact.unscanned, first.len() as u64);
    assert_eq!(all.decided, all.unknown + all.by_pair + all.by_rescoring + all.by_rescoring_alike);
    let mut summed = impact.no_domain;
    assert!(summed.decided > 0);
    impact.domains.values().for_each(|counts| summed.add(counts));
    assert_eq!(summed, all);
    let domain = |one: &Impacted| one.mail.sender_domain.as_deref() == Some("münchen-3.example");
    let listed = found.iter().filter(|one| domain(one)).count() as u64;
    assert_eq!(impact.domains["münchen-3.example"].impacted(), listed);
    let one = &found[0];
    let record = truth.records.iter().find(|record| record.id == one.id).unwrap();
    assert_eq!((&one.mail, one.at, one.action), (&record.mail, record.at, record.action));
    assert_eq!(one.score, record.opinions[0].score());
}

#[test]
fn impact_is_asked_for_a_time_and_a_slot() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let truth = Truth::new(1_000);
    written(&config, &truth.records);
    let (since, until) = (start() + Duration::from_millis(200), start() + Duration::from_millis(700));
    let (_, found) = impact(&config, &ImpactQuery { since: Some(since), until: Some(until), ..query() }, &truth.source);
    let meant: Vec<_> = truth.records[200..700].iter().map(|record| record.id).collect();
    let meant: Vec<_> = truth.impact(true).0.into_keys().filter(|id| meant.contains(id)).collect();
    assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), meant);
    let (nothing, _) = impact(&config, &ImpactQuery { slot: Some("outbound".into()), ..query() }, &truth.source);
    assert_eq!(nothing.all.decided, 0);
}

#[test]
fn a_source_that_fails_ends_the_listing() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    written(&config, &Truth::new(500).records);
    let mut found = 0;
    let ended = JournalReader::open(dir.path()).unwrap().impact(&query(), &NoSource, |_| {
        found += 1;
        if found < 3 { Ok(()) } else { Err(JournalError::Writer("enough".into())) }
    });
    assert!(ended.is_err() && found == 3);
}

#[test]
fn a_failure_is_counted_whoever_decided_in_its_place() {
    let failed = Said::Failed(Cause::Trap);
    let scored = said(Some(0.1));
    let live = opinion(2, Role::Live, failed);
    let canary = opinion(2, Role::Canary, failed);
    // What release 2 was, who decided, what all said, and whether it was to decide: its failure then counts.
    let cases = [
        ("its predecessor decided", DecidedBy::Previous, vec![opinion(1, Role::Standby, scored), live.clone()], true),
        ("that abstained", DecidedBy::Abstained, vec![opinion(1, Role::Standby, said(None)), live.clone()], true),
        ("a rule decided", DecidedBy::Allowed { rule: 1 }, vec![opinion(1, Role::Standby, scored), live.clone()], true),
        ("the policy decided", DecidedBy::Unscanned, vec![live.clone(), opinion(1, Role::Standby, failed)], true),
        ("the live release decided", DecidedBy::Live, vec![opinion(1, Role::Live, scored), canary.clone()], true),
        ("beside a canary", DecidedBy::Canary, vec![opinion(1, Role::Canary, scored), live.clone()], false),
        ("beside a segment", DecidedBy::Segment, vec![opinion(1, Role::Standby, scored), live], false),
        ("in shadow", DecidedBy::Live, vec![opinion(1, Role::Live, scored), opinion(2, Role::Shadow, failed)], false),
    ];
    let mut sampler = Sampler::new(6);
    for (what, decided_by, opinions, counts) in cases {
        let dir = tempfile::tempdir().unwrap();
        let config = JournalConfig::new(dir.path());
        let record = Record { slot: "inbound".into(), decided_by, opinions, ..sampler.record() };
        written(&config, &[record]);
        for state in ["stream", "Parquet"] {
            let (impact, found) = impact(&config, &query(), &NoSource);
            assert_eq!(
                (impact.failed(), impact.all.decided, found.len()),
                (u64::from(counts), 0, 0),
                "{what}, {state}"
            );
            let is_unscanned = decided_by == DecidedBy::Unscanned;
            assert_eq!(impact.unscanned, u64::from(is_unscanned), "{what}, {state}");
            close_all(&config);
        }
    }
}

#[test]
fn what_the_other_release_failed_on_is_unknown_for_that_reason() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let beside = [Said::Failed(Cause::Deadline), Said::Dropped(Dropped::Budget), said(Some(0.9))];
    let mut sampler = Sampler::new(7);
    let records = beside.map(|beside| Record {
        slot: "inbound".into(),
        decided_by: DecidedBy::Live,
        action: Action::Deliver,
        opinions: vec![opinion(2, Role::Live, said(Some(0.1))), opinion(1, Role::Shadow, beside)],
        ..sampler.record()
    });
    written(&config, &records);
    let (impact, _) = impact(&config, &query(), &NoSource);
    assert_eq!((impact.all.decided, impact.all.unknown, impact.all.other_failed), (3, 2, 1));
}
