//! Releases that nobody uses: a process maps them when they are asked for.

use std::path::Path;

use switchback::control::{Preparation, Readiness, Request};
use switchback::{Control, ReleaseId};

use super::support::{PATIENCE, Store, guard_off, promote, until};
use crate::support::message;

/// More than a process keeps without a role.
const MANY: usize = 12;

fn store() -> (Store, Vec<ReleaseId>) {
    Store::with(&["empty"; MANY])
}

fn ready(store: &Store, release: &ReleaseId) -> bool {
    let processes = store.control.processes().unwrap();
    processes.iter().all(|one| one.preparation(&release.digest) == Some(&Preparation::Ready))
}

#[test]
fn a_process_that_starts_maps_what_has_a_role_and_others_when_they_are_asked_for() {
    let (store, releases) = store();
    store.control.promote(promote(&releases[0])).unwrap();
    store.control.promote(promote(&releases[1])).unwrap();
    let process = store.process();
    assert_eq!(process.releases(), releases[..2], "the live one and its standby");
    assert!(!ready(&store, &releases[5]));
    store.control.wait_until_ready(&releases[5], PATIENCE).unwrap();
    assert_eq!(process.releases().len(), 3);
    // It is asked for before it is promoted.
    let waited = promote(&releases[7]).readiness(Readiness::Wait(PATIENCE));
    store.control.commit(guard_off()).unwrap();
    let event = store.control.promote(waited).unwrap().event;
    let obeyed = store.control.acknowledgements(&event, PATIENCE).unwrap();
    assert_eq!((obeyed.obeyed.len(), obeyed.obeyed[0].problem.as_ref()), (1, None));
    assert_eq!(process.slot("inbound").unwrap().live().as_ref(), Some(&releases[7]));
}

#[test]
fn what_sleeps_gets_a_role_in_full_even_if_nobody_waits_for_it() {
    let (store, releases) = store();
    store.control.promote(promote(&releases[0])).unwrap();
    let process = store.process();
    let shadow = Request::Shadow { slot: "inbound".into(), release: releases[4].clone(), rate_bp: 10_000 };
    let events =
        [store.control.commit(shadow).unwrap().event, store.control.promote(promote(&releases[9])).unwrap().event];
    for event in &events {
        let obeyed = store.control.acknowledgements(event, PATIENCE).unwrap();
        assert_eq!((obeyed.obeyed.len(), obeyed.obeyed[0].problem.as_ref()), (1, None), "{}", event.operation);
    }
    assert_eq!(process.slot("inbound").unwrap().score(&message()).release.as_ref(), Some(&releases[9]));
}

#[test]
fn a_process_keeps_few_releases_without_a_role_however_many_are_loaded() {
    let store = Store::new();
    let process = store.process();
    let releases: Vec<_> = (0..MANY).map(|minor| store.load("empty", &format!("1.{minor}.0"))).collect();
    store.control.wait_until_ready(&releases[MANY - 1], PATIENCE).unwrap();
    until("the first ones sleep", || process.releases().len() == 8);
    assert_eq!(process.releases().len(), 8);
    until("that is known", || !ready(&store, &releases[0]));
    // Each of them is ready again when it is wanted.
    for release in &releases {
        let event = store.control.promote(promote(release)).unwrap().event;
        let obeyed = store.control.acknowledgements(&event, PATIENCE).unwrap();
        assert_eq!(obeyed.obeyed[0].problem, None, "{release}");
        assert_eq!(process.slot("inbound").unwrap().live().as_ref(), Some(release));
    }
}

#[test]
fn a_process_that_begins_while_a_release_is_waited_for_is_asked_too() {
    let (store, releases) = store();
    store.control.promote(promote(&releases[0])).unwrap();
    let _first = store.process();
    let path = store.path().to_owned();
    let wait = |path: &Path, release: &ReleaseId| Control::open(path).unwrap().wait_until_ready(release, PATIENCE);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| wait(&path, &releases[3]));
        let second = store.process();
        let ready = waiting.join().unwrap().unwrap();
        assert!(!ready.is_empty());
        assert_eq!(wait(&path, &releases[3]).unwrap().len(), 2);
        drop(second);
    });
}
