//! Clocks that are wrong, by `faketime`.

use std::process::Command;

use super::store::Store;
use crate::model::{mail, release};
use crate::run::{Ran, command, ran};

/// Runs the command with a clock that is so far off, such as `+40d`.
fn run_at(store: &Store, offset: &str, args: &[&str]) -> Ran {
    let program = command().get_program().to_owned();
    let mut wrong = Command::new("faketime");
    ran(wrong.args(["-f", offset]).arg(program).env("SWITCHBACK_STORE", store.path()).args(args))
}

/// Whether there is `faketime` here.
fn can_be_wrong() -> bool {
    let is_there = Command::new("faketime").args(["-f", "+1d", "true"]).status().is_ok_and(|status| status.success());
    if !is_there {
        eprintln!("SKIPPED: `faketime` is not installed (`cargo xtask setup` says how)");
    }
    is_there
}

#[test]
fn starts_with_a_clock_far_ahead_delete_nothing_of_the_journal() {
    if !can_be_wrong() {
        return;
    }
    let store = Store::promoted(&["1.0.0"]);
    let file = store.path().join("message.eml");
    std::fs::write(&file, mail("newsletter", "a@example.org", 300)).unwrap();
    let score = ["score", "--journal", file.to_str().unwrap()];
    store.fine(score);
    let records = || store.fine(["journal", "--json"]).lines().count();
    for offset in ["+40d", "+40d", "+41d", "-400d"] {
        let before = records();
        let ran = run_at(&store, offset, &score);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(records(), before + 1, "{offset}: {ran:?}");
    }
}

#[test]
fn an_override_made_by_a_clock_far_ahead_is_pointed_out_and_over_with_the_next_event() {
    if !can_be_wrong() {
        return;
    }
    let store = Store::promoted(&["1.0.0"]);
    let allow = ["allow", "--domain", "example.com", "--anyone", "--over", "all", "--for", "1h", "--reason", "x"];
    let made = run_at(&store, "+3650d", &allow);
    assert_eq!(made.code, 0, "{made:?}");
    assert!(store.fine(["overrides"]).contains("NOT IN EFFECT: made "), "nothing came after it yet");
    let frozen = store.run(["freeze", "--reason", "x"]);
    assert!(frozen.code == 0 && frozen.err.contains("earlier than event 3"), "{frozen:?}");
    assert!(store.fine(["overrides"]).contains("NOT IN EFFECT: made "));
    let made = store.state().overrides[&3].clone();
    assert!(made.ends_at() < made.at, "its hour began with the next event: {made:?}");
    let then = run_at(&store, "+3650d", &["overrides"]);
    assert!(then.fine().contains("no overrides in effect"));
}

#[test]
fn a_clock_that_is_set_back_is_named_and_takes_no_override_away() {
    if !can_be_wrong() {
        return;
    }
    let store = Store::nowhere();
    for (offset, version) in [("-30h", "1.0.0"), ("-20h", "1.1.0"), ("-1h", "2.0.0")] {
        let loaded = run_at(&store, offset, &["load", &release(version)]);
        assert_eq!(loaded.code, 0, "{loaded:?}");
    }
    let block = ["block", "--domain", "example.com", "--anyone", "--for", "30d", "--reason", "x"];
    store.fine(block);
    let ran = run_at(&store, "-300d", &["overrides"]);
    assert!(ran.err.contains("the clock was set back"), "{ran:?}");
    assert!(!ran.out.contains("NOT IN EFFECT") && ran.out.contains("example.com"), "{ran:?}");
    assert_eq!(store.run(["overrides"]).err, "");
}
