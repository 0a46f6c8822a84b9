//! What is not done, and the sentence that says why.

use std::fs;

use rusqlite::Connection;

use super::store::Store;
use crate::run::{switchback, switchback_in};

#[test]
fn where_there_is_no_store_nothing_is_made() {
    let store = Store::nowhere();
    for args in [
        &["status"][..],
        &["promote", "linear@1.0.0"],
        &["revert"],
        &["overrides"],
        &["history"],
        &["history", "verify"],
        &["trust", "list"],
        &["freeze", "--dry-run"],
        &["score", "x.eml"],
    ] {
        let refused = store.refused(args);
        assert!(
            refused.starts_with("there is no store in ") && refused.contains("`switchback load` makes one"),
            "{refused}"
        );
    }
    assert!(fs::read_dir(store.path()).unwrap().next().is_none(), "nothing was made");
}

#[test]
fn a_store_has_to_be_named() {
    let dir = tempfile::tempdir().unwrap();
    let ran = switchback_in(dir.path(), ["status"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--store, or in SWITCHBACK_STORE"), "{ran:?}");
    let ran = switchback(["score", "x.eml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("Name releases with -m, or a store"), "{ran:?}");
}

#[test]
fn an_unknown_release_gets_the_list_of_those_that_are_loaded() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    for reference in ["linear@3.0.0", "linear", "ffff0000"] {
        let refused = store.refused(["promote", reference]);
        assert!(
            refused.contains(&format!("no release `{reference}` in the store: it has linear@1.0.0 (")),
            "{refused}"
        );
    }
    let empty = Store::with(&["1.0.0"]);
    empty.fine(["unload", "linear@1.0.0"]);
    assert!(empty.refused(["promote", "linear@1.0.0", "--slot", "x"]).contains("nothing is loaded yet"));
}

#[test]
fn a_release_can_be_named_by_its_digest() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let digest = store.state().find("linear@1.0.0").unwrap().digest.to_string();
    store.fine(["revert", &digest[..12]]);
    assert_eq!(store.live(), "1.0.0");
    store.fine(["promote", &format!("sha256:{}", store.state().find("linear@1.1.0").unwrap().digest)]);
    assert_eq!(store.live(), "1.1.0");
}

#[test]
fn a_slot_is_named_where_there_is_not_exactly_one() {
    let store = Store::with(&["1.0.0"]);
    let ran = store.run(["promote", "linear@1.0.0"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("there is no slot yet: name the first one with --slot"), "{ran:?}");
    store.fine(["promote", "linear@1.0.0", "--slot", "inbound"]);
    store.fine(["promote", "linear@1.0.0", "--slot", "outbound"]);
    let ran = store.run(["revert"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("There are inbound, outbound: name one with --slot"), "{ran:?}");
    for args in [
        &["revert", "--slot", "inbuond"][..],
        &["freeze", "--slot", "inbuond"],
        &["withdraw", "linear@1.0.0", "--slot", "inbuond"],
        &["guard", "status", "--slot", "inbuond"],
        &["guard", "set", "--slot", "inbuond", "--mode", "warn"],
        &["rollout", "status", "--slot", "inbuond"],
    ] {
        let refused = store.refused(args);
        assert_eq!(refused, "there is no slot `inbuond`: there are inbound, outbound; did you mean `inbound`?");
    }
    assert_eq!(
        store.refused(["revert", "--slot", "inbound"]),
        "inbound has no standby to revert to: promote a release instead"
    );
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    let store = Store::promoted(&["1.0.0"]);
    for (args, says) in [
        (&["promote", "linear@1.0.0"][..], "linear@1.0.0 is live already"),
        (&["thaw"], "there is no freeze of every slot: name a slot with --slot"),
        (&["expire", "7"], "there is no override 7"),
        (&["quarantine", "linear@1.0.0", "--lift"], "linear@1.0.0 is not quarantined"),
        (&["quarantine", "linear@1.0.0"], "inbound has no standby to revert to"),
        (&["withdraw", "linear@1.0.0"], "linear@1.0.0 is live: revert, or promote another release, to replace it"),
        (&["rollout", "stop"], "no rollout goes on in inbound"),
        (&["allow", "--domain", "a.example", "--reason", "x", "--for", "100d"], "more than 90 days from now"),
        (&["block", "--domain", "a.example", "--reason", "x", "--action", "deliver"], "a block cannot deliver"),
        (&["allow", "--content", "missing.eml", "--reason", "x"], "cannot read missing.eml"),
    ] {
        let before = store.state();
        let refused = store.refused(args);
        assert!(refused.contains(says), "{args:?}: {refused}");
        assert_eq!(store.state(), before, "{args:?}");
    }
    let ran = store.run(["allow", "--domain", "a.example"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("an override needs a reason"), "{ran:?}");
    let ran = store.run(["allow", "--domain", "com", "--reason", "x"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("com"), "{ran:?}");
}

#[test]
fn a_store_that_somebody_holds_says_so() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let holder = Connection::open(store.path().join("control.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = store.refused(["revert"]);
    assert!(refused.contains("is locked by another process") && refused.contains("fuser"), "{refused}");
    // Whoever only looks does not wait.
    store.fine(["status"]);
    holder.execute_batch("ROLLBACK").unwrap();
    store.fine(["revert"]);
}

#[test]
fn a_damaged_store_says_how_to_go_on_and_is_started_anew() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let database = store.path().join("control.db");
    // Everything into the one file.
    Connection::open(&database).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let mut bytes = fs::read(&database).unwrap();
    bytes[..16].copy_from_slice(b"Switchback1 was ");
    fs::write(&database, &bytes).unwrap();
    for companion in ["control.db-wal", "control.db-shm"] {
        let _ = fs::remove_file(store.path().join(companion));
    }
    let refused = store.refused(["revert"]);
    assert!(refused.contains("is damaged") && refused.contains("`switchback history recover`"), "{refused}");
    let out = store.fine(["history", "recover"]);
    assert!(out.contains("the damaged ledger is "), "{out}");
    store.fine(["history", "verify"]);
    assert_eq!(store.fine(["history", "recover"]), "the ledger is intact: nothing was changed\n");
}
