use std::fs;
use std::io::Write as _;

use flate2::write::GzEncoder;
use tempfile::{TempDir, tempdir};

use super::*;

const READING: Reading = Reading { format: Format::Auto, sidecars: true };

const MESSAGE: &str = "From: a@x.example\nSubject: hi\n\nhello\n";

const DATED: &str = "From a@x.example Sat Apr 12 15:59:28 2025\n";

/// A folder of files: names and contents.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

/// What is read there: names of messages, and a line for whatever is not.
fn read(dir: &TempDir, format: Format) -> (Vec<String>, Vec<String>) {
    let (mut names, mut unread) = (Vec::new(), Vec::new());
    for entry in Corpus::open(&[dir.path().to_owned()], Reading { format, ..READING }, |_| {}) {
        let (name, raw) = entry.read();
        let name = name.strip_prefix(&format!("{}/", dir.path().display())).unwrap().to_owned();
        match raw {
            Ok(_) => names.push(name),
            Err(why) => unread.push(why.about(&name)),
        }
    }
    (names, unread)
}

fn passed(dir: &TempDir) -> Passed {
    let mut corpus = Corpus::open(&[dir.path().to_owned()], READING, |_| {});
    while corpus.places.len() > 0 || corpus.mbox.is_some() {
        // Not to its end, where it says what was passed over.
        if corpus.next_of_mbox().is_none()
            && let Some(place) = corpus.places.next()
        {
            corpus.enter(place);
        }
    }
    corpus.passed
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn lines_in_a_body_make_no_mbox() {
    let body = format!("{MESSAGE}\n{DATED}Subject: quoted\n\nFrom here on\n\n{DATED}To: b@x.example\n\n");
    let enveloped = format!("{DATED}{body}");
    let dir = folder(&[
        ("a", body.as_bytes()),
        ("a.eml", body.as_bytes()),
        ("b.eml", enveloped.as_bytes()),
        ("md/cur/1.host:2,S", enveloped.as_bytes()),
        ("md/new/2.host", enveloped.as_bytes()),
    ]);
    let (names, unread) = read(&dir, Format::Auto);
    assert_eq!(names, ["a", "a.eml", "b.eml", "md/cur/1.host:2,S", "md/new/2.host"]);
    assert_eq!(unread, [""; 0]);
    assert_eq!(read(&dir, Format::Mbox).0.len(), 9, "each as an mbox, but those that do not begin like one");
}

#[test]
fn a_line_that_a_program_left_in_front_is_not_part_of_the_message() {
    let quoted = format!("{DATED}{MESSAGE}>From here on\n");
    let dir = folder(&[("a.eml", quoted.as_bytes()), ("b", quoted.as_bytes())]);
    for entry in Corpus::open(&[dir.path().to_owned()], READING, |_| {}) {
        assert_eq!(entry.read().1.unwrap().bytes, format!("{MESSAGE}From here on\n").into_bytes());
    }
}

#[test]
fn what_is_no_message_is_left_out_with_the_reason() {
    let tar = [&[0; 257][..], b"ustar\0", &[0; 800]].concat();
    let dir = folder(&[
        ("a.eml", MESSAGE.as_bytes()),
        ("b.json", b"{\"Subject\": \"x\"}"),
        ("c.html", b"<!DOCTYPE html>\n<title>Subject: x</title>"),
        ("d.eml", b""),
        ("e.tar.gz", &gzip(&tar)),
        ("f.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0"),
        ("g.txt", b"hello\n"),
        ("h.mbox", MESSAGE.as_bytes()),
        ("i.eml.bz2", b"BZh91AY&SY"),
        ("j.png", b"\x89PNG\r\n\x1a\n\0\0"),
    ]);
    let (names, unread) = read(&dir, Format::Auto);
    assert_eq!(names, ["a.eml"]);
    let reasons =
        ["JSON", "HTML", "empty", "tar archive", ".msg", "header field", "should be an mbox", "bzip2", "header field"];
    assert_eq!(unread.len(), reasons.len(), "{unread:#?}");
    for (line, why) in unread.iter().zip(reasons) {
        assert!(line.starts_with("left out ") && line.contains(why), "{line}");
    }
    let sure = read(&dir, Format::Message);
    assert_eq!((sure.0.len(), sure.1.len()), (10, 0), "the command line is believed");
}

#[test]
fn a_maildir_is_read_without_all_of_its_folders_and_without_what_is_no_message() {
    let dir = folder(&[
        ("cur/1.host:2,S", MESSAGE.as_bytes()),
        ("dovecot-uidlist", b"3 V1 N4\n"),
        ("dovecot.index.cache", b"\x01\0"),
        ("dovecot.index.log", b"\x01\0"),
        ("subscriptions", b"Archive\n"),
        ("maildirsize", b"0S\n"),
        (".Archive.2024/new/2.host", MESSAGE.as_bytes()),
        (".Archive.2024/maildirfolder", b""),
        (".Archive.2024/dovecot-keywords", b"0 x\n"),
        (".Archive.2024/tmp/3.host", b"From: unfinished"),
        (".Archive.2024/tmp/4.host", b""),
        (".nothing/x.eml", MESSAGE.as_bytes()),
        (".mbsyncstate", b"x"),
        ("mh/12", MESSAGE.as_bytes()),
        ("mh/,11", MESSAGE.as_bytes()),
        ("mh/cyrus.cache", b"\0"),
        ("notes.txt", b"left by somebody\n"),
    ]);
    let (names, unread) = read(&dir, Format::Auto);
    assert_eq!(names, [".Archive.2024/new/2.host", "cur/1.host:2,S", "mh/12"]);
    assert_eq!(unread.len(), 1, "{unread:?}");
    assert!(unread[0].starts_with("left out notes.txt: "), "{unread:?}");
    assert_eq!(passed(&dir), Passed { control: 8, hidden: 2, unfinished: 2, deleted: 1, ..Passed::default() });
}

#[test]
fn what_is_kept_in_a_maildir_may_be_mail_elsewhere() {
    let dir = folder(&[("courier", MESSAGE.as_bytes()), ("subscriptions", MESSAGE.as_bytes())]);
    assert_eq!(read(&dir, Format::Auto).0, ["courier", "subscriptions"]);
}

#[test]
fn compressed_files_are_read_as_what_is_in_them() {
    let mbox = format!("{DATED}{MESSAGE}\n{DATED}{MESSAGE}\n");
    let dir = folder(&[
        ("a.eml.gz", &gzip(MESSAGE.as_bytes())),
        ("b.mbox.gz", &gzip(mbox.as_bytes())),
        ("c", &zstd::encode_all(mbox.as_bytes(), 3).unwrap()),
        ("md/cur/1.host,S=35,W=36:2,SZ", &gzip(MESSAGE.as_bytes())),
        ("md/cur/2.host:2,S", &zstd::encode_all(MESSAGE.as_bytes(), 3).unwrap()),
        ("z.eml.gz", &gzip(MESSAGE.as_bytes())[..20]),
    ]);
    let (names, unread) = read(&dir, Format::Auto);
    assert_eq!(
        names,
        ["a.eml.gz", "b.mbox.gz#1", "b.mbox.gz#2", "c#1", "c#2", "md/cur/1.host,S=35,W=36:2,SZ", "md/cur/2.host:2,S"]
    );
    assert!(unread.len() == 1 && unread[0].starts_with("cannot read z.eml.gz: "), "{unread:?}");
}

#[test]
fn the_folders_of_thunderbird_are_read_and_its_indices_are_not() {
    let inbox = format!(
        "From - Sat Apr 12 2025 15:59:28\nX-Mozilla-Status: 0001\nX-Mozilla-Status2: 00000000\n{MESSAGE}\n\
         From - Sat Apr 12 15:59:28 2025\nX-Mozilla-Status: 0009\n{MESSAGE}\n\
         From \nMessage-ID: <3@x.example>\n{MESSAGE}\n"
    );
    let dir = folder(&[
        ("Inbox", inbox.as_bytes()),
        ("Inbox.msf", b"// <!-- <mdb:mork:z v=\"1.4\"/> -->\n"),
        ("Drafts", b""),
        ("Drafts.msf", b"// <!-- <mdb:mork:z v=\"1.4\"/> -->\n"),
        ("Archives.sbd/2024", inbox.replace('\n', "\r\n").as_bytes()),
    ]);
    let (names, unread) = read(&dir, Format::Auto);
    assert_eq!(names, ["Archives.sbd/2024#1", "Archives.sbd/2024#3", "Inbox#1", "Inbox#3"]);
    assert_eq!(unread, [""; 0], "an empty folder is no fault");
    assert_eq!(passed(&dir), Passed { control: 2, deleted: 2, ..Passed::default() });
}

#[test]
fn a_program_s_own_message_is_passed_over() {
    let own = "Date: 03 Dec 2025 13:40:15 +0100\nFrom: Mail System Internal Data <MAILER-DAEMON@host>\n\
               Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1135694114 0000000927\n\nx\n";
    let dir = folder(&[("inbox", format!("{DATED}{own}\n{DATED}{MESSAGE}\n").as_bytes())]);
    assert_eq!(read(&dir, Format::Auto).0, ["inbox#2"]);
    assert_eq!(passed(&dir), Passed { internal: 1, ..Passed::default() });
}

#[test]
fn a_sidecar_belongs_to_the_message_beside_it() {
    let dir = folder(&[
        ("a.eml", MESSAGE.as_bytes()),
        ("a.eml.json", b"{\"client\": {\"helo\": \"x\"}}"),
        ("b.eml", MESSAGE.as_bytes()),
        ("b.eml.json", b"{\"label\": 1}"),
        ("c.json", b"{}"),
    ]);
    let (names, unread) = read(&dir, Format::Auto);
    assert_eq!(names, ["a.eml"]);
    assert!(
        unread[0].starts_with("cannot read b.eml: its sidecar ") && unread[1].starts_with("left out c.json"),
        "{unread:?}"
    );
    let helo = |reading| {
        let (_, raw) = Corpus::open(&[dir.path().join("a.eml")], reading, |_| {}).next().unwrap().read();
        raw.unwrap().sidecar.and_then(|sidecar| sidecar.client.helo)
    };
    assert_eq!((helo(READING).as_deref(), helo(Reading { sidecars: false, ..READING })), (Some("x"), None));
}
