//! The protocol, step by step, as a mail server that follows it to the letter sees it.

use std::ffi::CStr;

use indymilter_test::{Actions, EomActions, MacroStage, ProtoOpts, Status, TestConnection};

use crate::site::{PATIENCE, Site};

/// A message from outside, with this subject.
pub(crate) async fn sent(connection: &mut TestConnection, subject: &str) -> (EomActions, Status) {
    begun(connection, subject).await;
    connection.body("Text.\r\n").await.unwrap();
    connection.eom().await.unwrap()
}

/// A message from outside, up to the end of its header.
pub(crate) async fn begun(connection: &mut TestConnection, subject: &str) {
    connection.connect("mail.sender.example", [192, 0, 2, 7]).await.unwrap();
    connection.helo("mail.sender.example").await.unwrap();
    connection.mail(["<s@sender.example>"]).await.unwrap();
    connection.rcpt(["<a@test.example>"]).await.unwrap();
    connection.header("From", "<s@sender.example>").await.unwrap();
    connection.header("Subject", subject).await.unwrap();
    connection.eoh().await.unwrap();
}

/// On a connection of its own a message is refused.
pub(crate) async fn refused(site: &Site, subject: &str) {
    let mut connection = site.connect().await;
    let (_, status) = sent(&mut connection, subject).await;
    assert!(matches!(status, Status::Reject { .. }), "{status:?}");
    connection.close().await.unwrap();
}

#[tokio::test]
async fn only_what_is_needed_is_agreed_on() {
    let site = Site::new();
    let _milter = site.start();
    let connection = site.connect().await;
    assert_eq!(connection.negotiated_actions(), Actions::ADD_HEADER | Actions::CHANGE_HEADER | Actions::QUARANTINE);
    let options = connection.negotiated_opts();
    assert!(options.contains(ProtoOpts::LEADING_SPACE | ProtoOpts::SKIP | ProtoOpts::NO_UNKNOWN | ProtoOpts::NO_DATA));
    assert!(!options.intersects(ProtoOpts::NO_HELO | ProtoOpts::NO_BODY | ProtoOpts::NOREPLY_MAIL));
    // MILTER_README, go-milter#27: to ask for some macros replaces all others, and the queue id is there at the end.
    let macros = connection.requested_macros();
    let asked = |stage: MacroStage| macros[&stage].to_str().unwrap().split(' ').collect::<Vec<_>>();
    assert!(asked(MacroStage::Mail).contains(&"{auth_authen}"));
    assert!(asked(MacroStage::Eom).contains(&"i"));
    assert!(asked(MacroStage::Connect).contains(&"j"));
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_mail_server_of_which_less_can_be_asked_is_served() {
    let site = Site::new();
    let _milter = site.start();
    let builder = TestConnection::configure().read_timeout(PATIENCE).available_opts(ProtoOpts::empty());
    let connect = || builder.clone().open_unix(site.socket());
    let mut connection = connect().await.unwrap();
    assert_eq!(connection.negotiated_opts(), ProtoOpts::empty());
    let (actions, status) = sent(&mut connection, "0 hello").await;
    assert_eq!(status, Status::Accept);
    // The mail server adds the space itself.
    assert!(actions.has_insert_header(0, "X-Switchback-Status", StartsWith("No")));
    let mut connection = connect().await.unwrap();
    assert!(matches!(sent(&mut connection, "9 hello").await.1, Status::Reject { .. }));
    // The rest of a body cannot be left out, and is dropped here.
    let mut connection = connect().await.unwrap();
    begun(&mut connection, "0 large").await;
    for _ in 0..40 {
        assert_eq!(connection.body(vec![b'x'; 65_000]).await.unwrap(), Status::Continue);
    }
    assert_eq!(connection.eom().await.unwrap().1, Status::Accept);
    connection.close().await.unwrap();
}

#[tokio::test]
async fn without_the_right_to_change_headers_nothing_is_agreed_on() {
    let site = Site::new();
    let milter = site.start();
    let builder = TestConnection::configure().read_timeout(PATIENCE).available_actions(Actions::ADD_HEADER);
    assert!(builder.open_unix(site.socket()).await.is_err());
    milter.logs("does not let milters do what is needed");
}

#[tokio::test]
async fn no_more_of_a_body_is_read_than_can_be_judged() {
    let site = Site::new();
    let milter = site.start();
    let mut connection = site.connect().await;
    begun(&mut connection, "0 large").await;
    let mut statuses = Vec::new();
    while statuses.last() != Some(&Status::Skip) {
        statuses.push(connection.body(vec![b'x'; 65_000]).await.unwrap());
    }
    assert_eq!(statuses.len(), 17, "{statuses:?}");
    assert_eq!(connection.eom().await.unwrap().1, Status::Accept);
    assert!(milter.logs("judged").contains("bytes=1048576 is_partial=true"), "{}", milter.log());
}

// rspamd#1764: what is given up or answered leaves nothing to the next message.
#[tokio::test]
async fn three_messages_of_a_connection_are_as_three_connections() {
    let site = Site::new();
    let _milter = site.start();
    let mut connection = site.connect().await;
    connection.connect("mail.sender.example", [192, 0, 2, 7]).await.unwrap();
    connection.helo("mail.sender.example").await.unwrap();
    for subject in ["9 one", "0 two", "7 three"] {
        // A message that is given up in the middle of its header.
        connection.mail(["<other@sender.example>"]).await.unwrap();
        connection.rcpt(["<a@test.example>"]).await.unwrap();
        connection.header("Subject", "9 given up").await.unwrap();
        connection.abort().await.unwrap();
        connection.mail(["<s@sender.example>"]).await.unwrap();
        connection.rcpt(["<a@test.example>"]).await.unwrap();
        connection.header("From", "<s@sender.example>").await.unwrap();
        connection.header("Subject", subject).await.unwrap();
        connection.eoh().await.unwrap();
        connection.body("Text.\r\n").await.unwrap();
        let (actions, status) = connection.eom().await.unwrap();
        let mut alone = site.connect().await;
        let (actions_alone, status_alone) = sent(&mut alone, subject).await;
        assert_eq!(without_record(&status), without_record(&status_alone));
        for is_held in [&actions, &actions_alone].map(|actions| actions.has_quarantine(indymilter_test::any())) {
            assert_eq!(is_held, subject.starts_with('7'));
        }
    }
}

// A mail server that knows no macros, an empty sender, and one that is not given at all.
#[tokio::test]
async fn what_a_mail_server_does_not_tell_is_not_needed() {
    let site = Site::new();
    let _milter = site.start();
    for sender in [&["<>"][..], &[""], &["<>", "SIZE=10", "BODY=8BITMIME"]] {
        let mut connection = site.connect().await;
        connection.connect("unknown", [192, 0, 2, 7]).await.unwrap();
        connection.mail(sender.iter().copied()).await.unwrap();
        connection.rcpt(["<a@test.example>"]).await.unwrap();
        connection.header("Subject", "9 hello").await.unwrap();
        connection.eoh().await.unwrap();
        let (_, status) = connection.eom().await.unwrap();
        assert!(matches!(status, Status::Reject { .. }), "{sender:?}: {status:?}");
    }
}

#[tokio::test]
async fn mail_of_a_user_who_has_logged_in_is_not_of_outside() {
    let site = Site::new();
    let milter = site.start();
    let mut connection = site.connect().await;
    connection.connect("mail.sender.example", [192, 0, 2, 7]).await.unwrap();
    connection.helo("mail.sender.example").await.unwrap();
    for (user, is_refused) in [(Some("ada"), false), (None, true)] {
        let login = user.map(|user| ("{auth_authen}", user));
        connection.macros(MacroStage::Mail, [("i", "4XyZ")].into_iter().chain(login)).await.unwrap();
        connection.mail(["<s@sender.example>"]).await.unwrap();
        connection.rcpt(["<a@test.example>"]).await.unwrap();
        connection.header("Subject", "9 hello").await.unwrap();
        connection.eoh().await.unwrap();
        let (_, status) = connection.eom().await.unwrap();
        assert_eq!(matches!(status, Status::Reject { .. }), is_refused, "{user:?}: {status:?}");
    }
    milter.logs("queue_id=\"4XyZ\"");
    assert!(!milter.log().contains("ada"));
}

// go-milter#11: a command that is of no interest had no answer, and the mail server waited for one.
#[tokio::test]
async fn every_command_that_waits_for_an_answer_has_one() {
    let site = Site::new();
    let _milter = site.start();
    let builder = TestConnection::configure().read_timeout(PATIENCE).available_opts(ProtoOpts::empty());
    let mut connection = builder.open_unix(site.socket()).await.unwrap();
    connection.connect("mail.sender.example", [192, 0, 2, 7]).await.unwrap();
    connection.helo("mail.sender.example").await.unwrap();
    assert_eq!(connection.unknown("XYZZY").await.unwrap(), Status::Continue);
    for _ in 0..3 {
        connection.mail(["<s@sender.example>"]).await.unwrap();
        connection.rcpt(["<a@test.example>"]).await.unwrap();
        assert_eq!(connection.data().await.unwrap(), Status::Continue);
        connection.header("Subject", "9 hello").await.unwrap();
        connection.eoh().await.unwrap();
        assert!(matches!(connection.eom().await.unwrap().1, Status::Reject { .. }));
    }
    connection.close().await.unwrap();
}

// Postfix's HISTORY of 20251208: one failure made a connection useless for the messages after it.
#[tokio::test]
async fn of_mail_that_is_not_scored_the_header_is_read() {
    let site = Site::new();
    let milter = site.start();
    let mut connection = site.connect().await;
    connection.connect("mail.test.example", [127, 0, 0, 1]).await.unwrap();
    connection.mail(["<s@test.example>"]).await.unwrap();
    connection.rcpt(["<a@sender.example>"]).await.unwrap();
    connection.header("X-Switchback-Status", "forged").await.unwrap();
    connection.eoh().await.unwrap();
    assert_eq!(connection.body("Text.\r\n").await.unwrap(), Status::Skip);
    let (actions, status) = connection.eom().await.unwrap();
    assert_eq!(status, Status::Accept);
    assert!(actions.has_delete_header("X-Switchback-Status", 1));
    assert!(milter.logs("judged").contains("bytes=31 is_partial=true"), "{}", milter.log());
}

#[tokio::test]
async fn a_message_that_the_model_cannot_judge_fails_alone() {
    let site = Site::new();
    let milter = site.start();
    let mut connection = site.connect().await;
    assert_eq!(sent(&mut connection, "! hello").await.1, Status::Accept);
    assert!(milter.logs("judged").contains("by=\"unscanned\""), "{}", milter.log());
    assert!(matches!(sent(&mut connection, "9 hello").await.1, Status::Reject { .. }));
}

/// A status without the reference of the record, which each message has one of.
fn without_record(status: &Status) -> String {
    let text = format!("{status:?}");
    text.split(", reference").next().unwrap_or_default().to_owned()
}

struct StartsWith(&'static str);

impl indymilter_test::Matcher<&CStr> for StartsWith {
    fn matches(&self, value: &CStr) -> bool {
        value.to_bytes().starts_with(self.0.as_bytes())
    }
}
