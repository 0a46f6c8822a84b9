//! A ledger to which a newer program wrote: what is understood is obeyed, and the rest is left alone.

use rusqlite::{Connection, params};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use switchback::control::{Accept, ControlError, Refused, SqliteStore, StoreError};

use super::support::{Store, promote, revert, until};
use crate::support::message;

/// Adds an event as a newer program would: whole, and chained.
pub(super) fn add(store: &Store, change: impl FnOnce(&mut Value)) {
    let connection = Connection::open(store.path().join("control.db")).unwrap();
    let (sequence, previous): (u64, Vec<u8>) =
        connection.query_row("SELECT sequence, hash FROM head", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let last: String =
        connection.query_row("SELECT body FROM events ORDER BY sequence DESC LIMIT 1", [], |row| row.get(0)).unwrap();
    let mut event: Value = serde_json::from_str(&last).unwrap();
    event["sequence"] = json!(sequence + 1);
    event["previous"] = json!(previous.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    change(&mut event);
    let body = event.to_string();
    let hash = Sha256::digest(body.as_bytes()).to_vec();
    let transaction = "BEGIN IMMEDIATE";
    connection.execute_batch(transaction).unwrap();
    connection.execute("INSERT INTO events VALUES (?, ?, ?)", params![sequence + 1, body, hash]).unwrap();
    connection.execute("UPDATE head SET sequence = ?, hash = ?", params![sequence + 1, hash]).unwrap();
    connection.execute_batch("COMMIT").unwrap();
}

pub(super) fn pin(event: &mut Value) {
    event["operation"] = json!({ "op": "pin", "slot": "inbound", "until": "2031-01-01T00:00:00Z" });
}

#[test]
fn what_a_newer_program_wrote_stops_nobody_and_is_not_lost() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let running = store.process();
    store.obeyed(promote(&releases[0]));
    add(&store, pin);
    add(&store, |event| event["operation"] = json!({ "op": "freeze" }));
    let newest = |said: &str| said.contains("event 4 (pin, by ada at ") && said.contains("newer version of Switchback");

    // Who reads sees what came before, and that there is more.
    let ledger = store.control.ledger().unwrap();
    assert_eq!((ledger.state().sequence.get(), ledger.end().0.get()), (3, 5));
    let operations: Vec<_> = ledger.newer().iter().map(|newer| newer.operation.as_str()).collect();
    assert_eq!(operations, ["pin", "freeze"]);
    assert!(ledger.state().frozen.is_none(), "what follows something unknown is not applied");
    assert_eq!(store.control.history().unwrap().len(), 3);

    // Who changes something is refused.
    let refused = store.control.commit(revert()).unwrap_err();
    assert!(matches!(&refused, ControlError::Refused(Refused::Newer(_))) && newest(&refused.to_string()), "{refused}");

    // Who follows, and who begins to, obeys what came before and says so.
    let beginning = store.process();
    for process in [&running, &beginning] {
        until("it is said", || {
            process.following().unwrap().trouble.is_some_and(|trouble| newest(&trouble.to_string()))
        });
        let slot = process.slot("inbound").unwrap();
        assert_eq!(slot.live().as_ref(), Some(&releases[0]));
        assert_eq!(slot.score(&message()).release.as_ref(), Some(&releases[0]));
        assert_eq!(process.following().unwrap().mark.sequence.get(), 3);
    }
    until("both say so in the store", || {
        let processes = store.control.processes().unwrap();
        let has_stopped =
            |known: &switchback::control::Acknowledgement| known.stopped && newest(known.problem.as_ref().unwrap());
        processes.len() == 2 && processes.iter().all(|process| process.acknowledged.as_ref().is_some_and(has_stopped))
    });

    // Nothing is cut off.
    for accept in [Accept::damage(), Accept::damage().going_back().followers()] {
        let refused = SqliteStore::recover(store.path(), "ada", accept).unwrap_err();
        assert!(matches!(&refused, StoreError::NewerEvent(_)) && newest(&refused.to_string()), "{refused}");
    }
    assert_eq!(store.control.ledger().unwrap(), ledger);
}

#[test]
fn a_field_or_a_value_that_is_not_known_is_of_a_newer_program() {
    for change in [
        (|event| event["operation"] = json!({ "op": "freeze", "gently": true })) as fn(&mut Value),
        |event| event["ticket"] = json!("OPS-1"),
        |event| event["operation"] = json!({ "op": "freeze", "slot": { "all_but": "inbound" } }),
    ] {
        let (store, _) = Store::with(&["empty"]);
        add(&store, change);
        let ledger = store.control.ledger().unwrap();
        assert_eq!((ledger.state().sequence.get(), ledger.newer().len()), (1, 1));
    }
}

#[test]
fn what_is_not_chained_is_damage_whoever_wrote_it() {
    for (change, why) in [
        ((|event| event["previous"] = json!("00".repeat(32))) as fn(&mut Value), "does not follow"),
        (|event| event["sequence"] = json!(9), "put in another place"),
        (|event| event["operation"] = json!(7), "cannot be read"),
    ] {
        let (store, _) = Store::with(&["empty"]);
        add(&store, |event| {
            pin(event);
            change(event);
        });
        let error = store.control.ledger().unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
