//! spamd's protocol, byte by byte.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::door::{BOTH, Door, Saying, say};
use crate::model::mail;

fn small() -> Vec<u8> {
    mail("small", "a@b.example", 500)
}

fn large() -> Vec<u8> {
    mail("large", "a@b.example", 4_000)
}

/// The parts of a reply: its first lines, and what follows the empty one.
fn parts(reply: &str) -> (&str, &str) {
    reply.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{reply:?}"))
}

/// The length that a reply announces.
fn announced(head: &str) -> Option<usize> {
    let field = head.lines().find_map(|line| line.strip_prefix("Content-length: "));
    field.map(|length| length.parse().unwrap())
}

// spamd/PROTOCOL; libspamc.c takes a reply whose length is one byte off for none, and lets the message pass.
#[test]
fn every_verb_is_answered_with_its_exact_length() {
    let (_store, door) = Door::open();
    for (message, spam) in [(small(), "Spam: False ; 1.25 / 5.00"), (large(), "Spam: True ; 9.37 / 5.00")] {
        for verb in ["CHECK", "SYMBOLS", "REPORT", "REPORT_IFSPAM", "HEADERS", "PROCESS"] {
            for minor in 2..=5 {
                let reply = door.ask_about(&format!("{verb} SPAMC/1.{minor}"), &message);
                let (head, body) = parts(&reply);
                let is_message = ["HEADERS", "PROCESS"].contains(&verb);
                let length = format!("Content-length: {}", body.len());
                let expected: Vec<&str> = match (is_message, minor) {
                    (true, 2) => vec![&length],
                    (false, 2) => vec![spam],
                    _ => vec![&length, spam],
                };
                let lines: Vec<_> = head.split("\r\n").collect();
                assert_eq!(lines, [&["SPAMD/1.1 0 EX_OK"], &expected[..]].concat(), "{verb} 1.{minor}");
                let has_body = verb != "CHECK" && (verb != "REPORT_IFSPAM" || spam.contains("True"));
                assert_eq!(!body.is_empty(), has_body, "{verb} 1.{minor}: {body}");
            }
        }
    }
    let symbols = door.ask_about("SYMBOLS SPAMC/1.5", &large());
    assert_eq!(parts(&symbols).1, "SWITCHBACK_SPAM,SIZE");
    assert!(door.ask_about("SYMBOLS SPAMC/1.2", &large()).ends_with("SWITCHBACK_SPAM,SIZE\r\n"));
}

// Exim, spam.c: after the status line it reads `Spam:` at once, then an empty line, then the report.
#[test]
fn exim_finds_the_layout_that_it_scans_for() {
    let (_store, door) = Door::open();
    let message = large();
    let request = format!("REPORT SPAMC/1.2\r\nUser: nobody\r\nContent-length: {}\r\n\r\n", message.len());
    let reply = String::from_utf8(door.ask(&[request.as_bytes(), &message].concat())).unwrap();
    let report = reply.strip_prefix("SPAMD/1.1 0 EX_OK\r\nSpam: True ; 9.37 / 5.00\r\n\r\n").unwrap();
    assert!(report.starts_with("Switchback: spam, 9.37 points, 5.00 required\n"), "{report}");
    assert!(report.contains("decided by live") && report.contains("linear@1.1.0"), "{report}");
    // Each line becomes one of a header, which an empty one would end.
    assert!(report.is_ascii() && report.lines().all(|line| !line.trim().is_empty()), "{report}");
}

// Exim, spam.c with `variant=rspamd`: it never says that it has ended, waits for the end of the connection, and has a buffer of
// 32,600 bytes.
#[test]
fn exim_that_never_ends_is_answered_in_rspamds_old_form() {
    let (_store, door) = Door::open();
    let message = large();
    let request = format!(
        "CHECK RSPAMC/1.3\r\nContent-length: {}\r\nQueue-Id: 1xYB\r\nFrom: <a@b.example>\r\nRecipient-Number: 1\r\n\
         Rcpt: <c@d.example>\r\nHelo: mx\r\nIP: 192.0.2.7\r\n\r\n",
        message.len()
    );
    let reply = String::from_utf8(say(door.spamd(), &[request.as_bytes(), &message].concat(), Saying::Open)).unwrap();
    let lines: Vec<_> = reply.split("\r\n").collect();
    assert_eq!(lines[..2], ["RSPAMD/1.3 0 EX_OK", "Metric: default; True; 9.37 / 5.00 / 10.00"]);
    assert_eq!(lines[2], "Action: quarantine");
    assert!(reply.len() < 32_000 && reply.ends_with("\r\n\r\n"), "{reply}");
}

// rspamd#637; Exim, spool_mbox.c: a message that Exim wraps is the message.
#[test]
fn a_wrapping_of_exim_does_not_change_the_verdict() {
    let (_store, door) = Door::open();
    let wrapping =
        "From a@b.example Mon Dec  1 00:00:00 2025\nX-Envelope-From: <a@b.example>\nX-Envelope-To: c@d.example\n";
    for (bytes, spam) in [(3_999, "False"), (4_000, "True")] {
        let message = mail("wrapped", "a@b.example", bytes);
        let unix = String::from_utf8(message.clone()).unwrap().replace("\r\n", "\n");
        let wrapped = format!("{wrapping}{unix}");
        for form in [&message[..], unix.as_bytes(), wrapped.as_bytes()] {
            let reply = door.ask_about("CHECK SPAMC/1.5", form);
            assert!(reply.contains(&format!("Spam: {spam} ;")), "{bytes}: {reply}");
        }
    }
}

#[test]
fn a_message_comes_back_with_its_stamps_and_otherwise_as_it_was() {
    let (_store, door) = Door::open();
    let forged = "X-Switchback-Status: Yes, forged\n";
    let message = format!("From a@b.example Mon\n{forged}Subject: caf\u{e9}\n\nbody\n\n.\nFrom here\n");
    let reply = door.ask_about("PROCESS SPAMC/1.5", message.as_bytes());
    let (head, body) = parts(&reply);
    assert_eq!(announced(head), Some(body.len()));
    let rest = body.strip_prefix("From a@b.example Mon\nX-Switchback-").unwrap_or_else(|| panic!("{body}"));
    assert!(rest.ends_with("\nSubject: caf\u{e9}\n\nbody\n\n.\nFrom here\n"), "{body}");
    assert!(!body.contains(forged) && !body.contains('\r'), "{body}");
    let reply = door.ask_about("HEADERS SPAMC/1.5", message.as_bytes());
    assert!(parts(&reply).1.ends_with("\nSubject: caf\u{e9}\n\n"), "{reply}");
}

#[test]
fn nothing_is_learnt_and_a_ping_is_answered_without_a_message() {
    let (_store, door) = Door::open();
    let reply = String::from_utf8(door.ask(b"TELL SPAMC/1.5\r\nMessage-class: spam\r\nSet: local\r\n\r\n")).unwrap();
    assert!(reply.starts_with("SPAMD/1.5 69 EX_UNAVAILABLE: ") && reply.contains("switchback block"), "{reply}");
    assert_eq!(reply.lines().count(), 1);
    assert_eq!(say(door.spamd(), b"PING SPAMC/1.2\r\n", Saying::Open), b"SPAMD/1.5 0 PONG\r\n");
    assert_eq!(door.ask(b"SKIP SPAMC/1.2\r\n\r\n"), b"");
}

#[test]
fn a_compressed_message_is_the_message() {
    let (_store, door) = Door::open();
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&large()).unwrap();
    let packed = encoder.finish().unwrap();
    let head = format!("CHECK SPAMC/1.5\r\nCompress: zlib\r\nContent-length: {}\r\n\r\n", packed.len());
    let reply = String::from_utf8(door.ask(&[head.as_bytes(), &packed].concat())).unwrap();
    assert!(reply.contains("Spam: True"), "{reply}");
}

#[test]
fn of_a_message_above_the_limit_the_beginning_is_judged() {
    let store = crate::operate::store::Store::promoted(&["1.1.0"]);
    let door = Door::of(store.path(), &format!("scoring.message_max = '64 KiB'\n{BOTH}"));
    let message = mail("long", "a@b.example", 200_000);
    // With the line ends of files it is below the limit, and with those of SMTP above it.
    let unix = [&b"Subject: long\n\n"[..], &b"x\n".repeat(32_000)].concat();
    for message in [&message, &unix] {
        let reply = door.ask_about("CHECK SPAMC/1.5", message);
        assert!(reply.contains("Spam: True"), "{reply}");
        let answer = door.post("/v1/score", &[], message).json();
        assert_eq!((answer["is_partial"].as_bool(), answer["verdict"]["score"].as_f64()), (Some(true), Some(0.937_5)));
    }
    assert!(door.ask_about("PROCESS SPAMC/1.5", &unix).contains("EX_OK"));
    // It could not be sent back whole.
    let reply = door.ask_about("PROCESS SPAMC/1.5", &message);
    assert!(reply.starts_with("SPAMD/1.5 65 EX_DATAERR: "), "{reply}");
}

// Held here and delivered by a client that cannot forget a message, it would be there twice.
#[test]
fn what_a_client_cannot_forget_is_not_held() {
    let (_store, door) = Door::open();
    assert!(door.ask_about("CHECK SPAMC/1.5", &large()).contains("Spam: True"));
    assert_eq!(door.post("/checkv2", &[], &large()).json()["action"], "quarantine");
    assert!(std::fs::read_dir(door.dir().join("held")).unwrap().next().is_none());
}
