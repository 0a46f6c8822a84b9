//! Clients that do not speak as they should. None of them disturbs the next.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::door::{BOTH, Door, Saying, say};
use crate::model::mail;
use crate::operate::store::{PATIENCE, Store};

/// Bytes that become many.
fn bomb() -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        encoder.write_all(&[b'x'; 1 << 20]).unwrap();
    }
    encoder.finish().unwrap()
}

#[track_caller]
fn still_answers(door: &Door) {
    assert_eq!(door.ask(b"PING SPAMC/1.5\r\n\r\n"), b"SPAMD/1.5 0 PONG\r\n");
    assert_eq!(door.get("/healthz").body, b"alive\n");
}

#[test]
fn what_is_not_spamds_protocol_is_told_so() {
    let (_store, door) = Door::open();
    let long = format!("CHECK SPAMC/1.5\r\nUser: {}\r\n\r\n", "x".repeat(10_000));
    let many = format!("CHECK SPAMC/1.5\r\n{}\r\n", "A: b\r\n".repeat(5_000));
    for (request, said) in [
        (&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], "this is spamd's protocol"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", "this is spamd's protocol"),
        (b"\0\0\0\0\n", "this is spamd's protocol"),
        (b"CHECK\r\n", "this is spamd's protocol"),
        (b"CHECK SPAMC/2.0\r\n\r\n", "this is spamd's protocol"),
        (b"LEARN SPAMC/1.5\r\n\r\n", "this is spamd's protocol"),
        (b"CHECK SPAMC/1.5\r\nno field\r\n\r\n", "a line is not a field"),
        (b"CHECK SPAMC/1.5\r\nContent-length: -1\r\n\r\n", "is not a number"),
        (b"CHECK SPAMC/1.5\r\nContent-length: +1\r\n\r\nx", "is not a number"),
        (b"CHECK SPAMC/1.5\r\nContent-length: 99999999999999999999\r\n\r\n", "is not a number"),
        (b"CHECK SPAMC/1.5\r\nContent-length: 1\r\nContent-length: 2\r\n\r\nxy", "two lengths"),
        (b"CHECK SPAMC/1.5\r\nContent-length: 10\r\n\r\n123456789", "10 bytes were announced, and 9 came"),
        (b"CHECK SPAMC/1.5\r\nContent-length: 3000000000\r\n\r\n", "is not read"),
        (b"CHECK SPAMC/1.5\r\nCompress: lzma\r\n\r\n", "by zlib, or not at all"),
        (b"CHECK SPAMC/1.5\r\nCompress: zlib\r\nContent-length: 4\r\n\r\nabcd", "not compressed by zlib"),
        (long.as_bytes(), "longer than 4096 bytes"),
        (many.as_bytes(), "too many fields"),
    ] {
        let reply = String::from_utf8_lossy(&door.ask(request)).into_owned();
        let is_refused =
            ["SPAMD/1.5 76 EX_PROTOCOL: ", "SPAMD/1.5 65 EX_DATAERR: "].iter().any(|s| reply.starts_with(s));
        assert!(is_refused && reply.contains(said), "{:?}: {reply:?}", String::from_utf8_lossy(request));
        assert_eq!(reply.lines().count(), 1, "{reply}");
        still_answers(&door);
    }
}

#[test]
fn a_client_that_says_nothing_or_too_little_is_let_go() {
    let store = Store::promoted(&["1.1.0"]);
    let config = BOTH.replace("listen", "timeout = '1s'\nlisten");
    let door = Door::of(store.path(), &config);
    for request in [
        &b""[..],
        b"CHECK SPAM",
        b"CHECK SPAMC/1.5\r\nContent-le",
        b"CHECK SPAMC/1.5\r\nContent-length: 1000000000\r\n\r\nSubject: x\r\n",
    ] {
        assert_eq!(say(door.spamd(), request, Saying::Open), b"", "{request:?}");
    }
    for request in [&b""[..], b"POST /v1/sc", b"POST /v1/score HTTP/1.1\r\nHost: x\r\nConte"] {
        let reply = String::from_utf8(say(door.http(), request, Saying::Open)).unwrap();
        assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 408 "), "{request:?}: {reply}");
    }
    let slow = b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nSubject: x\r\n";
    let reply = String::from_utf8(say(door.http(), slow, Saying::Open)).unwrap();
    assert!(reply.starts_with("HTTP/1.1 408 "), "{reply}");
    still_answers(&door);
}

#[test]
fn a_bomb_becomes_no_longer_than_a_message_may_be() {
    let store = Store::promoted(&["1.1.0"]);
    let door = Door::of(store.path(), &format!("scoring.message_max = '64 KiB'\n{BOTH}"));
    let bomb = bomb();
    assert!(bomb.len() < 1 << 16, "{}", bomb.len());
    let head = format!("HEADERS SPAMC/1.5\r\nCompress: zlib\r\nContent-length: {}\r\n\r\n", bomb.len());
    let reply = String::from_utf8(door.ask(&[head.as_bytes(), &bomb].concat())).unwrap();
    assert!(reply.contains("Spam: True") && reply.len() < 1 << 18, "{}", reply.len());

    // wazuh#38129: so small, and gigabytes when unpacked.
    let zstd = zstd::encode_all(&vec![b'x'; 64 << 20][..], 19).unwrap();
    let answer = door.post("/v1/score", &[("Compression", b"zstd")], &zstd);
    assert_eq!((answer.status, answer.json()["is_partial"].as_bool()), (200, Some(true)), "{answer:?}");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&vec![b'x'; 1 << 20]).unwrap();
    let answer = door.post("/v1/score", &[("Content-Encoding", b"gzip")], &gzip.finish().unwrap());
    assert_eq!((answer.status, answer.json()["is_partial"].as_bool()), (200, Some(true)), "{answer:?}");
    still_answers(&door);
}

#[test]
fn a_window_of_gigabytes_is_not_made() {
    let (_store, door) = Door::open();
    // A frame that asks for a window of 2 GiB, and has one block of one byte, repeated.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x0b, 0x00, 0x00, b'x'];
    let answer = door.post("/v1/score", &[("Content-Encoding", b"zstd")], &frame);
    assert_eq!(answer.status, 415, "{answer:?}");
    still_answers(&door);
}

#[test]
fn as_many_as_may_connect_are_served_and_others_wait_their_turn() {
    let store = Store::promoted(&["1.1.0"]);
    let door = Door::of(store.path(), &BOTH.replace("[spamd]", "[spamd]\nconnections = 2"));
    let silent: Vec<_> = (0..2).map(|_| TcpStream::connect(door.spamd()).unwrap()).collect();
    let mut waits = TcpStream::connect(door.spamd()).unwrap();
    waits.write_all(b"PING SPAMC/1.5\r\n\r\n").unwrap();
    waits.set_read_timeout(Some(PATIENCE)).unwrap();
    drop(silent);
    let mut reply = String::new();
    waits.read_to_string(&mut reply).unwrap();
    assert_eq!(reply, "SPAMD/1.5 0 PONG\r\n");
}

#[test]
fn requests_of_http_that_make_no_sense_are_told_so() {
    let (_store, door) = Door::open();
    let message = mail("x", "a@b.example", 500);
    // rspamd#5561: a body under a label that is not its own.
    let zstd = zstd::encode_all(&message[..], 1).unwrap();
    for (line, fields, body, status, said) in [
        ("POST /v1/score HTTP/1.1", &[("File", &b"/etc/passwd"[..])][..], &message[..], 400, "no file is read"),
        ("POST /checkv2 HTTP/1.1", &[("Shm", b"x")], &message, 400, "no file is read"),
        ("POST /checkv2?file=/etc/passwd HTTP/1.1", &[], &message, 400, "query string"),
        ("POST /v1/score HTTP/1.1", &[("From", b"a@b.example"), ("From", b"c@d.example")], &message, 400, "two fields"),
        ("POST /v1/score HTTP/1.1", &[("Content-Encoding", b"br")], &message, 415, "gzip or zstd"),
        ("POST /v1/score HTTP/1.1", &[("Compression", b"zstd")], &message, 415, "its label says by zstd"),
        ("POST /v1/score HTTP/1.1", &[], &zstd, 415, "looks compressed by zstd"),
        ("POST /v1/score HTTP/1.1", &[("Content-Encoding", b"gzip")], &zstd, 415, "its label says by gzip"),
        (
            "POST /v1/score HTTP/1.1",
            &[("Content-Encoding", b"zstd")],
            &zstd[..zstd.len() - 9],
            415,
            "not compressed by",
        ),
        ("POST /v1/score HTTP/1.1", &[("Content-Length", b"3000000000")], b"", 413, "is not read"),
        ("GET /v1/score HTTP/1.1", &[], b"", 405, "method"),
        ("POST /symbols HTTP/1.1", &[], &message, 404, "nothing here"),
    ] {
        let answer = door.request(line, fields, body);
        assert_eq!(answer.status, status, "{line} {fields:?}: {answer:?}");
        assert!(answer.error().contains(said), "{line} {fields:?}: {answer:?}");
        still_answers(&door);
    }
    let garbage = String::from_utf8(say(door.http(), b"\x16\x03\x01\x02\n\n\n\n", Saying::Ended)).unwrap();
    assert!(garbage.starts_with("HTTP/1.1 400 "), "{garbage}");
    still_answers(&door);
}
