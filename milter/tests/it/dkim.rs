//! Signatures hold, in the filter and behind it: dkimpy, which is not ours, signs and verifies.

use std::io::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::thread;

use crate::delivery::message;
use crate::postfix::Postfix;
use crate::site::Site;

/// Debian's, which has its packages.
const PYTHON: &str = "/usr/bin/python3";

/// Signs what comes on standard input with the key of the file that is named, or verifies it.
const DKIM: &str = r#"
import sys, dkim, subprocess, base64
message, key = sys.stdin.buffer.read(), open(sys.argv[2], "rb").read()
if sys.argv[1] == "sign":
    names = [b"from", b"to", b"subject", b"date", b"message-id", b"x-folded", b"x-odd"]
    signature = dkim.sign(message, b"sel", b"sender.example", key, canonicalize=(b"simple", b"simple"), include_headers=names)
    sys.stdout.buffer.write(signature + message)
    sys.exit()
public = subprocess.run(["openssl", "rsa", "-in", sys.argv[2], "-pubout", "-outform", "DER"], capture_output=True).stdout
record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
if sys.argv[1] == "verify":
    print(dkim.verify(message, dnsfunc=lambda name, timeout=5: record))
else:
    sys.stdout.buffer.write(record)
"#;

fn dkim(what: &str, key: &str, message: &[u8]) -> Vec<u8> {
    let mut python = Command::new(PYTHON)
        .args(["-c", DKIM, what, key])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(message).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}

fn is_here() -> bool {
    let imported = Command::new(PYTHON).args(["-c", "import dkim"]).output();
    let is_here = imported.is_ok_and(|imported| imported.status.success());
    if !is_here {
        eprintln!("SKIPPED: this test needs dkimpy (Debian's package `python3-dkim`)");
    }
    is_here
}

/// A name server that knows one record, the key's, and none for any other name.
fn name_server(record: Vec<u8>) -> SocketAddr {
    const NAME: &[u8] = b"\x03sel\x0a_domainkey\x06sender\x07example\0";
    const TXT: &[u8] = b"\0\x10\0\x01";
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut query) {
            // Behind the header of 12 bytes is the question: a name, and the type and class of what is asked for.
            let Some(name) = query[12..length].iter().position(|byte| *byte == 0) else { continue };
            let question = &query[12..12 + name + 1 + 4];
            let is_known = question.to_ascii_lowercase() == [NAME, TXT].concat();
            // An answer: recursion is available; or there is no such name.
            let flags: &[u8] = if is_known { b"\x81\x80\0\x01\0\x01\0\0\0\0" } else { b"\x81\x83\0\x01\0\0\0\0\0\0" };
            let mut answer = [&query[..2], flags, question].concat();
            if is_known {
                let strings: Vec<u8> =
                    record.chunks(255).flat_map(|part| [&[part.len() as u8], part].concat()).collect();
                answer.extend_from_slice(&[b"\xc0\x0c", TXT, b"\0\0\0\x3c"].concat());
                answer.extend_from_slice(&(strings.len() as u16).to_be_bytes());
                answer.extend_from_slice(&strings);
            }
            socket.send_to(&answer, client).unwrap();
        }
    });
    address
}

/// What the filter wrote of the sender.
fn results(delivered: &str) -> &str {
    &delivered[delivered.find("Authentication-Results: ").unwrap()..delivered.find("Received: ").unwrap()]
}

/// A site with a key of `sender.example`, whose messages the filter verifies.
fn site() -> (Site, String) {
    let site = Site::new();
    let key = site.path("key.pem").display().to_string();
    let made = Command::new("openssl").args(["genrsa", "-traditional", "-out", &key, "2048"]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let resolver = name_server(dkim("record", &key, b""));
    site.configure_instead("verify = false", &format!("verify = true\nresolvers = ['{resolver}']"));
    (site, key)
}

// Postfix's cleanup_replace_stray_cr_lf, Haraka#2594: what the mail server makes of a line's end that stands alone is what the
// filter sees, and it says of the signature what everybody behind it finds.
#[test]
fn of_line_ends_that_stand_alone_the_filter_says_what_is_found_behind_it() {
    if !is_here() {
        return;
    }
    let (site, key) = site();
    let _milter = site.start();
    let Some(postfix) = Postfix::start(&site.socket(), &[]) else { return };
    let signed = dkim("sign", &key, message("0 hello", "X-Odd:no space\r\n").replace("Text.", "Te\rxt.").as_bytes());
    let reply = postfix.client().mail(&signed);
    assert!(reply.starts_with("250"), "{reply}");
    let delivered = postfix.delivered_one().replace('\n', "\r\n");
    let holds = dkim("verify", &key, delivered.as_bytes()) == b"True\n";
    let expected = if holds { "dkim=pass" } else { "dkim=fail" };
    assert!(results(&delivered).contains(expected), "{delivered:?}");
}

// authentication_milter#71, rspamd#6194: spaces were lost, and signatures with them.
#[test]
fn a_simple_signature_holds_in_the_filter_and_behind_it() {
    if !is_here() {
        return;
    }
    let (site, key) = site();
    let milter = site.start();
    let Some(postfix) = Postfix::start(&site.socket(), &[]) else { return };
    let signed = dkim("sign", &key, message("0 hello", "X-Odd:no space\r\n").as_bytes());
    let reply = postfix.client().mail(&signed);
    assert!(reply.starts_with("250"), "{reply}");
    let delivered = postfix.delivered_one().replace('\n', "\r\n");
    assert!(delivered.starts_with("X-Switchback-"), "{delivered}");
    let results = results(&delivered);
    assert!(results.contains("mx.test.example") && results.contains("dkim=pass"), "{results}");
    assert_eq!(dkim("verify", &key, delivered.as_bytes()), b"True\n", "{delivered}");
    // Not even of what was looked up.
    assert!(!milter.log().contains("sender.example"), "{}", milter.log());
    let changed = delivered.replacen("X-Odd:no", "X-Odd: no", 1);
    assert_eq!(dkim("verify", &key, changed.as_bytes()), b"False\n");
}
