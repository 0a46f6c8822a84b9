//! Who follows a store is seen, whatever happens to its files.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use switchback::control::{
    Accept, ControlStore as _, EventSequence, NewProcess, SqliteStore, StoreError, StoreProcess,
};
use switchback::runtime::FollowTrouble;
use switchback::{Control, Runtime};

use super::support::{Store, copy_database, promote, until, write_over};

fn database(store: &Path) -> Connection {
    Connection::open(store.join("control.db")).unwrap()
}

fn processes(store: &Path) -> Vec<StoreProcess> {
    Control::open(store).unwrap().processes().unwrap()
}

fn obeys(process: &StoreProcess, sequence: EventSequence) -> bool {
    process.acknowledged.as_ref().is_some_and(|known| known.sequence >= sequence && !known.stopped)
}

#[test]
fn a_process_whose_row_is_gone_is_counted_and_registers_again() {
    let (store, releases) = Store::with(&["empty"]);
    let _process = store.builder().name("filter").build().unwrap();
    database(store.path()).execute_batch("DELETE FROM processes").unwrap();
    let seen = store.control.processes().unwrap();
    assert_eq!(seen.len(), 1, "it holds its lock");
    assert_eq!((seen[0].registered.name.as_str(), seen[0].registered.pid), ("filter", std::process::id()));
    store.obeyed(promote(&releases[0]));
}

#[test]
fn a_process_whose_lock_is_gone_takes_it_again() {
    let (store, releases) = Store::with(&["empty"]);
    let _process = store.process();
    let number = store.control.processes().unwrap()[0].number;
    fs::remove_dir_all(store.path().join("processes")).unwrap();
    until("it is seen again", || store.control.processes().unwrap().iter().any(|process| process.number == number));
    store.obeyed(promote(&releases[0]));
}

#[test]
fn a_process_registers_however_often_others_look_who_is_there() {
    let (store, _) = Store::with(&[]);
    let register = SqliteStore::open(store.path()).unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                store.control.processes().unwrap();
            }
        });
        let members: Result<Vec<_>, _> = (0..300)
            .map(|_| {
                let since = "2026-01-01T00:00:00Z".parse().unwrap();
                register.register(&NewProcess::new("filter", std::process::id(), since, Vec::new()))
            })
            .collect();
        is_over.store(true, Ordering::Relaxed);
        // They have to be there until the rows are counted: the other thread may not have ended.
        let members = members.unwrap();
        let rows = "SELECT count(*) FROM processes";
        let rows: i64 = database(store.path()).query_row(rows, [], |row| row.get(0)).unwrap();
        assert_eq!((members.len(), rows), (300, 300), "nobody who registers is taken for gone");
    });
}

#[test]
fn the_number_of_a_process_is_never_given_twice() {
    let (store, _) = Store::with(&["empty"]);
    let number = |process: &Runtime| {
        let mark = process.following().unwrap();
        assert_eq!(mark.trouble, None);
        store.control.processes().unwrap().last().unwrap().number.get()
    };
    let given: Vec<_> = (0..3).map(|_| number(&store.process())).collect();
    assert_eq!(given, [1, 2, 3]);
    assert!(store.control.processes().unwrap().is_empty());
    // Also after the register was lost.
    database(store.path()).execute("UPDATE events SET body = replace(body, 'ada', 'eve')", []).unwrap();
    let recovered = SqliteStore::recover(store.path(), "ada", Accept::damage()).unwrap().unwrap();
    assert_eq!(recovered.events, 0);
    assert_eq!(number(&store.process()), 4);
}

#[test]
fn hits_of_overrides_are_kept_when_a_ledger_is_recovered() {
    let store = Store::new();
    for slot in [None, Some("inbound".to_owned())] {
        store.control.commit(switchback::control::Request::Freeze { slot }).unwrap();
    }
    database(store.path())
        .execute_batch("INSERT INTO hits VALUES (1, 17); UPDATE events SET body = '{}' WHERE sequence = 2")
        .unwrap();
    SqliteStore::recover(store.path(), "ada", Accept::damage()).unwrap().unwrap();
    assert_eq!(store.control.hits().unwrap(), [(1, 17)]);
}

/// Moves a store away and puts a copy of it, older or not, in its place.
fn replaced(store: &Path, copy: &Path) {
    let away = store.with_extension("away");
    fs::rename(store, &away).unwrap();
    fs::rename(copy, store).unwrap();
}

fn copied(store: &Path, copy: &Path) {
    assert!(std::process::Command::new("cp").arg("-a").args([store, copy]).status().unwrap().success());
}

#[test]
fn a_process_whose_whole_folder_is_replaced_is_counted_in_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let (store, copy) = (dir.path().join("store"), dir.path().join("copy"));
    let control = Control::create(&store).unwrap().author("ada");
    let filter = Runtime::builder().slot(switchback::SlotConfig::new("inbound")).name("filter").instances(4);
    let filter = filter.store_dir(&store).build().unwrap();
    drop(control);
    copied(&store, &copy);
    replaced(&store, &copy);
    until("it follows there", || {
        let there = processes(&store);
        there.len() == 1 && obeys(&there[0], EventSequence::NONE)
    });
    let event =
        Control::open(&store).unwrap().commit(switchback::control::Request::Freeze { slot: None }).unwrap().event;
    until("it obeys there", || obeys(&processes(&store)[0], event.sequence));
    assert_eq!(filter.following().unwrap().trouble, None);

    // An older one is not obeyed, and it is said there by whom not.
    copied(&store, &copy);
    let event = Control::open(&store).unwrap().commit(switchback::control::Request::Thaw { slot: None }).unwrap().event;
    until("it obeys", || obeys(&processes(&store)[0], event.sequence));
    fs::remove_dir_all(dir.path().join("store.away")).unwrap();
    replaced(&store, &copy);
    until("it says that it does not follow", || {
        let there = processes(&store);
        there.len() == 1 && there[0].acknowledged.as_ref().is_some_and(|known| known.stopped)
    });
    assert!(matches!(filter.following().unwrap().trouble, Some(FollowTrouble::Stopped(_))));
    // Somebody accepts it, and it goes on.
    SqliteStore::recover(&store, "ada", Accept::damage().going_back()).unwrap().unwrap();
    until("it follows again", || filter.following().unwrap().trouble.is_none());
}

#[test]
fn two_processes_with_one_number_in_two_stores_get_two_in_one() {
    let dir = tempfile::tempdir().unwrap();
    let stores = ["one", "two"].map(|name| dir.path().join(name));
    let filters = stores.each_ref().map(|store| {
        drop(Control::create(store).unwrap());
        let filter = Runtime::builder().slot(switchback::SlotConfig::new("inbound")).instances(4);
        filter.store_dir(store).build().unwrap()
    });
    replaced(&stores[0], &stores[1]);
    until("both are there", || processes(&stores[0]).len() == 2);
    drop(filters);
}

#[test]
fn a_ledger_that_is_followed_is_not_taken_away_unless_that_is_accepted() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let process = store.process();
    releases.iter().for_each(|release| drop(store.obeyed(promote(release))));
    // It has read this event long ago, and does not look at it again.
    database(store.path()).execute("UPDATE events SET body = '{}' WHERE sequence = 3", []).unwrap();
    let refused = SqliteStore::recover(store.path(), "ada", Accept::damage()).unwrap_err();
    assert!(matches!(&refused, StoreError::Followed { .. }), "{refused}");
    assert!(refused.to_string().contains("(process 1, pid "), "{refused}");
    assert_eq!(process.slot("inbound").unwrap().live().as_ref(), Some(&releases[1]));
    let recovered = SqliteStore::recover(store.path(), "ada", Accept::damage().followers()).unwrap().unwrap();
    assert_eq!(recovered.events, 2);
    until("it goes on from there", || process.following().unwrap().mark.sequence.get() == 3);
}

#[test]
fn a_backup_that_is_copied_over_a_database_in_use_is_seen_although_it_changes_nothing() {
    let (store, _) = Store::with(&["empty"]);
    let backup = store.path().join("backup");
    copy_database(&store.path().join("control.db"), &backup);
    let process = store.process();
    store.control.commit(switchback::control::Request::Freeze { slot: None }).unwrap();
    let problem = || {
        let known = processes(store.path()).remove(0).acknowledged;
        known.and_then(|known| known.problem).unwrap_or_default()
    };
    // Written back by SQLite, it is no other file.
    database(store.path()).execute_batch("PRAGMA wal_checkpoint(PASSIVE)").unwrap();
    store.obeyed(switchback::control::Request::Thaw { slot: None });
    assert_eq!(problem(), "");
    copy_database(&backup, &store.path().join("control.db"));
    until("it is said", || problem().contains("control.db was written over while it was in use"));
    until("it is followed", || process.following().unwrap().trouble.is_none());
}

#[test]
fn a_database_that_is_empty_for_a_moment_loses_nothing_to_those_who_look_at_it_then() {
    let (store, _) = Store::with(&["empty"]);
    let process = store.process();
    store.obeyed(switchback::control::Request::Freeze { slot: None });
    let (database, known) = (store.path().join("control.db"), store.control.ledger().unwrap().mark());
    let copy = store.path().join("copy");
    copy_database(&database, &copy);
    // As whoever copies something over it begins.
    write_over(&database, b"");
    let refused = Control::open(store.path()).err().unwrap().to_string();
    assert!(refused.contains("control.db is damaged (it is empty, and a store never is)"), "{refused}");
    copy_database(&copy, &database);
    assert_eq!(Control::open(store.path()).unwrap().ledger().unwrap().mark(), known);
    until("it is said", || {
        let known = processes(store.path()).remove(0).acknowledged;
        known.and_then(|known| known.problem).is_some_and(|problem| problem.contains("control.db was written over"))
    });
    until("it is followed", || process.following().unwrap().trouble.is_none());
}

#[test]
fn a_new_store_where_another_one_was_names_the_process_that_follows_that() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let freeze = |control: &Control| control.commit(switchback::control::Request::Freeze { slot: None }).unwrap();
    freeze(&Control::create(&store).unwrap());
    let filter = Runtime::builder().slot(switchback::SlotConfig::new("inbound")).name("filter").instances(4);
    let _filter = filter.store_dir(&store).build().unwrap();
    fs::rename(&store, dir.path().join("away")).unwrap();
    let control = Control::create(&store).unwrap();
    until("it is named", || {
        let refused = control.ledger().map_err(|error| error.to_string());
        refused.is_err_and(|error| error.contains("filter (process 1) has seen event 1"))
    });
    let head = fs::read_to_string(store.join("control.head")).unwrap();
    assert!(head.contains("\"sequence\":0"), "it is not noted what the new store never had: {head}");
}
