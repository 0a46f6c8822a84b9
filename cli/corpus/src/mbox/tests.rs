use rand::Rng as _;
use rand::SeedableRng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;

use super::*;

const FROM: &str = "From a@example.org  Thu Aug 22 12:36:23 2002\n";

fn read(mbox: &[u8], dialect: Dialect, known: Known) -> Vec<Vec<u8>> {
    Mbox::new(mbox, dialect, known).map(Result::unwrap).collect()
}

fn messages(mbox: &str) -> Vec<String> {
    let read = read(mbox.as_bytes(), Dialect::Any, Known::ByName);
    read.into_iter().map(|message| String::from_utf8(message).unwrap()).collect()
}

#[test]
fn an_mbox_is_split_at_its_separators() {
    let mbox = format!("{FROM}Subject: 1\n\none\n\n{FROM}Subject: 2\n\ntwo\n\n");
    assert_eq!(messages(&mbox), ["Subject: 1\n\none\n", "Subject: 2\n\ntwo\n"]);
    assert_eq!(messages(&format!("\u{feff}\n{mbox}")), messages(&mbox));
    assert_eq!(messages(mbox.strip_suffix('\n').unwrap()), messages(&mbox));
    let crlf = mbox.replace('\n', "\r\n");
    assert_eq!(messages(&crlf), ["Subject: 1\r\n\r\none\r\n", "Subject: 2\r\n\r\ntwo\r\n"]);
}

#[test]
fn text_that_begins_with_from_is_no_separator() {
    let letter = "Subject: 1\n\nFrom here on\nwe walked.\n\nFrom there at 12:30 we drove.\n\nOn the bill:\n\n\
                  From a@x.example Sat Apr 12 15:59:28 2025\n\nto nobody. And\nFrom a@x.example Sat Apr 12 15:59:28 2025\n\
                  Subject: x\n";
    assert_eq!(messages(&format!("{FROM}{letter}\n{FROM}{letter}\n")), [letter, letter]);
}

#[test]
fn a_content_length_is_believed_where_it_ends_before_a_message() {
    let body = format!("\n{FROM}Subject: not a message\n\nFrom x\n");
    let message = |length: usize| format!("Subject: 1\nContent-Length: {length}\nStatus: RO\n\n{body}");
    let mbox = |length: usize| format!("{FROM}{}\n{FROM}Subject: 2\n\ntwo\n\n", message(length));
    assert_eq!(messages(&mbox(body.len())), [message(body.len()), "Subject: 2\n\ntwo\n".to_owned()]);
    for wrong in [0, 1, body.len() + 2, 1_000, usize::MAX] {
        assert_eq!(messages(&mbox(wrong)).len(), 3, "{wrong}");
    }
    // More empty lines behind it than an mbox has are the message's, and so is the middle of a line.
    let ended =
        |rest: &str| messages(&format!("{FROM}Subject: 1\nContent-Length: 4\n\none\n{rest}{FROM}Subject: 2\n\n"));
    assert_eq!(ended("\n\n"), ["Subject: 1\nContent-Length: 4\n\none\n", "Subject: 2\n"]);
    assert_eq!(ended("\n\n\n\n")[0], "Subject: 1\nContent-Length: 4\n\none\n\n\n\n");
    assert_eq!(messages(&format!("{FROM}Subject: 1\nContent-Length: 2\n\nxx{FROM}Subject: 2\n\n")).len(), 1);
}

#[test]
fn one_level_of_quoting_is_removed_and_none_where_nothing_was_quoted() {
    let quoted = "Subject: x\n\n>From a\n>>From b\n> From c\n";
    let lines = |dialect| String::from_utf8(unquoted(quoted.as_bytes(), dialect)).unwrap();
    assert_eq!(lines(Dialect::Any), "Subject: x\n\nFrom a\n>From b\n> From c\n");
    assert_eq!(lines(Dialect::Rd), lines(Dialect::Any));
    assert_eq!(lines(Dialect::O), "Subject: x\n\nFrom a\n>>From b\n> From c\n");
    assert_eq!(lines(Dialect::Cl), lines(Dialect::O));
    assert_eq!(lines(Dialect::Cl2), quoted);
    let sloppy = format!("{quoted}From d\n");
    assert_eq!(unquoted(sloppy.as_bytes(), Dialect::Any), sloppy.as_bytes());
}

#[test]
fn a_single_message_keeps_its_end_if_only_its_content_says_mbox() {
    let one = format!("{FROM}Subject: 1\n\none\n\n");
    assert_eq!(read(one.as_bytes(), Dialect::Any, Known::ByContent), [b"Subject: 1\n\none\n\n"]);
    assert_eq!(read(one.as_bytes(), Dialect::Any, Known::ByName), [b"Subject: 1\n\none\n"]);
    let two = format!("{one}{FROM}Subject: 2\n\ntwo\n\n");
    assert_eq!(read(two.as_bytes(), Dialect::Any, Known::ByContent).len(), 2);
}

#[test]
fn a_message_that_is_too_large_is_an_error_and_the_next_one_follows() {
    let large = "x".repeat(1_000_003) + "\n";
    let mut mbox = format!("{FROM}Subject: 1\n\n").into_bytes();
    for _ in 0..=(MESSAGE_BYTES_MAX as usize / large.len()) {
        mbox.extend_from_slice(large.as_bytes());
    }
    mbox.extend_from_slice(format!("\n{FROM}Subject: 2\n\ntwo\n\n").as_bytes());
    let read: Vec<_> = Mbox::new(mbox.as_slice(), Dialect::Any, Known::ByName).collect();
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].as_ref().unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    assert_eq!(read[1].as_ref().unwrap(), b"Subject: 2\n\ntwo\n");
}

#[test]
fn a_message_of_an_mbox_may_be_as_large_as_one_alone() {
    let message = |bytes: u64| {
        let start = &b"Subject: 1\n\n"[..];
        [start, &*vec![b'x'; bytes as usize - start.len() - 1], b"\n"].concat()
    };
    for (bytes, is_read) in [(MESSAGE_BYTES_MAX, true), (MESSAGE_BYTES_MAX + 1, false)] {
        let mbox = [FROM.as_bytes(), &message(bytes), b"\n", FROM.as_bytes(), b"Subject: 2\n\ntwo\n\n"].concat();
        let read: Vec<_> = Mbox::new(&*mbox, Dialect::Any, Known::ByName).map(|one| one.is_ok()).collect();
        assert_eq!(read, [is_read, true], "{bytes}");
    }
}

#[test]
fn a_line_without_end_takes_no_more_memory_than_a_message() {
    let mbox = Read::chain(FROM.as_bytes(), io::repeat(b'x').take(3 * MESSAGE_BYTES_MAX));
    let read: Vec<_> = Mbox::new(mbox, Dialect::Any, Known::ByName).collect();
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].as_ref().unwrap_err().kind(), io::ErrorKind::FileTooLarge);
}

#[test]
fn a_mail_programs_own_messages_are_known() {
    let internal = b"Date: 03 Dec 2025 13:40:15 +0100\nFrom: Mail System Internal Data <MAILER-DAEMON@host>\n\
        Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1135694114 0000000927\nStatus: RO\n\nx\n";
    assert!(is_internal(internal));
    assert!(!is_internal(b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\n\nX-IMAP: 1\n"));
    assert!(!is_internal(b"Subject: Re: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1\n\n"));
    for (status, deleted) in
        [("0000", false), ("0001", false), ("0009", true), ("0008\r", true), ("8", true), ("x", false)]
    {
        assert_eq!(is_deleted(format!("X-Mozilla-Status: {status}\nSubject: x\n\n").as_bytes()), deleted, "{status}");
    }
    for (above, deleted) in [
        ("X-Account-Key: account1\nX-UIDL: 1\n", true),
        ("X-Mozilla-Status2: 00000000\nX-Mozilla-Keys: \n", true),
        ("Received: from a by b\n", false),
        ("X-Mozilla-Status2: 00000000\nFrom: a@x.example\n", false),
    ] {
        let message = format!("{above}X-Mozilla-Status: 0009\nSubject: x\n\n");
        assert_eq!(is_deleted(message.as_bytes()), deleted, "{above}: only Thunderbird's own place is believed");
    }
}

/// `From ` lines as programs write them.
const SEPARATORS: [&str; 7] = [
    "From - Sat Apr 12 15:59:28 2025",
    "From - Sat Apr 12 2025 15:59:28",
    "From ",
    "From a@x.example  Sat Apr  5 15:59:28 2025",
    "From a@x.example Sat Apr 12 15:59:28 2025 +0200",
    "From 1829384756102938475@xxx Sat Apr 12 15:59:28 +0000 2025",
    "From MAILER-DAEMON Sat Apr 12 15:59:28 CEST 2025",
];

/// Lines of bodies: what may be taken for something else.
const LINES: [&str; 12] = [
    "",
    "",
    "text",
    "From here on",
    "From a@x.example Sat Apr 12 15:59:28 2025",
    "From - Sat Apr 12 15:59:28 2025",
    "From ",
    "Subject: in a body",
    "Content-Length: 3",
    ">From quoted",
    ">>From quoted twice",
    "> From none",
];

fn body(random: &mut ChaCha8Rng, lines: &[&str], eol: &str) -> String {
    (0..random.random_range(0..12)).map(|_| format!("{}{eol}", lines.choose(random).unwrap())).collect()
}

fn quoted(text: &str, is_quoted: impl Fn(&str) -> bool) -> String {
    text.split_inclusive('\n').map(|line| if is_quoted(line) { format!(">{line}") } else { line.to_owned() }).collect()
}

fn quoted_o(text: &str) -> String {
    quoted(text, |line| line.starts_with("From "))
}

fn quoted_rd(text: &str) -> String {
    quoted(text, |line| line.trim_start_matches('>').starts_with("From "))
}

/// A random list of messages, and the mbox that a program makes of them.
fn written(random: &mut ChaCha8Rng, dialect: Dialect, lines: &[&str]) -> (Vec<String>, String) {
    let eol = if random.random_bool(0.5) { "\n" } else { "\r\n" };
    let (mut messages, mut mbox) = (Vec::new(), String::new());
    for number in 0..random.random_range(1..6) {
        let body = body(random, lines, eol);
        let quoted = match dialect {
            Dialect::O | Dialect::Cl => quoted_o(&body),
            Dialect::Rd | Dialect::Any => quoted_rd(&body),
            Dialect::Cl2 => body.clone(),
        };
        let length = match dialect {
            Dialect::Cl | Dialect::Cl2 => format!("Content-Length: {}{eol}", quoted.len()),
            _ => String::new(),
        };
        let header = format!("Message-ID: <{number}@x.example>{eol}Subject: {number}{eol}{length}{eol}");
        mbox += &format!("{}{eol}{header}{quoted}{eol}", SEPARATORS.choose(random).unwrap());
        messages.push(header + &body);
    }
    (messages, mbox)
}

#[track_caller]
fn reads_back(dialect: Dialect, read_as: Dialect, lines: &[&str]) {
    for seed in 0..3_000 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let (messages, mbox) = written(&mut random, dialect, lines);
        let back: Vec<_> = read(mbox.as_bytes(), read_as, Known::ByName)
            .into_iter()
            .map(|message| String::from_utf8(message).unwrap())
            .collect();
        assert_eq!(back, messages, "seed {seed}, {dialect:?} read as {read_as:?}:\n{mbox}");
    }
}

fn lines_without(is_unwanted: impl Fn(&str) -> bool) -> Vec<&'static str> {
    LINES.into_iter().filter(|line| !is_unwanted(line)).collect()
}

#[test]
fn any_list_of_messages_reads_back_from_the_dialect_that_is_named() {
    reads_back(Dialect::Rd, Dialect::Rd, &LINES);
    reads_back(Dialect::Cl2, Dialect::Cl2, &LINES);
    // Who wrote `>From ` cannot be told in these two: that is why mboxrd was made.
    let not_quoted_before = lines_without(|line| line.starts_with(">From "));
    reads_back(Dialect::O, Dialect::O, &not_quoted_before);
    reads_back(Dialect::Cl, Dialect::Cl, &not_quoted_before);
}

#[test]
fn any_list_of_messages_reads_back_from_a_dialect_that_nobody_named() {
    reads_back(Dialect::Rd, Dialect::Any, &LINES);
    let not_quoted_before = lines_without(|line| line.starts_with('>') && line.contains(">From "));
    for dialect in [Dialect::O, Dialect::Cl, Dialect::Cl2] {
        reads_back(dialect, Dialect::Any, &not_quoted_before);
    }
}
