//! The real spamc.

use std::path::Path;
use std::process::Command;

use super::door::{BOTH, Door, file, has};
use crate::model::mail;
use crate::operate::store::Store;

/// Runs spamc on a message; returns its exit code and what it printed.
fn spamc(door: &Door, options: &[&str], message: &Path) -> (i32, String) {
    let input = std::fs::File::open(message).unwrap();
    let address = door.spamd();
    let mut command = Command::new("spamc");
    command.args(["-d", "127.0.0.1", "-p", &address.port().to_string()]).args(options).stdin(input);
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn unix(message: &[u8]) -> Vec<u8> {
    String::from_utf8(message.to_vec()).unwrap().replace("\r\n", "\n").into_bytes()
}

#[test]
fn spamc_reads_every_reply() {
    if !has("spamc") {
        return;
    }
    let (_store, door) = Door::open();
    let small = file(door.dir(), "small", &unix(&mail("small", "a@b.example", 500)));
    let large = file(door.dir(), "large", &unix(&mail("large", "a@b.example", 5_000)));
    assert_eq!(spamc(&door, &["-x", "-c"], &small), (0, "1.2/5.0\n".to_owned()));
    assert_eq!(spamc(&door, &["-x", "-c"], &large), (1, "9.4/5.0\n".to_owned()));
    let (code, report) = spamc(&door, &["-x", "-R"], &large);
    assert!(code == 0 && report.starts_with("9.4/5.0\nSwitchback: spam, 9.37 points"), "{report}");
    assert_eq!(spamc(&door, &["-x", "-r"], &small), (0, String::new()));
    assert!(spamc(&door, &["-x", "-r"], &large).1.starts_with("9.4/5.0\nSwitchback: spam"));
    assert!(spamc(&door, &["-x", "-y"], &large).1.starts_with("SWITCHBACK_SPAM,SIZE"));
    for options in [&["-x"][..], &["-x", "--headers"]] {
        let (code, message) = spamc(&door, options, &large);
        assert_eq!(code, 0);
        let original = std::fs::read_to_string(&large).unwrap();
        let stamped = message.strip_suffix(&original).unwrap_or_else(|| panic!("{options:?}: {message}"));
        assert!(stamped.starts_with("X-Switchback-"), "{options:?}: {stamped}");
    }
    assert_eq!(spamc(&door, &["-K"], &small).0, 0);
}

/// What spamc ends with where it is refused. It reads no code of a reply (libspamc.c): it misses the empty line that ends fields,
/// and with one, it would take a refusal to learn for success.
const IO_ERROR: i32 = 74;

#[test]
fn spamc_that_wants_to_teach_is_told_that_it_cannot() {
    if !has("spamc") {
        return;
    }
    let (_store, door) = Door::open();
    let message = file(door.dir(), "message", b"Subject: x\n\nx\n");
    assert_eq!(spamc(&door, &["-x", "-L", "spam"], &message).0, IO_ERROR);
}

#[test]
fn spamc_that_asks_to_be_told_hears_of_a_store_that_is_away() {
    if !has("spamc") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let away = file(dir.path(), "store", b"no folder");
    let door = Door::of(&away, BOTH);
    let message = file(door.dir(), "message", b"Subject: x\n\nx\n");
    assert_eq!(spamc(&door, &["-x", "-c"], &message).0, IO_ERROR);
    // Without -x it lets the message pass as it is.
    assert_eq!(spamc(&door, &[], &message), (0, "Subject: x\n\nx\n".to_owned()));
}

#[test]
fn spamc_finds_a_socket_too() {
    if !has("spamc") {
        return;
    }
    let (store, dir) = (Store::promoted(&["1.1.0"]), tempfile::tempdir().unwrap());
    let socket = dir.path().join("spamd.sock");
    let config = format!("[authentication]\nverify = false\n[spamd]\nlisten = 'unix:{}'\n", socket.display());
    let door = Door::of(store.path(), &config);
    let large = file(door.dir(), "large", &unix(&mail("large", "a@b.example", 5_000)));
    let input = std::fs::File::open(large).unwrap();
    let output = Command::new("spamc").arg("-U").arg(&socket).args(["-x", "-c"]).stdin(input).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "9.4/5.0\n");
}
