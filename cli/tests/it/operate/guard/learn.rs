//! `switchback guard learn`.

use super::{TRUST, mail, store};

#[test]
fn who_wrote_on_earlier_days_is_known() {
    let store = store();
    let dir = tempfile::tempdir().unwrap();
    let folder = mail(dir.path(), 0..200).display().to_string();
    let learned = store.json(["guard", "learn", &folder, "--json", TRUST[0], TRUST[1]]);
    let number = |name: &str| learned[name].as_u64().unwrap();
    assert_eq!((number("messages"), number("days"), number("unread")), (200, 1, 0));
    assert!(number("authenticated") > 100 && number("senders") > 50, "{learned}");
    assert!(number("senders") <= number("authenticated") && number("authenticated") < 200, "{learned}");
}

#[test]
fn where_nobody_was_authenticated_it_says_what_to_do() {
    let store = store();
    let dir = tempfile::tempdir().unwrap();
    let ran = store.run(["guard", "learn", &mail(dir.path(), 0..5).display().to_string()]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""), "{ran:?}");
    assert!(
        ran.out.starts_with("of 5 messages 0 were of authenticated senders") && ran.out.contains("--trust-authserv-id"),
        "{ran:?}"
    );
}
