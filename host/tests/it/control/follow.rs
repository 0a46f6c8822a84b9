//! Every process follows.

use switchback::control::{Admission, ControlError, Operation, PromoteError, Refused, Request};
use switchback::verdict::Role;
use switchback::{BuildError, Control, Runtime, SlotConfig};

use super::support::{Change, PATIENCE, Store, promote, revert, until};
use crate::support::message;

#[test]
fn a_change_of_the_store_is_a_change_of_every_process() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let processes = [store.process(), store.process(), store.process()];
    let changes: [(Change, usize); 3] =
        [(promote(&releases[0]).into(), 0), (promote(&releases[1]).into(), 1), (revert().into(), 0)];
    for (change, live) in changes {
        let event = store.obeyed(change);
        for process in &processes {
            let verdict = process.slot("inbound").unwrap().score(&message());
            assert_eq!((verdict.release.as_ref(), verdict.generation), (Some(&releases[live]), event.generation));
        }
    }
}

#[test]
fn a_process_that_starts_later_is_in_the_same_state() {
    let (store, releases) = Store::with(&["empty", "stateful", "abstain"]);
    let early = store.process();
    releases.iter().for_each(|release| drop(store.obeyed(promote(release))));
    store.obeyed(revert());
    let late = store.process();
    let state = |runtime: &Runtime| {
        let slot = runtime.slot("inbound").unwrap();
        (slot.live(), slot.standbys(), slot.generation())
    };
    assert_eq!(state(&early), state(&late));
    assert_eq!(late.slot("inbound").unwrap().live().as_ref(), Some(&releases[1]));
}

#[test]
fn a_release_is_compiled_by_who_loads_it_and_mapped_by_the_others() {
    let store = Store::new();
    let operator = Runtime::builder().cache_dir(store.path()).instances(4).build().unwrap();
    let (_dir, file) = super::support::file("empty", "1.0.0");
    let follower =
        Runtime::builder().slot(SlotConfig::new("inbound")).store_dir(store.path()).instances(4).build().unwrap();
    let (release, _) = operator.load_into(&store.control, file).unwrap();
    store.control.wait_until_ready(&release, PATIENCE).unwrap();
    assert_eq!((operator.load_counts().compiled, operator.load_counts().mapped), (1, 0));
    assert_eq!((follower.load_counts().compiled, follower.load_counts().mapped), (0, 1));
}

#[test]
fn a_revert_by_a_process_itself_holds_at_once_and_then_everywhere() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let [one, other] = [store.process(), store.process()];
    store.obeyed(promote(&releases[0]));
    let before = store.obeyed(promote(&releases[1]));
    let generation = one.slot("inbound").unwrap().revert().unwrap().generation;
    let verdict = one.slot("inbound").unwrap().score(&message());
    assert_eq!((verdict.release.as_ref(), verdict.generation), (Some(&releases[0]), generation));
    assert!(generation > before.generation);
    until("the other process obeys", || other.slot("inbound").unwrap().generation() == generation);
    assert_eq!(other.slot("inbound").unwrap().live().as_ref(), Some(&releases[0]));
    let last = store.control.history().unwrap().pop().unwrap();
    assert!(matches!(&last.operation, Operation::Revert { emergency: Some(e), .. } if e.generation == generation));
}

#[test]
fn a_revert_while_the_store_is_away_is_written_when_it_is_back() {
    let (store, releases) = Store::with(&["empty", "stateful", "abstain"]);
    let [one, other] = [store.process(), store.process()];
    for release in &releases {
        store.obeyed(promote(release));
    }
    let database = store.path().join("control.db");
    let away = store.path().join("away.db");
    std::fs::rename(&database, &away).unwrap();
    let generation = one.slot("inbound").unwrap().revert().unwrap().generation;
    assert_eq!(one.slot("inbound").unwrap().score(&message()).release.as_ref(), Some(&releases[1]));
    assert_eq!(
        other.slot("inbound").unwrap().score(&message()).release.as_ref(),
        Some(&releases[2]),
        "scoring goes on"
    );
    std::fs::rename(&away, &database).unwrap();
    until("the other process obeys", || other.slot("inbound").unwrap().generation() == generation);
    assert_eq!(other.slot("inbound").unwrap().live().as_ref(), Some(&releases[1]));
    assert_eq!(one.slot("inbound").unwrap().generation(), generation);
    assert_eq!(store.control.state().unwrap().generation, generation);
}

#[test]
fn a_filter_starts_without_a_store_that_it_can_read_only_with_an_error() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("control.db"), "this is no database, and long enough to be seen as none").unwrap();
    let error = Runtime::builder().slot(SlotConfig::new("inbound")).store_dir(dir.path()).instances(4).build();
    let error = error.err().unwrap();
    assert!(matches!(&error, BuildError::Store(why) if why.to_string().contains("damaged")), "{error}");
    assert!(std::fs::read(dir.path().join("control.db")).unwrap().starts_with(b"this is no"), "it was kept");
}

#[test]
fn of_two_operators_who_saw_the_same_one_wins_and_the_other_is_told() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let other = Control::open(store.path()).unwrap().author("bob");
    let (saw, also_saw) = (store.control.ledger().unwrap(), other.ledger().unwrap());
    store.control.admit_after(&saw, promote(&releases[0])).unwrap();
    let error = other.admit_after(&also_saw, promote(&releases[1])).unwrap_err();
    assert!(matches!(&error, PromoteError::Control(ControlError::Overtaken(events)) if events.len() == 1), "{error}");
    assert!(error.to_string().contains("by ada"), "{error}");
    // What is no route does not get in each other's way.
    let saw = store.control.ledger().unwrap();
    other.commit(Request::Freeze { slot: None }).unwrap();
    let error = store.control.admit_after(&saw, promote(&releases[1])).unwrap_err();
    assert!(matches!(error, PromoteError::Control(ControlError::Refused(Refused::Frozen { .. }))), "{error}");
    store.control.commit_after(&saw, Request::Thaw { slot: None }).unwrap_err();
    other.commit(Request::Thaw { slot: None }).unwrap();
}

#[test]
fn what_the_store_unloads_is_let_go_and_what_a_program_loaded_by_itself_stays() {
    let (store, releases) = Store::with(&["empty"]);
    let process = store.process();
    let own = crate::support::load(&process, "stateful", "3.0.0");
    store.obeyed(Request::Unload { release: releases[0].clone() });
    until("the release is let go", || process.releases() == std::slice::from_ref(&own));
    store.obeyed(Request::Freeze { slot: None });
    assert_eq!(process.releases(), [own]);
}

#[test]
fn a_process_that_reverts_by_itself_ends_the_rollout_and_its_canary_everywhere() {
    let (store, releases) = Store::with(&["empty", "stateful", "abstain"]);
    store.control.promote(promote(&releases[0])).unwrap();
    store.control.promote(promote(&releases[1])).unwrap();
    let [one, other] = [store.process(), store.process()];
    let release = releases[2].clone();
    let plan = "shadow 24h, 100%".parse().unwrap();
    store.obeyed(Admission::Rollout {
        slot: "inbound".to_owned(),
        release: release.clone(),
        plan,
        ready_within: PATIENCE,
    });
    let slot = |process: &Runtime| process.slot("inbound").unwrap().role(&release);
    assert_eq!((slot(&one), slot(&other)), (Some(Role::Shadow), Some(Role::Shadow)));
    one.slot("inbound").unwrap().revert().unwrap();
    until("both obey", || [&one, &other].iter().all(|process| slot(process).is_none()));
    let history = store.control.history().unwrap();
    let last: Vec<_> = history[history.len() - 3..].iter().map(|event| &event.operation).collect();
    assert!(matches!(
        last[..],
        [Operation::StopRollout { .. }, Operation::Revert { emergency: Some(_), .. }, Operation::Withdraw { .. }]
    ));
    assert_eq!(store.control.state().unwrap().slots["inbound"].rollout, None);
}
