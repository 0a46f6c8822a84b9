//! What the guard notes of what it counted, and tables of an earlier version.

use switchback_model::guard::{MailCounts, Past, Volumes};
use switchback_model::verdict::RecordId;

use super::*;
use crate::guard_store::noted;

fn pair(number: u8, recipient: Option<u64>) -> NotedPair {
    let past = Past::new(number.into(), (number > 0).then_some(100));
    let (is_eligible, has_acted, recipient) = (number % 2 == 1, number == 3, recipient.map(Key));
    NotedPair { is_eligible, has_acted, recipient, ..NotedPair::new(RecordId::from([number; 16]), past) }
}

/// All, of authenticated senders, eligible and addressed.
fn mail_counts([messages, authenticated, eligible, addressed]: [u64; 4]) -> MailCounts {
    let mut counts = MailCounts::default();
    (counts.messages, counts.authenticated) = (messages, authenticated);
    (counts.eligible, counts.addressed) = (eligible, addressed);
    counts
}

/// Notes pairs in one transaction, of which each says under which settings.
fn note(store: &mut GuardStore, pairs: &[(&GuardSettings, NotedPair)]) {
    let noted = store.write(|transaction| {
        let mut memory = StoreMemory::new(transaction, Firsts::default()).with_notes_if(true);
        let mut trial = memory.of(&key(), noon(1), Whose::Eligible)?;
        for (settings, pair) in pairs {
            trial.pairs().add(true, pair.is_eligible, pair.recipient.is_some());
            trial.note(settings, pair);
        }
        memory.write_back().map(drop)
    });
    noted.unwrap();
}

#[test]
fn what_was_counted_is_read_back_in_the_order_of_all_processes() {
    let dir = folder();
    let mut stores = [GuardStore::open(dir.path()).unwrap(), GuardStore::open(dir.path()).unwrap()];
    let (before, after) = (GuardSettings::default(), GuardSettings::default().known_days(0));
    note(&mut stores[1], &[(&before, pair(9, None)), (&before, pair(1, Some(u64::MAX)))]);
    note(&mut stores[0], &[(&before, pair(3, Some(0))), (&after, pair(2, None))]);
    note(&mut stores[1], &[(&after, pair(4, None))]);
    let reader = GuardReader::open(dir.path()).unwrap();
    let trial = reader.trials("inbound").unwrap().remove(0);
    assert_eq!((trial.noted, trial.pairs), (5, mail_counts([5, 5, 3, 2])));
    let expected = [
        (&before, vec![pair(9, None), pair(1, Some(u64::MAX))]),
        (&before, vec![pair(3, Some(0))]),
        (&after, vec![pair(2, None)]),
        (&after, vec![pair(4, None)]),
    ];
    let expected = expected.map(|(settings, pairs)| NotedPairs { settings: settings.clone(), pairs });
    assert_eq!(reader.noted(&trial).unwrap(), expected);
}

#[test]
fn nothing_is_noted_where_nobody_could_replay_it() {
    let mut store = GuardStore::in_memory();
    store
        .write(|transaction| {
            let mut memory = StoreMemory::new(transaction, Firsts::default());
            memory.of(&key(), noon(1), Whose::Eligible)?.note(&GuardSettings::default(), &pair(1, None));
            memory.write_back()
        })
        .unwrap();
    assert_eq!(store.read(|connection| trials::of_slot(connection, "inbound")).unwrap()[0].noted, 0);
}

#[test]
fn of_too_many_notes_the_oldest_are_forgotten_and_a_trial_that_goes_takes_its_own_along() {
    let mut store = GuardStore::in_memory();
    let settings = GuardSettings::default();
    for number in 0..10 {
        note(&mut store, &[(&settings, pair(number, None)), (&settings, pair(number, None))]);
    }
    store.forget_in_chunks(|connection| noted::forget(connection, 7, GUARD_TIDY_CHUNK)).unwrap();
    let trial = store.read(|connection| trials::of_slot(connection, "inbound")).unwrap().remove(0);
    assert_eq!((trial.pairs.messages, trial.noted), (20, 6));
    let left = store.read(|connection| noted::of_trial(connection, &trial)).unwrap();
    let left: Vec<_> = left.iter().flat_map(|batch| &batch.pairs).map(|pair| pair.past.days).collect();
    assert_eq!(left, [7, 7, 8, 8, 9, 9]);
    store.forget_in_chunks(|connection| trials::forget(connection, trial.id, GUARD_TIDY_CHUNK)).unwrap();
    let rows =
        store.read(|connection| connection.query_row("SELECT count(*) FROM noted", [], |row| row.get::<_, u64>(0)));
    assert_eq!(rows.unwrap(), 0);
}

#[test]
fn the_shares_that_a_trial_began_with_are_told_from_its_weights() {
    let dir = folder();
    let mut store = GuardStore::open(dir.path()).unwrap();
    let segments = ["a.example", "b.example", "never.example"].map(|name| Segment::Domain(name.into()));
    let messages = [600, 300, 100];
    store
        .write(|transaction| {
            for (segment, messages) in segments.iter().zip(messages) {
                volumes::add(transaction, "inbound", segment, 0, messages)?;
            }
            let mut memory = StoreMemory::new(transaction, Firsts::default());
            let mut trial = memory.of(&key(), noon(1), Whose::Eligible)?;
            for segment in [&segments[1], &Segment::Everything, &segments[0]] {
                trial.tally(segment.into())?;
            }
            memory.write_back()
        })
        .unwrap();
    let reader = GuardReader::open(dir.path()).unwrap();
    let volumes: Volumes = reader.volumes(&reader.trials("inbound").unwrap()[0]).unwrap();
    for (segment, share) in segments.iter().chain([&Segment::Everything]).zip([0.6, 0.3, 0.1, 0.0]) {
        assert!((volumes.share(segment) - share).abs() < 1e-12, "{segment}: {}", volumes.share(segment));
    }
}

#[test]
fn mail_is_told_of_for_today_and_yesterday() {
    let dir = folder();
    let mut store = GuardStore::open(dir.path()).unwrap();
    for (day, is_authenticated) in [(7, true), (8, false), (9, true), (9, false)] {
        store
            .write(|transaction| {
                let mut memory = StoreMemory::new(transaction, Firsts::default());
                memory.mail("inbound", day).add(is_authenticated, false, true);
                memory.write_back()
            })
            .unwrap();
    }
    let mail = || GuardReader::open(dir.path()).unwrap().mail("inbound", noon(9)).unwrap();
    assert_eq!(mail(), mail_counts([3, 1, 0, 3]));
    store.tidy(noon(9)).unwrap();
    let days =
        store.read(|connection| connection.query_row("SELECT count(*) FROM mail", [], |row| row.get::<_, u64>(0)));
    assert_eq!((mail().messages, days.unwrap()), (3, 2));
}

#[test]
fn a_file_of_the_first_version_is_brought_up_to_date_with_all_that_it_knows() {
    for by_a_reader in [false, true] {
        let dir = folder();
        let mut store = GuardStore::open(dir.path()).unwrap();
        count(&mut store, &sighting(1, 1), Action::Deliver);
        drop(store);
        let before = tallies_in(&dir);
        // As the first version made it.
        let file = Connection::open(dir.path().join("guard.db")).unwrap();
        file.execute_batch(
            "DROP TABLE noted; DROP TABLE noted_settings; DROP TABLE mail;
             ALTER TABLE trials DROP COLUMN pairs; ALTER TABLE trials DROP COLUMN authenticated;
             ALTER TABLE trials DROP COLUMN eligible; ALTER TABLE trials DROP COLUMN addressed;
             ALTER TABLE trials DROP COLUMN noted; ALTER TABLE senders DROP COLUMN first_day;
             ALTER TABLE senders DROP COLUMN recent; PRAGMA user_version = 1",
        )
        .unwrap();
        drop(file);
        if !by_a_reader {
            let mut store = GuardStore::open(dir.path()).unwrap();
            note(&mut store, &[(&GuardSettings::default(), pair(1, None))]);
        }
        assert_eq!(tallies_in(&dir), before);
        let trial = GuardReader::open(dir.path()).unwrap().trials("inbound").unwrap().remove(0);
        assert_eq!(trial.noted, u64::from(!by_a_reader));
        assert_eq!(GuardReader::open(dir.path()).unwrap().loss().unwrap(), None);
    }
}

#[test]
fn a_lesson_says_who_was_new_and_who_counts_from_when() {
    let mut store = GuardStore::in_memory();
    let today = i64::from(day_of(Timestamp::now()));
    let mut learn = |sightings: &[(u64, i64)]| {
        let seen = sightings.iter().map(|(person, day)| sighting(*person, *day));
        store.learn(&GuardSettings::default().known_days(1).known_age_days(0), seen).unwrap()
    };
    let none = Lesson::default();
    assert_eq!(learn(&[]), none);
    let first = learn(&[(1, today), (2, today), (2, today), (3, today - 1), (4, today - 9), (4, today - 8)]);
    assert_eq!(first, Lesson { senders: 4, new: 4, count_today: 2, count_tomorrow: 2, ..none });
    assert_eq!(learn(&[(1, today)]), Lesson { senders: 1, known: 1, count_tomorrow: 1, ..none }, "that was known");
    // Whoever was seen today alone becomes known by mail of an earlier day.
    assert_eq!(learn(&[(1, today - 3)]), Lesson { senders: 1, more_days: 1, count_today: 1, ..none });
    // A day in between is another one, one that is known is not.
    let again = learn(&[(1, today - 5), (4, today - 9)]);
    assert_eq!(again, Lesson { senders: 2, more_days: 1, known: 1, count_today: 2, ..none });
    let wanted = GuardSettings::default().known_days(3).known_age_days(0);
    let patient = store.learn(&wanted, [sighting(4, today)]).unwrap();
    assert_eq!(patient, Lesson { senders: 1, more_days: 1, count_tomorrow: 1, ..none });
    let seen = store.learn(&wanted, [sighting(3, today)]).unwrap();
    assert_eq!(seen, Lesson { senders: 1, more_days: 1, count_later: 1, ..none });
}
