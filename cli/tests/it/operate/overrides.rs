//! `switchback allow`, `block`, `overrides` and `expire`.

use serde_json::Value;
use switchback::Message;
use switchback::control::Operation;

use super::store::Store;
use crate::model::mail;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_rule_says_what_it_matches_and_when_it_ends() {
    let store = Store::promoted(&["1.0.0"]);
    let out = store.fine(["allow", "--domain", "payroll.example.com", "--reason", "flagged since this morning"]);
    assert!(
        out.contains("event 3: allow domain payroll.example.com everywhere, authenticated senders, until "),
        "{out}"
    );
    assert!(out.contains(", over spam\n") && out.contains("override 3 ends at "), "{out}");
    assert!(out.contains(", in 24 h; `switchback expire 3` ends it earlier\n"), "{out}");
    assert!(out.contains("it matches authenticated senders only ("), "{out}");
    let out = store.fine(["block", "--sender", "eve@bad.example", "--anyone", "--reason", "x", "--for", "2d"]);
    assert!(out.contains("it matches anyone who claims to be the sender") && out.contains("in 2 days"), "{out}");
    let out = store.fine([
        "block",
        "--network",
        "192.0.2.77/24",
        "--reason",
        "x",
        "--action",
        "reject",
        "--slot",
        "inbound",
        "--tenant",
        "acme",
    ]);
    assert!(
        out.contains("block network 192.0.2.0/24 slot inbound, tenant acme, until ") && out.contains(": reject\n"),
        "{out}"
    );
    assert!(!out.contains("it matches"), "{out}");
    assert!(
        store
            .refused(["allow", "--domain", "a.example", "--slot", "inbuond", "--reason", "x"])
            .contains("there is inbound")
    );
}

#[test]
fn the_longest_that_a_rule_may_hold_is_always_accepted() {
    let store = Store::promoted(&["1.0.0"]);
    // Whatever the fraction of the second in which it is asked for.
    for round in 0..8 {
        let domain = format!("{round}.example");
        store.fine(["block", "--domain", &domain, "--anyone", "--reason", "x", "--for", "90d"]);
    }
    let refused = store.refused(["block", "--domain", "a.example", "--reason", "x", "--for", "90d 1s"]);
    assert!(refused.contains("more than 90 days from now"), "{refused}");
}

#[test]
fn a_rule_about_content_is_about_what_the_message_says() {
    let store = Store::promoted(&["1.0.0"]);
    let message = mail("newsletter", "a@example.org", 300);
    let file = store.path().join("message.eml");
    std::fs::write(&file, &message).unwrap();
    store.fine(["allow", "--content", file.to_str().unwrap(), "--reason", "x", "--over", "all"]);
    let digest = switchback::Digest::from(Message::parse(message).content_digest());
    let last = store.control().history().unwrap().pop().unwrap();
    let Operation::Allow { rule, may } = last.operation else { panic!("{last:?}") };
    assert_eq!((rule.matcher.to_string(), may.name()), (format!("content {digest}"), "all"));
}

#[test]
fn overrides_are_listed_with_their_hits_until_they_end() {
    let store = Store::promoted(&["1.0.0"]);
    store.fine(["block", "--domain", "example.org", "--anyone", "--reason", "a campaign", "--author", "ada"]);
    let file = store.path().join("m.eml");
    std::fs::write(&file, mail("x", "a@example.org", 300)).unwrap();
    let verdict = &lines(&store.fine(["score", "--json", "--slot", "inbound", file.to_str().unwrap()]))[0];
    assert_eq!((&verdict["action"], &verdict["decided_by"]["blocked"]["rule"]), (&"quarantine".into(), &3.into()));
    let listed = lines(&store.fine(["overrides", "--json"]));
    assert_eq!((listed.len(), &listed[0]["id"], &listed[0]["hits"]), (1, &3.into(), &1.into()));
    let out = store.fine(["overrides"]);
    assert!(out.contains("block domain example.org everywhere, whoever says to be the sender: quarantine"), "{out}");
    assert!(out.contains("ada (a campaign)"), "{out}");
    let out = store.fine(["promote", "linear@1.0.0", "--slot", "outbound"]);
    assert!(out.contains("1 override in effect:\n  3  block domain example.org"), "{out}");
    store.fine(["expire", "3"]);
    assert_eq!(store.fine(["overrides"]), "no overrides in effect\n");
    assert_eq!(store.fine(["overrides", "--json", "--all"]), "", "one that was ended is history");
}

#[test]
fn a_rule_whose_time_is_over_is_shown_on_request() {
    let store = Store::promoted(&["1.0.0"]);
    store.fine(["block", "--domain", "example.org", "--reason", "x", "--for", "1s"]);
    super::store::until("it is over", || store.fine(["overrides"]) == "no overrides in effect\n");
    assert!(store.fine(["overrides", "--all"]).contains("expired "));
}
