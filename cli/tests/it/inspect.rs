//! `switchback inspect`.

use std::fs;

use serde_json::Value;
use tempfile::tempdir;

use crate::keygen::{Keys, digest, signature_of};
use crate::model::release;
use crate::run::switchback;

#[test]
fn a_release_says_what_it_is() {
    let out = switchback(["inspect", &release("1.1.0")]).fine();
    for line in [
        "linear@1.1.0",
        "  checksum     matches",
        "  signature    none beside the file",
        "  contract     1.0.0",
        "  imports      switchback:scoring/log@1.0.0, switchback:scoring/message@1.0.0",
        "  is           judges a message by its size",
        "  reads        size",
        "  scale        probability",
        "  limits       the host's",
        "  limitations  A test.",
        "  self-tests   0.1250  ham      empty (0 bytes)",
    ] {
        assert!(out.lines().any(|found| found.starts_with(line)), "{line:?} is not in\n{out}");
    }
    let json: Value = serde_json::from_str(&switchback(["inspect", "--json", &release("1.1.0")]).fine()).unwrap();
    assert_eq!((&json["manifest"]["version"], &json["checksum"]), (&"1.1.0".into(), &"matches".into()));
    assert!(out.contains(json["digest"].as_str().unwrap()), "{out}");
}

#[test]
fn a_release_is_measured_with_its_self_tests_and_with_mail() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("a.eml"), "From: a@x.example\n\ntext\n").unwrap();
    let mail = dir.path().display().to_string();
    let out = switchback(["inspect", "--measure", &release("1.1.0"), &mail]).fine();
    for line in ["  measured     2 messages", "  memory       128.0 KiB at the start, ", "  written      at most "] {
        assert!(out.lines().any(|found| found.starts_with(line)), "{line:?} is not in\n{out}");
    }
    let json = switchback(["inspect", "--json", "--measure", &release("1.1.0")]).fine();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["measured"]["messages"], &json["measured"]["grown"]), (&1.into(), &0.into()));
    let unasked = switchback(["inspect", &release("1.1.0"), &mail]);
    assert!(unasked.code == 2 && unasked.err.contains("--measure"), "{}", unasked.err);
}

#[test]
fn a_damaged_release_says_what_it_can_and_ends_with_1() {
    let dir = tempdir().unwrap();
    let damaged = dir.path().join("damaged.wasm");
    let mut bytes = fs::read(release("1.0.0")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&damaged, bytes).unwrap();
    let ran = switchback(["inspect".as_ref(), damaged.as_os_str()]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("  checksum     DIFFERS"), "{ran:?}");
    assert!(ran.err.contains("damaged.wasm: it is damaged: "), "{ran:?}");
}

#[test]
fn a_file_that_is_no_release_says_so() {
    let dir = tempdir().unwrap();
    let text = dir.path().join("text");
    fs::write(&text, "hello").unwrap();
    let ran = switchback(["inspect".as_ref(), text.as_os_str()]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.starts_with("no release\n") && ran.err.contains("it is not WebAssembly"), "{ran:?}");
    assert_eq!(switchback(["inspect", "/nowhere"]).code, 1);
    let endless = switchback(["inspect", "/dev/zero"]);
    assert!(endless.code == 1 && endless.err.contains("/dev/zero: it has more than 64 MiB"), "{endless:?}");
}

#[test]
fn a_signature_beside_the_file_is_shown_and_not_believed() {
    let keys = Keys::without_password();
    let release = keys.signed("1.1.0");
    let comment = format!("switchback release linear@1.1.0 sha256:{}", digest(&release));
    let out = switchback(["inspect".as_ref(), release.as_os_str()]).fine();
    let unwrapped = out.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = format!("signature by key {}, not checked (`switchback verify` does): {comment}", keys.id);
    assert!(unwrapped.contains(&expected), "{out}");
    let json: Value =
        serde_json::from_str(&switchback(["inspect".as_ref(), "--json".as_ref(), release.as_os_str()]).fine()).unwrap();
    assert_eq!(json["signature"]["state"], "unchecked");
    assert_eq!((&json["signature"]["key"], &json["signature"]["comment"]), (&keys.id.as_str().into(), &comment.into()));

    fs::write(signature_of(&release), "hello").unwrap();
    let out = switchback(["inspect".as_ref(), release.as_os_str()]).fine();
    assert!(out.contains("  signature    UNREADABLE: this is no signature"), "{out}");
}
