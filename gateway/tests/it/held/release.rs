//! Giving back by SMTP.

use std::process::{Child, Command, Stdio};

use switchback::verdict::RecordId;
use switchback_gateway::config::Reinjection;
use switchback_gateway::held::{Again, HeldMessage, Outcome, OutcomeKind, Releaser, Spool};

use super::sink::{End, OFFERS, Script, Sink, TAKE};
use super::{Place, hold, message, transaction};

fn release_with(spool: &Spool, sink: &Sink, id: RecordId, again: Again) -> Outcome {
    Releaser::new(spool, &Reinjection::Smtp(sink.address), "ada", "why").release(id, again).unwrap()
}

fn release(spool: &Spool, sink: &Sink, id: RecordId) -> Outcome {
    release_with(spool, sink, id, Again::No)
}

fn released(held: &HeldMessage) -> Vec<bool> {
    held.recipients.iter().map(|recipient| recipient.released.is_some()).collect()
}

/// Dots and lines that look like commands (<https://github.com/mailcow/mailcow-dockerized/issues/3263>), 8-bit text and long
/// lines arrive as they are, with sender and parameters.
#[test]
fn what_arrives_is_what_was_held() {
    let (place, sink) = (Place::new(), Sink::start(TAKE));
    let mut came = transaction("ada@x.example", &["b@y.example", "c@y.example"]);
    came.mail_parameters.push("ENVID=QQ314159".to_owned());
    came.recipient_parameters = vec![vec!["NOTIFY=NEVER".to_owned(), "ORCPT=rfc822;b@y.example".to_owned()], vec![]];
    let bytes = [
        message(),
        b"no end of the line".to_vec(),
        b"\r\n".to_vec(),
        b".\r\n".to_vec(),
        b"a\r\n.".to_vec(),
        b"A: b\r\n\r\n\r\n\r\n".to_vec(),
        b"x".repeat(200_000),
        [b"y".repeat((64 << 10) - 1), b"\r\n.\r\n".to_vec()].concat(),
        [b"y".repeat((64 << 10) - 2), b"\r\n.\r\n".to_vec()].concat(),
    ];
    let mut releaser = Releaser::new(&place.spool, &Reinjection::Smtp(sink.address), "ada", "why");
    for bytes in &bytes {
        let id = hold(&place.spool, &came, bytes).unwrap();
        let outcome = releaser.release(id, Again::No).unwrap();
        assert_eq!((outcome.outcome, outcome.released, outcome.outstanding), (OutcomeKind::Released, 2, 0));
        assert_eq!(outcome.why.as_deref(), Some("250 2.0.0 Ok: queued as 1"));
    }
    let taken = sink.taken();
    assert_eq!(taken.len(), bytes.len());
    for (taken, bytes) in taken.iter().zip(&bytes) {
        let ended = if bytes.ends_with(b"\r\n") { bytes.clone() } else { [bytes, &b"\r\n"[..]].concat() };
        assert!(taken.bytes == ended, "{} bytes of {}", taken.bytes.len(), ended.len());
        assert_eq!(taken.mail, "MAIL FROM:<ada@x.example> BODY=8BITMIME ENVID=QQ314159");
        let recipients = ["RCPT TO:<b@y.example> NOTIFY=NEVER ORCPT=rfc822;b@y.example", "RCPT TO:<c@y.example>"];
        assert_eq!(taken.recipients, recipients);
    }
    assert!(place.files().is_empty(), "what is released is held no longer");
    assert_eq!(release(&place.spool, &sink, new_id()).outcome, OutcomeKind::NotHeld);
}

fn new_id() -> RecordId {
    switchback::journal::new_record_id()
}

#[test]
fn line_ends_that_stand_alone_cannot_smuggle_a_command() {
    let (place, sink) = (Place::new(), Sink::start(TAKE));
    let came = transaction("", &["b@y.example"]);
    let bytes = b"A: b\r\n\r\n\n.\nMAIL FROM:<evil@z.example>\r.\r\n\r.\r\r\nend\n.\r\n";
    let id = hold(&place.spool, &came, bytes).unwrap();
    assert_eq!(release(&place.spool, &sink, id).outcome, OutcomeKind::Released);
    let taken = sink.taken();
    assert_eq!((taken.len(), taken[0].mail.as_str()), (1, "MAIL FROM:<> BODY=8BITMIME"));
    let text = b"A: b\r\n\r\n\r\n.\r\nMAIL FROM:<evil@z.example>\r\n.\r\n\r\n.\r\n\r\nend\r\n.\r\n";
    assert_eq!(String::from_utf8_lossy(&taken[0].bytes), String::from_utf8_lossy(text));
}

#[test]
fn an_address_that_would_end_a_command_is_not_sent() {
    let (place, sink) = (Place::new(), Sink::start(TAKE));
    let mut odd = transaction("ada@x.example", &["b@y.example>\r\nDATA"]);
    let mut ids = vec![place.hold(&odd)];
    odd = transaction("ada@x.example", &["b@y.example"]);
    odd.mail_parameters = vec!["RET=HDRS\r\nRSET".to_owned()];
    ids.push(place.hold(&odd));
    ids.push(place.hold(&transaction("ada@x.example", &[])));
    for id in ids {
        let outcome = release(&place.spool, &sink, id);
        assert_eq!(outcome.outcome, OutcomeKind::Held, "{:?}", outcome.why);
        assert!(!place.spool.message(id).unwrap().is_uncertain());
    }
    assert!(sink.taken().is_empty());
}

/// A recipient that was refused for now is not done (<https://github.com/Probesys/agentj/issues/611>).
#[test]
fn a_recipient_has_it_only_after_250() {
    let place = Place::new();
    let refusing = Sink::start(Script {
        recipient: |line| match line {
            line if line.contains("full@") => Some("452 4.2.2 mailbox full"),
            line if line.contains("gone@") => Some("550 5.1.1 no such user"),
            _ => None,
        },
        ..TAKE
    });
    let id = place.hold(&transaction("ada@x.example", &["full@y.example", "b@y.example", "gone@y.example"]));
    let outcome = release(&place.spool, &refusing, id);
    assert_eq!((outcome.outcome, outcome.released, outcome.outstanding), (OutcomeKind::Partly, 1, 2));
    assert_eq!(outcome.why.as_deref(), Some("452 4.2.2 mailbox full"));
    let held = place.spool.message(id).unwrap();
    assert_eq!(released(&held), [false, true, false]);
    assert_eq!(held.recipients[2].refused.as_deref(), Some("550 5.1.1 no such user"));
    let again = release(&place.spool, &refusing, id);
    assert_eq!((again.outcome, again.released), (OutcomeKind::Held, 0), "nobody else gets it twice");
    assert_eq!(refusing.taken().len(), 1);
    for answer in ["452 4.3.1 no room", "554 5.7.1 no"] {
        let end = Sink::start(Script { end: End::Answer(answer), ..TAKE });
        let outcome = release(&place.spool, &end, id);
        assert_eq!(
            (outcome.outcome, outcome.outstanding, outcome.why.as_deref()),
            (OutcomeKind::Held, 2, Some(answer))
        );
        assert!(!place.spool.message(id).unwrap().is_uncertain());
    }
    let taking = Sink::start(TAKE);
    assert_eq!(release(&place.spool, &taking, id).outcome, OutcomeKind::Released);
    assert_eq!(taking.taken()[0].recipients, ["RCPT TO:<full@y.example>", "RCPT TO:<gone@y.example>"]);
}

#[test]
fn a_connection_lost_before_the_end_of_a_message_changes_nothing() {
    let place = Place::new();
    let came = transaction("ada@x.example", &["b@y.example"]);
    // More than what lies in the buffers of a connection.
    let id = hold(&place.spool, &came, &b"y\r\n".repeat(5 << 20)).unwrap();
    let hanging_up = Sink::start(Script { end: End::HangUp, ..TAKE });
    let outcome = release(&place.spool, &hanging_up, id);
    assert_eq!(outcome.outcome, OutcomeKind::Held, "{:?}", outcome.why);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut releaser = Releaser::new(&place.spool, &Reinjection::Smtp(nobody), "ada", "why");
    assert!(releaser.reach().unwrap_err().to_string().contains("no connection"));
    assert_eq!(releaser.release(id, Again::No).unwrap().outcome, OutcomeKind::Held);
    assert!(!place.spool.message(id).unwrap().is_uncertain());
}

/// The answer to the end of a message may be lost although the message was taken (RFC 1047).
#[test]
fn where_the_answer_is_lost_it_is_sent_again_only_if_somebody_says_so() {
    let place = Place::new();
    let sink = Sink::start(Script { end: End::TakeAndHangUp, ..TAKE });
    let id = place.hold(&transaction("ada@x.example", &["b@y.example"]));
    assert_eq!(release(&place.spool, &sink, id).outcome, OutcomeKind::Uncertain);
    let held = place.spool.message(id).unwrap();
    let attempt = held.attempt.as_ref().unwrap();
    assert_eq!((attempt.author.as_str(), attempt.reason.as_str()), ("ada", "why"));
    assert_eq!(attempt.through, format!("smtp {}", sink.address));
    let outcome = release(&place.spool, &sink, id);
    assert_eq!((outcome.outcome, outcome.outstanding, sink.taken().len()), (OutcomeKind::Uncertain, 1, 1));
    let taking = Sink::start(TAKE);
    assert_eq!(release_with(&place.spool, &taking, id, Again::Yes).outcome, OutcomeKind::Released);
    assert_eq!((taking.taken().len(), place.files().len()), (1, 0));
}

#[test]
fn what_a_server_does_not_offer_keeps_what_needs_it_here() {
    let place = Place::new();
    let came = transaction("ada@x.example", &["b@y.example"]);
    let id = place.hold(&came);
    let old = Sink::start(Script { offers: &["DSN"], ..TAKE });
    let outcome = release(&place.spool, &old, id);
    assert_eq!((outcome.outcome, old.taken().len()), (OutcomeKind::Held, 0));
    let why = place.spool.message(id).unwrap().why.unwrap();
    assert!(why.contains("8BITMIME is not offered"), "{why}");
    assert_eq!(
        release(&place.spool, &Sink::start(Script { offers: OFFERS, ..TAKE }), id).outcome,
        OutcomeKind::Released
    );
}

/// Where a process of its own gives mail back. Only it has this variable.
const DIR: &str = "SWITCHBACK_TEST_HELD";

/// To which server.
const SERVER: &str = "SWITCHBACK_TEST_SERVER";

/// One of the processes that give back at the same time.
#[test]
fn a_process_releases() {
    let (Some(dir), Ok(server)) = (std::env::var_os(DIR), std::env::var(SERVER)) else { return };
    let spool = Spool::existing(dir).unwrap();
    let mut releaser = Releaser::new(&spool, &Reinjection::Smtp(server.parse().unwrap()), "ada", "why");
    for id in spool.ids().unwrap() {
        releaser.release(id, Again::No).unwrap();
    }
}

#[test]
fn of_releases_at_the_same_time_one_sends() {
    let (place, sink) = (Place::new(), Sink::start(TAKE));
    let ids: Vec<_> = (0..20).map(|_| place.hold(&transaction("ada@x.example", &["b@y.example"]))).collect();
    let mut children: Vec<Child> = (0..4)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "held::release::a_process_releases", "--nocapture"])
                .env(DIR, place.spool.dir())
                .env(SERVER, sink.address.to_string())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    children.iter_mut().for_each(|child| assert!(child.wait().unwrap().success()));
    assert_eq!((sink.taken().len(), place.files().len()), (ids.len(), 0));
}
