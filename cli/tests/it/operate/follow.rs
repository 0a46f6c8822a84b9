//! Processes that follow while an operator changes their store.

use switchback::{Limits, Runtime, SlotConfig};

use super::store::Store;
use crate::model::{mail, release};

#[test]
fn a_process_of_its_own_obeys_and_says_so() {
    let store = Store::promoted(&["1.0.0"]);
    let scorer = store.scorer();
    let out = store.fine(["load", &release("1.1.0")]);
    assert!(out.contains("ready in switchback score (process "), "{out}");
    let out = store.fine(["promote", "linear@1.1.0", "--dry-run"]);
    assert!(out.contains(&format!("pid {}) is ready", scorer.child.id())), "{out}");
    let out = store.fine(["promote", "linear@1.1.0"]);
    assert!(out.contains("applied by 1 of 1 process, the last after ") && out.contains(" ms\n"), "{out}");
    let revert = store.json(["revert", "--json"]);
    let obeyed = &revert["obeyed"][0];
    assert_eq!(
        (obeyed["name"].as_str(), obeyed["pid"].as_u64()),
        (Some("switchback score"), Some(scorer.child.id().into()))
    );
    assert!(obeyed["after_ms"].as_f64().unwrap() > 0.0, "{revert}");
    let verdict = scorer.score(&mail("x", "a@example.org", 5_000));
    assert_eq!((&verdict["release"]["version"], &verdict["generation"]), (&"1.0.0".into(), &3.into()));
}

#[test]
fn a_promotion_into_a_slot_that_no_process_has_is_a_mistake() {
    let store = Store::promoted(&["1.0.0"]);
    store.fine(["load", &release("1.1.0")]);
    let _filter = store.filter("filter");
    let refused = store.refused(["promote", "linear@1.1.0", "--slot", "inbuond"]);
    assert_eq!(refused, "no process has a slot `inbuond`: there is inbound; use --force to promote there anyway");
    store.fine(["promote", "linear@1.1.0", "--slot", "inbuond", "--force"]);
}

#[test]
fn what_one_process_cannot_load_is_promoted_nowhere() {
    let store = Store::promoted(&["1.0.0"]);
    let mut limits = Limits::default();
    limits.release_bytes_max = 64;
    let builder = Runtime::builder().slot(SlotConfig::new("inbound")).instances(4).name("small-one").limits(limits);
    let _small = builder.store_dir(store.path()).build().unwrap();
    let ran = store.run(["load", &release("1.1.0")]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("small-one (process ") && ran.err.contains("cannot load linear@1.1.0: "), "{ran:?}");
    let before = store.state();
    let refused = store.refused(["promote", "linear@1.1.0"]);
    assert!(refused.contains("decides nowhere") && refused.contains("small-one"), "{refused}");
    let tried = store.run(["promote", "linear@1.1.0", "--dry-run"]);
    assert!(tried.code == 1 && tried.out.contains("small-one") && tried.out.contains("cannot load it"), "{tried:?}");
    assert_eq!(store.state(), before);
    // Forced, it is done, and the process that cannot obey says why.
    let forced = store.run(["promote", "linear@1.1.0", "--force"]);
    assert_eq!(forced.code, 1, "{forced:?}");
    assert!(
        forced.out.contains("with a problem") && forced.err.contains("cannot take charge of inbound"),
        "{forced:?}"
    );
    let status = store.run(["status"]);
    assert_eq!(status.code, 3, "nobody decides there: {status:?}");
    assert!(status.out.contains("FAILED in small-one") && status.out.contains("PROBLEM: "), "{status:?}");
}

#[test]
fn a_process_that_was_killed_is_not_waited_for() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let mut scorer = store.scorer();
    scorer.child.kill().unwrap();
    scorer.child.wait().unwrap();
    let out = store.fine(["revert"]);
    assert!(out.contains("no process follows the store now"), "{out}");
}

#[test]
fn a_process_that_hangs_is_named() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let mut scorer = store.scorer();
    let pid = scorer.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-STOP", &pid]).status().unwrap().success());
    // The thread that takes the signal stops the others when it gets a core.
    super::store::until("every thread has stopped", || are_stopped(&pid));
    let ran = store.run(["revert", "--wait", "1"]);
    let status = store.fine(["status"]);
    assert!(std::process::Command::new("kill").args(["-CONT", &pid]).status().unwrap().success());
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("applied by none of 1 process") && ran.out.contains("silent"), "{ran:?}");
    assert!(ran.err.contains("has not applied it within 1 s"), "{ran:?}");
    assert!(status.contains("BEHIND: at generation 2"), "{status}");
    scorer.child.kill().unwrap();
    scorer.child.wait().unwrap();
}

/// Whether every thread of a process is stopped (proc(5)).
fn are_stopped(pid: &str) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    threads.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("stat")).unwrap()).all(|stat| {
        let (_, state) = stat.rsplit_once(") ").unwrap();
        state.starts_with('T')
    })
}

#[test]
fn a_damaged_release_file_is_replaced_by_loading_it_again() {
    let store = Store::promoted(&["1.0.0"]);
    let digest = store.state().find("linear@1.0.0").unwrap().digest;
    let file = store.path().join("releases").join(format!("{digest}.wasm"));
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let filter = store.filter("filter");
    let status = store.run(["status"]);
    assert!(status.code == 3 && status.out.contains("load the release again"), "{status:?}");
    let out = store.fine(["load", &release("1.0.0")]);
    assert!(out.contains("is loaded already") && out.contains("ready in filter (process "), "{out}");
    super::store::until("it takes charge", || filter.slot("inbound").unwrap().live().is_some());
}
