//! `switchback trust`.

use super::store::{Store, until};
use crate::keygen::{Keys, digest};
use crate::model::release;

fn trust(store: &Store, keys: &Keys) -> String {
    store.fine(["trust", "add", keys.path("k.pub").to_str().unwrap(), "--label", "ada", "--yes"])
}

/// Trusts a key without being asked, because nothing is lost.
fn trust_quietly(store: &Store, keys: &Keys) -> String {
    store.fine(["trust", "add", keys.path("k.pub").to_str().unwrap()])
}

#[test]
fn a_key_without_a_label_is_named_by_its_id() {
    let keys = Keys::without_password();
    let out = trust_quietly(&Store::with(&[]), &keys);
    assert!(out.starts_with(&format!("event 1: trust key {}\n", keys.id)), "{out}");
}

#[test]
fn from_the_first_key_on_only_signed_releases_are_loaded() {
    let store = Store::promoted(&["1.0.0"]);
    let keys = Keys::without_password();
    let out = trust(&store, &keys);
    assert!(out.contains(&format!("trust key {} of ada", keys.id)), "{out}");
    assert!(out.contains("the first key of this store"), "{out}");
    assert!(out.contains("linear@1.0.0 (live in inbound) is not signed by this key"), "{out}");
    for dry_run in [&[][..], &["--dry-run"]] {
        let refused = store.refused(["load", &release("1.1.0")].iter().chain(dry_run));
        assert!(refused.starts_with("load linear@1.1.0: it is not signed"), "{refused}");
    }
    let stranger = Keys::without_password();
    let theirs = stranger.signed("1.1.0");
    let refused = store.refused(["load", theirs.to_str().unwrap()]);
    assert!(refused.contains(&format!("signed by key {}, which is not trusted here", stranger.id)), "{refused}");
    let signed = keys.signed("1.1.0");
    let out = store.fine(["load", signed.to_str().unwrap()]);
    assert!(out.contains(&format!("load linear@1.1.0, signed by {}", keys.id)), "{out}");
    let _filter = store.filter("filter");
    store.fine(["promote", "linear@1.1.0"]);
    assert_eq!(store.live(), "1.1.0");
}

#[test]
fn what_was_altered_after_signing_is_refused() {
    let store = Store::with(&["1.0.0"]);
    let keys = Keys::without_password();
    trust(&store, &keys);
    let signed = keys.signed("1.1.0");
    std::fs::copy(release("2.0.0"), &signed).unwrap();
    let refused = store.refused(["load", signed.to_str().unwrap()]);
    assert!(refused.starts_with("load linear@2.0.0: "), "{refused}");
}

#[test]
fn a_revoked_key_loads_nothing_more() {
    let store = Store::with(&["1.0.0"]);
    let keys = Keys::without_password();
    trust(&store, &keys);
    store.fine(["load", keys.signed("1.1.0").to_str().unwrap()]);
    store.fine(["promote", "linear@1.1.0", "--slot", "inbound"]);
    let out = store.fine(["trust", "revoke", &keys.id, "--reason", "stolen"]);
    assert!(out.contains("linear@1.1.0 has a role in inbound and keeps it"), "{out}");
    let refused = store.refused(["load", keys.signed("2.0.0").to_str().unwrap()]);
    assert!(refused.contains(&format!("signed by key {} (ada), which was revoked", keys.id)), "{refused}");
    let list = store.fine(["trust", "list"]);
    assert_eq!(list, format!("every key is revoked: nothing can be loaded\nrevoked  key {}  ada\n", keys.id));
    assert!(store.refused(["trust", "add", keys.path("k.pub").to_str().unwrap()]).contains("cannot be taken back"));
}

#[test]
fn a_revoked_file_is_loaded_by_nobody() {
    let store = Store::with(&["1.0.0"]);
    let hex = digest(release("1.1.0").as_ref()).to_string();
    store.fine(["trust", "revoke", &hex]);
    assert!(store.refused(["load", &release("1.1.0")]).contains("was revoked: use another version"));
    assert!(store.fine(["trust", "list"]).contains(&format!("revoked  sha256:{hex}")));
    let json = store.json(["trust", "list", "--json"]);
    assert_eq!(json["revoked_digests"][0], hex.as_str());
}

#[test]
fn a_list_says_whose_keys_there_are() {
    let store = Store::with(&["1.0.0"]);
    assert_eq!(store.fine(["trust", "list"]), "no key was ever trusted: releases need no signature\n");
    let keys = Keys::without_password();
    trust(&store, &keys);
    assert_eq!(store.fine(["trust", "list"]), format!("trusted  key {}  ada\n", keys.id));
    assert_eq!(store.json(["trust", "list", "--json"])["keys"][&keys.id]["label"], "ada");
    let refused = store.refused(["trust", "revoke", "0123456789ABCDEF"]);
    assert!(refused.contains("is not in the trust list"), "{refused}");
    let secret = store.refused(["trust", "add", keys.path("k.key").to_str().unwrap()]);
    assert!(secret.contains("k.key: "), "{secret}");
}

#[test]
fn a_key_that_would_cost_a_release_its_role_is_trusted_only_after_a_yes() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let keys = Keys::without_password();
    let before = store.state();
    let refused = store.refused(["trust", "add", keys.path("k.pub").to_str().unwrap()]);
    for part in [
        "linear@1.0.0 (standby in inbound)",
        "linear@1.1.0 (live in inbound)",
        "no release decides in inbound",
        "--yes",
    ] {
        assert!(refused.contains(part), "{part:?} is not in {refused}");
    }
    assert_eq!(store.state(), before);
    let tried = store.fine(["trust", "add", keys.path("k.pub").to_str().unwrap(), "--dry-run"]);
    assert!(tried.contains("linear@1.1.0 (live in inbound)"), "{tried}");
    assert_eq!(store.state(), before);
    // Signed and loaded again first, they stay: nobody is asked.
    for version in ["1.0.0", "1.1.0"] {
        store.fine(["load", keys.signed(version).to_str().unwrap()]);
    }
    let out = trust_quietly(&store, &keys);
    assert!(!out.contains("not signed by this key"), "{out}");
    let _filter = store.filter("restarted");
    store.fine(["status"]);
}

#[test]
fn a_release_without_a_role_is_named_and_nobody_is_asked() {
    let store = Store::with(&["1.0.0"]);
    let out = trust_quietly(&store, &Keys::without_password());
    assert!(out.contains("linear@1.0.0 is not signed by this key and cannot be given a role"), "{out}");
}

#[test]
fn a_key_is_trusted_by_a_store_that_is_not_there_yet() {
    let store = Store::nowhere();
    let keys = Keys::without_password();
    let tried = store.fine(["trust", "add", keys.path("k.pub").to_str().unwrap(), "--dry-run"]);
    assert!(tried.contains("nothing was changed; this would be event 1"), "{tried}");
    assert!(!store.path().join("control.db").exists(), "a dry run makes no store");
    trust_quietly(&store, &keys);
    assert!(store.refused(["load", &release("1.0.0")]).contains("it is not signed"));
    store.fine(["load", keys.signed("1.0.0").to_str().unwrap()]);
}

/// Also where no filter runs that could report it.
#[test]
fn a_live_release_that_no_filter_would_load_again_is_in_the_status() {
    let store = Store::promoted(&["1.0.0"]);
    let keys = Keys::without_password();
    store.fine(["status"]);
    trust(&store, &keys);
    let status = store.run(["status"]);
    assert_eq!(status.code, 3, "{status:?}");
    let said = "NO RELEASE DECIDES in a filter that starts: it would not load linear@1.0.0: it is not signed";
    assert!(status.out.contains(said), "{}", status.out);
    store.fine(["load", keys.signed("1.0.0").to_str().unwrap()]);
    store.fine(["status"]);
}

#[test]
fn a_failure_that_is_over_is_gone_from_the_status() {
    let store = Store::promoted(&["1.0.0"]);
    let keys = Keys::without_password();
    trust(&store, &keys);
    let _filter = store.filter("restarted");
    let status = store.run(["status"]);
    assert_eq!(status.code, 3, "{status:?}");
    for part in [
        "NO RELEASE DECIDES in process 1",
        "FAILED in restarted",
        "PROBLEM: linear@1.0.0 cannot take charge of inbound",
    ] {
        assert!(status.out.contains(part), "{part:?} is not in\n{}", status.out);
    }
    // The process is not blamed for what it said before.
    let out = store.fine(["load", keys.signed("1.0.0").to_str().unwrap()]);
    assert!(out.contains("ready in restarted"), "{out}");
    until("the process decides again", || store.run(["status"]).code == 0);
    let out = store.fine(["status"]);
    assert!(!out.contains("FAILED") && !out.contains("PROBLEM") && !out.contains("NOBODY"), "{out}");
}

#[test]
fn a_key_that_comes_later_ends_the_failure_of_what_it_signed() {
    let store = Store::with(&[]);
    let [ada, grace] = [Keys::without_password(), Keys::without_password()];
    store.fine(["load", grace.signed("1.0.0").to_str().unwrap()]);
    store.fine(["promote", "linear@1.0.0", "--slot", "inbound"]);
    trust(&store, &ada);
    let _filter = store.filter("restarted");
    let status = store.run(["status"]);
    assert!(
        status.code == 3 && status.out.contains(&format!("signed by key {}, which is not trusted", grace.id)),
        "{status:?}"
    );
    // It has obeyed before it has the release.
    store.run(["trust", "add", grace.path("k.pub").to_str().unwrap()]);
    until("the process decides", || store.run(["status"]).code == 0);
}
