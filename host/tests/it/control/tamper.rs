//! A store that somebody tampers with: checking the ledger finds it, and no process obeys it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rusqlite::{Connection, params};
use switchback::alert::{AlertConfig, Changes, Kind};
use switchback::control::{Accept, Mark, Request, SqliteStore, StoreError};
use switchback::guard::GuardReader;
use switchback::runtime::FollowTrouble;
use switchback::{Control, Runtime, SlotConfig};
use tempfile::TempDir;

use super::support::{Store, copy_database, promote, until};
use crate::support::{message, shared_cache};

const CASES: u64 = 120;

/// Events of the history that is tampered with.
const EVENTS: i64 = 8;

const DATABASE: [&str; 3] = ["control.db", "control.db-wal", "control.db-shm"];

/// A folder with a history, and copies of its database as it was after some of the events.
struct History {
    dir: TempDir,
    copies: Vec<PathBuf>,
}

impl History {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let control = Control::create(dir.path().join("store")).unwrap().author("ada").reason("a test");
        let mut copies = Vec::new();
        for event in 0..EVENTS {
            let slot = (event % 4 > 1).then(|| "inbound".to_owned());
            let request = if event % 2 == 0 { Request::Freeze { slot } } else { Request::Thaw { slot } };
            control.commit(request).unwrap();
            if event % 3 == 1 {
                let copy = dir.path().join(format!("copy-{event}.db"));
                open(&dir.path().join("store")).execute("VACUUM INTO ?", [copy.to_str().unwrap()]).unwrap();
                copies.push(copy);
            }
        }
        Self { dir, copies }
    }

    fn store(&self) -> PathBuf {
        self.dir.path().join("store")
    }
}

fn open(store: &Path) -> Connection {
    Connection::open(store.join("control.db")).unwrap()
}

fn remove(store: &Path, files: &[&str]) {
    files.iter().for_each(|file| drop(fs::remove_file(store.join(file))));
}

/// What the ledger says, as far as SQLite reads it; with rows that no reader in order would see.
fn content(store: &Path) -> Option<String> {
    let connection = Connection::open(store.join("control.db")).ok()?;
    let mut all = String::new();
    for query in
        ["SELECT sequence, body, hex(hash) FROM events ORDER BY sequence", "SELECT sequence, '', hex(hash) FROM head"]
    {
        let mut rows = connection.prepare(query).ok()?;
        let rows = rows.query_map([], |row| {
            Ok(format!("{}|{}|{}\n", row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        });
        all.extend(rows.ok()?.collect::<rusqlite::Result<Vec<_>>>().ok()?);
    }
    Some(all + if store.join("control.head").exists() { "remembered" } else { "forgotten" })
}

/// Tampers once, in a way that needs no knowledge of the hashes or little, and says how.
fn tamper(random: &mut ChaCha8Rng, history: &History) -> String {
    let store = history.store();
    let event = random.random_range(1..=EVENTS);
    let sql = |statement: String| {
        let connection = Connection::open(store.join("control.db"));
        // What was tampered with before may leave nothing that can be changed.
        let _ = connection.and_then(|connection| connection.execute_batch(&statement));
        statement
    };
    match random.random_range(0..16) {
        0 => {
            let mut all: Vec<_> = (1..=EVENTS).map(|event| event.to_string()).collect();
            all.shuffle(random);
            sql(format!("DELETE FROM events WHERE sequence IN ({})", all[..event as usize].join(", ")))
        }
        1 => sql("DELETE FROM head".to_owned()),
        2 => sql(format!("UPDATE head SET sequence = {event}")),
        3 => sql(format!("UPDATE events SET body = replace(body, 'ada', 'eve') WHERE sequence = {event}")),
        4 => sql(format!("UPDATE events SET hash = zeroblob(32) WHERE sequence = {event}")),
        5 => sql(format!(
            "UPDATE events SET sequence = 99 WHERE sequence = {event};
             UPDATE events SET sequence = {event} WHERE sequence = 1 + {event} % {EVENTS};
             UPDATE events SET sequence = 1 + {event} % {EVENTS} WHERE sequence = 99"
        )),
        6 => {
            let place = *[0, -5, -1, 9, 77].choose(random).unwrap();
            sql(format!("INSERT INTO events SELECT {place}, body, hash FROM events WHERE sequence = {event}"))
        }
        // Set back so that the database alone is whole.
        7 => sql(format!(
            "DELETE FROM events WHERE sequence > {event};
             UPDATE head SET sequence = {event}, hash = (SELECT hash FROM events WHERE sequence = {event})"
        )),
        8 => sql("DELETE FROM events; DELETE FROM head; DELETE FROM processes; DELETE FROM preparations".to_owned()),
        9 => {
            remove(&store, &["control.head"]);
            "control.head removed".to_owned()
        }
        10 => {
            let database = store.join("control.db");
            let length = fs::metadata(&database).map_or(0, |file| file.len());
            let length = if random.random() { 0 } else { random.random_range(0..=length) };
            // One that was removed before stays so.
            let cut = Command::new("truncate").args(["-c", "-s", &length.to_string()]).arg(&database).status();
            assert!(cut.unwrap().success());
            remove(&store, &DATABASE[1..]);
            format!("cut to {length} bytes")
        }
        11 => {
            let copy = history.copies.choose(random).unwrap();
            remove(&store, &DATABASE[1..]);
            copy_database(copy, &store.join("control.db"));
            format!("{} copied over it", copy.display())
        }
        12 => {
            let (copy, new) = (history.copies.choose(random).unwrap(), store.join("new"));
            fs::copy(copy, &new).unwrap();
            fs::rename(new, store.join("control.db")).unwrap();
            remove(&store, &DATABASE[1..]);
            format!("{} put in its place", copy.display())
        }
        13 => sql("UPDATE head SET sequence = -1".to_owned()),
        14 => sql("DROP TABLE head".to_owned()),
        _ => {
            remove(&store, &DATABASE);
            "control.db removed".to_owned()
        }
    }
}

fn filter(store: &Path) -> Result<Runtime, switchback::BuildError> {
    let builder = Runtime::builder().slot(SlotConfig::new("inbound")).instances(1).name("filter");
    builder.store_dir(store).cache_dir(shared_cache()).build()
}

fn mark(filter: &Runtime) -> Mark {
    filter.following().unwrap().mark
}

#[test]
fn whatever_is_tampered_with_is_named_and_obeyed_by_nobody() {
    for seed in 0..CASES {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let history = History::new();
        let store = history.store();
        let before = content(&store).unwrap();
        let known = Control::open(&store).unwrap().ledger().unwrap().mark();
        let running = (seed % 4 == 0).then(|| filter(&store).unwrap());
        let how: Vec<_> = (0..random.random_range(1..=3)).map(|_| tamper(&mut random, &history)).collect();
        if let Some(running) = running {
            // It still has the files that were there open, and SQLite may write what they hold back into the database: what
            // there is to be found depends on when one looks.
            assert_eq!(mark(&running), known, "{seed}: {how:?} is obeyed by a process that was there");
            continue;
        }
        let is_same = content(&store).as_ref() == Some(&before);
        let checked = Control::open(&store).map_err(|error| error.to_string());
        let checked = checked.and_then(|control| control.ledger().map_err(|error| error.to_string()));
        // A file that was cut may still have all of the ledger, and be refused.
        assert!(
            is_same || checked.is_err(),
            "{seed}: {how:?} is passed over: {:?}",
            checked.map(|ledger| ledger.mark())
        );
        // It reads as whoever checks does.
        if !is_same && seed % 3 == 0 {
            let begun = filter(&store).err().map(|error| error.to_string());
            assert!(begun.is_some(), "{seed}: {how:?} is obeyed by a process that starts");
        }
    }
}

#[test]
fn a_process_that_obeyed_more_does_not_go_back_and_says_so() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let alerts = AlertConfig::default().changes(Changes::Told);
    let process = store.builder().name("filter").alerts(alerts).build().unwrap();
    store.obeyed(promote(&releases[0]));
    let copy = store.path().join("copy.db");
    open(store.path()).execute("VACUUM INTO ?", [copy.to_str().unwrap()]).unwrap();
    store.obeyed(promote(&releases[1]));
    let last = store.obeyed(Request::Freeze { slot: None });
    let known = mark(&process);
    assert_eq!((known.sequence, known.head), (last.sequence, last.hash()));
    remove(store.path(), &DATABASE[1..]);
    fs::rename(&copy, store.path().join("control.db")).unwrap();
    until("it says that it does not follow", || process.following().unwrap().trouble.is_some());
    let Some(FollowTrouble::Stopped(why)) = process.following().unwrap().trouble else { panic!() };
    assert!(why.contains("event 4 is missing") && why.contains("set back"), "{why}");
    let verdict = process.slot("inbound").unwrap().score(&message());
    assert_eq!(verdict.release.as_ref(), Some(&releases[1]), "it goes on with what it had");
    assert_eq!(mark(&process), known);
    let refused = store.control.commit(Request::Thaw { slot: None }).unwrap_err().to_string();
    assert!(refused.contains("set back"), "{refused}");
    // The store that was put there knows nothing of the process, which comes back into its register and says why.
    until("the register says it", || {
        let processes = store.control.processes().unwrap();
        let problem = processes.first().and_then(|one| one.acknowledged.as_ref()?.problem.clone());
        problem.is_some_and(|problem| problem.contains("set back"))
    });
    let kinds = || -> Vec<_> {
        let alerts = GuardReader::open(store.path()).unwrap().alerts(100).unwrap();
        alerts.into_iter().map(|kept| (kept.alert.kind, kept.alert.event, kept.alert.head)).collect()
    };
    until("an alert is raised", || kinds().iter().any(|(kind, ..)| *kind == Kind::Store));
    assert!(kinds().contains(&(Kind::Change, Some(last.sequence), Some(last.hash()))), "{:?}", kinds());
}

#[test]
fn an_older_copy_is_obeyed_once_somebody_has_accepted_it() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let process = store.process();
    store.obeyed(promote(&releases[0]));
    let copy = store.path().join("copy.db");
    open(store.path()).execute("VACUUM INTO ?", [copy.to_str().unwrap()]).unwrap();
    let lost = store.obeyed(promote(&releases[1]));
    remove(store.path(), &DATABASE[1..]);
    fs::rename(&copy, store.path().join("control.db")).unwrap();
    let refused = SqliteStore::recover(store.path(), "eve", Accept::damage()).unwrap_err();
    assert!(matches!(refused, StoreError::WouldGoBack(_)), "{refused}");
    let recovered = SqliteStore::recover(store.path(), "ada", Accept::damage().going_back()).unwrap().unwrap();
    assert_eq!((recovered.events, recovered.known), (3, lost.sequence));
    until("it is obeyed", || process.slot("inbound").unwrap().live().as_ref() == Some(&releases[0]));
    let last = store.control.history().unwrap().pop().unwrap();
    assert_eq!((last.sequence.get(), last.author.as_str()), (4, "ada"));
    assert!(last.generation > lost.generation, "no generation has two values");
    until("it says so", || process.following().unwrap().mark.head == last.hash());
    until("it is in the register", || store.control.processes().unwrap().len() == 1);
    store.obeyed(promote(&releases[1]));
    assert_eq!(SqliteStore::recover(store.path(), "ada", Accept::damage().going_back()).unwrap(), None);
}

#[test]
fn the_same_copy_is_not_obeyed_twice_for_one_acceptance() {
    let history = History::new();
    let store = history.store();
    let put_back = || {
        remove(&store, &DATABASE[1..]);
        fs::copy(&history.copies[0], store.join("control.db")).unwrap();
    };
    put_back();
    SqliteStore::recover(&store, "ada", Accept::damage().going_back()).unwrap().unwrap();
    let control = Control::open(&store).unwrap();
    assert_eq!(control.ledger().unwrap().state().recoveries, 1);
    drop(control);
    put_back();
    let refused = Control::open(&store).unwrap().ledger().unwrap_err().to_string();
    assert!(refused.contains("control.head has seen"), "{refused}");
}

#[test]
fn a_store_that_was_one_is_not_made_anew() {
    for traces in [&["control.head"][..], &["releases/x"], &["processes/7.lock"]] {
        let history = History::new();
        let store = history.store();
        remove(&store, &DATABASE);
        remove(&store, &["control.head"]);
        traces.iter().for_each(|trace| fs::write(store.join(trace), "").unwrap());
        for error in [Control::create(&store).err(), Control::open(&store).err(), SqliteStore::create(&store).err()] {
            let error = error.unwrap().to_string();
            assert!(error.contains("control.db is gone") && error.contains("where there was a store"), "{error}");
        }
        assert!(filter(&store).is_err() && !store.join("control.db").exists());
        let recovered = SqliteStore::recover(&store, "ada", Accept::damage()).unwrap().unwrap();
        assert_eq!((recovered.events, recovered.aside), (0, None));
        assert_eq!(Control::open(&store).unwrap().history().unwrap().len(), 1, "it says that there was one");
    }
}

#[test]
fn a_database_that_is_empty_is_damaged_and_not_new() {
    let history = History::new();
    let store = history.store();
    remove(&store, &DATABASE[1..]);
    fs::write(store.join("control.db"), "").unwrap();
    for error in [Control::create(&store).err(), Control::open(&store).err()] {
        let error = error.unwrap().to_string();
        assert!(error.contains("it is empty"), "{error}");
    }
    let recovered = SqliteStore::recover(&store, "ada", Accept::damage()).unwrap().unwrap();
    assert_eq!((recovered.events, recovered.known.get()), (0, EVENTS.unsigned_abs()));
}

#[test]
fn what_was_added_behind_the_head_is_not_kept_when_the_rest_is() {
    let history = History::new();
    let store = history.store();
    let control = Control::open(&store).unwrap().author("eve");
    let (event, _) = control.dry_run(&control.ledger().unwrap(), Request::Freeze { slot: None }).unwrap();
    let (body, hash) = (event.to_json(), event.hash());
    open(&store)
        .execute("INSERT INTO events VALUES (?, ?, ?)", params![event.sequence.get(), body, hash.as_bytes()])
        .unwrap();
    let refused = control.ledger().unwrap_err().to_string();
    assert!(refused.contains("is not the end that the ledger had"), "{refused}");
    let recovered = SqliteStore::recover(&store, "ada", Accept::damage()).unwrap().unwrap();
    assert_eq!(recovered.events, EVENTS.unsigned_abs());
    assert!(Control::open(&store).unwrap().history().unwrap().iter().all(|event| event.author != "eve"));
}

#[test]
fn a_process_that_was_removed_from_the_register_comes_back_under_its_number() {
    let (store, releases) = Store::with(&["empty"]);
    let process = store.process();
    let number = process.process().unwrap();
    let lock = store.path().join("processes").join(format!("{number}.lock"));
    store.obeyed(promote(&releases[0]));
    open(store.path()).execute_batch("DELETE FROM processes; DELETE FROM sqlite_sequence").unwrap();
    let other = store.process();
    assert_ne!(other.process(), Some(number), "a number is given once");
    drop(other);
    fs::remove_file(&lock).unwrap();
    let present = || {
        let processes = store.control.processes().unwrap();
        processes.iter().any(|one| {
            one.number == number && one.preparation(&releases[0].digest).is_some() && one.acknowledged.is_some()
        })
    };
    until("it is there again, and has said what it has ready", present);
    open(store.path()).execute("UPDATE processes SET registered = '{}', acknowledged = '{}'", []).unwrap();
    store.control.ledger().unwrap();
    until("its row is its own again", present);
}

#[test]
fn the_companions_of_a_database_that_are_removed_below_a_process_are_missed() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let process = store.process();
    store.obeyed(promote(&releases[0]));
    // All of it is in the file then, as after any backup.
    open(store.path()).query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    remove(store.path(), &DATABASE[1..]);
    let operator = Control::open(store.path()).unwrap().author("bob");
    operator.admit(promote(&releases[1])).unwrap();
    until("it is obeyed", || process.slot("inbound").unwrap().live().as_ref() == Some(&releases[1]));
    assert_eq!(store.control.history().unwrap().len(), 4);
}
