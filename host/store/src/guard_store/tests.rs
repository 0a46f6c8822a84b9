mod noted;

use std::fs;
use std::io::Write as _;
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use rusqlite::params;
use switchback_model::guard::{Evidence, FirstKey, InMemory, Key, Level, Memory as _, Past, Segment, Trial, TrialKey};
use switchback_model::release::{Digest, ReleaseId};
use switchback_model::route::Generation;
use switchback_model::verdict::Action;
use tempfile::TempDir;

use super::*;
use crate::alert::{About, Alert, By, Found, Response};
use crate::control::EventSequence;

/// Noon of a day.
fn noon(day: i64) -> Timestamp {
    Timestamp::from_second(day * 86_400 + 43_200).unwrap()
}

fn release(version: &str) -> ReleaseId {
    let (name, digest) = ("phish".parse().unwrap(), Digest::of(version.as_bytes()));
    ReleaseId::new(name, semver::Version::parse(version).unwrap(), digest)
}

fn key() -> TrialKey {
    TrialKey::new("inbound", release("2.0.0"), release("1.0.0"), Generation::new(7))
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A message of one of the people of a provider, each with a campaign of its own.
fn sighting(person: u64, day: i64) -> Sighting<'static> {
    Sighting::new(noon(day), u128::from(person + 1).to_le_bytes().into())
        .sender_domain(Some("gmail.com"))
        .sender(Some(Key(person)))
        .is_authenticated(true)
        .recipient(Some(Key(person % 7)))
}

/// Everybody is known who is authenticated.
fn settings() -> GuardSettings {
    GuardSettings::default().known_days(0)
}

/// Counts a message; returns whether the evidence suffices to act.
fn count(store: &mut GuardStore, sighting: &Sighting<'_>, after: Action) -> bool {
    let firsts = store.firsts();
    let found = store.write(|transaction| {
        let mut memory = StoreMemory::new(transaction, firsts);
        let trial = Trial::new(settings(), release("1.0.0"), memory.began_at(&key(), sighting.at)?);
        let mut of_trial = memory.of(&key(), sighting.at, Whose::Eligible)?;
        let found = trial.observe(&mut of_trial, sighting, Action::Deliver, after)?;
        memory.write_back()?;
        Ok(found)
    });
    found.unwrap().iter().any(|finding| finding.level == Level::Act)
}

fn tallies_in(dir: &TempDir) -> Vec<SegmentTally> {
    let reader = GuardReader::open(dir.path()).unwrap();
    let trials = reader.trials("inbound").unwrap();
    reader.tallies(&trials[0]).unwrap()
}

#[test]
fn processes_count_together_and_each_message_once() {
    let dir = folder();
    let mut stores = [GuardStore::open(dir.path()).unwrap(), GuardStore::open(dir.path()).unwrap()];
    let (mut memory, trial) = (InMemory::default(), Trial::new(settings(), release("1.0.0"), noon(1)));
    let mut acted = [Vec::new(), Vec::new()];
    for day in [1, 2] {
        for person in 0..60 {
            // Every message comes twice, once in each process.
            for copy in 0..2 {
                let after = if day == 2 { Action::Junk } else { Action::Deliver };
                let sighting = sighting(person, day);
                if count(&mut stores[(person as usize + copy) % 2], &sighting, after) {
                    acted[0].push(person);
                }
                let found = trial.observe(&mut memory, &sighting, Action::Deliver, after).unwrap();
                if found.iter().any(|one| one.level == Level::Act) {
                    acted[1].push(person);
                }
            }
        }
    }
    assert!(!acted[0].is_empty());
    assert_eq!(acted[0], acted[1], "the store decides as one memory does");
    let mut expected: Vec<_> = memory.segments().map(|(segment, tally)| (segment.clone(), tally.clone())).collect();
    expected.sort_by_key(|(_, tally)| tally.rank);
    assert_eq!(tallies_in(&dir), expected);
    assert_eq!(expected[0].1.up.eligible.flips, 60);
}

#[test]
fn what_is_rolled_back_was_not_counted() {
    let dir = folder();
    let mut store = GuardStore::open(dir.path()).unwrap();
    count(&mut store, &sighting(1, 1), Action::Deliver);
    let before = tallies_in(&dir);
    let failed: Result<(), _> = store.write(|transaction| {
        let mut memory = StoreMemory::new(transaction, Firsts::default());
        memory.of(&key(), noon(1), Whose::Eligible)?.tally((&Segment::Everything).into())?.rank = 9;
        memory.write_back()?;
        Err(rusqlite::Error::InvalidQuery)
    });
    assert!(failed.is_err());
    assert_eq!(tallies_in(&dir), before);
}

#[test]
fn weights_are_of_the_week_before_and_each_share_is_given_once() {
    let mut store = GuardStore::in_memory();
    let (big, small) = (Segment::Domain("big.example".into()), Segment::Domain("small.example".into()));
    let weights = store.write(|transaction| {
        for (day, segment, messages) in [(1, &big, 1_000), (10, &big, 30), (12, &small, 10), (13, &small, 500)] {
            volumes::add(transaction, "inbound", segment, day, messages)?;
        }
        let mut memory = StoreMemory::new(transaction, Firsts::default());
        let mut trial = memory.of(&key(), noon(13), Whose::Eligible)?;
        let weights = [trial.tally((&big).into())?.weight, trial.tally((&small).into())?.weight];
        memory.write_back()?;
        let again = volumes::take(transaction, 1, &big)?;
        Ok((weights, again))
    });
    let by_rank = |rank: u64| switchback_model::guard::weight(0.0, rank);
    assert_eq!(weights.unwrap(), ([0.5 * 0.75 + by_rank(1), 0.5 * 0.25 + by_rank(2)], 0.0));
}

#[test]
fn an_empty_folder_is_no_loss_and_a_file_that_is_gone_is_one() {
    let dir = folder();
    assert!(matches!(GuardReader::open(dir.path()), Err(GuardStoreError::None(_))));
    let mut store = GuardStore::open(dir.path()).unwrap();
    count(&mut store, &sighting(1, 1), Action::Deliver);
    let loss = || GuardReader::open(dir.path()).unwrap().loss().unwrap();
    assert_eq!(loss(), None);
    for file in ["guard.db", "guard.db-wal", "guard.db-shm"] {
        fs::remove_file(dir.path().join(file)).unwrap();
    }
    // Whoever only looks does not take it for a store in which no guard was at work.
    let gone = GuardReader::open(dir.path()).err().unwrap();
    assert!(matches!(gone, GuardStoreError::Lost(_)) && gone.to_string().contains("guard.since"), "{gone}");
    // The process that has it open notices, too.
    count(&mut store, &sighting(2, 1), Action::Deliver);
    let felt = loss().unwrap();
    assert!(
        felt.why.contains("gone") && felt.is_felt(felt.at) && !felt.is_felt(felt.at + SignedDuration::from_hours(25))
    );
    assert!(store.take_news_of_loss().is_some() && store.take_news_of_loss().is_none(), "it is said once");
    let nobody = sighting(3, 1).is_authenticated(false);
    store.learn(&GuardSettings::default(), [nobody]).unwrap();
    assert!(loss().is_some(), "nobody is known by that");
    store.learn(&GuardSettings::default(), [sighting(3, 1)]).unwrap();
    assert_eq!(loss(), None, "somebody taught the guard");
}

#[test]
fn what_is_no_file_of_the_guard_is_refused_by_who_only_looks() {
    for file in ["guard.db", "guard.db-wal", "guard.db-shm", "guard.db-journal", "guard.since"] {
        for is_link in [false, true] {
            let dir = folder();
            drop(GuardStore::open(dir.path()).unwrap());
            let path = dir.path().join(file);
            let _ = fs::remove_file(&path);
            match is_link {
                true => std::os::unix::fs::symlink("nowhere", &path).unwrap(),
                false => assert!(Command::new("mkfifo").arg(&path).status().unwrap().success()),
            }
            let why = if is_link { "is a symbolic link" } else { "is no regular file" };
            let refusals = [GuardReader::open(dir.path()).err(), GuardStore::open(dir.path()).err()];
            for refused in refusals {
                let refused = refused.unwrap_or_else(|| panic!("{file} is taken")).to_string();
                assert!(refused.contains(file) && refused.contains(why), "{refused}");
            }
        }
    }
}

#[test]
fn a_file_with_what_the_guard_did_not_make_is_damaged() {
    for (change, why) in [
        ("CREATE TRIGGER t BEFORE INSERT ON senders BEGIN SELECT RAISE(IGNORE); END", "trigger `t`"),
        ("CREATE VIEW v AS SELECT 1", "view `v`"),
        ("DROP TABLE pauses; CREATE TABLE pauses (slot)", "`pauses` is not as Switchback made it"),
        ("DROP TABLE pauses", "`pauses` is gone"),
    ] {
        let dir = folder();
        drop(GuardStore::open(dir.path()).unwrap());
        Connection::open(dir.path().join("guard.db")).unwrap().execute_batch(change).unwrap();
        let refused = GuardReader::open(dir.path()).err().unwrap();
        assert!(
            matches!(refused, GuardStoreError::Damaged { .. }) && refused.to_string().contains(why),
            "{change}: {refused}"
        );
        drop(GuardStore::open(dir.path()).unwrap());
        let loss = GuardReader::open(dir.path()).unwrap().loss().unwrap().unwrap();
        assert!(loss.why.contains(why), "{loss:?}");
    }
}

#[test]
fn what_sqlite_makes_for_itself_belongs_to_the_file() {
    let dir = folder();
    drop(GuardStore::open(dir.path()).unwrap());
    Connection::open(dir.path().join("guard.db")).unwrap().execute_batch("ANALYZE").unwrap();
    drop(GuardStore::open(dir.path()).unwrap());
    assert_eq!(GuardReader::open(dir.path()).unwrap().loss().unwrap(), None);
}

#[test]
fn a_damaged_file_is_set_aside_and_kept() {
    let dir = folder();
    let path = dir.path().join("guard.db");
    drop(GuardStore::open(dir.path()).unwrap());
    for file in [&path, &dir.path().join("guard.db-wal")] {
        fs::write(file, vec![b'x'; 8_192]).unwrap();
    }
    let mut store = GuardStore::open(dir.path()).unwrap();
    let loss = GuardReader::open(dir.path()).unwrap().loss().unwrap().unwrap();
    assert!(loss.why.contains("damaged"), "{loss:?}");
    assert_eq!(fs::read(dir.path().join("guard.db.damaged-1")).unwrap(), vec![b'x'; 8_192]);
    count(&mut store, &sighting(1, 1), Action::Deliver);
    assert!(!tallies_in(&dir).is_empty());
}

#[test]
fn a_full_disk_leaves_no_file_without_tables() {
    let disk = folder();
    let mut mount = Command::new("mount");
    let mounted = mount.args(["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs"]).arg(disk.path()).status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: a disk that is full needs the right to mount one; run the tests as root");
        return;
    }
    let ballast = disk.path().join("ballast");
    let mut file = fs::File::create(&ballast).unwrap();
    while file.write_all(&[1; 4_096]).is_ok() {}
    let (full, reader) = (GuardStore::open(disk.path()).err(), GuardReader::open(disk.path()).err());
    let left = disk.path().join("guard.db").exists();
    drop(file);
    Command::new("umount").arg("--lazy").arg(disk.path()).status().unwrap();
    assert!(matches!(full, Some(GuardStoreError::Full(_))), "{full:?}");
    assert!(matches!(reader, Some(GuardStoreError::None(_))) && !left, "{reader:?}");
}

#[test]
fn a_file_of_a_newer_program_or_of_somebody_else_stays_as_it_is() {
    let dir = folder();
    drop(GuardStore::open(dir.path()).unwrap());
    let change = |pragma: &str| Connection::open(dir.path().join("guard.db")).unwrap().execute_batch(pragma).unwrap();
    change("PRAGMA user_version = 99");
    assert!(matches!(GuardStore::open(dir.path()), Err(GuardStoreError::NewerSchema { found: 99, .. })));
    change("PRAGMA application_id = 1");
    assert!(matches!(GuardStore::open(dir.path()), Err(GuardStoreError::NotOurs(_))));
    assert!(!dir.path().join("guard.db.damaged-1").exists());
}

#[test]
fn a_copy_knows_what_the_store_knows() {
    let dir = folder();
    let mut store = GuardStore::open(dir.path()).unwrap();
    for person in 0..5 {
        count(&mut store, &sighting(person, 1), Action::Deliver);
    }
    let mut copy = GuardStore::in_memory();
    let trial = |since| Current { slot: "inbound".to_owned(), candidate: release("2.0.0").digest, since };
    copy.copy_from(dir.path(), &[trial(Generation::new(6))]).unwrap();
    assert!(copy.read(|connection| trials::of_slot(connection, "inbound")).unwrap().is_empty(), "that one is over");
    let mut copy = GuardStore::in_memory();
    copy.copy_from(dir.path(), &[trial(Generation::new(7))]).unwrap();
    let trials = copy.read(|connection| trials::of_slot(connection, "inbound")).unwrap();
    assert_eq!(copy.read(|connection| tallies::all(connection, trials[0].id)).unwrap(), tallies_in(&dir));
    let known = copy.read(|connection| senders::Seen::read(connection, Key(1))).unwrap();
    assert_eq!(known.before(2), Past::new(1, Some(1)), "a sender of yesterday is known");
}

fn known(store: &mut GuardStore, person: u64, day: i32) -> Past {
    store.read(|connection| senders::Seen::read(connection, Key(person))).unwrap().before(day)
}

#[test]
fn mail_of_earlier_days_teaches_ages_in_any_order_and_beside_what_is_known() {
    let mut store = GuardStore::in_memory();
    store.learn(&GuardSettings::default(), [sighting(1, 400)]).unwrap();
    let days = [350, 10, 200, 100, 399, 10];
    store.learn(&GuardSettings::default(), days.map(|day| sighting(1, day))).unwrap();
    assert_eq!(known(&mut store, 1, 400), Past::new(5, Some(10)));
    assert_eq!(known(&mut store, 1, 401), Past::new(6, Some(10)));
    assert_eq!(known(&mut store, 2, 401), Past::default());
    let seen = |days| store.read(|connection| senders::seen_on(connection, days, 9)).unwrap();
    assert_eq!([1, 6, 7].map(seen), [1, 1, 0]);
}

#[test]
fn a_file_of_the_first_version_keeps_who_is_known_as_young_as_they_can_be() {
    let dir = folder();
    drop(GuardStore::open(dir.path()).unwrap());
    let file = Connection::open(dir.path().join("guard.db")).unwrap();
    file.execute_batch(
        "DROP TABLE senders; DROP TABLE noted; DROP TABLE noted_settings; DROP TABLE mail;
         ALTER TABLE trials DROP COLUMN pairs; ALTER TABLE trials DROP COLUMN authenticated;
         ALTER TABLE trials DROP COLUMN eligible; ALTER TABLE trials DROP COLUMN addressed;
         ALTER TABLE trials DROP COLUMN noted;
         CREATE TABLE senders (sender INTEGER PRIMARY KEY, days INTEGER NOT NULL, last_day INTEGER NOT NULL) STRICT;
         INSERT INTO senders VALUES (1, 1, 400), (2, 40, 400), (3, 63, 400), (4, 900, 20000), (5, 0, 400);
         PRAGMA user_version = 1;",
    )
    .unwrap();
    let mut stores = [GuardStore::open(dir.path()).unwrap(), GuardStore::open(dir.path()).unwrap()];
    let store = &mut stores[1];
    let past = |days, first_day| Past::new(days, Some(first_day));
    assert_eq!(known(store, 1, 401), past(1, 400));
    assert_eq!(known(store, 2, 401), past(40, 361));
    assert_eq!(known(store, 3, 401), past(63, 338));
    assert_eq!(known(store, 4, 20_001), past(900, 19_101));
    assert_eq!(known(store, 5, 401), past(1, 400));
    assert_eq!(known(store, 2, 391), past(30, 361));
    // Mail of earlier days teaches more.
    store.learn(&GuardSettings::default(), [sighting(2, 100)]).unwrap();
    assert_eq!(known(store, 2, 401), past(41, 100));
}

/// Claims what is due at this time for somebody who has no number.
fn claimed(store: &mut GuardStore, at: Timestamp) -> Option<Parcel> {
    store.write(|transaction| claim(transaction, &Round { process: None, began: at }, at)).unwrap()
}

fn alert_of(process: u64, found: Found, at: Timestamp) -> Alert {
    let process = Some(By { process, name: "filter".to_owned() });
    Alert::new(found, Response::None, About { process, ..About::default() }, at)
}

#[test]
fn whoever_raised_an_alert_delivers_it_and_others_after_a_minute_alone() {
    let mut store = GuardStore::in_memory();
    let [later, mine] = [2, 1].map(|process| alert_of(process, Found::Test, noon(1)));
    store.write(|transaction| raise(transaction, &later).and_then(|()| raise(transaction, &mine))).unwrap();
    let mut claimed_at = |seconds| {
        let at = noon(1) + SignedDuration::from_secs(seconds);
        let round = Round { process: Some(1), began: at };
        let is_due = store.read(|connection| is_any_due(connection, &round, at)).unwrap();
        let parcel = store.write(|transaction| claim(transaction, &round, at)).unwrap();
        assert_eq!(parcel.is_some(), is_due);
        parcel.map(|parcel| parcel.alert.id)
    };
    assert_eq!(claimed_at(0), Some(mine.id));
    assert_eq!(claimed_at(59), None, "that is somebody else's");
    assert_eq!(claimed_at(60), Some(later.id));
}

#[test]
fn a_clock_that_is_set_back_holds_no_alert() {
    let mut store = GuardStore::in_memory();
    let found = || Found::Guard("no room".to_owned());
    let alerts = [alert_of(1, Found::Test, noon(9)), alert_of(2, found(), noon(9))];
    store.write(|transaction| alerts.iter().try_for_each(|alert| raise(transaction, alert))).unwrap();
    let mut claimed_at = |seconds| {
        let at = noon(9) + SignedDuration::from_secs(seconds);
        let round = Round { process: Some(1), began: at };
        let is_due = store.read(|connection| is_any_due(connection, &round, at)).unwrap();
        let parcel = store.write(|transaction| claim(transaction, &round, at)).unwrap();
        assert_eq!(parcel.is_some(), is_due);
        let parcel = parcel?;
        let pause = Some(std::time::Duration::from_secs(64));
        store.write(|transaction| failed(transaction, &parcel, at, "it hangs", pause)).unwrap();
        Some(parcel.alert.id)
    };
    assert_eq!(claimed_at(0), Some(alerts[0].id));
    let day = -86_400;
    assert_eq!(claimed_at(8 * day), Some(alerts[1].id), "of another process, raised in the future");
    assert_eq!(claimed_at(8 * day), Some(alerts[0].id), "to be tried again in the future");
    assert_eq!(claimed_at(8 * day + 63), None, "what is put off from now on waits");
    assert_eq!(claimed_at(8 * day + 64), Some(alerts[1].id));
}

#[test]
fn what_is_worst_is_delivered_first_and_in_one_round_each_alert_is_tried_once() {
    let mut store = GuardStore::in_memory();
    let alerts = [Found::Test, Found::Guard("no room".to_owned())].map(|found| alert_of(1, found, noon(1)));
    store.write(|transaction| alerts.iter().try_for_each(|alert| raise(transaction, alert))).unwrap();
    let round = Round { process: Some(1), began: noon(1) };
    let mut tried = Vec::new();
    // Each attempt takes longer than the pause after the one before.
    for minute in 0..9 {
        let now = noon(1) + SignedDuration::from_mins(minute);
        let Some(parcel) = store.write(|transaction| claim(transaction, &round, now)).unwrap() else { break };
        tried.push(parcel.alert.id);
        let pause = Some(std::time::Duration::from_secs(1));
        store.write(|transaction| failed(transaction, &parcel, now, "it hangs", pause)).unwrap();
    }
    assert_eq!(tried, [alerts[1].id, alerts[0].id]);
}

#[test]
fn only_what_somebody_tried_to_deliver_can_have_failed_to_arrive() {
    let mut store = GuardStore::in_memory();
    let dropped = |store: &mut GuardStore| store.read(alerts::dropped).unwrap();
    let alert = alert_of(1, Found::Test, noon(1));
    let round = Round { process: Some(1), began: noon(1) };
    let raise_one = |store: &mut GuardStore| store.write(|transaction| raise(transaction, &alert)).unwrap();
    let claim_one = |store: &mut GuardStore| store.write(|transaction| claim(transaction, &round, noon(1))).unwrap();
    raise_one(&mut store);
    let parcel = claim_one(&mut store).unwrap();
    store.write(|transaction| failed(transaction, &parcel, noon(1), "404", None)).unwrap();
    assert_eq!(dropped(&mut store), 1, "it is given up");
    raise_one(&mut store);
    claim_one(&mut store).unwrap();
    let waiting = crate::limits::ALERTS_WAITING_MAX;
    (0..waiting - 1).for_each(|_| raise_one(&mut store));
    assert_eq!(dropped(&mut store), 1);
    // The first that goes was tried, the others were for nobody.
    (0..5).for_each(|_| raise_one(&mut store));
    store.tidy(noon(1)).unwrap();
    assert_eq!(dropped(&mut store), 2);
    let kept = store.read(|connection| alerts::last(connection, u32::MAX)).unwrap();
    assert_eq!(kept.len(), waiting + 1, "also the one that was given up");
}

#[test]
fn a_pause_is_told_once_for_each_step_and_cause_of_a_rollout() {
    let dir = folder();
    let mut stores = [GuardStore::open(dir.path()).unwrap(), GuardStore::open(dir.path()).unwrap()];
    let pause =
        ToldPause { slot: "inbound".to_owned(), begun: EventSequence::new(7), step: 0, cause: PauseCause::Unproven };
    let mut is_news = |pause: &ToldPause| {
        let [first, second] = &mut stores;
        let news = first.write(|transaction| pause.note(transaction)).unwrap();
        assert!(!second.write(|transaction| pause.note(transaction)).unwrap(), "{pause:?}");
        news
    };
    assert!(is_news(&pause) && !is_news(&pause));
    assert!(is_news(&ToldPause { cause: PauseCause::Harmed, ..pause.clone() }));
    assert!(is_news(&ToldPause { step: 1, ..pause.clone() }));
    assert!(is_news(&ToldPause { slot: "outbound".to_owned(), ..pause.clone() }));
    assert!(is_news(&ToldPause { begun: EventSequence::new(8), ..pause.clone() }));
}

#[test]
fn a_file_that_is_gone_is_missed_also_where_the_first_attempt_to_make_another_failed() {
    let dir = folder();
    drop(GuardStore::open(dir.path()).unwrap());
    for file in ["guard.db", "guard.db-wal", "guard.db-shm"] {
        fs::remove_file(dir.path().join(file)).unwrap();
    }
    // What is left of an attempt for which there was no room.
    let empty = tempfile::NamedTempFile::new_in(dir.path()).unwrap();
    empty.persist(dir.path().join("guard.db")).unwrap();
    drop(GuardStore::open(dir.path()).unwrap());
    let loss = GuardReader::open(dir.path()).unwrap().loss().unwrap();
    assert!(loss.as_ref().is_some_and(|loss| loss.why.contains("gone")), "{loss:?}");
}

#[test]
fn an_alert_is_claimed_by_one_and_tried_again_after_its_pause() {
    let dir = folder();
    let mut stores = [GuardStore::open(dir.path()).unwrap(), GuardStore::open(dir.path()).unwrap()];
    let alert = Alert::new(Found::Test, Response::None, About::default(), noon(1));
    stores[0].write(|transaction| raise(transaction, &alert)).unwrap();
    let mut parcel = claimed(&mut stores[1], noon(1)).unwrap();
    assert_eq!((parcel.alert.id, parcel.attempts), (alert.id, 1));
    assert!(claimed(&mut stores[0], noon(1)).is_none(), "it is with somebody");
    parcel.reached.push("syslog".to_owned());
    let pause = std::time::Duration::from_secs(60);
    stores[1].write(|transaction| failed(transaction, &parcel, noon(1), "nobody", Some(pause))).unwrap();
    let later = noon(1) + SignedDuration::from_secs(60);
    assert!(claimed(&mut stores[0], later - SignedDuration::from_secs(1)).is_none());
    let again = claimed(&mut stores[0], later).unwrap();
    assert_eq!((again.attempts, again.reached), (2, vec!["syslog".to_owned()]));
    // Who claimed it was killed.
    let much_later = later + SignedDuration::from_secs(121);
    assert_eq!(claimed(&mut stores[1], much_later).unwrap().attempts, 3);
    stores[1].write(|transaction| delivered(transaction, again.id, much_later)).unwrap();
    assert!(claimed(&mut stores[0], noon(9)).is_none());
    let kept = GuardReader::open(dir.path()).unwrap().alerts(10).unwrap();
    assert_eq!((kept.len(), kept[0].delivered_at), (1, Some(much_later)));
}

#[test]
fn what_is_too_much_is_forgotten() {
    let mut store = GuardStore::in_memory();
    let waiting = crate::limits::ALERTS_WAITING_MAX;
    let alert = Alert::new(Found::Test, Response::None, About::default(), noon(1));
    store
        .write(|transaction| {
            for _ in 0..waiting + 5 {
                raise(transaction, &alert)?;
            }
            let mut memory = StoreMemory::new(transaction, Firsts::default());
            for number in 0..100 {
                let mut key = key();
                key.since = Generation::new(number);
                memory.of(&key, noon(1 + number as i64), Whose::Eligible)?;
            }
            memory.write_back()
        })
        .unwrap();
    store.tidy(noon(200)).unwrap();
    let count = |store: &mut GuardStore, query: &str| {
        store.read(|connection| connection.query_row(query, [], |row| row.get::<_, usize>(0))).unwrap()
    };
    assert_eq!(count(&mut store, "SELECT count(*) FROM alerts"), waiting);
    assert_eq!(count(&mut store, "SELECT count(*) FROM trials"), crate::limits::GUARD_TRIALS_MAX);
    assert_eq!(count(&mut store, "SELECT min(since) FROM trials"), 100 - crate::limits::GUARD_TRIALS_MAX);
}

#[test]
fn strangers_use_up_no_room_but_their_own() {
    let mut store = GuardStore::in_memory();
    let counted = |store: &mut GuardStore, known: Firsts, whose| {
        store.write(|transaction| {
            let mut memory = StoreMemory::new(transaction, known);
            let mut trial = memory.of(&key(), noon(1), whose)?;
            let is_first = trial.is_first(FirstKey([1; 16]), noon(1), noon(2))?;
            // Nothing of it stays, so that each is the first.
            transaction.execute("DELETE FROM firsts", [])?;
            Ok((is_first, memory.write_back()?))
        })
    };
    let (strangers, all) = (crate::limits::GUARD_FIRSTS_STRANGERS_MAX, switchback_model::limits::GUARD_FIRSTS_MAX);
    let crowded = Firsts { eligible: 0, others: strangers as u64 };
    assert_eq!(counted(&mut store, crowded, Whose::Eligible).unwrap(), (true, Full::default()));
    let full = Full { eligible: false, others: true };
    assert_eq!(counted(&mut store, crowded, Whose::Other).unwrap(), (false, full));
    let busy = Firsts { eligible: (all - strangers) as u64, others: 0 };
    let full = Full { eligible: true, others: false };
    assert_eq!(counted(&mut store, busy, Whose::Eligible).unwrap(), (false, full));
    assert_eq!(counted(&mut store, busy, Whose::Other).unwrap(), (true, Full::default()));
}

#[test]
fn what_is_over_is_forgotten_in_several_transactions_and_the_rest_is_told_apart() {
    let mut store = GuardStore::in_memory();
    let rows = GUARD_TIDY_CHUNK * 2 + 5;
    store
        .write(|transaction| {
            let mut memory = StoreMemory::new(transaction, Firsts::default());
            memory.of(&key(), noon(1), Whose::Eligible)?;
            memory.write_back()?;
            transaction.execute(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                 INSERT INTO firsts SELECT 1, CAST(i AS BLOB), CASE WHEN i > 3 THEN 0 ELSE ?2 END, i = 1 FROM n",
                params![rows, noon(9).as_microsecond()],
            )
        })
        .unwrap();
    let chunks = std::cell::Cell::new(0);
    store
        .forget_in_chunks(|connection| {
            chunks.set(chunks.get() + 1);
            memory::forget(connection, noon(5), GUARD_TIDY_CHUNK)
        })
        .unwrap();
    assert_eq!(chunks.get(), 3);
    store.tidy(noon(5)).unwrap();
    assert_eq!(store.firsts(), Firsts { eligible: 1, others: 2 });
}

#[test]
fn of_several_that_were_told_of_one_role_one_stays() {
    let mut store = GuardStore::in_memory();
    let evidence: Evidence = serde_json::from_value(serde_json::json!({
        "by": "breaker", "breaker": "failures", "window_s": 60, "calls": 3, "bad": 3, "senders": 3, "measured": 1.0,
        "bound": 0.5,
    }))
    .unwrap();
    let since = Generation::new(7);
    let due = Due { slot: "inbound".into(), release: release("2.0.0"), evidence, since, requirements: None };
    let stages = store.write(|transaction| {
        for _ in 0..3 {
            due.write(transaction, noon(1), Stage::New)?;
        }
        for kept in Due::all(transaction)? {
            due.came_to(transaction, kept.id, Stage::Told)?;
        }
        due.write(transaction, noon(1), Stage::RevertedHere)?;
        Ok(Due::all(transaction)?.into_iter().map(|kept| kept.stage).collect::<Vec<_>>())
    });
    assert_eq!(stages.unwrap(), [Stage::Told, Stage::RevertedHere]);
}

#[test]
fn a_file_without_tables_is_none_yet_or_lost_as_the_file_beside_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("guard.db");
    // As whoever makes it leaves it for a moment, or where there is no room for its tables.
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert!(matches!(GuardReader::open(dir.path()), Err(GuardStoreError::None(_))));
    drop(GuardStore::open(dir.path()).unwrap());
    assert!(GuardReader::open(dir.path()).is_ok());
    for companion in crate::sqlite::companions(&path) {
        let _ = fs::remove_file(companion);
    }
    fs::write(&path, "").unwrap();
    // Emptying it is no way to have promotions go on without what it knew.
    assert!(matches!(GuardReader::open(dir.path()), Err(GuardStoreError::Lost(_))));
}
