//! What users of comparable programs have reported, asked of this one.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;

use super::door::{BOTH, Door, Saying, file, say};
use crate::model::mail;
use crate::operate::store::{PATIENCE, Store};

// rspamd#6268: the length that a chunk announces became an allocation, and wrapped around.
#[test]
fn the_length_of_a_chunk_is_no_allocation() {
    let (_store, door) = Door::open();
    for length in ["fffffffffffffff1", "ffffffffffffffff", "10000000000000000", "-1", "1000000000", "x", ""] {
        let head = "POST /v1/score HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        let request = format!("{head}{length}\r\nSubject: x\r\n\r\n");
        let answer = String::from_utf8(say(door.http(), request.as_bytes(), Saying::Ended)).unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{length}: {answer}");
        assert_eq!(door.get("/healthz").status, 200, "{length}");
    }
    assert!(door.peak_bytes() < 1 << 30, "{}", door.peak_bytes());
}

// Two lengths are two messages to whoever reads the other one (RFC 9112, section 6.3).
#[test]
fn a_request_with_two_lengths_hides_no_other() {
    let (_store, door) = Door::open();
    let hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
    for lengths in ["Content-Length: 4\r\nTransfer-Encoding: chunked", "Content-Length: 4\r\nContent-Length: 40"] {
        let request = format!("POST /v1/score HTTP/1.1\r\nHost: x\r\n{lengths}\r\n\r\n0\r\n\r\n{hidden}");
        let answer = String::from_utf8(say(door.http(), request.as_bytes(), Saying::Ended)).unwrap();
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{lengths}: {answer}");
        assert!(answer.is_empty() || answer.contains("connection: close"), "{lengths}: {answer}");
    }
}

// rspamd#94: the second message of a connection had no answer.
#[test]
fn many_messages_come_on_one_connection() {
    let (_store, door) = Door::open();
    let mut stream = BufReader::new(TcpStream::connect(door.http()).unwrap());
    stream.get_ref().set_read_timeout(Some(PATIENCE)).unwrap();
    for (bytes, action) in [(4_000, "quarantine"), (500, "no action"), (4_000, "quarantine"), (4_000, "quarantine")] {
        let message = mail("one of many", "a@b.example", bytes);
        let head = format!("POST /checkv2 HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", message.len());
        stream.get_mut().write_all(&[head.as_bytes(), &message].concat()).unwrap();
        let (mut length, mut line) = (0, String::new());
        while line != "\r\n" {
            line.clear();
            stream.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        let checked: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(checked["action"], action, "{checked}");
    }
}

// rspamd#4881: what a client says of the kind of its body, and fields of its own, changed what was read.
#[test]
fn the_body_is_the_message_whatever_kind_it_is_said_to_be() {
    let (_store, door) = Door::open();
    let message = mail("large", "a@b.example", 4_000);
    for kind in
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/json"]
    {
        let fields = [("Content-Type", kind.as_bytes()), ("Subject", b"Test 26"), ("Accept", b"application/json")];
        let checked = door.post("/checkv2", &fields, &message).json();
        assert_eq!((checked["score"].as_f64(), checked["action"].as_str()), (Some(9.37), Some("quarantine")), "{kind}");
    }
}

// rspamd#1916, rspamd#4247, Haraka#1230: an envelope as clients write it reaches the verdict. Own networks show it here: mail from
// there is not scored.
#[test]
fn both_doors_read_an_envelope_as_clients_write_it() {
    let (_store, door) = Door::open();
    let message = mail("large", "a@b.example", 4_000);
    for (ip, user, is_own) in [
        ("[::1]", "", true),
        ("IPv6:::1", "", true),
        ("[IPv6:2001:db8::7]", "", false),
        ("192.0.2.7", "", false),
        ("", "", false),
        ("", "ada", true),
        ("192.0.2.7", "ada", true),
    ] {
        let fields = [("IP", ip), ("User", user), ("Hostname", ""), ("Helo", ""), ("Rcpt", "<c@d.example\t\t>")];
        let of_http = fields.map(|(name, value)| (name, value.as_bytes()));
        assert_eq!(door.post("/checkv2", &of_http, &message).json()["is_skipped"], is_own, "{ip} {user}");
        let head: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let reply = door.ask_about(&format!("CHECK RSPAMC/1.3\r\n{}", head.trim_end()), &message);
        assert_eq!(reply.contains("SWITCHBACK_NOT_SCORED"), is_own, "{ip} {user}: {reply}");
    }
    assert!(!door.log().contains("malformed"), "{}", door.log());
    let refused = door.ask_about("CHECK RSPAMC/1.3\r\nPath: /etc/passwd", &message);
    assert!(refused.starts_with("SPAMD/1.5 76 EX_PROTOCOL: no file is read"), "{refused}");
}

// mailpit#440, RubySpamAssassin#3: programs that show the rules of a report read SpamAssassin's table.
#[test]
fn the_reasons_of_a_report_are_rows_of_spamassassins_table() {
    let (_store, door) = Door::open();
    let reply = door.ask_about("REPORT SPAMC/1.5", &mail("large", "a@b.example", 4_000));
    let rows: Vec<_> = reply.lines().skip_while(|line| !line.starts_with("Content analysis details:")).collect();
    assert_eq!(rows[0], "Content analysis details:   (9.37 points, 5.00 required)");
    assert_eq!(rows[1], " pts rule name              description");
    assert!(rows[2].starts_with("---- ---------------------- ---") && rows[2].ends_with('-'), "{reply}");
    assert_eq!(rows[3..], [" 0.9 SIZE"], "{reply}");
}

// FOSSFORGE/uWestJS#94; RFC 9112, section 9.6: the answer to a body that nobody wants to read was lost, because the connection was
// reset.
#[test]
fn a_refusal_is_heard_by_who_sends_on() {
    let store = Store::promoted(&["1.1.0"]);
    let dir = tempfile::tempdir().unwrap();
    let token = file(dir.path(), "token", &[b'x'; 32]);
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let door = Door::of(store.path(), &format!("{BOTH}token_file = '{}'\n", token.display()));
    let mut stream = TcpStream::connect(door.http()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Length: 16777216\r\n\r\n").unwrap();
    stream.write_all(&vec![b'x'; 8 << 20]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}
