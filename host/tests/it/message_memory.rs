//! How much memory large mail asks for, counted: a message of twice the size asks for about twice as much in all, and at no time for
//! more than twice its size and what is kept of any message; three times its size where it is one field of the header.

use switchback::Message;

use crate::allocations::{Asked, asked};
use crate::message::drive;
use crate::message_hostile::repeated;

const MIB: usize = 1 << 20;

/// Bytes that may be there beside the message and its copies: all that is kept of one. The most is text of another character set,
/// 4.5 MiB: what is read of a body, `BODY_BYTES_READ_MAX`, is there as bytes and decoded, three for each byte that is no text.
const KEPT: usize = 5 * MIB;

/// What a message of so many bytes asks for until everything is known of it, itself included.
fn cost(bytes: &[u8]) -> Asked {
    asked(|| drive(&Message::parse(bytes.to_vec()))).0
}

/// Fails if twice as much of a message takes more than 2.2 times as much memory in all, or one takes more at one time than twice its
/// size and what is kept.
#[track_caller]
fn is_linear(what: &str, make: impl Fn(usize) -> Vec<u8>) {
    is_linear_in(2, what, make);
}

/// As [`is_linear`], with so many times its size at one time.
#[track_caller]
fn is_linear_in(times: usize, what: &str, make: impl Fn(usize) -> Vec<u8>) {
    // What is found once for a whole process is not of a message.
    cost(&make(1_000));
    let costs = [1, 2, 4, 8].map(|size| cost(&make(size * MIB)));
    for (size, cost) in [1, 2, 4, 8].into_iter().zip(&costs) {
        eprintln!("{what}: {size} MiB: {cost:?}");
        let most = (times * size * MIB + KEPT) as i64;
        assert!(cost.peak <= most, "{what} of {size} MiB takes {} bytes at one time, {most} may be", cost.peak);
    }
    for pair in costs.windows(2) {
        assert!(pair[1].bytes * 10 <= pair[0].bytes * 22, "{what}: {pair:?}");
    }
}

/// Lines of base64 or of anything.
fn mixed(head: &str, line: &str, size: usize) -> Vec<u8> {
    let start = format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\n{head}\n\n");
    [repeated(&start, line, size), b"\n--b--\n".to_vec()].concat()
}

const BASE64: &str = "JVBERi0xLjQKJVBERi0xLjQKJVBERi0xLjQKJVBERi0xLjQKJVBERi0xLjQKJVBERi0xLjQKJVBE\n";

#[test]
fn what_large_mail_takes_is_linear_and_bounded() {
    is_linear("an attachment", |size| {
        mixed("Content-Type: application/pdf\nContent-Transfer-Encoding: base64", BASE64, size)
    });
    is_linear("an attachment in quoted-printable", |size| {
        mixed("Content-Type: application/pdf\nContent-Transfer-Encoding: quoted-printable", "caf=C3=A9 =3D=\n", size)
    });
    is_linear("text", |size| {
        repeated("Subject: x\n\n", "Some words of a letter, and http://x.example/a?b=c too.\n", size)
    });
    is_linear("a line", |size| repeated("Subject: x\n\n", "word", size));
    is_linear("HTML", |size| {
        repeated("Content-Type: text/html\n\n", "<p>Dear <a href='http://x.example/?a=1'>friend</a>,</p>\n", size)
    });
    is_linear("text in quoted-printable", |size| {
        repeated("Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n", "<p>caf=C3=A9 =\n", size)
    });
    is_linear("text in base64", |size| repeated("Content-Transfer-Encoding: base64\n\n", BASE64, size));
    is_linear("text that cannot be decoded", |size| {
        let head = b"Content-Type: text/plain; charset=utf-8\n\n";
        [&head[..], &b"pay \xe0\xc1 now\n".repeat(size / 11)].concat()
    });
    is_linear("text in a character set of its own", |size| {
        repeated("Content-Type: text/plain; charset=hz-gb-2312\n\n", "~{VPND~} hi\n", size)
    });
}

#[test]
fn what_many_fields_and_parts_take_is_linear_and_bounded() {
    is_linear("fields", |size| repeated("", "Received: from a by b; Fri, 25 Apr 2025 09:24:01 +0000\n", size));
    is_linear("short fields", |size| repeated("", "A:\n", size));
    is_linear("senders", |size| repeated("", "From: a@b.example, c@d.example\n", size));
    is_linear_in(3, "a field of senders", |size| repeated("From: ", "a@b.example, ", size));
    is_linear_in(3, "a folded field", |size| repeated("Subject: ", "x\n ", size));
    is_linear_in(3, "encoded words", |size| repeated("Subject: ", "=?utf-8?q?a=41?= ", size));
    is_linear_in(3, "parameters", |size| repeated("Content-Type: text/plain", "; n*1=aaaaaaaa", size));
    is_linear("parts", |size| repeated("Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n", size));
    is_linear("attachments", |size| {
        let part = format!("--b\nContent-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\n{BASE64}");
        repeated("Content-Type: multipart/mixed; boundary=b\n\n", &part, size)
    });
    is_linear("messages in messages", |size| repeated(&"Content-Type: message/rfc822\n\n".repeat(32), "line\n", size));
    is_linear("lines that are nearly delimiters", |size| {
        repeated("Content-Type: multipart/mixed; boundary=bc\n\n", "--b\n", size)
    });
    is_linear("tags", |size| repeated("Content-Type: text/html\n\n", "<b><a href=http://x.example/>", size));
    is_linear("a long address", |size| repeated("Content-Type: text/html\n\n<a href='http://x.example/", "abc", size));
    is_linear("addresses", |size| repeated("Subject: x\n\n", "http://x.example/ ", size));
}
