//! No form of `From` is certain here and read in another way elsewhere: by mail-parser, by the rule of mail-auth (every
//! address of every field, the domain behind the last `@`), and by both parsers of Python's `email`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{FORMS, of};
use crate::message::address::ascii_domain;

/// What forms are made of.
const PIECES: &[&str] = &[
    "b@good.example",
    "a@evil.example",
    "<a@evil.example>",
    "<b@good.example>",
    "<",
    ">",
    "\"",
    "(",
    ")",
    ",",
    ":",
    ";",
    "@",
    ".",
    "\\",
    "[",
    "]",
    " ",
    "  ",
    "\t",
    "\r\n ",
    "\r\n\t",
    "\r\nFrom: ",
    "\r\nX: y\r\n",
    "\r",
    "\0",
    "\x0b",
    "Bea",
    "J. Q.",
    "\"Bea, Ms\"",
    "\"x@y.example\"",
    "(x@y.example)",
    "(Bea)",
    "=?utf-8?q?Bea?=",
    "=?utf-8?q?a=40evil.example?=",
    "=?utf-8?b?PGJAZ29vZC5leGFtcGxlPg==?=",
    "=?utf-8?q?=29=2C_=3Ca=40evil.example=3E_=28?=",
    "(=?utf-8?q?=29=2C_=3Ca=40evil.example=3E_=28?=)",
    "(=?utf-8?q?Bea?=)",
    "=?utf-8?q?=28?=",
    "=?utf-8?q?=29?=",
    "=?utf-8?q?=22?=",
    "=?utf-8?q?=3C?=",
    "=?utf-8?q?a=40_evil.example?=",
    "=?utf-8?q?=3Ca_=40evil.example=3E?=",
    "=?utf-8?q?=3Ca=28x=29=40evil.example=3E?=",
    "=?utf-8?q?=22=22=40evil.example?=",
    "=?utf-8?q?=40?=",
    "=?utf-8?q?evil.example?=",
    "=?utf-8?q?=2C?=",
    "=?utf-8?q?=3A?=",
    "é",
    "[192.0.2.1]",
    "\"b\"",
    "b",
    "good.example",
    "Team:",
    "'",
    "..",
    "-",
    "+x",
];

/// Random forms of one or a few pieces, and known ones with a piece put in or a byte taken away.
fn forms(seed: u64, count: usize) -> Vec<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let piece = |rng: &mut ChaCha8Rng| *PIECES.choose(rng).unwrap();
    (0..count)
        .map(|number| {
            let mut header = match number % 2 {
                0 => {
                    let length = rng.random_range(1..7);
                    format!("From: {}", (0..length).map(|_| piece(&mut rng)).collect::<String>())
                }
                _ => FORMS.choose(&mut rng).unwrap().1.to_owned(),
            };
            for _ in 0..rng.random_range(0..3) {
                let at = header.floor_char_boundary(rng.random_range(0..=header.len()));
                match rng.random_bool(0.7) || at == header.len() {
                    true => header.insert_str(at, piece(&mut rng)),
                    false => drop(header.remove(at)),
                }
            }
            header
        })
        .collect()
}

fn bytes(header: &str) -> Vec<u8> {
    format!("X-First: 1\r\n{header}\r\nSubject: hello\r\n\r\nhello\r\n").into_bytes()
}

/// An address as it can be compared: without quotes, in lower case, the domain in ASCII.
fn plain(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else { return address.to_owned() };
    format!("{}@{}", local.trim_matches('"').to_lowercase(), ascii_domain(domain))
}

fn certain(header: &str) -> Option<String> {
    of(&bytes(header)).mailbox().map(|mailbox| plain(&mailbox.address))
}

#[test]
fn mail_parser_reads_every_certain_author() {
    let (mut compared, mut differ) = (0, Vec::new());
    for header in forms(1, 100_000) {
        let Some(ours) = certain(&header) else { continue };
        let parsed = mail_parser::MessageParser::default().parse(&*bytes(&header)).map(|message| message.into_owned());
        let fields = parsed.iter().flat_map(|message| message.header_values("From"));
        let theirs: Vec<_> = fields
            .filter_map(|value| value.as_address().cloned())
            .flat_map(|found| found.into_list())
            .map(|found| plain(found.address.as_deref().unwrap_or_default()))
            .collect();
        note(&header, &ours, &theirs, &mut differ);
        compared += 1;
    }
    assert_eq!(differ, Vec::<String>::new());
    assert!(compared > 5_000, "only {compared} of the forms are certain");
}

/// Reads one message a line, in hexadecimal; writes what the old and the new parser find in `From`, and the old one in
/// what it decoded before, of each every address. Of the last those whose domain is one and has a dot: the others may be prose.
const PYTHON: &str = r#"
import email, email.policy, email.utils, json, re, sys
from email.header import decode_header, make_header
for line in sys.stdin:
    raw, found = bytes.fromhex(line), []
    message = email.message_from_bytes(raw)
    found.append([a for _, a in email.utils.getaddresses([str(v) for v in message.get_all("from", [])])])
    try:
        decoded = [str(make_header(decode_header(str(v)))) for v in message.get_all("from", [])]
        addresses = [a.strip(" <>") for _, a in email.utils.getaddresses(decoded)]
        found.append([a for a in addresses if re.fullmatch("[a-z0-9_-]*[.][a-z0-9._-]*", a.rpartition("@")[2], re.I)])
    except Exception:
        pass # It fails on base64 without padding, and on bytes without a meaning.
    message = email.message_from_bytes(raw, policy=email.policy.default)
    try:
        found.append([a.addr_spec for v in message.get_all("from", []) for a in v.addresses])
    except AttributeError:
        pass # Python 3.11 fails on a dot directly before the bracket: `J. Q.<b@good.example>`.
    print(json.dumps(found))
"#;

#[test]
fn python_reads_every_certain_author() {
    let python = Command::new("python3").args(["-c", PYTHON]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut python) = python else {
        eprintln!("SKIPPED: there is no python3 to compare with");
        return;
    };
    let certain: Vec<_> = forms(2, 40_000)
        .into_iter()
        .filter_map(|header| {
            Some((certain(&header).filter(|address| address.is_ascii() && header.is_ascii())?, header))
        })
        .collect();
    let mut input = python.stdin.take().unwrap();
    let lines: String = certain.iter().map(|(_, header)| hex(&bytes(header)) + "\n").collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.lines().count(), certain.len());
    assert!(certain.len() > 1_000, "only {} of the forms are certain", certain.len());
    let mut differ = Vec::new();
    for ((ours, header), line) in certain.iter().zip(output.lines()) {
        let readings: Vec<Vec<String>> = serde_json::from_str(line).unwrap();
        for theirs in readings {
            let theirs: Vec<_> = theirs.iter().map(|address| plain(address)).collect();
            note(header, ours, &theirs, &mut differ);
        }
    }
    assert_eq!(differ, Vec::<String>::new());
}

/// Notes a form in which somebody reads another address. Whoever reads none takes the message for nobody's.
fn note(header: &str, ours: &str, theirs: &[String], differ: &mut Vec<String>) {
    if theirs.iter().any(|address| address.contains('@') && address != ours) {
        differ.push(format!("{header:?}: {ours}, elsewhere {theirs:?}"));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
