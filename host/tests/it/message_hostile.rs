//! Mail made to cost more than it should. Every message is tried in two sizes: what is linear takes about
//! eight times as long for eight times the bytes, what is quadratic sixty-four times.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail like a test")]

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use switchback::Message;
use switchback::message::Recipients;

use crate::message::drive;

const SMALL: usize = 1 << 17;
const GROWTH: usize = 8;
/// How much longer the large message may take: well above linear, because of caches and of what else runs
/// on the machine, and well below quadratic.
const GROWTH_ALLOWED: u32 = 24;
/// A quadratic message fails every attempt, an unlucky one does not.
const ATTEMPTS: usize = 3;

/// `unit` again and again up to `size` bytes, with `head` before it.
pub(crate) fn repeated(head: &str, unit: &str, size: usize) -> Vec<u8> {
    let mut bytes = head.as_bytes().to_vec();
    while bytes.len() < size {
        bytes.extend_from_slice(unit.as_bytes());
    }
    bytes
}

/// The processor time that this thread has used.
fn used() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}

/// The processor time of everything that a model can ask for.
fn cost(message: &[u8]) -> Duration {
    let message = Message::parse(message);
    let started = used();
    drive(&message);
    used() - started
}

/// Fails if a message of 1 MiB takes far longer than eight of 128 KiB.
#[track_caller]
fn is_linear(make: impl Fn(usize) -> Vec<u8>) {
    let (small, large) = (make(SMALL), make(SMALL * GROWTH));
    let costs: Vec<_> = (0..ATTEMPTS).map(|_| (cost(&small), cost(&large))).collect();
    let is_fine = |(small, large): &(Duration, Duration)| *large < *small * GROWTH_ALLOWED + Duration::from_millis(2);
    assert!(costs.iter().any(is_fine), "128 KiB and 1 MiB take {costs:?}");
}

const HTML: &str = "Content-Type: text/html\n\n";
const MIXED: &str = "Content-Type: multipart/mixed; boundary=b\n\n";

#[test]
fn header_floods_are_linear() {
    is_linear(|size| repeated("", "Received: from a by b; Fri, 25 Apr 2025 09:24:01 +0000\n", size));
    is_linear(|size| repeated("", "From: a@b.example, c@d.example\n", size));
    is_linear(|size| repeated("From: ", "a@b.example, ", size));
    is_linear(|size| repeated("From: ", "(", size));
    is_linear(|size| repeated("From: ", "\\", size));
    is_linear(|size| repeated("Subject: x\n", " \n", size));
    is_linear(|size| repeated("Subject: ", "x\n ", size));
    is_linear(|size| [repeated("", "stray\n", size), b"A: 1\n\n".to_vec()].concat());
    is_linear(|size| repeated("", "x", size));
}

#[test]
fn encoded_words_are_linear() {
    is_linear(|size| repeated("Subject: ", "=?utf-8?q?a=41?= ", size));
    is_linear(|size| repeated("Subject: ", "=?utf-8?b?", size));
    is_linear(|size| repeated("Subject: ", "=?", size));
    is_linear(|size| repeated("", "Subject: =?utf-8?q?=41?=\n", size));
}

#[test]
fn parameters_are_linear() {
    is_linear(|size| repeated("Content-Type: text/plain", "; n*1=aaaaaaaa", size));
    is_linear(|size| repeated("Content-Type: text/plain", ";a*='b'c", size));
    is_linear(|size| repeated("Content-Type: ", "(", size));
    is_linear(|size| repeated("Authentication-Results: mx.example", "; spf=pass (", size));
    is_linear(|size| repeated("", "Authentication-Results: mx.example; dkim=pass header.d=x.example\n", size));
}

#[test]
fn nested_and_numerous_parts_are_linear() {
    is_linear(|size| repeated("", "Content-Type: message/rfc822\n\n", size));
    is_linear(|size| repeated(MIXED, "--b\nContent-Type: multipart/mixed; boundary=missing\n\nx\n", size));
    is_linear(|size| repeated(MIXED, "--b\nContent-Type: multipart/mixed; boundary=b\n\n", size));
    is_linear(|size| repeated(MIXED, "--b\n\nx\n", size));
    is_linear(|size| {
        repeated(MIXED, "--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\nAAAA\n", size)
    });
    is_linear(|size| repeated(MIXED, "--\n", size));
    is_linear(|size| repeated(MIXED, "--bb\n", size));
    let alike = "a".repeat(60);
    let nested: String =
        (0..40).map(|n| format!("Content-Type: multipart/mixed; boundary={alike}{n}\n\n--{alike}{n}\n")).collect();
    is_linear(|size| repeated(&nested, &format!("--{alike}\n"), size));
}

#[test]
fn alternatives_that_are_blank_are_linear() {
    let head = "Content-Type: multipart/alternative; boundary=b\n\n";
    is_linear(|size| repeated(head, "--b\n\n                                                  \n", size));
    is_linear(|size| repeated(head, "--b\nContent-Type: text/html\n\n<p>                      </p>\n", size));
}

#[test]
fn html_floods_are_linear() {
    for unit in [
        "<",
        "<a",
        "<a ",
        "<a href=x ",
        "<a href=http://x.example/>",
        "<a href='",
        "<!--",
        "<!-",
        "&",
        "&amp",
        "&#x41;",
        "<p>",
        "</p>",
        "<script>",
        "<style>x</style>",
        "<title>",
        "<noscript>",
        "<pre> ",
        "<base href=x>",
        "<td>x",
        " ",
        "\n",
        "x ",
        "<![CDATA[",
        "<!DOCTYPE ",
        "</",
        "<a x=y z",
        "<img alt=x>",
        "\u{a0}",
        "<form action=//x.example>",
    ] {
        is_linear(|size| repeated(HTML, unit, size));
    }
}

#[test]
fn url_floods_are_linear() {
    for unit in [
        "http://x.example/ ",
        "http://",
        "h",
        "://",
        "http://x.example/(",
        "a://b",
        "http://a.b.",
        "http://x.example/?q=http://",
        ".",
        "http://[",
        "http://@",
        "http://x.example/\u{200b}",
        "http://é.example ",
        "www.x.example ",
        "a:",
        "http://x.example/\"'<",
    ] {
        is_linear(|size| repeated("\n", unit, size));
        is_linear(|size| repeated(HTML, unit, size));
    }
    is_linear(|size| repeated("Content-Type: text/html\n\n<a href='", "data:x", size));
    is_linear(|size| repeated("Content-Type: text/html\n\n<a href='http://", "é.", size));
}

#[test]
fn encodings_are_linear() {
    for unit in ["=", "=4", "=41", "= ", "=\n", "*", "A", "AA=", "\n"] {
        for encoding in ["base64", "quoted-printable"] {
            let head =
                format!("Content-Type: text/plain; charset=iso-2022-jp\nContent-Transfer-Encoding: {encoding}\n\n");
            is_linear(|size| repeated(&head, unit, size));
        }
    }
    for charset in ["utf-7", "utf-16", "hz-gb-2312", "iso-2022-jp", "gb18030", "big5"] {
        let head = format!("Content-Type: text/plain; charset={charset}\n\n");
        is_linear(|size| repeated(&head, "+\u{1b}$B~{", size));
        is_linear(|size| repeated(&head, "+AGE", size));
    }
}

#[test]
fn word_floods_are_linear() {
    for unit in [
        "dear ",
        "Dear a b c d ",
        "hi, ",
        "dear\u{a0}",
        "a.",
        "a.b ",
        "x",
        "xkqzt ",
        "a\u{200b}",
        "\u{8bf7}",
        "\u{8bf7}1",
        "Ab-",
        "\u{130} ",
    ] {
        is_linear(|size| repeated("\n", unit, size));
        is_linear(|size| repeated("Subject: ", unit, size));
    }
}

#[test]
fn what_is_left_out_is_told() {
    let nested = Message::parse(repeated("", "Content-Type: message/rfc822\n\n", SMALL));
    assert!(nested.defects().names().any(|name| name == "too-complex"));
    assert!(nested.counts(Recipients::Masked).parts < 100);
}
