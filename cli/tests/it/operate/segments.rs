//! `switchback revert --segment` and `restore`.

use std::fs;

use tempfile::{TempDir, tempdir};

use super::store::Store;
use crate::model::mail;

#[test]
fn one_providers_mail_goes_back_alone_and_comes_forth_again() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let out = store.fine(["revert", "--segment", "provider:gmail", "--reason", "theirs is flagged"]);
    assert!(out.contains("revert provider:gmail in inbound to linear@1.0.0"), "{out}");
    assert!(out.contains("; provider:gmail to linear@1.0.0\n"), "{out}");
    assert_eq!(store.live(), "1.1.0");
    let rule = store.state().slots["inbound"].segments[0].clone();
    assert_eq!(rule.domains.to_vec(), ["gmail.com", "googlemail.com"]);
    assert!(store.fine(["status"]).contains("  segment   provider:gmail to linear@1.0.0\n"));
    assert!(store.fine(["history"]).contains("revert provider:gmail in inbound to linear@1.0.0"));
    store.fine(["restore", "--segment", "provider:gmail"]);
    assert!(store.state().slots["inbound"].segments.is_empty());
    assert!(store.refused(["restore", "--segment", "provider:gmail"]).contains("provider:gmail"));
    assert!(store.refused(["revert", "--segment", "provider:nobody"]).contains("provider:nobody"));
}

#[test]
fn a_name_under_which_no_mail_is_counted_is_refused_with_what_is_meant() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    for (name, why) in [
        ("mail.gmail.com", "mail of mail.gmail.com is counted under gmail.com, so name that"),
        ("one.github.io", "counted under github.io"),
        ("co.uk", "public suffix"),
        ("<script>.x", "neither a domain"),
        ("gmail", "provider:"),
        ("", "neither a domain"),
    ] {
        for command in ["revert", "restore"] {
            let ran = store.run([command, "--segment", name]);
            assert!(ran.code == 2 && ran.err.contains(why), "{name}: {ran:?}");
        }
    }
    for (name, counted) in [("Gmail.com.", "gmail.com"), ("münchen.example", "xn--mnchen-3ya.example")] {
        store.fine(["revert", "--segment", name]);
        assert_eq!(store.state().slots["inbound"].segments[0].domains.to_vec(), [counted]);
        store.fine(["restore", "--segment", name]);
    }
    let ran = store.run(["guard", "set", "--provider", "acme=mx.acme.example"]);
    assert!(ran.code == 2 && ran.err.contains("counted under acme.example"), "{ran:?}");
}

/// Messages from these domains, each authenticated, in a folder of its own.
fn letters(domains: &[&str]) -> TempDir {
    let dir = tempdir().unwrap();
    for (number, domain) in domains.iter().enumerate() {
        let results = format!("Authentication-Results: mx.t.example; dmarc=pass header.from={domain}\r\n");
        let letter = [results.into_bytes(), mail("x", &format!("a@{domain}"), 500)].concat();
        fs::write(dir.path().join(format!("{number}.eml")), letter).unwrap();
    }
    dir
}

#[test]
fn it_is_said_how_much_of_the_last_hour_s_mail_a_segment_takes() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let revert = |segment: &str| {
        let out = store.fine(["revert", "--segment", segment, "--dry-run"]);
        out.lines().last().unwrap().to_owned()
    };
    assert_eq!(revert("gmail.com"), "it is not known how much mail belongs to gmail.com: the store has no journal");
    let letters = letters(&["gmail.com", "news.gmail.com", "one.github.io", "shop.example"]);
    let folder = letters.path().to_str().unwrap();
    store.fine(["score", "--journal", "--summary", "--trust-authserv-id", "mx.t.example", folder]);
    store.fine(["score", "--journal", "--summary", folder]);
    for (segment, said) in [
        ("gmail.com", "2 of the 8 messages of the last hour in inbound belong to gmail.com"),
        ("provider:gmail", "2 of the 8 messages of the last hour in inbound belong to provider:gmail"),
        ("github.io", "1 of the 8 messages of the last hour in inbound belongs to github.io"),
        (
            "bank.example",
            "none of the 8 messages of the last hour in inbound belongs to bank.example; only authenticated senders count",
        ),
    ] {
        assert_eq!(revert(segment), said);
    }
    store.fine(["revert", "--segment", "gmail.com"]);
    assert!(store.fine(["restore", "--segment", "gmail.com"]).contains("2 of the 8 messages"));
    store.fine(["promote", "linear@1.0.0", "--slot", "outbound"]);
    store.fine(["promote", "linear@1.1.0", "--slot", "outbound"]);
    let out = store.fine(["revert", "--slot", "outbound", "--segment", "gmail.com"]);
    assert!(out.contains("belongs to gmail.com: the journal has no message of the last hour in outbound"), "{out}");
}

#[test]
fn what_is_accepted_is_what_mail_is_counted_under() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    ["gmail.com", "github.io"].iter().for_each(|segment| drop(store.fine(["revert", "--segment", segment])));
    let letters = letters(&["gmail.com", "news.gmail.com", "one.github.io", "shop.example"]);
    let folder = letters.path().to_str().unwrap();
    let scored = store.fine(["score", "--json", "--trust-authserv-id", "mx.t.example", folder]);
    let decided: Vec<_> = scored
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["decided_by"].clone())
        .collect();
    assert_eq!(decided, ["segment", "segment", "segment", "live"]);
}
