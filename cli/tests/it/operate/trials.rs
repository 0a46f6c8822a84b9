//! Releases that are tried before they decide, and the predecessor that goes on after them.

use super::store::Store;
use crate::model::{mail, release};

/// 1.0.0 is live, and 2.0.0 is there.
fn store() -> Store {
    let store = Store::promoted(&["1.0.0"]);
    store.fine(["load", &release("2.0.0")]);
    store
}

#[test]
fn a_shadow_has_a_rate_and_goes_when_it_is_withdrawn() {
    let store = store();
    let out = store.fine(["shadow", "linear@2.0.0", "--rate", "12.5%", "--reason", "a look"]);
    assert!(out.contains("generation 2: shadow linear@2.0.0 in inbound, 12.5 %\n"), "{out}");
    assert!(out.contains("inbound: live linear@1.0.0; nothing on standby; shadow linear@2.0.0, 12.5 %\n"), "{out}");
    store.fine(["shadow", "linear@2.0.0"]);
    assert_eq!(store.state().slots["inbound"].shadows[0].rate_bp, 10_000);
    assert!(store.fine(["status"]).contains("  shadow    linear@2.0.0, 100 %\n"));
    store.fine(["withdraw", "linear@2.0.0"]);
    assert!(store.state().slots["inbound"].shadows.is_empty());
}

#[test]
fn a_canary_has_a_share_that_can_be_widened() {
    let store = store();
    let out = store.fine(["canary", "linear@2.0.0", "--share", "1%", "--mirror", "--dry-run"]);
    assert!(out.starts_with("nothing was changed; this would be event "), "{out}");
    let out = store.fine(["canary", "linear@2.0.0", "--share", "1%", "--mirror"]);
    assert!(out.contains("canary linear@2.0.0 in inbound, 1 % by content, mirrored\n"), "{out}");
    let before = store.state().slots["inbound"].canaries[0].clone();
    let out = store.fine(["canary", "linear@2.0.0", "--share", "25%"]);
    assert!(
        out.contains(
            "inbound: live linear@1.0.0; nothing on standby; canary linear@2.0.0, 25 % by content, mirrored\n"
        ),
        "{out}"
    );
    let after = store.state().slots["inbound"].canaries[0].clone();
    assert_eq!((before.buckets.count(), after.buckets.count()), (100, 2_500));
    assert!((0..10_000).all(|bucket| !before.buckets.contains(bucket) || after.buckets.contains(bucket)));
    let json = store.json(["status", "--json"]);
    assert!(json.to_string().contains("\"share_bp\":2500"), "{json}");
}

#[test]
fn a_canary_keeps_what_is_not_named_when_it_is_widened() {
    let store = store();
    let share = || store.state().slots["inbound"].canaries[0].share;
    store.fine(["canary", "linear@2.0.0", "--share", "1%", "--by", "tenant", "--mirror"]);
    for (args, is_mirrored) in
        [(&["--share", "5%"][..], true), (&["--share", "6%", "--no-mirror"], false), (&["--share", "7%"], false)]
    {
        store.fine(["canary", "linear@2.0.0"].iter().chain(args));
        assert_eq!((share().key, share().mirrored), (switchback::route::CanaryKey::Tenant, is_mirrored), "{args:?}");
    }
}

#[test]
fn what_a_canary_cannot_be_is_refused_with_the_reason() {
    let store = store();
    for (arguments, why) in [
        (&["canary", "linear@1.0.0", "--share", "5%"][..], "linear@1.0.0 is live already"),
        (&["canary", "linear@3.0.0", "--share", "5%"], "linear@3.0.0"),
        (&["shadow", "linear@1.0.0"], "linear@1.0.0 is live already"),
        (&["withdraw", "linear@2.0.0"], "linear@2.0.0 has no role in this slot"),
    ] {
        let refused = store.refused(arguments.iter().copied());
        assert!(refused.contains(why), "{refused}");
    }
    store.fine(["canary", "linear@2.0.0", "--share", "5%"]);
    let other_key = store.refused(["canary", "linear@2.0.0", "--share", "5%", "--by", "tenant"]);
    assert!(other_key.contains("all canaries of a slot share by one key: withdraw it first"), "{other_key}");
    store.fine(["freeze"]);
    assert!(store.refused(["canary", "linear@2.0.0", "--share", "6%"]).contains("frozen"));
    // A shadow decides nothing, so a freeze does not matter to it.
    store.fine(["shadow", "linear@2.0.0"]);
    for share in ["0%", "100.5%", "5", "0.001%"] {
        let ran = store.run(["canary", "linear@2.0.0", "--share", share]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(share), "{ran:?}");
    }
}

#[test]
fn after_a_promotion_the_predecessor_goes_on_in_reverse_shadow() {
    let store = store();
    let out = store.fine(["promote", "linear@2.0.0", "--cool-off", "2h"]);
    assert!(out.contains("on standby linear@1.0.0; reverse shadow linear@1.0.0 until "), "{out}");
    let promoted = store.control().history().unwrap().pop().unwrap();
    let cool_off = store.state().slots["inbound"].cool_off.clone().unwrap();
    assert_eq!(cool_off.until.duration_since(promoted.at), jiff::SignedDuration::from_hours(2));
    store.fine(["revert"]);
    assert_eq!(store.state().slots["inbound"].cool_off, None);
    let ran = store.run(["promote", "linear@2.0.0", "--cool-off", "900ms"]);
    assert!(ran.code == 2 && ran.err.contains("`900ms` is not a whole number of seconds"), "{ran:?}");
    store.fine(["promote", "linear@2.0.0", "--cool-off", "0s"]);
    assert_eq!(store.state().slots["inbound"].cool_off, None);
}

#[test]
fn a_key_that_no_message_has_takes_a_share_and_says_so() {
    let store = store();
    let dir = tempfile::tempdir().unwrap();
    for number in 0..40 {
        let file = dir.path().join(format!("{number}.eml"));
        std::fs::write(file, mail(&format!("campaign {number} of its own"), "a@x.example", 200 + number)).unwrap();
    }
    let folder = dir.path().to_str().unwrap();
    for key in ["tenant", "recipient-domain"] {
        let out = store.fine(["canary", "linear@2.0.0", "--share", "50%", "--by", key]);
        assert!(
            out.contains("a message without one is selected by its content; it is not known how many have no "),
            "{out}"
        );
        let decided = store.json(["score", "--summary", "--json", folder])["decided_by"]["canary"].clone();
        assert!((5..=35).contains(&decided.as_u64().unwrap()), "{key}: {decided}");
        // Those that have it meet one release.
        let shared = ["score", "--summary", "--json", "--tenant", "acme", "--rcpt", "me@home.example", folder];
        let decided = store.json(shared)["decided_by"].clone();
        assert!(decided["canary"] == 40 || decided["live"] == 40, "{key}: {decided}");
        store.fine(["withdraw", "linear@2.0.0"]);
    }
    // The journal knows who is from nobody.
    let canary = ["canary", "linear@2.0.0", "--share", "50%", "--by", "sender-domain", "--dry-run"];
    assert!(store.fine(canary).contains("it is not known how many have no sender's domain: the store has no journal"));
    std::fs::write(dir.path().join("nobody.eml"), "Subject: x\r\nReceived: y\r\n\r\ntext\r\n").unwrap();
    store.fine(["score", "--journal", "--summary", folder]);
    let out = store.fine(canary);
    let said =
        "1 of the 41 messages of the last hour in inbound has no sender's domain: a message without one is selected";
    assert!(out.contains(said), "{out}");
    let help = store.fine(["canary", "--help"]);
    assert!(help.contains("A message without the value (without a tenant, say) is selected by its content"), "{help}");
}

#[test]
fn a_freeze_lets_a_share_be_narrowed_and_nothing_else() {
    let store = store();
    store.fine(["canary", "linear@2.0.0", "--share", "20%"]);
    store.fine(["freeze", "--author", "ada", "--reason", "Christmas"]);
    store.fine(["freeze", "--slot", "inbound"]);
    for share in ["20%", "21%"] {
        assert!(store.refused(["canary", "linear@2.0.0", "--share", share]).contains("is frozen since"));
    }
    for dry_run in [&["--dry-run"][..], &[]] {
        let out = store.fine(["canary", "linear@2.0.0", "--share", "5%"].iter().chain(dry_run));
        assert!(out.contains("; canary linear@2.0.0, 5 % by content"), "{out}");
        assert!(store.fine(["status"]).contains("EVERY SLOT IS FROZEN since "));
    }
    assert_eq!(store.state().slots["inbound"].canaries[0].share.share_bp, 500);
    assert!(store.fine(["status"]).contains("(as before, by ada at "));
    assert!(store.refused(["canary", "linear@2.0.0", "--share", "6%"]).contains("Christmas"));
    store.fine(["shadow", "linear@2.0.0", "--rate", "10%"]);
    store.fine(["withdraw", "linear@2.0.0"]);
    store.fine(["history", "verify"]);
}

#[test]
fn a_canary_that_goes_on_deciding_after_a_revert_is_named() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    store.fine(["load", &release("2.0.0")]);
    store.fine(["canary", "linear@2.0.0", "--share", "100%"]);
    let out = store.fine(["revert", "--dry-run"]);
    assert!(out.contains("linear@2.0.0 is still a canary in inbound, 100 % by content: `switchback withdraw"), "{out}");
    assert!(store.fine(["revert"]).contains("is still a canary in inbound, 100 %"));
    assert!(!store.fine(["withdraw", "linear@2.0.0"]).contains("is still a canary"));
}

#[test]
fn a_slot_that_nobody_has_is_said_to_be_new() {
    let store = Store::promoted(&["1.0.0"]);
    assert!(store.fine(["promote", "linear@1.0.0", "--slot", "inbond"]).contains("inbond is a new slot"));
    let store = Store::promoted(&["1.0.0"]);
    let _filter = store.filter("a filter");
    assert!(!store.fine(["freeze", "--slot", "inbound"]).contains("new slot"));
}
