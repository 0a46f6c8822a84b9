//! How Amavis asks, by both of its clients (amavis 2.12, SpamdClient.pm and RspamdClient.pm).

use super::door::{Door, Saying, say};
use crate::model::mail;

/// Fields that Amavis puts above a message for spamd.
const ABOVE: &str =
    "Return-Path: <a@b.example>\r\nX-Envelope-To: <c@d.example>,\r\n <e@f.example>\r\nX-Amavis-MessageSize: 4000\r\n";

#[test]
fn its_client_of_spamd_never_ends_and_counts_the_bytes_of_symbols() {
    let (_store, door) = Door::open();
    let message = [ABOVE.as_bytes(), &mail("large", "a@b.example", 4_000)].concat();
    let head = format!("SYMBOLS SPAMC/1.3\r\nContent-length: {}\r\n\r\n", message.len());
    let reply = String::from_utf8(say(door.spamd(), &[head.as_bytes(), &message].concat(), Saying::Open)).unwrap();
    let names = "SWITCHBACK_SPAM,SIZE";
    let length = names.len();
    let expected = format!("SPAMD/1.1 0 EX_OK\r\nContent-length: {length}\r\nSpam: True ; 9.37 / 5.00\r\n\r\n{names}");
    assert_eq!(reply, expected);
}

#[test]
fn its_client_of_rspamd_sends_lines_as_files_have_them() {
    let (_store, door) = Door::open();
    let message = mail("large", "a@b.example", 4_000);
    let unix = String::from_utf8(message).unwrap().replace("\r\n", "\n");
    let fields =
        [("From", &b"<a@b.example>"[..]), ("IP", b"192.0.2.7"), ("Rcpt", b"c@d.example"), ("Rcpt", b"e@f.example")];
    let checked = door.post("/checkv2", &fields, unix.as_bytes()).json();
    // 4,000 bytes with the line ends of SMTP.
    assert_eq!(checked["score"], 9.37, "{checked}");
}
