//! `switchback guard simulate --journal` over the journal of a guard that was at work: it makes the same decision, with the same
//! message and the same integers, whatever the guard knew and has learned or forgotten since.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use switchback::control::{Operation, Request};
use switchback::guard::GuardStore;
use switchback::guard::{Evidence, FlipEvidence, GuardSettings, Sighting};
use switchback::journal::JournalConfig;
use switchback::route::BASIS_POINTS;
use switchback::{Envelope, Message, Runtime, SlotConfig};
use switchback_mailgen::{AUTHSERV_ID, Generator};

use super::{Store, store};

/// A generated message, as a filter gives it: with its envelope, and whose results count.
fn message(number: u64) -> Message {
    let generated = Generator::new(1).nth_message(number);
    let envelope = Envelope::new().recipient(&generated.recipient);
    Message::builder(generated.bytes).trust_authserv_id(AUTHSERV_ID).envelope(envelope).build()
}

/// A filter that records what it does.
fn filter(store: &Store, name: &str) -> Runtime {
    Runtime::builder()
        .slot(SlotConfig::new("inbound"))
        .instances(8)
        .name(name)
        .shadow_cpu_share(1.0)
        .journal(JournalConfig::new(store.path().join("journal")))
        .store_dir(store.path())
        .build()
        .unwrap()
}

/// The senders of these messages have written on three days, the last of them so many days ago.
fn teach(store: &Store, numbers: impl Iterator<Item = u64>, days_ago: i64) {
    let messages: Vec<_> = numbers.map(message).collect();
    let at = |ago: i64| Timestamp::now() - SignedDuration::from_hours(24 * ago);
    let days = [days_ago, days_ago + 10, days_ago + 20];
    let seen = days.iter().flat_map(|ago| messages.iter().map(|message| Sighting::of(message, at(*ago))));
    GuardStore::open(store.path()).unwrap().learn(&GuardSettings::default(), seen).unwrap();
}

fn shadow(store: &Store) {
    let release = store.state().releases.values().find(|one| one.id.version.to_string() == "2.0.0").unwrap().id.clone();
    let request = Request::Shadow { slot: "inbound".to_owned(), release, rate_bp: BASIS_POINTS };
    store.control().commit(request).unwrap();
}

/// Scores messages in each of these filters at the same time, and waits until the guards have looked at all.
fn score(filters: &[Runtime], numbers: Range<u64>) {
    std::thread::scope(|scope| {
        for (place, filter) in filters.iter().enumerate() {
            let numbers = numbers.clone().filter(move |number| *number as usize % filters.len() == place);
            scope.spawn(move || {
                let slot = filter.slot("inbound").unwrap();
                numbers.for_each(|number| drop(slot.score(&message(number))));
            });
        }
    });
    filters.iter().for_each(Runtime::flush);
}

/// By which numbers the guard acted.
fn decided(store: &Store) -> FlipEvidence {
    let history = store.control().history().unwrap();
    let evidence = history.into_iter().find_map(|event| match event.operation {
        Operation::Guard { evidence, .. } => Some(*evidence),
        _ => None,
    });
    let Some(Evidence::Flips(flips)) = evidence else { panic!("the guard has not acted: {evidence:?}") };
    flips
}

fn simulated(store: &Store, more: &[&str]) -> Value {
    let arguments = ["guard", "simulate", "linear@1.1.0", "linear@2.0.0", "--journal", "--json"];
    let ran = store.run(arguments.iter().chain(more));
    assert!(ran.err.is_empty(), "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

/// The simulation makes the guard's decision, at the guard's message.
fn assert_same(store: &Store, told: &Value) {
    let (decided, own) = (decided(store), &told["own"]);
    assert_eq!((&own["is_same"], &own["is_same_settings"]), (&true.into(), &true.into()), "{told}");
    assert!(own["record"].is_string() && own["record"] == told["acted"]["record"], "{told}");
    assert_eq!((&own["unrecorded"], &own["uncounted"]), (&0.into(), &0.into()), "{own}");
    assert_eq!(own["pairs"], own["noted"], "{own}");
    let evidence: FlipEvidence = serde_json::from_value(told["acted"]["evidence"].clone()).unwrap();
    let integers = |one: &FlipEvidence| {
        (one.segment.clone(), one.flip, one.test, one.counts, one.senders, one.recipients, one.harmed.clone())
    };
    assert_eq!(integers(&evidence), integers(&decided));
    assert!((evidence.weight - decided.weight).abs() < 1e-12, "{evidence:?} {decided:?}");
    let missing = told["acted"]["requirements"].as_array().unwrap().iter().filter(|one| one["is_met"] == false);
    assert_eq!(missing.count(), 0, "{told}");
}

#[test]
fn whom_the_guard_was_taught_counts_in_the_simulation_from_the_same_day_on() {
    let store = store();
    // Every third is taught; the others are new today.
    teach(&store, (0..600).step_by(3), 3);
    let filters = [filter(&store, "a")];
    shadow(&store);
    score(&filters, 0..600);
    let told = simulated(&store, &[]);
    assert_same(&store, &told);
    assert!(told["messages"].as_u64().unwrap() > 100, "all of it is of today: {told}");
    let text = store.run(["guard", "simulate", "linear@1.1.0", "linear@2.0.0", "--journal"]).out;
    assert!(text.contains(", found the same, with the same message\n"), "{text}");
}

#[test]
fn what_processes_counted_together_is_replayed_in_their_order_with_last_weeks_weights() {
    let store = store();
    teach(&store, 0..600, 1);
    let yesterday = Timestamp::now().as_second().div_euclid(86_400) - 1;
    let file = rusqlite::Connection::open(store.path().join("guard.db")).unwrap();
    for (segment, messages) in [("gmail.com", 700), ("provider:gmail", 900), ("everything", 2_000)] {
        let row = rusqlite::params!["inbound", yesterday, segment, messages];
        file.execute("INSERT INTO volumes VALUES (?, ?, ?, ?)", row).unwrap();
    }
    let filters = ["a", "b", "c"].map(|name| filter(&store, name));
    shadow(&store);
    score(&filters, 0..600);
    let told = simulated(&store, &[]);
    assert_same(&store, &told);
    assert!(decided(&store).weight > 0.05, "{:?}", decided(&store));
}

#[test]
fn what_the_guard_learned_forgot_and_was_set_to_since_changes_nothing() {
    let store = store();
    teach(&store, (0..300).step_by(2), 2);
    let filters = [filter(&store, "a"), filter(&store, "b")];
    shadow(&store);
    // The settings change in the middle of the trial.
    score(&filters, 0..20);
    store.fine(["guard", "set", "--floor", "12,6,6", "--tolerance", "0.03,0.01"]);
    score(&filters, 20..300);
    drop(filters);
    assert_same(&store, &simulated(&store, &["--as-then"]));
    // Everybody who was known is forgotten, and the others are learned.
    let file = rusqlite::Connection::open(store.path().join("guard.db")).unwrap();
    file.execute("DELETE FROM senders", []).unwrap();
    teach(&store, (1..300).step_by(2), 9);
    assert_same(&store, &simulated(&store, &["--as-then"]));
    store.fine(["guard", "set", "--floor", "5000,5,5"]);
    assert_same(&store, &simulated(&store, &["--as-then"]));
    let told = simulated(&store, &[]);
    assert_eq!((&told["acted"], &told["own"]["is_same_settings"]), (&Value::Null, &false.into()), "{told}");
    let everything = &told["segments"].as_array().unwrap().iter().find(|one| one["segment"] == "everything").unwrap();
    let missing: Vec<_> =
        everything["requirements"].as_array().unwrap().iter().filter(|one| one["is_met"] == false).collect();
    assert_eq!((missing.len(), &missing[0]["name"], &missing[0]["needs"]), (1, &"campaigns".into(), &5000.0.into()));
    let text = store.fine(["guard", "simulate", "linear@1.1.0", "linear@2.0.0", "--journal"]);
    for line in ["it had other settings then: use --as-then for those", ": too few campaigns\n"] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}

#[test]
fn where_the_guard_noted_nothing_whom_it_knows_by_now_counts() {
    let store = store();
    teach(&store, 0..300, 1);
    let filters = [filter(&store, "a")];
    shadow(&store);
    score(&filters, 0..300);
    drop(filters);
    assert_same(&store, &simulated(&store, &[]));
    let file = rusqlite::Connection::open(store.path().join("guard.db")).unwrap();
    file.execute_batch("DELETE FROM noted; UPDATE trials SET noted = 0").unwrap();
    let told = simulated(&store, &[]);
    assert!(told["own"].is_null() && told["acted"].is_object(), "{told}");
    let left_out: Vec<_> = told["leaves_out"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(left_out.iter().any(|what| what.starts_with("who was known then: ")), "{left_out:?}");
    let ran = store.run(["guard", "simulate", "linear@1.1.0", "linear@2.0.0", "--journal", "--as-then"]);
    assert!(ran.code == 1 && ran.err.contains("the guard recorded nothing about these releases"), "{ran:?}");
}
