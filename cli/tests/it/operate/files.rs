//! Releases that are in the store by name alone: their file is missing, or was altered.

use std::fs;
use std::path::PathBuf;

use super::store::Store;
use crate::model::{mail, release};
use crate::run::{command, ran};

/// 1.1.0 is live with 1.0.0 on standby, and 2.0.0 is there.
fn store() -> Store {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    store.fine(["load", &release("2.0.0")]);
    store
}

/// The file of a version.
fn file(store: &Store, version: &str) -> PathBuf {
    let digest = store.state().find(&format!("linear@{version}")).unwrap().digest;
    store.path().join("releases").join(format!("{digest}.wasm"))
}

/// What can become of a file, and what is said of it.
type Damage = (fn(&PathBuf), &'static str);

const DAMAGES: [Damage; 3] = [
    (|file| fs::remove_file(file).unwrap(), "its file is missing from the store: there is no "),
    (|file| fs::write(file, "altered").unwrap(), "its file in the store is damaged or was altered: "),
    (
        |file| {
            fs::remove_file(file).unwrap();
            fs::create_dir(file).unwrap();
        },
        "its file in the store cannot be read: ",
    ),
];

#[test]
fn what_a_process_that_starts_could_not_load_gets_nothing_to_do() {
    for (damage, said) in DAMAGES {
        let store = store();
        ["1.0.0", "2.0.0"].iter().for_each(|version| damage(&file(&store, version)));
        let before = store.state();
        for line in [
            "promote linear@2.0.0",
            "promote linear@1.0.0 --older",
            "canary linear@2.0.0 --share 5%",
            "shadow linear@2.0.0",
            "rollout linear@2.0.0",
            "rollout linear@2.0.0 --plan 5%1h,100%",
            "revert linear@1.0.0",
            "revert --segment provider:gmail",
        ] {
            let line = line.replace("5%1h", "5% 1h");
            let args: Vec<_> = match line.split_once(" --plan ") {
                Some((first, plan)) => first.split(' ').chain(["--plan", plan]).collect(),
                None => line.split(' ').collect(),
            };
            for dry_run in [&[][..], &["--dry-run"]] {
                let refused = store.refused(args.iter().chain(dry_run));
                assert!(refused.contains(said), "{line}: {refused}");
                assert!(refused.ends_with("`switchback load` its file again"), "{line}: {refused}");
            }
            assert_eq!(store.state(), before, "{line}");
        }
    }
}

#[test]
fn loading_the_release_again_brings_its_file_back() {
    for (damage, said) in &DAMAGES[..2] {
        let store = store();
        let (path, sequence) = (file(&store, "2.0.0"), store.state().sequence);
        damage(&path);
        let out = store.fine(["load", "--dry-run", &release("2.0.0")]);
        assert!(out.contains("  it would be put back; what was wrong: ") && out.contains(said), "{out}");
        store.refused(["promote", "linear@2.0.0"]);
        let json = store.json(["load", "--json", &release("2.0.0")]);
        assert!(json["mended"].as_str().unwrap().starts_with(said), "{json}");
        assert_eq!((store.state().sequence, path.is_file()), (sequence, true));
        let out = store.fine(["load", &release("2.0.0")]);
        assert!(out.starts_with("linear@2.0.0 is loaded already\n") && !out.contains("put back"), "{out}");
        store.fine(["promote", "linear@2.0.0"]);
    }
}

#[test]
fn a_revert_is_made_whatever_became_of_the_file_and_says_so() {
    let store = store();
    fs::remove_file(file(&store, "1.0.0")).unwrap();
    let dry_run = store.run(["revert", "--dry-run"]);
    assert_eq!((dry_run.code, store.live().as_str()), (1, "1.1.0"));
    let ran = store.run(["revert", "--reason", "Gmail mail is flagged"]);
    assert_eq!((ran.code, store.live().as_str()), (1, "1.0.0"), "{ran:?}");
    for err in [dry_run.err, ran.err] {
        let said =
            "linear@1.0.0 now decides in inbound, but a process that starts could not load it: its file is missing";
        assert!(err.contains(said) && err.contains("Run `switchback load` with its file again"), "{err}");
    }
    let status = store.run(["status"]);
    let said = "  NO RELEASE DECIDES in a filter that starts: it would not load linear@1.0.0: its file is missing from the store";
    assert!(status.code == 3 && status.out.contains(said), "{status:?}");
    store.fine(["load", &release("1.0.0")]);
    store.fine(["status"]);
    store.fine(["promote", "linear@1.1.0"]);
    let json = store.json(["revert", "--json"]);
    assert!(json.get("unloadable").is_none(), "{json}");
}

#[test]
fn what_is_forced_is_done_and_said() {
    let store = store();
    fs::write(file(&store, "2.0.0"), "altered").unwrap();
    let ran = store.run(["promote", "linear@2.0.0", "--force", "--json"]);
    assert_eq!((ran.code, store.live().as_str()), (1, "2.0.0"), "{ran:?}");
    assert!(ran.err.contains("linear@2.0.0 now decides in inbound"), "{ran:?}");
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert!(json["unloadable"][0]["why"].as_str().unwrap().contains("altered"), "{json}");
    // What was so before is not said of each change.
    store.fine(["freeze"]);
}

#[test]
fn the_status_marks_releases_whose_file_is_missing_or_altered() {
    let store = store();
    assert!(!store.fine(["status"]).contains("CANNOT BE LOADED"));
    fs::write(file(&store, "1.0.0"), "altered").unwrap();
    fs::remove_file(file(&store, "2.0.0")).unwrap();
    let out = store.fine(["status"]);
    for marked in
        ["CANNOT BE LOADED: its file in the store is damaged or was altered", "CANNOT BE LOADED: its file is missing"]
    {
        assert_eq!(out.matches(marked).count(), 1, "{out}");
    }
    let json = store.json(["status", "--json"]);
    let faulty: Vec<_> =
        json["faulty"].as_array().unwrap().iter().map(|one| one["release"]["version"].as_str().unwrap()).collect();
    assert!(faulty.len() == 2 && faulty.contains(&"1.0.0") && faulty.contains(&"2.0.0"), "{json}");
    assert_eq!(json["unloadable"].as_array().unwrap().len(), 0);
}

#[test]
fn a_rollout_does_not_go_on_with_what_could_not_be_loaded_again() {
    let store = store();
    let _filter = store.filter("filter");
    store.fine(["rollout", "linear@2.0.0"]);
    fs::remove_file(file(&store, "2.0.0")).unwrap();
    let held = store.run(["rollout", "status"]);
    assert!(held.code == 1 && held.out.contains("  HELD UP: linear@2.0.0 is refused"), "{held:?}");
}

#[test]
fn a_filter_that_starts_after_a_promotion_has_what_it_needs() {
    let store = store();
    fs::remove_file(file(&store, "2.0.0")).unwrap();
    store.refused(["promote", "linear@2.0.0"]);
    let message = store.path().join("a.eml");
    fs::write(&message, mail("x", "a@example.org", 5_000)).unwrap();
    let scored = ran(command().args(["score", "--json", "--store"]).arg(store.path()).arg(&message)).fine();
    let verdict: serde_json::Value = serde_json::from_str(&scored).unwrap();
    assert_eq!(verdict["release"]["version"], "1.1.0");
}

#[test]
fn scoring_with_a_slot_whose_release_cannot_be_loaded_says_so() {
    for (damage, _) in DAMAGES {
        let store = store();
        damage(&file(&store, "1.1.0"));
        let message = store.path().join("a.eml");
        fs::write(&message, mail("x", "a@example.org", 5_000)).unwrap();
        let scored = store.run(["score", message.to_str().unwrap()]);
        // One that was altered is set aside by now, so it is missing.
        let said = "switchback: linear@1.1.0 is live in inbound and cannot be loaded here: its file ";
        assert!(scored.err.contains(said), "{scored:?}");
    }
}
