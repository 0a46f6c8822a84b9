//! What comes on the socket and is no mail server: it ends its own connection, and nothing else.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use indymilter_test::Status;

use crate::protocol::{refused, sent};
use crate::site::Site;

/// Packets that nobody who speaks the protocol sends.
const ODD: [&[u8]; 10] = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    // A TLS client hello.
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"EHLO client.example\r\n",
    b"CHECK SPAMC/1.5\r\nContent-length: 5\r\n\r\nA: b\n",
    // 4 GiB are announced.
    b"\xff\xff\xff\xffB",
    b"\x00\x00\x00\x00",
    b"\x00\x00\x00\x01z",
    // A negotiation that is too short, and an address without its end.
    b"\x00\x00\x00\x05O\x00\x00\x00\x06",
    b"\x00\x00\x00\x0dO\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff\x00\x00\x00\x03M<a",
    // Version 1 of the protocol.
    b"\x00\x00\x00\x0dO\x00\x00\x00\x01\x00\x00\x01\xff\x00\x1f\xff\xff",
];

// rspamd#3083: port probes crashed it.
#[tokio::test]
async fn what_is_no_mail_server_ends_its_own_connection() {
    let site = Site::new();
    let mut milter = site.start();
    let mut other = site.connect().await;
    for bytes in ODD {
        let mut stream = site.raw();
        stream.write_all(bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        // It ends: that it may answer the negotiation before is right.
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.len() < 200, "{bytes:?}: {answer:?}");
    }
    assert!(matches!(sent(&mut other, "9 hello").await.1, Status::Reject { .. }));
    milter.logs("a connection has ended on which nobody spoke as a mail server");
    assert!(milter.is_alive());
}

/// A packet: its length, a command and what belongs to it.
fn packet(command: u8, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len() + 1).unwrap();
    [&length.to_be_bytes()[..], &[command], data].concat()
}

/// The command of the next packet that comes.
fn answered(stream: &mut UnixStream) -> u8 {
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut data = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut data).unwrap();
    data[0]
}

// rspamd#1708, #1740: a macro without a name, or without a value, and the message went on unscanned.
#[test]
fn macros_that_make_no_sense_stop_no_message() {
    let site = Site::new();
    let _milter = site.start();
    let mut stream = site.raw();
    // Version 6, all actions, and no options: every command is answered.
    stream.write_all(&packet(b'O', b"\0\0\0\x06\0\0\x01\xff\0\0\0\0")).unwrap();
    assert_eq!(answered(&mut stream), b'O');
    let connect = [b"mail.sender.example\0".as_slice(), b"4\x9c\x40", b"192.0.2.7\0"].concat();
    for (stage, macros, command, data) in [
        (b'C', &b"\0\0"[..], b'C', &connect[..]),
        (b'H', b"", b'H', b"mail.sender.example\0"),
        (b'M', b"i\0\0{auth_authen}\0\0\0x\0", b'M', b"<s@sender.example>\0"),
        (b'R', b"{rcpt_addr}\0\xff\xfe\0", b'R', b"<a@test.example>\0"),
        (b'L', b"i\x004XyZ\0i\0another\0", b'L', b"Subject\x009 hello\0"),
        (b'N', b"", b'N', b""),
    ] {
        stream.write_all(&packet(b'D', &[&[stage], macros].concat())).unwrap();
        stream.write_all(&packet(command, data)).unwrap();
        assert_eq!(answered(&mut stream), b'c', "{}", char::from(command));
    }
    stream.write_all(&packet(b'E', b"")).unwrap();
    // What is inserted, and then a reply with a text.
    assert_eq!(std::iter::repeat_with(|| answered(&mut stream)).find(|answer| *answer != b'i'), Some(b'y'));
}

#[tokio::test]
async fn a_length_of_4_gib_is_refused_before_anything_is_read() {
    let site = Site::new();
    let _milter = site.start();
    let mut stream = site.raw();
    stream.write_all(b"\xff\xff\xff\xffB").unwrap();
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
}

#[tokio::test]
async fn connections_that_say_nothing_are_in_nobodys_way() {
    let site = Site::new();
    let mut milter = site.start();
    let mut silent: Vec<UnixStream> = (0..200).map(|_| site.raw()).collect();
    for stream in &mut silent[..100] {
        stream.write_all(b"\x00\x00\x00").unwrap();
    }
    refused(&site, "9 hello").await;
    drop(silent);
    refused(&site, "9 hello").await;
    assert!(milter.is_alive());
}

// More connections than are served at once wait for one to end.
#[tokio::test]
async fn connections_wait_for_a_place() {
    let site = Site::new();
    site.configure_milter("connections = 1");
    let _milter = site.start();
    let first = site.connect().await;
    let (mut second, closed) = tokio::join!(site.connect(), first.close());
    closed.unwrap();
    assert!(matches!(sent(&mut second, "9 hello").await.1, Status::Reject { .. }));
}
