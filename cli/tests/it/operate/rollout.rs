//! `switchback rollout`.

use super::store::Store;
use crate::model::release;

#[test]
fn a_rollout_begins_is_shown_and_stops() {
    let store = Store::promoted(&["1.0.0"]);
    store.fine(["load", &release("1.1.0")]);
    assert_eq!(store.fine(["rollout", "status"]), "no rollout is in progress\n");
    let out =
        store.fine(["rollout", "linear@1.1.0", "--plan", "shadow 24h, 5% 30m, 100%", "--reason", "the mail of May"]);
    assert!(out.contains("roll out linear@1.1.0 in inbound: shadow 1d, 5% 30m, 100%"), "{out}");
    assert!(out.contains("shadow linear@1.1.0, 100 %"), "{out}");
    for out in [store.fine(["status"]), store.run(["rollout", "status"]).out, store.fine(["guard", "status"])] {
        assert!(out.contains("linear@1.1.0, step 1 of 3 (shadow 1d) since "), "{out}");
    }
    let status = store.run(["rollout", "status"]);
    assert!(status.code == 1 && status.out.contains("no guard has reported yet"), "{status:?}");
    assert!(store.refused(["rollout", "linear@1.1.0"]).contains("is being rolled out in inbound"));
    store.fine(["rollout", "stop", "--reason", "not before the holidays"]);
    assert!(store.refused(["rollout", "stop"]).contains("no rollout goes on in inbound"));
    let history = store.fine(["history"]);
    assert!(history.contains("stop the rollout in inbound"), "{history}");
    // The release keeps its role.
    assert_eq!(store.state().slots["inbound"].shadows.len(), 1);
}

#[test]
fn a_rollout_that_is_held_up_says_by_what() {
    let store = Store::promoted(&["1.0.0"]);
    store.fine(["load", &release("1.1.0")]);
    let _filter = store.filter("filter");
    store.fine(["rollout", "linear@1.1.0"]);
    let waits = store.run(["rollout", "status"]);
    assert!(waits.code == 0 && waits.out.contains("  the next step is due on "), "{waits:?}");
    store.fine(["freeze", "--reason", "the holidays"]);
    let held = store.run(["rollout", "status"]);
    assert_eq!(held.code, 1, "{held:?}");
    assert!(held.out.contains("  HELD UP: ") && held.out.contains("the holidays"), "{held:?}");
}

#[test]
fn what_ends_a_rollout_says_what_becomes_of_what_it_tried() {
    for (line, now) in [
        ("revert", "no longer has a role there"),
        ("promote linear@1.0.0 --older", "no longer has a role there"),
        ("withdraw linear@2.0.0", "no longer has a role there"),
        ("quarantine linear@2.0.0", "no longer has a role there"),
        ("quarantine linear@1.1.0", "no longer has a role there"),
        ("promote linear@2.0.0", "is live there now"),
        (
            "rollout stop",
            "stays there as canary, 10 % by content, mirrored: `switchback withdraw linear@2.0.0 --slot inbound` removes it",
        ),
        ("canary linear@2.0.0 --share 5%", "stays there as canary, 5 % by content, mirrored: "),
        ("shadow linear@2.0.0", "stays there as shadow, 100 %: "),
    ] {
        let store = Store::promoted(&["1.0.0", "1.1.0"]);
        store.fine(["load", &release("2.0.0")]);
        store.fine(["rollout", "linear@2.0.0", "--plan", "10% 1h, 100%"]);
        let said = format!("this ends the rollout of linear@2.0.0 in inbound; the release {now}");
        let dry_run: Vec<_> = line.split(' ').chain(["--dry-run"]).collect();
        assert!(store.fine(dry_run).contains(&said), "{line}");
        let json = store.json(line.split(' ').chain(["--dry-run", "--json"]));
        assert_eq!(json["rollouts_ended"][0]["release"]["version"], "2.0.0", "{json}");
        let out = store.fine(line.split(' '));
        assert!(out.contains(&said), "{line}: {out}");
        let history = store.fine(["history"]);
        assert_eq!(history.matches("stop the rollout in inbound").count(), 1, "{history}");
        assert!(line == "rollout stop" || history.contains("ended by: "), "{history}");
        let slot = &store.state().slots["inbound"];
        let has_role = !slot.canaries.is_empty() || !slot.shadows.is_empty();
        assert_eq!((slot.rollout.is_none(), has_role), (true, now.starts_with("stays")), "{line}");
        assert_eq!(store.fine(["rollout", "status"]), "no rollout is in progress\n");
        store.fine(["history", "verify"]);
    }
}
