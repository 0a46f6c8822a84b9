//! The examples do what they say, with packed releases.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{example, root};

/// An example model, as `cargo xtask models` packs it.
fn linear(version: &str) -> PathBuf {
    root().join(format!("target/releases/linear-{version}.wasm"))
}

/// A folder with a message in it.
fn with_message() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("message.eml");
    fs::write(&path, "From: a@example.org\r\nSubject: hello\r\n\r\nSome text.\r\n").unwrap();
    (dir, path)
}

/// The lines that a program prints which succeeds.
fn lines(ran: Output) -> Vec<String> {
    assert!(ran.status.success(), "{}: {}", ran.status, String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().lines().map(ToOwned::to_owned).collect()
}

fn run(command: &mut Command) -> Vec<String> {
    lines(command.output().unwrap())
}

#[test]
fn the_filters_judge_every_file_by_the_release() {
    let (_dir, message) = with_message();
    for name in ["filter", "filter_tokio"] {
        let lines = run(example(name).arg(linear("1.0.0")).args([&message, &message]));
        assert_eq!(lines.len(), 2, "{name}: {lines:?}");
        assert!(lines.iter().all(|line| line.ends_with(" by live")), "{name}: {lines:?}");
    }
}

#[test]
fn the_filter_behind_a_pipe_answers_each_line_with_json() {
    let (dir, message) = with_message();
    let mut command = example("filter_stdin");
    let mut filter = command.arg(linear("1.0.0")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let missing = dir.path().join("missing.eml");
    write!(filter.stdin.take().unwrap(), "{}\n{}\n", message.display(), missing.display()).unwrap();
    let lines = lines(filter.wait_with_output().unwrap());
    let answers: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0]["verdict"]["decided_by"], "live");
    assert!(answers[1]["error"].is_string() && answers[1]["verdict"].is_null());
}

/// A filter behind a pipe that is asked this, and what it answers and ends with.
fn asked(input: &[u8]) -> Output {
    let mut command = example("filter_stdin");
    command.arg(linear("1.0.0")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut filter = command.spawn().unwrap();
    let mut stdin = filter.stdin.take().unwrap();
    // Fails where the filter has ended before.
    let _ = stdin.write_all(input);
    drop(stdin);
    filter.wait_with_output().unwrap()
}

#[test]
fn the_filter_behind_a_pipe_takes_whatever_comes() {
    let (dir, message) = with_message();
    assert_eq!(lines(asked(b"")), [] as [&str; 0]);
    // A path need not be text, and a line may be empty, have a zero byte in it, and end without a line break.
    let odd = dir.path().join(OsStr::from_bytes(b"caf\xE9.eml"));
    fs::copy(&message, &odd).unwrap();
    let answers = lines(asked(&[odd.as_os_str().as_bytes(), b"\n\na\0b\n", message.as_os_str().as_bytes()].concat()));
    let decided: Vec<_> = answers.iter().map(|line| line.contains("\"decided_by\":\"live\"")).collect();
    assert_eq!(decided, [true, false, false, true], "{answers:?}");
    // What has no end is not read to it.
    let answers = lines(asked(b"/dev/zero\n"));
    let answer: Value = serde_json::from_str(&answers[0]).unwrap();
    assert_eq!(answer["verdict"]["decided_by"], "unscanned", "{answer}");
    let endless = asked(&vec![b'x'; 1 << 20]);
    assert!(!endless.status.success() && String::from_utf8_lossy(&endless.stderr).contains("too long"), "{endless:?}");
}

#[test]
fn the_filter_behind_a_pipe_ends_with_whoever_asks() {
    let (_dir, message) = with_message();
    let mut command = example("filter_stdin");
    command.arg(linear("1.0.0")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut filter = command.spawn().unwrap();
    drop(filter.stdout.take());
    writeln!(filter.stdin.as_ref().unwrap(), "{}", message.display()).unwrap();
    assert_eq!(lines(filter.wait_with_output().unwrap()), [] as [&str; 0]);
}

#[test]
fn the_operator_promotes_and_reverts_what_the_filter_follows() {
    let (dir, message) = with_message();
    let store = dir.path().join("store");
    let lines = run(example("operator").arg(store).args([linear("1.0.0"), linear("1.1.0"), message]));
    let releases: Vec<_> =
        lines.iter().filter_map(|line| line.split_once(" by ").map(|(_, release)| release)).collect();
    assert_eq!(releases, ["linear@1.0.0", "linear@1.1.0", "linear@1.0.0"], "{lines:?}");
}
