//! `switchback score --store`.

use serde_json::Value;
use tempfile::tempdir;

use super::store::Store;
use crate::model::{LOGS_AND_TRAPS_AT_BYTES, LOGS_AT_BYTES, SMALL, TRAPS_AT_BYTES, mail};

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_live_release_decides_and_is_named() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let dir = tempdir().unwrap();
    let file = dir.path().join("a.eml");
    std::fs::write(&file, mail("x", "a@example.org", 5_000)).unwrap();
    let file = file.to_str().unwrap();
    let verdict = &objects(&store.fine(["score", "--json", file]))[0];
    assert_eq!((&verdict["release"]["version"], &verdict["generation"]), (&"1.1.0".into(), &2.into()));
    assert_eq!((&verdict["action"], &verdict["decided_by"]), (&"quarantine".into(), &"live".into()));
    store.fine(["revert"]);
    let verdict = &objects(&store.fine(["score", "--json", file]))[0];
    assert_eq!((&verdict["release"]["version"], verdict["score"].as_f64()), (&"1.0.0".into(), Some(SMALL)));
    let out = store.fine(["score", "-v", file]);
    assert!(out.starts_with("0.1250  deliver      1  ham      linear@1.0.0  "), "{out}");
    assert!(out.contains("\n       +0.1250  SIZE\n"), "{out}");
    let summary = store.json(["score", "--summary", "--json", file]);
    assert_eq!((&summary["messages"], &summary["decided_by"]["live"]), (&1.into(), &1.into()));
    assert!(store.fine(["score", "--summary", file]).contains("releases    linear@1.0.0 1\n"));
}

#[test]
fn an_allow_lets_through_and_is_named() {
    let store = Store::promoted(&["1.0.0"]);
    let dir = tempdir().unwrap();
    let file = dir.path().join("a.eml");
    std::fs::write(&file, mail("x", "a@example.org", 7_000)).unwrap();
    store.fine(["allow", "--domain", "example.org", "--anyone", "--reason", "x"]);
    let out = store.fine(["score", file.to_str().unwrap()]);
    assert!(out.starts_with("0.9375  deliver     -1  spam     linear@1.0.0  "), "{out}");
    assert!(out.ends_with("\n        allowed by rule 3\n"), "{out}");
}

#[test]
fn a_failure_is_said_and_the_policy_answers() {
    let store = Store::promoted(&["1.0.0"]);
    let dir = tempdir().unwrap();
    let file = dir.path().join("a.eml");
    std::fs::write(&file, mail("x", "a@example.org", TRAPS_AT_BYTES)).unwrap();
    let ran = store.run(["score", file.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("it trapped") && ran.out.contains("\n        unscanned\n"), "{ran:?}");
}

#[test]
fn what_the_releases_of_a_slot_log_is_shown_with_their_names() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let dir = tempdir().unwrap();
    let file = |bytes: usize| {
        let file = dir.path().join(bytes.to_string());
        std::fs::write(&file, mail("x", "a@example.org", bytes)).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let out = store.fine(["score", "-v", &file(LOGS_AT_BYTES)]);
    assert!(out.ends_with("\n        linear@1.1.0  debug: odd size\n"), "{out}");
    let verdict = &objects(&store.fine(["score", "--json", &file(LOGS_AT_BYTES)]))[0];
    assert_eq!((&verdict["log"][0]["level"], &verdict["log"][0]["line"]), (&"debug".into(), &"odd size".into()));
    assert_eq!(verdict["log"][0]["release"], verdict["release"]);
    // The previous release was asked for the live one that failed, and failed as well.
    let verdict = &objects(&store.run(["score", "--json", &file(LOGS_AND_TRAPS_AT_BYTES)]).out)[0];
    let releases: std::collections::BTreeSet<_> =
        verdict["log"].as_array().unwrap().iter().map(|line| line["release"]["version"].as_str().unwrap()).collect();
    assert_eq!(releases.into_iter().collect::<Vec<_>>(), ["1.0.0", "1.1.0"], "{verdict}");
    assert_eq!(verdict["log_dropped"], 12);
}

#[test]
fn a_slot_that_is_not_there_scores_nothing() {
    let store = Store::promoted(&["1.0.0"]);
    assert_eq!(
        store.refused(["score", "--slot", "outbound", "x.eml"]),
        "there is no slot `outbound`: there is inbound"
    );
}

#[test]
fn what_the_library_warns_about_is_a_plain_line() {
    let store = Store::promoted(&["1.0.0"]);
    let digest = store.state().find("linear@1.0.0").unwrap().digest;
    let release = store.path().join("releases").join(format!("{digest}.wasm"));
    std::fs::write(&release, "damaged").unwrap();
    let file = store.path().join("a.eml");
    std::fs::write(&file, mail("x", "a@example.org", 200)).unwrap();
    let ran = store.run(["score", file.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let warned = ran.err.lines().find(|line| line.contains("a release of the store cannot be loaded")).unwrap();
    assert!(warned.trim_start().starts_with("ERROR ") && warned.contains(&digest.to_string()), "{warned}");
    assert!(!ran.err.contains('\x1b'), "{ran:?}");
}

#[test]
fn a_rule_for_a_network_is_tried_from_the_command_line_however_the_address_is_written() {
    let store = Store::promoted(&["1.0.0"]);
    let dir = tempdir().unwrap();
    let file = dir.path().join("a.eml");
    std::fs::write(&file, mail("x", "a@example.org", 200)).unwrap();
    store.fine(["block", "--network", "::ffff:192.0.2.0/120", "--reason", "x", "--action", "reject"]);
    for (address, action) in [("192.0.2.7", "reject"), ("::ffff:192.0.2.7", "reject"), ("192.0.3.7", "deliver")] {
        let verdict = &objects(&store.fine(["score", "--json", "--client-ip", address, file.to_str().unwrap()]))[0];
        assert_eq!(verdict["action"], action, "{address}: {verdict}");
    }
    let ran = store.run(["block", "--network", "::ffff:0.0.0.0/80", "--reason", "x"]);
    assert!(ran.code == 2 && ran.err.contains("name the IPv4 network"), "{ran:?}");
}
