//! A guard that cannot do its work: scoring goes on, promotions stop, and an alert says so.

use std::fs;
use std::time::Duration;

use rusqlite::Connection;
use switchback::Action;
use switchback::alert::{Kind, Response};
use switchback::control::{PromoteError, Readiness};
use switchback::guard::{GuardReader, HealthStatus};
use switchback::guard::{GuardSettings, Mode, Segment};

use super::support::{Filter, GMAIL, mail};
use crate::control::support::{until, write_over};

#[test]
fn a_damaged_memory_is_set_aside_and_stops_promotions() {
    let filter = Filter::harmful();
    filter.teach(60);
    for file in ["guard.db", "guard.db-wal"] {
        write_over(&filter.store.path().join(file), &[b'x'; 8_192]);
    }
    let process = filter.process();
    assert_eq!(process.slot("inbound").unwrap().score(&mail(1, GMAIL)).action, Action::Deliver);
    process.flush();
    let refused = filter.promote(&filter.bad, filter.patiently());
    let Err(PromoteError::Unguarded { guards, .. }) = refused else { panic!("{refused:?}") };
    assert!(guards[0].contains("damaged"), "{guards:?}");
    assert!(filter.store.path().join("guard.db.damaged-1").exists());
    let alerts = GuardReader::open(filter.store.path()).unwrap().alerts(10).unwrap();
    assert_eq!(alerts.iter().filter(|kept| kept.alert.kind == Kind::Guard).count(), 1, "{alerts:?}");
    filter.promote(&filter.bad, Readiness::Skip).unwrap();
}

#[test]
fn a_memory_that_is_removed_under_the_guard_stops_promotions_until_somebody_teaches_it() {
    let filter = Filter::harmful();
    let process = filter.process();
    for file in ["guard.db", "guard.db-wal", "guard.db-shm"] {
        fs::remove_file(filter.store.path().join(file)).unwrap();
    }
    process.slot("inbound").unwrap().score(&mail(1, GMAIL));
    process.flush();
    let refused = filter.promote(&filter.bad, filter.patiently());
    let Err(PromoteError::Unguarded { guards, .. }) = refused else { panic!("{refused:?}") };
    assert!(guards[0].contains("gone"), "{guards:?}");
    filter.teach(1);
    filter.promote(&filter.bad, filter.patiently()).unwrap();
}

#[test]
fn a_live_release_goes_back_although_the_ledger_cannot_be_written() {
    let filter = Filter::harmful();
    filter.teach(60);
    let process = filter.process();
    filter.promote_bad();
    let slot = process.slot("inbound").unwrap();
    // The ledger is damaged for good, and the file is the same one.
    for file in ["control.db", "control.db-wal"] {
        write_over(&filter.store.path().join(file), &[b'x'; 65_536]);
    }
    (0..40).for_each(|number| drop(slot.score(&mail(number, GMAIL))));
    process.flush();
    assert_eq!(slot.live().as_ref(), Some(&filter.good));
    assert_eq!(slot.score(&mail(50, GMAIL)).action, Action::Deliver);
}

#[test]
fn while_the_memory_cannot_be_written_each_process_goes_on_with_a_copy() {
    let filter = Filter::harmful();
    filter.teach(60);
    let process = filter.process();
    filter.promote_bad();
    let holder = Connection::open(filter.store.path().join("guard.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let slot = process.slot("inbound").unwrap();
    (0..40).for_each(|number| drop(slot.score(&mail(number, GMAIL))));
    process.flush();
    assert!(filter.acted().is_some(), "what this process saw suffices");
    holder.execute_batch("COMMIT").unwrap();
    until("the guard is well again", || {
        slot.score(&mail(41, GMAIL));
        process.flush();
        condition(&filter) == HealthStatus::Well
    });
}

/// What the only guard says of itself, in a file that a reader may refuse.
fn condition(filter: &Filter) -> HealthStatus {
    let file = Connection::open(filter.store.path().join("guard.db")).unwrap();
    let said: String = file.query_row("SELECT condition FROM health", [], |row| row.get(0)).unwrap();
    serde_json::from_str(&said).unwrap()
}

fn in_memory_of(filter: &Filter, statements: &str) {
    Connection::open(filter.store.path().join("guard.db")).unwrap().execute_batch(statements).unwrap();
}

#[test]
fn a_guard_that_can_say_how_it_is_and_cannot_count_is_away() {
    let filter = Filter::harmful();
    let process = filter.process();
    in_memory_of(
        &filter,
        "CREATE TRIGGER broken BEFORE INSERT ON senders BEGIN SELECT RAISE(ABORT, 'no such luck'); END",
    );
    process.slot("inbound").unwrap().score(&mail(1, GMAIL));
    for _ in 0..3 {
        process.flush();
        assert!(matches!(condition(&filter), HealthStatus::Away { why } if why.contains("no such luck")));
    }
    in_memory_of(&filter, "DROP TRIGGER broken");
    process.slot("inbound").unwrap().score(&mail(2, GMAIL));
    process.flush();
    assert_eq!(condition(&filter), HealthStatus::Well);
}

#[test]
fn a_memory_that_is_busy_for_a_moment_gets_what_waited() {
    let filter = Filter::harmful();
    let process = filter.process();
    filter.promote_bad();
    let holder = Connection::open(filter.store.path().join("guard.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let released = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(3));
        holder.execute_batch("COMMIT").unwrap();
    });
    (0..10).for_each(|number| drop(process.slot("inbound").unwrap().score(&mail(number, GMAIL))));
    process.flush();
    released.join().unwrap();
    let reader = GuardReader::open(filter.store.path()).unwrap();
    let everything = reader.tallies(&reader.trials("inbound").unwrap()[0]).unwrap();
    let (_, tally) = everything.iter().find(|(segment, _)| *segment == Segment::Everything).unwrap();
    assert_eq!(tally.up.any.all, 10);
}

#[test]
fn what_was_found_without_the_memory_is_not_forgotten_with_it() {
    let filter = Filter::harmful();
    filter.teach(60);
    filter.set(GuardSettings::default().mode(Mode::Warn));
    let process = filter.process();
    filter.promote_bad();
    let holder = Connection::open(filter.store.path().join("guard.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    (0..40).for_each(|number| drop(process.slot("inbound").unwrap().score(&mail(number, GMAIL))));
    process.flush();
    holder.execute_batch("COMMIT").unwrap();
    process.slot("inbound").unwrap().score(&mail(1, GMAIL));
    process.flush();
    assert_eq!(condition(&filter), HealthStatus::Well);
    drop(process);
    filter.set(GuardSettings::default());
    let process = filter.process();
    until("the guard acts", || {
        process.flush();
        filter.acted().is_some()
    });
}

#[test]
fn what_one_process_reverted_by_itself_gets_into_the_ledger_after_its_end() {
    let filter = Filter::harmful();
    filter.teach(60);
    let process = filter.process();
    filter.promote_bad();
    let holder = Connection::open(filter.store.path().join("control.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    (0..40).for_each(|number| drop(process.slot("inbound").unwrap().score(&mail(number, GMAIL))));
    process.flush();
    assert_eq!(process.slot("inbound").unwrap().live().as_ref(), Some(&filter.good));
    let alerts = GuardReader::open(filter.store.path()).unwrap().alerts(10).unwrap();
    let told: Vec<_> = alerts.iter().filter(|kept| kept.alert.response == Response::RevertedHere).collect();
    assert_eq!(told.len(), 1, "{alerts:?}");
    assert!(told[0].alert.summary.contains("this process alone"), "{}", told[0].alert.summary);
    drop(process);
    holder.execute_batch("COMMIT").unwrap();
    let process = filter.process();
    until("the ledger knows", || {
        process.flush();
        let state = filter.store.control.state().unwrap();
        state.slots["inbound"].live.as_ref() == Some(&filter.good) && state.quarantined.contains_key(&filter.bad.digest)
    });
}

#[test]
fn an_alert_is_raised_although_whoever_acted_was_killed_before_it_could() {
    let filter = Filter::harmful();
    filter.teach(60);
    let process = filter.process();
    filter.promote_bad();
    in_memory_of(
        &filter,
        "CREATE TRIGGER killed BEFORE DELETE ON due BEGIN SELECT RAISE(ABORT, 'killed'); END;
         CREATE TRIGGER killed_too BEFORE INSERT ON alerts BEGIN SELECT RAISE(ABORT, 'killed'); END",
    );
    (0..40).for_each(|number| drop(process.slot("inbound").unwrap().score(&mail(number, GMAIL))));
    process.flush();
    let (event, ..) = filter.acted().unwrap();
    drop(process);
    in_memory_of(&filter, "DROP TRIGGER killed; DROP TRIGGER killed_too");
    let alerts = || GuardReader::open(filter.store.path()).unwrap().alerts(10).unwrap();
    assert!(alerts().iter().all(|kept| kept.alert.event != Some(event.sequence)));
    let process = filter.process();
    process.flush();
    let alerts = alerts();
    let told: Vec<_> = alerts.iter().filter(|kept| kept.alert.event == Some(event.sequence)).collect();
    assert_eq!(told.len(), 1, "{alerts:?}");
    assert_eq!(told[0].alert.response, Response::Reverted);
}
