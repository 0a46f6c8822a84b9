//! `switchback trust`.

use super::store::Store;
use crate::keygen::{Keys, digest};
use crate::model::release;

fn trust(store: &Store, keys: &Keys) -> String {
    store.fine(["trust", "add", keys.path("k.pub").to_str().unwrap(), "--label", "ada"])
}

#[test]
fn from_the_first_key_on_only_signed_releases_are_loaded() {
    let store = Store::promoted(&["1.0.0"]);
    let keys = Keys::without_password();
    let out = trust(&store, &keys);
    assert!(out.contains(&format!("trust key {} of ada", keys.id)), "{out}");
    assert!(out.contains("the first key of this store") && out.contains("linear@1.0.0 was loaded before"), "{out}");
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
