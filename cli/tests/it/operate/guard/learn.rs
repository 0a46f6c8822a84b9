//! `switchback guard learn`.

use super::{TRUST, earlier_mail, mail, store};

#[test]
fn who_wrote_on_earlier_days_is_known() {
    let store = store();
    let dir = tempfile::tempdir().unwrap();
    let folder = earlier_mail(dir.path(), 0..200).display().to_string();
    let learned = store.json(["guard", "learn", &folder, "--json", TRUST[0], TRUST[1]]);
    let number = |name: &str| learned[name].as_u64().unwrap();
    assert_eq!((number("messages"), number("days"), number("unread")), (600, 3, 0));
    assert!(number("authenticated") > 300 && number("senders") > 50, "{learned}");
    assert!(number("senders") <= number("authenticated") && number("authenticated") < 600, "{learned}");
    assert_eq!((number("new"), number("known"), number("count_today")), (number("senders"), 0, number("senders")));
    let again = store.fine(["guard", "learn", &folder, TRUST[0], TRUST[1]]);
    let all = number("senders");
    for line in [
        format!("  0 new, 0 seen before and now on more days, {all} of whom nothing new was learned\n"),
        format!(
            "  {all} count from now on (seen authenticated on 3 days before the candidate, the first at least 14 days before)\n"
        ),
    ] {
        assert!(again.contains(&line), "{line:?} is not in\n{again}");
    }
}

#[test]
fn mail_of_today_makes_nobody_count_before_tomorrow_and_that_is_said() {
    let store = store();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("today.eml");
    let now = jiff::fmt::rfc2822::to_string(&jiff::Zoned::now()).unwrap();
    let message = format!(
        "Received: from a by b; {now}\r\nAuthentication-Results: mx.home.example; dmarc=pass header.from=shop.example\r\n\
         From: a@shop.example\r\nSubject: x\r\n\r\nx\r\n"
    );
    std::fs::write(&file, message).unwrap();
    store.fine(["guard", "set", "--known-days", "1", "--known-age-days", "0"]);
    let ran = store.run(["guard", "learn", &file.display().to_string(), "--trust-authserv-id", "mx.home.example"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let line = "  0 count from now on (seen authenticated on 1 day before the candidate, the first at least 0 days before), 1 from \
         tomorrow (UTC)\n";
    assert!(ran.out.contains(line), "{ran:?}");
}

#[test]
fn where_nobody_was_authenticated_it_says_what_to_do() {
    let store = store();
    let dir = tempfile::tempdir().unwrap();
    let ran = store.run(["guard", "learn", &mail(dir.path(), 0..5).display().to_string()]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""), "{ran:?}");
    assert!(
        ran.out.starts_with("of 5 messages 0 were of authenticated senders: 0 senders")
            && ran.out.contains("--trust-authserv-id"),
        "{ran:?}"
    );
}
