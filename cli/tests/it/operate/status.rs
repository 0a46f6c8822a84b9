//! `switchback status`.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::Value;
use switchback::control::{ControlStore as _, NewProcess, Request, SqliteStore};
use switchback::message::Reading;

use super::store::Store;
use crate::run::command;

#[test]
fn one_screen_shows_everything() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    store.fine(["load", &crate::model::release("2.0.0")]);
    store.fine(["quarantine", "linear@2.0.0", "--author", "ada", "--reason", "flags Gmail"]);
    store.fine(["block", "--domain", "bad.example", "--reason", "spam", "--author", "bob"]);
    store.fine(["freeze", "--slot", "inbound", "--reason", "let it be"]);
    let _filter = store.filter("my-filter");
    let out = store.fine(["status"]);
    for line in [
        ", generation 2\n",
        "last: event 8 at ",
        "slot inbound, generation 2\n",
        "  FROZEN since ",
        "  live      linear@1.1.0\n",
        "  standby   linear@1.0.0\n",
        "  ready in 1 of 1\n",
        "    QUARANTINED since ",
        "  my-filter (process 1, pid ",
        "  inbound  at generation 2  since ",
        "block domain bad.example everywhere, authenticated senders, until ",
        "  by bob (spam), 0 hits\n",
    ] {
        assert!(out.contains(line), "{line:?} is not in\n{out}");
    }
    assert!(out.lines().count() <= 24, "one screen:\n{out}");
    let json = store.json(["status", "--json"]);
    assert_eq!(json["state"]["slots"]["inbound"]["live"]["version"], "1.1.0");
    assert_eq!(json["processes"][0]["name"], "my-filter");
    assert_eq!(json["processes"][0]["acknowledged"]["sequence"], 8);
}

#[test]
fn processes_of_two_readings_are_told() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let _filter = store.filter("my-filter");
    assert!(!store.fine(["status"]).contains("READINGS DIFFER"));
    let (pid, now) = (std::process::id(), jiff::Timestamp::now());
    let mut earlier = NewProcess::new("earlier", pid, now, vec!["inbound".to_owned()]);
    earlier.reading = Reading::FIRST;
    let _earlier = SqliteStore::open(store.path()).unwrap().register(&earlier).unwrap();
    let out = store.fine(["status"]);
    assert!(out.contains(&format!("  READINGS DIFFER: 1 and {}; ", Reading::CURRENT)), "{out}");
    let json = store.json(["status", "--json"]);
    assert_eq!(json["processes"][1]["reading"], 1);
}

#[test]
fn an_empty_store_has_a_status_too() {
    let store = Store::with(&["1.0.0"]);
    store.fine(["unload", "linear@1.0.0"]);
    let out = store.fine(["status"]);
    assert!(out.contains("none is loaded") && out.contains("none follows the store now"), "{out}");
}

#[test]
fn watching_shows_every_change() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let mut watcher = command()
        .args(["status", "--watch", "--json", "--store"])
        .arg(store.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watcher.stdout.take().unwrap()).lines();
    let mut live = || {
        let status: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        status["state"]["slots"]["inbound"]["live"]["version"].as_str().unwrap().to_owned()
    };
    assert_eq!(live(), "1.1.0");
    store.fine(["revert"]);
    assert_eq!(live(), "1.0.0");
    watcher.kill().unwrap();
    watcher.wait().unwrap();
}

#[test]
fn a_slot_in_which_nobody_decides_is_named_and_has_an_exit_code() {
    let store = Store::with(&["1.0.0"]);
    let filter = store.filter("my-filter");
    let status = store.run(["status"]);
    assert_eq!(status.code, 3, "{status:?}");
    assert!(status.out.contains("slot inbound\n  live      none: NO RELEASE DECIDES\n"), "{}", status.out);
    let json: Value = serde_json::from_str(&store.run(["status", "--json"]).out).unwrap();
    assert_eq!(json["undecided"][0]["slot"], "inbound");
    store.fine(["promote", "linear@1.0.0"]);
    let out = store.fine(["status"]);
    assert!(!out.contains("NO RELEASE DECIDES"), "{out}");
    drop(filter);
    let other = Request::Freeze { slot: Some("other".to_owned()) };
    store.control().author("ada").commit(other).unwrap();
    let status = store.run(["status"]);
    assert!(status.code == 3 && status.out.contains("slot other, generation 0\n"), "{status:?}");
}

#[test]
fn what_was_forced_is_marked_until_it_is_promoted_as_usual() {
    let store = Store::with(&["1.0.0", "1.1.0"]);
    let _filter = store.filter("my-filter");
    store.fine(["promote", "linear@1.0.0", "--force", "--author", "ada", "--reason", "at night"]);
    let out = store.fine(["status"]);
    assert!(out.contains("  FORCED    linear@1.0.0, since ") && out.contains("by ada (at night)"), "{out}");
    store.fine(["canary", "linear@1.1.0", "--share", "5%", "--force"]);
    assert!(store.fine(["status"]).contains("  FORCED    linear@1.1.0, since "));
    store.fine(["promote", "linear@1.1.0"]);
    let out = store.fine(["status"]);
    assert!(!out.contains("FORCED"), "{out}");
    assert_eq!(store.json(["status", "--json"])["forced"].as_array().unwrap().len(), 0);
}
