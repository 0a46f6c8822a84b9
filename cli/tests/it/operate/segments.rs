//! `switchback revert --segment` and `restore`.

use super::store::Store;

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
