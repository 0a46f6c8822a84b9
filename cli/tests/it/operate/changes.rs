//! What changes a store: the main path of each command, and its dry run.

use serde_json::Value;

use super::store::Store;
use crate::model::release;
use crate::run::{command, ran};

#[test]
fn from_load_to_revert() {
    let store = Store::nowhere();
    let [one, two] = ["1.0.0", "1.1.0"].map(release);
    let out = store.fine(["load", &one, &two]);
    assert!(out.contains("event 1: load linear@1.0.0\n  digest sha256:"), "{out}");
    assert!(out.contains("event 2: load linear@1.1.0\n") && out.contains("no process follows the store now"), "{out}");
    let out = store.fine(["promote", "linear@1.0.0", "--slot", "inbound"]);
    assert!(out.contains("event 3, generation 1: promote linear@1.0.0 in inbound\n"), "{out}");
    assert!(out.contains("inbound: live linear@1.0.0; nothing on standby\n"), "{out}");
    let out = store.fine(["promote", "linear@1.1.0", "--reason", "better"]);
    assert!(out.contains("inbound: live linear@1.1.0, before it linear@1.0.0; on standby linear@1.0.0; reverse shadow linear@1.0.0 until "), "{out}");
    assert!(out.contains("no overrides in effect"), "{out}");
    let out = store.fine(["revert", "--reason", "worse", "--author", "ada"]);
    assert!(out.contains("event 5, generation 3: revert inbound to linear@1.0.0\n"), "{out}");
    assert_eq!(store.live(), "1.0.0");
    let last = store.control().history().unwrap().pop().unwrap();
    assert_eq!((last.author.as_str(), last.reason.as_str()), ("ada", "worse"));
}

#[test]
fn a_release_that_is_loaded_already_is_no_error() {
    let store = Store::with(&["1.0.0"]);
    let out = store.fine(["load", &release("1.0.0")]);
    assert!(out.starts_with("linear@1.0.0 is loaded already\n"), "{out}");
    assert_eq!(store.state().sequence.get(), 1);
}

#[test]
fn of_several_files_those_that_are_releases_are_loaded() {
    let store = Store::with(&["1.0.0"]);
    let ran = store.run(["load", "missing.wasm", &release("1.1.0")]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("missing.wasm") && ran.out.contains("load linear@1.1.0"), "{ran:?}");
    assert_eq!(store.state().releases.len(), 2);
}

#[test]
fn what_is_no_release_makes_no_store() {
    let store = Store::nowhere();
    let text = store.path().join("text.wasm");
    std::fs::write(&text, "hello").unwrap();
    let dir = store.path().join("store");
    for dry_run in [&[][..], &["--dry-run"]] {
        let mut command = command();
        command.arg("load").arg(&text).arg("--store").arg(&dir).args(dry_run);
        let ran = ran(&mut command);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains("it is not WebAssembly") && !dir.exists(), "{ran:?}");
    }
}

#[test]
fn a_release_goes_when_it_has_no_role_any_more() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    assert!(store.refused(["unload", "linear@1.1.0"]).contains("is live in inbound"));
    assert!(store.refused(["unload", "linear@1.0.0"]).contains("withdraw it there first"));
    store.fine(["withdraw", "linear@1.0.0"]);
    let out = store.fine(["unload", "linear@1.0.0"]);
    assert!(out.contains("unload linear@1.0.0\n"), "{out}");
    assert_eq!(store.state().releases.len(), 1);
}

#[test]
fn a_quarantine_takes_the_role_and_lifting_it_gives_none_back() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let out = store.fine(["quarantine", "linear@1.1.0", "--reason", "flags all"]);
    assert!(out.contains("inbound: live linear@1.0.0, before it linear@1.1.0"), "{out}");
    assert!(store.refused(["promote", "linear@1.1.0"]).contains("is quarantined"));
    // It can be lifted also when it is not loaded any more.
    store.fine(["unload", "linear@1.1.0"]);
    store.fine(["quarantine", "linear@1.1.0", "--lift"]);
    assert_eq!(store.live(), "1.0.0");
    store.fine(["load", &release("1.1.0")]);
    store.fine(["promote", "linear@1.1.0"]);
}

#[test]
fn a_freeze_stops_promotions_and_no_revert() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let out = store.fine(["freeze", "--author", "ada", "--reason", "Christmas"]);
    assert!(out.contains("freeze every slot"), "{out}");
    let refused = store.refused(["promote", "linear@1.0.0", "--older"]);
    assert!(refused.contains("inbound is frozen since ") && refused.contains("by ada (Christmas)"), "{refused}");
    store.fine(["revert"]);
    store.fine(["thaw"]);
    store.fine(["freeze", "--slot", "inbound"]);
    assert!(store.refused(["promote", "linear@1.1.0"]).contains("is frozen"));
    store.fine(["thaw", "--slot", "inbound"]);
    store.fine(["promote", "linear@1.1.0"]);
}

#[test]
fn an_older_version_is_promoted_only_if_it_is_meant() {
    let store = Store::promoted(&["1.1.0"]);
    store.fine(["load", &release("1.0.0")]);
    assert!(store.refused(["promote", "linear@1.0.0"]).contains("say --older"));
    store.fine(["promote", "linear@1.0.0", "--older"]);
    store.fine(["revert", "linear@1.1.0"]);
    assert_eq!(store.live(), "1.1.0");
}

#[test]
fn a_dry_run_says_what_would_be_and_changes_nothing() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    store.fine(["load", &release("2.0.0")]);
    store.fine(["freeze", "--slot", "inbound"]);
    store.fine(["thaw", "--slot", "inbound"]);
    store.fine(["block", "--domain", "bad.example", "--reason", "spam"]);
    let rule = store.state().sequence.to_string();
    let key = crate::keygen::Keys::without_password();
    let public = key.path("k.pub").display().to_string();
    let before = (store.state(), store.control().history().unwrap());
    let three = release("2.0.0");
    for (args, says) in [
        (&["load", &three][..], "linear@2.0.0 is loaded already"),
        (&["unload", "linear@2.0.0"], "unload linear@2.0.0"),
        (&["promote", "linear@2.0.0"], "inbound: live linear@2.0.0, before it linear@1.1.0"),
        (&["revert"], "inbound: live linear@1.0.0, before it linear@1.1.0; nothing on standby"),
        (&["quarantine", "linear@1.1.0"], "inbound: live linear@1.0.0"),
        (&["withdraw", "linear@1.0.0"], "nothing on standby"),
        (&["freeze"], "freeze every slot"),
        (&["allow", "--sender", "a@good.example", "--reason", "why"], "allow sender a@good.example"),
        (&["block", "--network", "192.0.2.0/24", "--reason", "why"], "block network 192.0.2.0/24"),
        (&["expire", &rule], "expire override"),
        (&["trust", "add", &public], "trust key"),
    ] {
        let out = store.fine(args.iter().chain(&["--dry-run"]));
        assert!(out.contains(says), "{args:?}: {out}");
        assert!(out.starts_with("nothing was changed; this would be event 9") || args[0] == "load", "{out}");
        let json: Value = store.json(args.iter().chain(&["--dry-run", "--json"]));
        assert_eq!(json["dry_run"], true, "{json}");
        assert_eq!((store.state(), store.control().history().unwrap()), before, "{args:?}");
    }
    // What is refused is refused in a dry run too.
    assert!(store.refused(["thaw", "--dry-run"]).contains("there is no freeze"));
    assert!(store.refused(["promote", "linear@1.0.0", "--dry-run"]).contains("--older"));
}

#[test]
fn the_dry_run_of_a_first_load_makes_no_store() {
    let store = Store::nowhere();
    let [one, two] = ["1.0.0", "1.1.0"].map(release);
    let out = store.fine(["load", "--dry-run", &one, &two]);
    assert!(out.contains("event 1: load linear@1.0.0") && out.contains("event 2: load linear@1.1.0"), "{out}");
    assert!(std::fs::read_dir(store.path()).unwrap().next().is_none());
}

#[test]
fn a_change_is_told_as_json_with_its_event() {
    let store = Store::nowhere();
    let load = store.json(["load", "--json", &release("1.0.0")]);
    assert_eq!((&load["event"]["sequence"], &load["release"]["version"]), (&1.into(), &"1.0.0".into()));
    let promote = store.json(["promote", "linear@1.0.0", "--slot", "inbound", "--json", "--reason", "why"]);
    let event = &promote["event"];
    assert_eq!((&event["reason"], &event["operation"]["op"]), (&"why".into(), &"promote".into()));
    assert_eq!(promote["slots"]["inbound"]["live"]["version"], "1.0.0");
    for list in ["obeyed", "silent", "standing_overrides"] {
        assert_eq!(promote[list], Value::Array(Vec::new()), "{promote}");
    }
    let read: switchback::control::Event = serde_json::from_value(event.clone()).unwrap();
    assert_eq!(store.control().history().unwrap().pop(), Some(read));
}

#[test]
fn the_author_is_who_called_sudo_or_else_the_user() {
    let store = Store::with(&["1.0.0"]);
    let authored = |variables: &[(&str, &str)]| {
        let mut command = command();
        command.env_remove("SUDO_USER").envs(variables.iter().copied()).args(["freeze", "--store"]).arg(store.path());
        ran(&mut command).fine();
        store.fine(["thaw"]);
        let mut history = store.control().history().unwrap();
        history.truncate(history.len() - 1);
        history.pop().unwrap().author
    };
    assert_eq!(authored(&[("SUDO_USER", "grace")]), "grace");
    let user = authored(&[]);
    assert!(!user.is_empty() && user != "grace" && user != "unknown", "{user}");
}

#[test]
fn a_release_that_was_never_live_is_promoted_and_not_reverted_to() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    store.fine(["load", &release("2.0.0")]);
    store.fine(["canary", "linear@2.0.0", "--share", "5%"]);
    for args in [&["revert", "linear@2.0.0"][..], &["revert", "linear@2.0.0", "--segment", "gmail.com"]] {
        assert_eq!(store.refused(args), "linear@2.0.0 is not a standby of this slot: promote it instead");
    }
}

#[test]
fn a_slot_is_made_with_a_name_that_can_be_shown() {
    let store = Store::with(&["1.0.0"]);
    let endless = "x".repeat(100_000);
    for name in ["in/out", "in\\out", "in\nout", "", &endless] {
        for args in [
            &["promote", "linear@1.0.0", "--slot", name][..],
            &["freeze", "--slot", name],
            &["guard", "set", "--mode", "warn", "--slot", name],
        ] {
            let refused = store.refused(args);
            assert!(refused.contains("is no name for a slot: 1 to 64 bytes") && refused.len() < 300, "{refused}");
        }
    }
}
