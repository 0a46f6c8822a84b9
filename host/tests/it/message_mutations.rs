//! Damaged mail: bits flipped, bytes lost, pieces of one message put into another. Seeded, so that a
//! failure comes back.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail like a test")]

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use switchback::Message;

use crate::message::drive;

/// Small messages that between them reach most of the code.
const SEEDS: [&str; 6] = [
    "From: \"A, B\" <a@x.example>, team: c@y.example;\nReply-To: d@z.example (comment)\nSubject: =?utf-8?q?caf=C3=A9?= =?koi8-r?b?8NI=?=\n\
     Date: Fri, 25 Apr 2025 09:24:00 +0200\nTo: me@home.example\nX-Spam-Status: No\nReceived: from a by b; Fri, 25 Apr 2025 09:24:01 +0000\n\n\
     Hello, see http://x.example/a?b=c and www.y.example.\n",
    "Content-Type: multipart/mixed; boundary=\"b 1\"\n\npreamble\n--b 1\nContent-Type: multipart/alternative; boundary=b2\n\n--b2\n\
     Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\ncaf=E9=\n au lait\n--b2\n\
     Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\nPGEgaHJlZj0naHR0cDovL3guZXhhbXBsZSc+aGk8L2E+\n--b2--\n--b 1\n\
     Content-Type: message/rfc822\n\nSubject: inner\n\ninner\n--b 1\nContent-Type: application/pdf; name*0*=utf-8''caf%C3; name*1*=%A9.pdf\n\
     Content-Disposition: attachment; filename=\"=?utf-8?q?x=2Epdf?=\"\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjQK\n--b 1--\nepilogue\n",
    "Content-Type: text/html\n\n<html><head><title>t</title><style>p{}</style><base href='http://b.example/'></head><body><p>Dear &amp; \
     <a href='/x?y=z' title=x>click <b>here</b></a><img alt=i src=j><table><tr><td>1<td>2</table><script>if(a<b){}</script><!-- c --><pre> a\n b</pre>",
    "Authentication-Results: mx.example 1; spf=pass (ok) smtp.mailfrom=\"a\\\"b\"@x.example; dkim=fail (x(y)z) header.d=x.example; dmarc=none\n\
     From\n : <a@x.example>\nSubject:\n \n folded\n\nbody\n",
    "Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nSubject: one\r\n\r\n1\r\n--d\r\n\r\nSubject: two\r\n\r\n2\r\n--d--\r\n",
    "Content-Type: text/plain; charset=utf-7\nContent-Transfer-Encoding: x-uuencode\n\n+AGEAYg- http://[::1]/ http://0x7f.1/\n",
];

/// Damages `bytes` in one way.
fn mutate(random: &mut ChaCha8Rng, bytes: &mut Vec<u8>) {
    let at = random.random_range(0..=bytes.len());
    match random.random_range(0..6) {
        0 => bytes.truncate(at),
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.random_range(0..8);
            }
        }
        2 => bytes.insert(at, *b"\n\r\0\xff=\"<>():;-".get(random.random_range(0..13)).unwrap()),
        3 => {
            let end = (at + random.random_range(0..40)).min(bytes.len());
            bytes.drain(at..end);
        }
        4 => {
            let end = (at + random.random_range(0..200)).min(bytes.len());
            let piece = bytes[at..end].to_vec();
            let to = random.random_range(0..=bytes.len());
            bytes.splice(to..to, piece);
        }
        _ => {
            let other = SEEDS[random.random_range(0..SEEDS.len())].as_bytes();
            let start = random.random_range(0..other.len());
            bytes.splice(at..at, other[start..].iter().copied());
        }
    }
}

#[test]
fn damaged_mail_is_still_a_message() {
    let mut random = ChaCha8Rng::seed_from_u64(0x0005_817C_4BAC);
    for case in 0..20_000 {
        let mut bytes = SEEDS[case % SEEDS.len()].as_bytes().to_vec();
        for _ in 0..random.random_range(1..8) {
            mutate(&mut random, &mut bytes);
        }
        drive(&Message::builder(bytes).trust_authserv_id("mx.example").build());
    }
}

#[test]
fn noise_is_still_a_message() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..2_000 {
        let length = random.random_range(0..600);
        let alphabet: &[u8] = if random.random() { b"\n\n: =?-bA;<>/\"(\r " } else { &[] };
        let byte = |random: &mut ChaCha8Rng| match alphabet.len() {
            0 => random.random(),
            length => alphabet[random.random_range(0..length)],
        };
        let bytes: Vec<u8> = (0..length).map(|_| byte(&mut random)).collect();
        drive(&Message::parse(bytes));
    }
}
