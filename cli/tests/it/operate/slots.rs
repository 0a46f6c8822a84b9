//! Which slot a command is about when none is named.

use super::store::Store;
use crate::run::{commands, switchback};

/// Commands that are about one slot, and that can be carried out in [`only`]; nothing is changed.
const CHANGES: [&str; 9] = [
    "promote linear@2.0.0 --dry-run",
    "shadow linear@2.0.0 --dry-run",
    "canary linear@2.0.0 --share 5% --dry-run",
    "rollout linear@2.0.0 --dry-run",
    "revert --dry-run",
    "revert --segment shop.example --dry-run",
    "restore --segment gmail.com --dry-run",
    "withdraw linear@1.0.0 --dry-run",
    "guard set --mode warn --dry-run",
];

/// Further commands that are about one slot.
const OTHERS: [&str; 5] = [
    "rollout stop",
    "guard learn mail.eml",
    "guard simulate linear@1.0.0 linear@1.1.0 mail.eml",
    "compare linear@1.0.0 linear@1.1.0 --live",
    "score mail.eml",
];

/// A store with one slot, of which a segment was reverted.
fn only() -> Store {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    store.fine(["load", &crate::model::release("2.0.0")]);
    store.fine(["revert", "--segment", "gmail.com"]);
    store
}

#[test]
fn the_only_slot_need_not_be_named() {
    let store = only();
    for line in CHANGES {
        let out = store.fine(line.split(' '));
        assert!(out.contains("nothing was changed; this would be event ") && out.contains("inbound"), "{line}: {out}");
    }
}

#[test]
fn of_several_slots_one_has_to_be_named() {
    let store = only();
    store.fine(["promote", "linear@1.0.0", "--slot", "outbound"]);
    for line in CHANGES.iter().chain(&OTHERS) {
        let ran = store.run(line.split(' '));
        let said = "which slot? There are inbound, outbound: name one with --slot";
        assert!(ran.code == 2 && ran.out.is_empty() && ran.err.contains(said), "{line}: {ran:?}");
    }
}

#[test]
fn where_there_is_no_slot_that_is_said() {
    let store = Store::with(&["1.0.0", "1.1.0", "2.0.0"]);
    for line in CHANGES.iter().chain(&OTHERS) {
        let ran = store.run(line.split(' '));
        assert!(ran.code != 0 && ran.out.is_empty() && ran.err.contains("there is no slot yet: "), "{line}: {ran:?}");
    }
}

#[test]
fn every_command_that_takes_a_slot_says_what_holds_without_one() {
    for command in commands() {
        let help = switchback(command.split(' ').chain(["--help"])).fine();
        let Some((_, slot)) = help.split_once("--slot <SLOT>\n") else { continue };
        let said = slot.lines().next().unwrap();
        let is_said =
            ["[default: the only one in the store]", "[default: every slot]"].iter().any(|end| said.ends_with(end));
        assert!(is_said, "{command}: {said}");
    }
}
