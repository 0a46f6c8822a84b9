//! What every `ControlStore` has to hold. Each check is given a fresh store, opened twice.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use switchback::Digest;
use switchback::control::{
    Acknowledgement, ControlStore, Drafted, Event, EventSequence, Ledger, Mark, NewProcess, Preparation, Presence,
    Proposal, ReleaseStamps, Request, SqliteStore, StoreError, Watched,
};
use switchback::route::Generation;

use super::memory_store::MemoryStore;
use super::support::PATIENCE;

type Check = fn(&dyn ControlStore, &dyn ControlStore);

const CHECKS: [Check; 8] = [
    an_event_is_added_once_and_seen_by_everybody,
    of_two_events_that_follow_the_same_one_is_added,
    a_process_is_there_until_it_lets_go,
    what_a_process_says_is_seen,
    what_is_asked_for_is_asked_until_it_is_reported,
    hits_add_up,
    a_release_is_read_as_it_was_kept,
    whoever_waits_is_woken,
];

#[test]
fn sqlite_is_a_control_store() {
    for check in CHECKS {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (SqliteStore::create(dir.path()).unwrap(), SqliteStore::open(dir.path()).unwrap());
        check(&one, &other);
    }
}

#[test]
fn a_store_in_memory_is_a_control_store() {
    for check in CHECKS {
        let store = MemoryStore::new();
        check(&store, &store.clone());
    }
}

/// The event that freezes everything, after what a store holds.
fn next(store: &dyn ControlStore, author: &str) -> Drafted {
    let mut ledger = Ledger::default();
    store.entries_after(EventSequence::NONE).unwrap().iter().for_each(|entry| drop(ledger.follow(entry).unwrap()));
    let frozen = ledger.state().frozen.is_some();
    let request = if frozen { Request::Thaw { slot: None } } else { Request::Freeze { slot: None } };
    ledger.state().draft(Proposal::new(author, "", request), Timestamp::now(), ledger.head()).unwrap()
}

fn process(name: &str) -> NewProcess {
    NewProcess::new(name, 1, Timestamp::UNIX_EPOCH, vec!["inbound".to_owned()])
}

fn an_event_is_added_once_and_seen_by_everybody(one: &dyn ControlStore, other: &dyn ControlStore) {
    assert!(one.head().unwrap().is_none() && one.entries_after(EventSequence::NONE).unwrap().is_empty());
    let event = next(one, "ada");
    one.append(&event).unwrap();
    assert!(matches!(one.append(&event), Err(StoreError::Conflict)));
    let entries = other.entries_after(EventSequence::NONE).unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(Event::from_json(&entries[0].body).unwrap(), event.into_event());
    assert_eq!(other.head().unwrap(), Some((EventSequence::new(1), entries[0].hash)));
    other.append(&next(other, "bob")).unwrap();
    assert_eq!(one.entries_after(EventSequence::new(1)).unwrap().len(), 1);
    assert!(one.entries_after(EventSequence::new(2)).unwrap().is_empty());
}

fn of_two_events_that_follow_the_same_one_is_added(one: &dyn ControlStore, other: &dyn ControlStore) {
    let (first, second) = (next(one, "ada"), next(other, "bob"));
    other.append(&second).unwrap();
    assert!(matches!(one.append(&first), Err(StoreError::Conflict)));
    assert_eq!(Event::from_json(&one.entries_after(EventSequence::NONE).unwrap()[0].body).unwrap().author, "bob");
}

fn a_process_is_there_until_it_lets_go(one: &dyn ControlStore, other: &dyn ControlStore) {
    let first = one.register(&process("first")).unwrap();
    let second = one.register(&process("second")).unwrap();
    let names = || other.processes().unwrap().into_iter().map(|one| one.registered.name).collect::<Vec<_>>();
    assert_eq!(names(), ["first", "second"]);
    let numbers = [first.process(), second.process()];
    drop(first);
    assert_eq!(names(), ["second"]);
    let third = one.register(&process("third")).unwrap();
    assert!(!numbers.contains(&third.process()), "a number is given once");
}

fn what_a_process_says_is_seen(one: &dyn ControlStore, other: &dyn ControlStore) {
    let member = one.register(&process("filter")).unwrap();
    let seen = || other.processes().unwrap().remove(0);
    assert_eq!((seen().acknowledged, seen().preparations.len()), (None, 0));
    for sequence in 1..3 {
        let mut mark = Mark::default();
        (mark.sequence, mark.generation) = (EventSequence::new(sequence), Generation::new(sequence));
        mark.head = Digest::of(b"");
        let mut said = Acknowledgement::new(mark, Timestamp::UNIX_EPOCH);
        said.problem = (sequence == 2).then(|| "why".to_owned());
        said.stopped = sequence == 2;
        said.undecided = vec!["inbound".to_owned()];
        one.acknowledge(&member, &said).unwrap();
        assert_eq!(seen().acknowledged, Some(said));
    }
    let release = Digest::of(b"release");
    for said in [Preparation::Failed { why: "no room".to_owned() }, Preparation::Ready] {
        one.report(&member, &release, Some(&said)).unwrap();
        assert_eq!(seen().preparation(&release), Some(&said));
    }
    one.report(&member, &release, None).unwrap();
    assert_eq!(seen().preparation(&release), None);
}

fn what_is_asked_for_is_asked_until_it_is_reported(one: &dyn ControlStore, other: &dyn ControlStore) {
    let mut member = one.register(&process("filter")).unwrap();
    assert_eq!(one.keep_present(&mut member, &process("filter")).unwrap(), Presence::Kept);
    let release = Digest::of(b"release");
    other.ask_for(&release).unwrap();
    assert_eq!(one.asked_of(&member).unwrap(), [release]);
    one.report(&member, &release, Some(&Preparation::Ready)).unwrap();
    other.ask_for(&release).unwrap();
    assert!(one.asked_of(&member).unwrap().is_empty());
}

fn a_release_is_read_as_it_was_kept(one: &dyn ControlStore, other: &dyn ControlStore) {
    let release = Digest::of(b"release");
    let before = other.release_stamps(&release);
    assert_eq!(before, ReleaseStamps::default());
    assert!(other.find_release(&release).is_err() && other.read_release(&release, 10).is_err());
    one.keep_release(&release, b"release", Some("signature")).unwrap();
    other.find_release(&release).unwrap();
    assert_eq!(other.read_release(&release, 10).unwrap(), (b"release".to_vec(), Some("signature".to_owned())));
    assert_eq!(other.read_release(&release, 3).unwrap().0, b"rele", "one byte more shows that there is more");
    let kept = other.release_stamps(&release);
    assert!(kept.file.is_some() && kept.signature.is_some());
    one.set_release_aside(&release).unwrap();
    assert!(other.find_release(&release).is_err() && other.release_stamps(&release).file.is_none());
}

fn hits_add_up(one: &dyn ControlStore, other: &dyn ControlStore) {
    one.add_hits(&[(3, 1), (5, 2)]).unwrap();
    other.add_hits(&[(5, 40)]).unwrap();
    assert_eq!(one.hits().unwrap(), [(3, 1), (5, 42)]);
}

fn whoever_waits_is_woken(one: &dyn ControlStore, other: &dyn ControlStore) {
    let mut watch = one.watch(Watched::All).unwrap();
    let mut wakes = |what: &str, act: &mut dyn FnMut()| {
        let begun = Instant::now();
        act();
        watch.wait(PATIENCE);
        assert!(begun.elapsed() < PATIENCE, "{what} wakes nobody");
        // What came with it, such as a second touch of the same file.
        watch.wait(Duration::ZERO);
    };
    wakes("an event", &mut || other.append(&next(other, "ada")).unwrap());
    let member = other.register(&process("filter"));
    wakes("a report", &mut || {
        other.report(member.as_ref().unwrap(), &Digest::of(b""), Some(&Preparation::Ready)).unwrap();
    });
    let bell = watch.bell();
    let begun = Instant::now();
    bell();
    watch.wait(PATIENCE);
    assert!(begun.elapsed() < PATIENCE, "a bell wakes nobody");
}
