//! `switchback history`.

use rusqlite::Connection;
use serde_json::Value;
use switchback::Digest;

use super::store::Store;

fn edit(store: &Store, statement: &str) {
    Connection::open(store.path().join("control.db")).unwrap().execute(statement, []).unwrap();
}

#[test]
fn every_change_is_listed_with_who_and_why() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    store.fine(["revert", "--author", "ada", "--reason", "Gmail mail is flagged"]);
    let out = store.fine(["history"]);
    assert_eq!(out.lines().count(), 6, "{out}");
    let last = out.lines().last().unwrap();
    for part in ["ada", "revert inbound to linear@1.0.0", "Gmail mail is flagged", " UTC"] {
        assert!(last.contains(part), "{last}");
    }
    assert_eq!(store.fine(["history", "-n", "2"]).lines().count(), 3);
    let json = store.fine(["history", "--json", "-n", "2"]);
    let events: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.iter().map(|event| event["sequence"].as_u64().unwrap()).collect::<Vec<_>>(), [4, 5]);
}

#[test]
fn the_history_of_a_slot_is_what_changed_it() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    store.fine(["promote", "linear@1.0.0", "--slot", "outbound"]);
    store.fine(["block", "--domain", "bad.example", "--reason", "spam"]);
    store.fine(["quarantine", "linear@1.1.0"]);
    store.fine(["freeze"]);
    let operations = |slot: &str| -> Vec<String> {
        let json = store.fine(["history", "--json", "--slot", slot]);
        json.lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["operation"]["op"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(operations("inbound"), ["promote", "promote", "quarantine", "freeze"]);
    assert_eq!(operations("outbound"), ["promote", "freeze"]);
    let refused = store.refused(["history", "--slot", "inbuond"]);
    assert_eq!(refused, "there is no slot `inbuond`: there are inbound, outbound; did you mean `inbound`?");
}

#[test]
fn a_text_from_outside_cannot_move_the_cursor() {
    let store = Store::with(&["1.0.0"]);
    store.fine(["freeze", "--reason", "a\x1b[2Jb"]);
    for args in [&["history"][..], &["status"]] {
        let out = store.fine(args);
        assert!(out.contains("a\u{fffd}[2Jb") && !out.contains('\x1b'), "{out:?}");
    }
    let refused = store.refused(["freeze"]);
    assert!(!refused.contains('\x1b'), "{refused:?}");
}

#[test]
fn a_whole_ledger_is_verified_up_to_its_head() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let out = store.fine(["history", "verify"]);
    assert!(
        out.starts_with(
            "4 events, each as it was written\nno event seen by control.head up to event 4 is missing\nhead "
        ),
        "{out}"
    );
    let head = out.lines().last().unwrap().strip_prefix("head ").unwrap().to_owned();
    assert_eq!(store.control().ledger().unwrap().head().to_string(), head);
    store.fine(["revert"]);
    let later = store.fine(["history", "verify", "--head", &head]);
    let older = "the given head is that of event 4: nothing before it has changed since, and 1 event came after it";
    assert!(later.contains(older), "{later}");
    let json = store.json(["history", "verify", "--head", &head, "--json"]);
    assert_eq!((&json["events"], &json["head_seen_at"]), (&5.into(), &4.into()));
}

#[test]
fn an_edited_event_is_named() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    edit(&store, "UPDATE events SET body = replace(body, '1.0.0', '1.0.1') WHERE sequence = 3");
    for args in [&["history", "verify"][..], &["history"], &["status"], &["revert"]] {
        let refused = store.refused(args);
        assert!(refused.contains("the ledger was touched: event 3 was edited"), "{refused}");
    }
}

#[test]
fn a_missing_event_is_named() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    edit(&store, "DELETE FROM events WHERE sequence = 2");
    assert!(store.refused(["history", "verify"]).contains("event 2 is missing; 3 comes next"));
}

#[test]
fn a_ledger_that_was_replaced_does_not_have_the_head_that_was_kept() {
    let [kept, other] = [Store::promoted(&["1.0.0"]), Store::promoted(&["1.0.0"])];
    let head = kept.control().ledger().unwrap().head().to_string();
    let refused = other.refused(["history", "verify", "--head", &head]);
    assert!(refused.contains("no event of this ledger has the hash"), "{refused}");
    let none = Digest::of(b"").to_string();
    assert_eq!(kept.run(["history", "verify", "--head", &none]).code, 1);
}

#[test]
fn the_head_of_no_event_is_in_no_ledger() {
    let refused = Store::promoted(&["1.0.0"]).refused(["history", "verify", "--head", &"0".repeat(64)]);
    assert!(refused.contains("no event of this ledger has the hash"), "{refused}");
}

#[test]
fn a_head_that_was_not_noted_is_warned_of() {
    let store = Store::promoted(&["1.0.0"]);
    let head = store.path().join("control.head");
    let before = std::fs::read(&head).unwrap();
    store.fine(["freeze"]);
    std::fs::write(&head, before).unwrap();
    let out = store.fine(["history", "verify"]);
    assert!(out.contains("warning: control.head has noted event 2 of 3 only"), "{out}");
}

#[test]
fn a_head_that_is_gone_is_mended_by_the_step_that_is_named() {
    let store = Store::promoted(&["1.0.0"]);
    std::fs::remove_file(store.path().join("control.head")).unwrap();
    let refused = store.refused(["history", "verify"]);
    assert!(refused.contains("`switchback history recover --go-back`"), "{refused}");
    store.fine(["history", "recover", "--go-back"]);
    store.fine(["history", "verify"]);
}

#[test]
fn every_change_prints_the_head() {
    let store = Store::promoted(&["1.0.0"]);
    let head = || store.control().ledger().unwrap().head().to_string();
    for args in [
        &["freeze"][..],
        &["block", "--domain", "bad.example", "--reason", "spam"],
        &["load", &crate::model::release("1.1.0")],
    ] {
        let out = store.fine(args);
        assert_eq!(out.lines().last().unwrap().trim_start(), format!("head {}", head()), "{args:?}");
    }
    let json = store.json(["thaw", "--json"]);
    assert_eq!(json["head"], head());
    assert!(!store.fine(["freeze", "--dry-run"]).contains("head "), "nothing was changed");
}

#[test]
fn a_ledger_that_was_set_back_is_named_and_taken_only_if_that_is_accepted() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    edit(&store, "DELETE FROM events WHERE sequence = 4");
    edit(&store, "UPDATE head SET sequence = 3, hash = (SELECT hash FROM events WHERE sequence = 3)");
    for args in [&["history", "verify"][..], &["history"], &["status"], &["revert"]] {
        let refused = store.refused(args);
        assert!(refused.contains("event 4 is missing, although control.head has seen event 4"), "{refused}");
    }
    let refused = store.refused(["history", "recover"]);
    assert!(refused.contains("use --go-back"), "{refused}");
    let out = store.fine(["history", "recover", "--go-back", "--author", "ada"]);
    assert!(out.contains("LOST: events 4 to 4"), "{out}");
    assert_eq!(store.live(), "1.0.0");
    let verified = store.fine(["history", "verify"]);
    assert!(verified.contains("the ledger was recovered 1 time"), "{verified}");
    assert!(store.fine(["history"]).lines().last().unwrap().contains("recover the ledger"));
}

#[test]
fn events_outside_the_order_are_named() {
    for place in [0, -5] {
        let store = Store::promoted(&["1.0.0"]);
        edit(&store, &format!("INSERT INTO events SELECT {place}, body, hash FROM events WHERE sequence = 1"));
        let refused = store.refused(["history", "verify"]);
        assert!(refused.contains(&format!("it has an event {place}, and events are numbered from 1")), "{refused}");
    }
}

#[test]
fn a_database_that_is_empty_is_no_new_store() {
    let store = Store::promoted(&["1.0.0"]);
    store.fine(["freeze"]);
    std::fs::write(store.path().join("control.db"), "").unwrap();
    for args in [&["status"][..], &["history", "verify"], &["load", &crate::model::release("1.0.0")]] {
        let refused = store.refused(args);
        assert!(refused.contains("it is empty, and a store never is"), "{refused}");
    }
}
