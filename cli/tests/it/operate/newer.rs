//! A ledger to which a newer version of the command wrote.

use std::path::Path;

use rusqlite::{Connection, params};
use serde_json::{Value, json};
use switchback::Digest;

use super::store::Store;

/// Adds an event of a kind that this version does not know, whole and chained, as the version does that knows it.
pub(super) fn write_event(store: &Path) {
    let database = Connection::open(store.join("control.db")).unwrap();
    database.busy_timeout(super::store::PATIENCE).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (sequence, previous): (u64, Vec<u8>) =
        database.query_row("SELECT sequence, hash FROM head", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let last = "SELECT body FROM events ORDER BY sequence DESC LIMIT 1";
    let last: String = database.query_row(last, [], |row| row.get(0)).unwrap();
    let mut event: Value = serde_json::from_str(&last).unwrap();
    event["sequence"] = json!(sequence + 1);
    event["previous"] = json!(Digest::from(<[u8; 32]>::try_from(previous).unwrap()));
    event["operation"] = json!({ "op": "pin", "slot": "inbound" });
    let body = event.to_string();
    let hash = Digest::of(body.as_bytes());
    database.execute("INSERT INTO events VALUES (?, ?, ?)", params![sequence + 1, body, hash.as_bytes()]).unwrap();
    database.execute("UPDATE head SET sequence = ?, hash = ?", params![sequence + 1, hash.as_bytes()]).unwrap();
    database.execute_batch("COMMIT").unwrap();
}

#[test]
fn an_event_that_is_not_known_is_shown_as_far_as_it_is() {
    let store = Store::promoted(&["1.0.0"]);
    write_event(store.path());
    let told = "event 3 (pin, by ";
    for args in [&["status"][..], &["history"], &["overrides"], &["trust", "list"]] {
        let ran = store.run(args);
        assert!(ran.code == 0 && ran.err.contains(told) && ran.err.contains("the state before it"), "{args:?} {ran:?}");
    }
    let history = store.run(["history"]).out;
    assert!(
        history.contains("promote linear@1.0.0") && history.contains("pin (not known to this version)"),
        "{history}"
    );
    let lines = store.run(["history", "--json"]).out;
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!((&last["sequence"], &last["operation"]), (&3.into(), &"pin".into()));
    let verified = store.run(["history", "verify"]);
    assert!(verified.code == 0 && verified.out.contains("warning: event 3 (pin, by "), "{verified:?}");
    for args in
        [&["freeze", "--reason", "x"][..], &["history", "recover"], &["history", "recover", "--go-back", "--force"]]
    {
        let refused = store.refused(args);
        assert!(refused.contains(told) && refused.contains("use that version; nothing was changed"), "{refused}");
    }
}
