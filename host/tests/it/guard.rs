//! The guard at work: in stores with several processes, without a store, and where things fail.

mod failing;
mod rollout;
mod support;

use switchback::alert::{Alert, AlertConfig, Response};
use switchback::control::{Admission, ControlError, GuardAction, PromoteError, Refused, Request};
use switchback::guard::GuardReader;
use switchback::guard::{Evidence, GuardSettings, Mode, Segment};
use switchback::route::{BASIS_POINTS, CanaryKey, Share};
use switchback::verdict::DecidedBy;
use switchback::{Action, RouteError, Runtime};

use self::support::{Filter, GMAIL, forged, guarded, harmful_slot, mail};
use crate::control::support::{PATIENCE, until};
use crate::support::{load, shared_cache};

/// Scores mail of known people until the guard has acted, at most 60 messages, alternately in each process. Returns how
/// many it took.
fn until_it_acts(filter: &Filter, processes: &[&Runtime], first: u32) -> u32 {
    for number in 0..60 {
        processes[number as usize % processes.len()].slot("inbound").unwrap().score(&mail(first + number, GMAIL));
        processes.iter().for_each(|process| process.flush());
        if filter.acted().is_some() {
            return number + 1;
        }
    }
    panic!("the guard has not acted: {:?}", filter.store.control.history().unwrap().last());
}

#[test]
fn a_bad_release_is_reverted_on_what_all_processes_saw_together() {
    let filter = Filter::harmful();
    filter.teach(60);
    let processes = [filter.process(), filter.process()];
    filter.promote_bad();
    filter.store.obeyed(Request::Freeze { slot: None });
    let scored = until_it_acts(&filter, &[&processes[0], &processes[1]], 0);
    let (event, action, evidence) = filter.acted().unwrap();
    assert_eq!((event.author.as_str(), action), ("guard", GuardAction::Revert), "a freeze stops no revert");
    let Evidence::Flips(flips) = &evidence else { panic!("{evidence:?}") };
    assert_eq!(flips.segment, Segment::Domain("gmail.com".into()));
    assert_eq!(flips.counts.all, u64::from(scored), "each message of both processes counts once");
    assert!(flips.agrees() && flips.is_sufficient() && scored < 40, "{flips:?}");
    assert!(event.reason.contains("10^"), "{}", event.reason);
    let state = filter.store.control.state().unwrap();
    assert_eq!(state.slots["inbound"].live.as_ref(), Some(&filter.good));
    assert!(state.quarantined.contains_key(&filter.bad.digest));
    filter.store.control.acknowledgements(&event, PATIENCE).unwrap();
    for process in &processes {
        assert_eq!(process.slot("inbound").unwrap().score(&mail(99, GMAIL)).action, Action::Deliver);
        process.flush();
    }
    assert_eq!(filter.count_of_guard_events(), 1, "one of them did it");
    let alerts = GuardReader::open(filter.store.path()).unwrap().alerts(10).unwrap();
    let told: Vec<_> = alerts.iter().filter(|kept| kept.alert.event == Some(event.sequence)).collect();
    assert_eq!(told.len(), 1, "{alerts:?}");
    assert!(told[0].alert.undo.as_ref().unwrap().contains("hostile@1.1.0"));
}

#[test]
fn senders_that_nobody_knows_cause_a_warning_and_no_revert() {
    let filter = Filter::harmful();
    let process = filter.process();
    filter.promote_bad();
    let slot = process.slot("inbound").unwrap();
    (0..60).for_each(|number| drop(slot.score(&mail(number, GMAIL))));
    (0..60).for_each(|number| drop(slot.score(&forged(number))));
    process.flush();
    assert_eq!(filter.acted(), None);
    assert_eq!(slot.live().as_ref(), Some(&filter.bad));
    let alerts = GuardReader::open(filter.store.path()).unwrap().alerts(10).unwrap();
    assert!(alerts.iter().any(|kept| kept.alert.kind == switchback::alert::Kind::Warning), "{alerts:?}");
}

#[test]
fn counts_survive_the_end_of_a_process() {
    let filter = Filter::harmful();
    filter.teach(60);
    let first = filter.process();
    filter.promote_bad();
    (0..8).for_each(|number| drop(first.slot("inbound").unwrap().score(&mail(number, GMAIL))));
    first.flush();
    assert_eq!(filter.acted(), None, "8 are below the floor");
    drop(first);
    let second = filter.process();
    let scored = until_it_acts(&filter, &[&second], 8);
    let (_, _, Evidence::Flips(flips)) = filter.acted().unwrap() else { panic!("no flips") };
    assert_eq!(flips.counts.all, u64::from(8 + scored));
}

#[test]
fn a_harmful_canary_is_withdrawn() {
    let filter = Filter::harmful();
    filter.teach(60);
    let process = filter.process();
    let (slot, release) = ("inbound".to_owned(), filter.bad.clone());
    let key = CanaryKey::Content;
    let readiness = filter.patiently();
    filter.store.obeyed(Admission::Canary { slot, release, share_bp: 5_000, key, mirrored: true, readiness });
    until_it_acts(&filter, &[&process], 0);
    assert_eq!(filter.acted().unwrap().1, GuardAction::Withdraw);
    let state = filter.store.control.state().unwrap();
    assert!(!state.slots["inbound"].uses(&filter.bad));
    assert!(state.slots["inbound"].harmful.contains_key(&filter.bad.digest));
}

#[test]
fn a_harmful_shadow_is_not_promoted_unless_somebody_forces_it() {
    let filter = Filter::harmful();
    filter.teach(60);
    let process = filter.process();
    let (slot, release) = ("inbound".to_owned(), filter.bad.clone());
    filter.store.obeyed(Request::Shadow { slot, release, rate_bp: BASIS_POINTS });
    until_it_acts(&filter, &[&process], 0);
    assert_eq!(filter.acted().unwrap().1, GuardAction::Block);
    let refused = filter.promote(&filter.bad, filter.patiently());
    assert!(
        matches!(refused, Err(PromoteError::Control(ControlError::Refused(Refused::Harmful { .. })))),
        "{refused:?}"
    );
    filter.promote(&filter.bad, switchback::control::Readiness::Skip).unwrap();
}

#[test]
fn one_segment_goes_back_by_itself_and_the_rest_stays() {
    let filter = Filter::harmful();
    filter.teach(60);
    filter.set(GuardSettings::default().segment_reverts(1));
    let process = filter.process();
    filter.promote_bad();
    until_it_acts(&filter, &[&process], 0);
    let (event, action, _) = filter.acted().unwrap();
    assert_eq!(action, GuardAction::RevertSegment);
    filter.store.control.acknowledgements(&event, PATIENCE).unwrap();
    let slot = process.slot("inbound").unwrap();
    for number in 100..140 {
        let verdict = slot.score(&mail(number % 60, GMAIL));
        assert_eq!((verdict.action, verdict.decided_by), (Action::Deliver, DecidedBy::Segment));
    }
    process.flush();
    assert_eq!(filter.count_of_guard_events(), 1, "what has gone back is no reason for more");
    assert_eq!(slot.score(&mail(1, "shop.example")).release.as_ref(), Some(&filter.bad));
    let Some((_, _, Evidence::Flips(flips))) = filter.acted() else { panic!("no flips") };
    let restoration = |readiness| {
        let (slot, segment) = ("inbound".to_owned(), flips.segment.clone());
        filter.store.control.admit(Admission::Restoration { slot, segment, readiness })
    };
    let refused = restoration(filter.patiently());
    assert!(matches!(&refused, Err(PromoteError::Harmed { segments, .. }) if *segments == [flips.segment.clone()]));
    restoration(switchback::control::Readiness::Skip).unwrap();
    // What an operator put back an operator restores.
    let segment: Segment = "shop.example".parse().unwrap();
    let back = Request::RevertSegment { slot: "inbound".to_owned(), segment: segment.clone(), to: None };
    filter.store.obeyed(back);
    let readiness = filter.patiently();
    filter.store.obeyed(Admission::Restoration { slot: "inbound".to_owned(), segment, readiness });
}

#[test]
fn a_segment_goes_back_by_hand_without_a_store() {
    let off = GuardSettings::default().mode(Mode::Off);
    let runtime = guarded(harmful_slot().guard(off)).cache_dir(shared_cache()).build().unwrap();
    let slot = runtime.slot("inbound").unwrap();
    let (good, bad) = (load(&runtime, "empty", "1.0.0"), load(&runtime, "stateful", "1.1.0"));
    let gmail = "provider:gmail".parse().unwrap();
    slot.promote(&good).unwrap();
    assert_eq!(slot.revert_segment(&gmail), Err(RouteError::NoStandby));
    let below = slot.revert_segment(&Segment::Domain("mail.gmail.com".into())).unwrap_err().to_string();
    assert!(below.contains("counted under gmail.com"), "{below}");
    slot.promote(&bad).unwrap();
    let generation = slot.revert_segment(&gmail).unwrap();
    for domain in [GMAIL, "googlemail.com"] {
        let verdict = slot.score(&mail(1, domain));
        assert_eq!((verdict.release.as_ref(), verdict.decided_by), (Some(&good), DecidedBy::Segment), "{domain}");
        assert_eq!(verdict.generation, generation);
    }
    // Who only says to be from there is not of the segment.
    for other in [mail(1, "shop.example"), forged(1)] {
        assert_eq!(slot.score(&other).release.as_ref(), Some(&bad));
    }
    slot.restore_segment(&gmail).unwrap();
    assert_eq!(slot.score(&mail(1, GMAIL)).release.as_ref(), Some(&bad));
    assert!(matches!(slot.restore_segment(&gmail), Err(RouteError::NoSegmentRule(_))));
}

#[test]
fn what_does_harm_is_let_in_by_nobody_although_nothing_was_done_about_it() {
    let filter = Filter::harmful();
    filter.teach(60);
    filter.set(GuardSettings::default().mode(Mode::Warn));
    let process = filter.process();
    let (slot, release) = ("inbound".to_owned(), filter.bad.clone());
    filter.store.obeyed(Request::Shadow { slot: slot.clone(), release: release.clone(), rate_bp: BASIS_POINTS });
    (0..60).for_each(|number| drop(process.slot("inbound").unwrap().score(&mail(number, GMAIL))));
    process.flush();
    let refused = filter.promote(&filter.bad, filter.patiently());
    let Err(PromoteError::Harmed { segments, .. }) = refused else { panic!("{refused:?}") };
    assert!(segments.contains(&Segment::Domain("gmail.com".into())), "{segments:?}");
    let key = CanaryKey::Content;
    let rollout = |plan: &str| Admission::Rollout {
        slot: slot.clone(),
        release: release.clone(),
        plan: plan.parse().unwrap(),
        ready_within: PATIENCE,
    };
    let (readiness, seen) = (filter.patiently(), filter.store.control.ledger().unwrap());
    for admission in [
        Admission::Canary {
            slot: slot.clone(),
            release: release.clone(),
            share_bp: 100,
            key,
            mirrored: false,
            readiness,
        },
        rollout("1% 1h, 100%"),
        rollout("100%"),
    ] {
        let tried = filter.store.control.dry_run_admission(&seen, &admission);
        assert!(matches!(tried, Err(PromoteError::Harmed { .. })), "{admission:?}");
        let refused = filter.store.control.admit(admission);
        assert!(matches!(refused, Err(PromoteError::Harmed { .. })), "{refused:?}");
    }
    // A shadow decides nothing: its steps that do are checked when they are made.
    filter.store.control.dry_run_admission(&seen, &rollout("shadow 1h, 100%")).unwrap();
    filter.promote(&filter.bad, switchback::control::Readiness::Skip).unwrap();
}

#[test]
fn a_guard_that_may_only_warn_changes_nothing() {
    let filter = Filter::harmful();
    filter.teach(60);
    filter.set(GuardSettings::default().mode(Mode::Warn));
    let process = filter.process();
    filter.promote_bad();
    (0..60).for_each(|number| drop(process.slot("inbound").unwrap().score(&mail(number, GMAIL))));
    process.flush();
    assert_eq!(filter.acted(), None);
    let alerts = GuardReader::open(filter.store.path()).unwrap().alerts(10).unwrap();
    assert!(alerts.iter().any(|kept| kept.alert.kind == switchback::alert::Kind::Harm), "{alerts:?}");
    for mode in [Mode::Warn, Mode::Off, Mode::Warn] {
        filter.set(GuardSettings::default().mode(mode));
        process.flush();
    }
    let again = GuardReader::open(filter.store.path()).unwrap().alerts(10).unwrap();
    assert_eq!(again.len(), alerts.len(), "it is told once");
    // What was found is done as soon as it may be, without any more mail.
    filter.set(GuardSettings::default());
    until("the guard acts", || {
        process.flush();
        filter.acted().is_some()
    });
    assert_eq!(filter.acted().unwrap().1, GuardAction::Revert);
}

#[test]
fn without_a_store_the_guard_reverts_and_bars_the_release_until_it_is_cleared() {
    // Without a store nobody is known from earlier days.
    let settings = GuardSettings::default().known_days(0);
    let runtime = guarded(harmful_slot().guard(settings)).cache_dir(shared_cache()).build().unwrap();
    let slot = runtime.slot("inbound").unwrap();
    let (good, bad) = (load(&runtime, "empty", "1.0.0"), load(&runtime, "stateful", "1.1.0"));
    slot.promote(&good).unwrap();
    slot.promote(&bad).unwrap();
    for number in 0..40 {
        slot.score(&mail(number, GMAIL));
    }
    runtime.flush();
    assert_eq!((slot.live().as_ref(), slot.standbys().as_slice()), (Some(&good), [].as_slice()));
    assert_eq!(slot.promote(&bad), Err(RouteError::Harmful(bad.clone())));
    let share = Share::new(100, CanaryKey::Content);
    assert_eq!(slot.canary(&bad, share), Err(RouteError::Harmful(bad.clone())));
    slot.clear_harmful(&bad).unwrap();
    slot.promote(&bad).unwrap();
}

#[test]
fn an_alert_is_delivered_once_by_the_process_that_raised_it() {
    let filter = Filter::harmful();
    filter.teach(60);
    let mailbox = tempfile::NamedTempFile::new().unwrap();
    let file = mailbox.path().display();
    let alerts = AlertConfig::default().command(format!("cat >> {file}; echo >> {file}"));
    let processes = [(), ()].map(|()| filter.builder().alerts(alerts.clone()).build().unwrap());
    filter.promote_bad();
    until_it_acts(&filter, &[&processes[0], &processes[1]], 0);
    processes.iter().for_each(Runtime::flush);
    let received = std::fs::read_to_string(mailbox.path()).unwrap();
    let received: Vec<Alert> = received.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let reverted = received.iter().filter(|alert| alert.response == Response::Reverted).count();
    assert_eq!(reverted, 1, "{received:?}");
    let kept = GuardReader::open(filter.store.path()).unwrap().alerts(10).unwrap();
    assert!(kept.iter().all(|kept| kept.delivered_at.is_some()) && kept.len() == received.len(), "{kept:?}");
}

#[test]
fn a_release_that_traps_for_known_senders_is_reverted_without_statistics() {
    let filter = Filter::with(&["empty", "trap"]);
    filter.teach(60);
    let process = filter.process();
    filter.promote_bad();
    (0..3).for_each(|number| drop(process.slot("inbound").unwrap().score(&mail(number, GMAIL))));
    process.flush();
    let (_, action, evidence) = filter.acted().unwrap();
    assert_eq!(action, GuardAction::Revert);
    assert!(matches!(evidence, Evidence::Breaker(_)), "{evidence:?}");
}
