//! `switchback status`.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::Value;
use switchback::{ControlStore as _, NewProcess, Reading, SqliteStore};

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
        "  inbound  obeys generation 2  since ",
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
    let earlier = NewProcess {
        name: "earlier".to_owned(),
        pid: std::process::id(),
        since: jiff::Timestamp::now(),
        contract: "1.0.0".parse().unwrap(),
        reading: Reading::FIRST,
        slots: vec!["inbound".to_owned()],
    };
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
