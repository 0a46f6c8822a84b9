//! Canaries, shadows and reverse shadow: who decides, who scores in the background, and what is kept of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use switchback::compare::SideBySide;
use switchback::journal::{JournalConfig, JournalReader, Query, Record};
use switchback::route::{BASIS_POINTS, CanaryKey, Generation, Share};
use switchback::verdict::{DecidedBy, Dropped, Opinion, Role, Said};
use switchback::{
    Action, LocalRuntime, Message, ReleaseId, RouteError, Runtime, RuntimeBuilder, SlotConfig, Thresholds, UnloadError,
};
use switchback_model::message::time_of_thread;

use crate::support::{load, shared_cache};

/// Under these, `empty` (0.5) is delivered and `stateful` (0.73) is junk.
fn slot() -> SlotConfig {
    SlotConfig::new("inbound").thresholds(Thresholds::default().junk(0.6))
}

/// A runtime without bound on what is scored in the background.
fn builder(slot: SlotConfig) -> RuntimeBuilder {
    Runtime::builder().slot(slot).cache_dir(shared_cache()).instances(16).shadow_cpu_share(1.0)
}

/// A runtime that keeps a journal, and its folder.
fn journaled(builder: RuntimeBuilder) -> (LocalRuntime, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (builder.journal(JournalConfig::new(dir.path().join("journal"))).build().unwrap(), dir)
}

/// Every record so far, oldest first.
fn records(runtime: &Runtime, dir: &tempfile::TempDir) -> Vec<Record> {
    runtime.flush();
    JournalReader::open(dir.path().join("journal")).unwrap().last(&Query::default(), 1_000_000).unwrap().records
}

const NOUNS: [&str; 10] =
    ["harbour", "garden", "window", "letter", "mountain", "kitchen", "bridge", "forest", "teacher", "river"];

/// One of 10,000 messages, each with other content.
pub(crate) fn mail(number: usize) -> Message {
    let [a, b, c, d] = [1_000, 100, 10, 1].map(|place| NOUNS[number / place % 10]);
    let text = format!(
        "The parcel that the {a} ordered is waiting near the {b}. Please collect it before noon, bring the {c} with you, \
         and tell the people in the {d} that everything has arrived as they wished."
    );
    Message::parse(format!("From: a@shop.example\r\nSubject: your parcel\r\n\r\n{text}\r\n").into_bytes())
}

fn share(share_bp: u16) -> Share {
    Share::new(share_bp, CanaryKey::Content)
}

fn roles(record: &Record) -> Vec<(String, Role)> {
    record.opinions.iter().map(|opinion| (opinion.release.to_string(), opinion.role)).collect()
}

fn action(opinion: &Opinion) -> Action {
    opinion.action().unwrap()
}

#[test]
fn a_shadow_scores_every_message_and_decides_none() {
    let (runtime, dir) = journaled(builder(slot()));
    let slot = runtime.slot("inbound").unwrap();
    let (live, shadow) = (load(&runtime, "empty", "1.0.0"), load(&runtime, "stateful", "1.1.0"));
    slot.promote(&live).unwrap();
    assert_eq!(slot.shadow(&shadow, BASIS_POINTS), Ok(Generation::new(2)));
    assert_eq!(slot.role(&shadow), Some(Role::Shadow));
    for number in 0..40 {
        let verdict = slot.score(&mail(number));
        assert_eq!((verdict.action, verdict.release.as_ref()), (Action::Deliver, Some(&live)));
        assert!(verdict.id.is_some());
    }
    let records = records(&runtime, &dir);
    assert_eq!(records.len(), 40);
    for record in &records {
        assert_eq!(roles(record), [("hostile@1.0.0".into(), Role::Live), ("hostile@1.1.0".into(), Role::Shadow)]);
        assert_eq!((action(&record.opinions[0]), action(&record.opinions[1])), (Action::Deliver, Action::Junk));
    }
    let report = slot.comparison(&live, &shadow, 10).unwrap();
    assert_eq!((report.flips.messages, report.flips.newly_flagged), (40, 40));
    assert!(matches!(runtime.unload(&shadow), Err(UnloadError::InUse { role: Role::Shadow, .. })));
    slot.withdraw(&shadow).unwrap();
    runtime.unload(&shadow).unwrap();
}

#[test]
fn a_shadow_meets_its_rate() {
    let (runtime, dir) = journaled(builder(slot()));
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&load(&runtime, "empty", "1.0.0")).unwrap();
    slot.shadow(&load(&runtime, "stateful", "1.1.0"), 2_500).unwrap();
    (0..400).for_each(|number| drop(slot.score(&mail(number))));
    let sampled = records(&runtime, &dir).iter().filter(|record| record.opinions.len() == 2).count();
    assert!((98..=102).contains(&sampled), "{sampled} of 400 at 25 %");
}

#[test]
fn a_canary_decides_its_share_and_the_live_release_scores_it_too() {
    let (runtime, dir) = journaled(builder(slot()));
    let slot = runtime.slot("inbound").unwrap();
    let (live, canary) = (load(&runtime, "empty", "1.0.0"), load(&runtime, "stateful", "1.1.0"));
    assert_eq!(slot.canary(&canary, share(100)), Err(RouteError::NothingLive));
    slot.promote(&live).unwrap();
    slot.canary(&canary, share(3_000)).unwrap();
    let verdicts: Vec<_> = (0..1_000).map(|number| slot.score(&mail(number))).collect();
    let tried = verdicts.iter().filter(|verdict| verdict.decided_by == DecidedBy::Canary).count();
    assert!((230..=370).contains(&tried), "{tried} of 1,000 at 30 %");
    for verdict in &verdicts {
        let expected =
            if verdict.decided_by == DecidedBy::Canary { (&canary, Action::Junk) } else { (&live, Action::Deliver) };
        assert_eq!((verdict.release.as_ref().unwrap(), verdict.action), expected);
    }
    for record in records(&runtime, &dir) {
        match record.decided_by {
            DecidedBy::Canary => {
                assert_eq!(
                    roles(&record),
                    [("hostile@1.1.0".into(), Role::Canary), ("hostile@1.0.0".into(), Role::Live)]
                );
            }
            _ => assert_eq!(roles(&record), [("hostile@1.0.0".into(), Role::Live)]),
        }
    }
}

#[test]
fn a_mirrored_canary_scores_what_it_does_not_decide() {
    let (runtime, dir) = journaled(builder(slot()));
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&load(&runtime, "empty", "1.0.0")).unwrap();
    slot.canary(&load(&runtime, "stateful", "1.1.0"), share(5_000).mirrored(true)).unwrap();
    (0..50).for_each(|number| drop(slot.score(&mail(number))));
    let records = records(&runtime, &dir);
    assert!(records.iter().any(|record| record.decided_by == DecidedBy::Live));
    assert!(records.iter().all(|record| record.opinions.len() == 2));
}

#[test]
fn widening_a_canary_moves_no_message_back_and_copies_meet_one_release() {
    let runtime = builder(slot()).build().unwrap();
    let slot = runtime.slot("inbound").unwrap();
    let releases = ["empty", "stateful", "stateful"].iter().zip(["1.0.0", "1.1.0", "1.2.0"]);
    let [live, first, second]: [ReleaseId; 3] =
        releases.map(|(case, version)| load(&runtime, case, version)).collect::<Vec<_>>().try_into().unwrap();
    slot.promote(&live).unwrap();
    let decided = |number| slot.score(&mail(number)).release.unwrap();
    let mut before: Vec<_> = (0..400).map(decided).collect();
    for (canary, share_bp) in [(&first, 500), (&second, 1_000), (&first, 2_500), (&second, 4_000), (&first, 6_000)] {
        slot.canary(canary, share(share_bp)).unwrap();
        let after: Vec<_> = (0..400).map(decided).collect();
        for (number, (before, after)) in before.iter().zip(&after).enumerate() {
            assert!(before == &live || before == after, "message {number} was moved from {before} to {after}");
            assert_eq!(&decided(number), after, "a copy met another release");
        }
        before = after;
    }
    assert!(!before.contains(&live), "the canaries share everything");
    assert_eq!(slot.canary(&second, share(4_001)), Err(RouteError::SharesAboveAll { left_bp: 4_000 }));
    let by_tenant = Share::new(100, CanaryKey::Tenant);
    assert!(matches!(slot.canary(&second, by_tenant), Err(RouteError::OtherKey { .. })));
}

#[test]
fn a_canary_by_domain_or_tenant_takes_each_as_a_whole() {
    let runtime = builder(slot()).build().unwrap();
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&load(&runtime, "empty", "1.0.0")).unwrap();
    let canary = load(&runtime, "stateful", "1.1.0");
    for (key, message) in [
        (CanaryKey::SenderDomain, of_sender as fn(usize, usize) -> Message),
        (CanaryKey::RecipientDomain, of_recipient),
        (CanaryKey::Tenant, of_tenant),
    ] {
        slot.canary(&canary, Share::new(5_000, key)).unwrap();
        let mut met: BTreeMap<usize, Vec<DecidedBy>> = BTreeMap::new();
        for (group, number) in (0..40).flat_map(|group| (0..3).map(move |number| (group, number))) {
            met.entry(group).or_default().push(slot.score(&message(group, number)).decided_by);
        }
        assert!(met.values().all(|deciders| deciders.iter().all(|one| *one == deciders[0])), "{key}: {met:?}");
        let tried = met.values().filter(|deciders| deciders[0] == DecidedBy::Canary).count();
        assert!((8..=32).contains(&tried), "{key}: {tried} of 40");
        slot.withdraw(&canary).unwrap();
    }
}

fn of_sender(group: usize, number: usize) -> Message {
    Message::parse(format!("From: a@mail{number}.d{group}.example\r\nSubject: s{number}\r\n\r\nx {number}\r\n"))
}

fn of_recipient(group: usize, number: usize) -> Message {
    let envelope = switchback::Envelope::new().recipient(&format!("u{number}@d{group}.example"));
    Message::builder(mail(number).bytes()).envelope(envelope).build()
}

fn of_tenant(group: usize, number: usize) -> Message {
    Message::builder(mail(number).bytes()).tenant(&format!("tenant {group}")).build()
}

#[test]
fn where_a_canary_fails_the_live_release_decides() {
    let (runtime, dir) = journaled(builder(slot()));
    let slot = runtime.slot("inbound").unwrap();
    let live = load(&runtime, "empty", "1.0.0");
    slot.promote(&live).unwrap();
    slot.canary(&load(&runtime, "trap", "1.1.0"), share(BASIS_POINTS)).unwrap();
    let verdict = slot.score(&mail(1));
    assert_eq!((verdict.decided_by, verdict.release.as_ref()), (DecidedBy::Live, Some(&live)));
    assert!(verdict.fault.unwrap().contains("hostile@1.1.0: it trapped"));
    let record = &records(&runtime, &dir)[0];
    assert_eq!(roles(record), [("hostile@1.0.0".into(), Role::Live), ("hostile@1.1.0".into(), Role::Canary)]);
    assert_eq!(record.opinions[1].said, Said::Failed(switchback::verdict::Cause::Trap));
}

#[test]
fn after_a_promotion_the_predecessor_scores_in_reverse_shadow_for_its_cool_off() {
    let (runtime, dir) = journaled(builder(slot()));
    let slot = runtime.slot("inbound").unwrap();
    let (one, two) = (load(&runtime, "empty", "1.0.0"), load(&runtime, "stateful", "1.1.0"));
    slot.promote(&one).unwrap();
    slot.promote(&two).unwrap();
    slot.score(&mail(1));
    slot.revert().unwrap();
    slot.score(&mail(2));
    let records = records(&runtime, &dir);
    assert_eq!(roles(&records[0]), [("hostile@1.1.0".into(), Role::Live), ("hostile@1.0.0".into(), Role::Standby)]);
    assert_eq!(roles(&records[1]), [("hostile@1.0.0".into(), Role::Live)]);
    let report = slot.comparison(&one, &two, 10).unwrap();
    assert_eq!(report.flips.newly_flagged, 1, "the predecessor is the baseline");
}

#[test]
fn without_a_cool_off_nobody_scores_in_reverse_shadow() {
    let (runtime, dir) = journaled(builder(slot().cool_off(Duration::ZERO)));
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&load(&runtime, "empty", "1.0.0")).unwrap();
    slot.promote(&load(&runtime, "stateful", "1.1.0")).unwrap();
    slot.score(&mail(1));
    assert_eq!(records(&runtime, &dir)[0].opinions.len(), 1);
}

#[test]
fn what_does_not_fit_the_cpu_share_is_dropped_and_recorded_so() {
    let (runtime, dir) = journaled(builder(slot()).shadow_cpu_share(1e-9));
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&load(&runtime, "empty", "1.0.0")).unwrap();
    slot.shadow(&load(&runtime, "stateful", "1.1.0"), BASIS_POINTS).unwrap();
    slot.score(&mail(0));
    // Its price is known now: more than a day's earnings.
    runtime.flush();
    (1..100).for_each(|number| drop(slot.score(&mail(number))));
    let records = records(&runtime, &dir);
    let said: Vec<_> = records.iter().map(|record| record.opinions[1].said).collect();
    assert!(matches!(said[0], Said::Scored { .. }));
    assert!(said[1..].iter().all(|said| *said == Said::Dropped(Dropped::Budget)), "{said:?}");
    assert_eq!(said.len(), 100);
}

#[test]
fn the_first_messages_of_a_release_that_decides_are_compared_although_the_cpu_share_is_used_up() {
    let (runtime, dir) = journaled(builder(slot().cool_off(Duration::from_secs(3_600))).shadow_cpu_share(1e-9));
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&load(&runtime, "empty", "1.0.0")).unwrap();
    slot.promote(&load(&runtime, "stateful", "1.1.0")).unwrap();
    for number in 0..300 {
        drop(slot.score(&mail(number)));
        // So that what waits never fills the queue.
        if number % 100 == 0 {
            runtime.flush();
        }
    }
    let records = records(&runtime, &dir);
    let said: Vec<_> = records.iter().map(|record| record.opinions[1].said).collect();
    let compared = said.iter().filter(|said| matches!(said, Said::Scored { .. })).count();
    let dropped = said.iter().filter(|said| **said == Said::Dropped(Dropped::Budget)).count();
    assert_eq!((compared, dropped), (256, 44), "{said:?}");
}

#[test]
fn what_does_not_fit_the_queue_is_dropped_and_every_message_is_recorded_once() {
    let (runtime, dir) = journaled(builder(slot()));
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&load(&runtime, "empty", "1.0.0")).unwrap();
    slot.shadow(&load(&runtime, "stateful", "1.1.0"), BASIS_POINTS).unwrap();
    // 64 MiB may wait; the live release reads nothing of this, a shadow's turn comes seldom enough.
    let large = Message::parse([b"Subject: large\r\n\r\n".to_vec(), vec![b'x'; 40 << 20]].concat());
    let ids: std::collections::BTreeSet<_> = (0..300).map(|_| slot.score(&large).id.unwrap()).collect();
    let records = records(&runtime, &dir);
    assert_eq!(records.iter().map(|record| record.id).collect::<std::collections::BTreeSet<_>>(), ids);
    let dropped = records.iter().filter(|record| record.opinions[1].said == Said::Dropped(Dropped::Queue)).count();
    assert!(dropped > 0, "nothing was dropped");
    assert!(records.iter().all(|record| matches!(record.opinions[1].said, Said::Scored { .. } | Said::Dropped(_))));
}

#[test]
fn a_runtime_ends_although_a_shadow_never_would() {
    let (runtime, dir) = journaled(builder(slot()));
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&load(&runtime, "empty", "1.0.0")).unwrap();
    slot.shadow(&load(&runtime, "loop", "1.1.0"), BASIS_POINTS).unwrap();
    (0..100).for_each(|number| drop(slot.score(&mail(number))));
    // Each message takes the shadow to its deadline; those that still wait when the filter ends are given up.
    drop(runtime);
    let reader = JournalReader::open(dir.path().join("journal")).unwrap();
    let records = reader.last(&Query::default(), 1_000).unwrap().records;
    assert_eq!(records.len(), 100);
    let said: Vec<_> = records.iter().map(|record| record.opinions[1].said).collect();
    assert!(said.contains(&Said::Dropped(Dropped::Shutdown)), "{said:?}");
    assert!(said.iter().all(|said| !matches!(said, Said::Scored { .. })), "{said:?}");
}

#[test]
fn a_canary_that_always_fails_shows_in_the_comparison() {
    let runtime = builder(slot()).build().unwrap();
    let slot = runtime.slot("inbound").unwrap();
    let (live, canary) = (load(&runtime, "empty", "1.0.0"), load(&runtime, "trap", "1.1.0"));
    slot.promote(&live).unwrap();
    slot.canary(&canary, share(BASIS_POINTS)).unwrap();
    (0..20).for_each(|number| drop(slot.score(&mail(number))));
    runtime.flush();
    let report = slot.comparison(&live, &canary, 10).unwrap();
    assert_eq!((report.flips.messages, report.unpaired), (0, 20));
}

#[test]
fn where_every_release_fails_the_record_has_all_of_them_once() {
    let (runtime, dir) = journaled(builder(slot()));
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&load(&runtime, "panic", "1.0.0")).unwrap();
    slot.promote(&load(&runtime, "trap", "1.1.0")).unwrap();
    assert_eq!(slot.score(&mail(1)).decided_by, DecidedBy::Unscanned);
    let record = &records(&runtime, &dir)[0];
    assert_eq!(roles(record), [("hostile@1.1.0".into(), Role::Live), ("hostile@1.0.0".into(), Role::Standby)]);
    assert!(record.opinions.iter().all(|opinion| matches!(opinion.said, Said::Failed(_)) && opinion.took_us > 0));
}

/// Else a canary, which is asked first, is slow for all large mail beside a baseline that finds it read, and the guard's breaker takes it
/// back. What is asserted are sums of one clock, true whatever else the machine does.
#[test]
fn what_the_host_reads_of_a_message_is_no_releases_time() {
    let (runtime, dir) = journaled(builder(slot()));
    let slot = runtime.slot("inbound").unwrap();
    let releases = ["1.0.0", "1.1.0"].map(|version| load(&runtime, "empty", version));
    slot.promote(&releases[0]).unwrap();
    let part = b"--b\nContent-Type: text/html; charset=utf-8\n\n<p>x\n";
    let large = [b"Content-Type: multipart/mixed; boundary=b\n\n", &*part.repeat(1 << 17)].concat();
    let took = |took_us: u32| Duration::from_micros(took_us.into());

    drop(slot.score(&Message::parse(large.clone())));
    let record = &records(&runtime, &dir)[0];
    let (parse, total) = (record.timing.parse, record.timing.total);
    assert!(parse + took(record.opinions[0].took_us) <= total, "{record:?}");

    let (both, message) = (SideBySide::new(&runtime, releases, Thresholds::default()), Message::parse(large));
    let (start, read_before) = (Instant::now(), time_of_thread());
    let [before, after] = both.ask(&message).sides;
    let (whole, read) = (start.elapsed(), time_of_thread() - read_before);
    assert!(read + took(before.took_us) + took(after.took_us) <= whole, "{read:?} of {whole:?}: {before:?}, {after:?}");
}
