//! A crash, or a disk that fails, at any system call of an operation: what is there afterwards is a state that
//! somebody intended.
//!
//! strace kills the command at each of its system calls, or lets each write or flush fail. A sample of
//! the points is taken unless `SWITCHBACK_CRASH=all`, which is what `cargo xtask crash` says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use switchback::control::SlotState;
use switchback::{Control, Digest, Limits, Runtime, SlotConfig};
use tempfile::TempDir;

use crate::model;
use crate::operate::store::PATIENCE;
use crate::run::switchback;

/// How many points of each operation a sample has.
const SAMPLE: usize = 25;

/// The system calls that put something on a disk.
const WRITES: &str = "write,pwrite64,writev,fsync,fdatasync,ftruncate,fallocate,rename,renameat,renameat2,linkat";

/// An operation, and a store in which it makes sense.
struct Scenario {
    name: &'static str,
    args: Vec<String>,
    store: TempDir,
    /// What is routed, and which releases are known, before and after.
    before: Said,
    after: Said,
}

/// What a store says, without when and by whom.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    slot: Option<SlotState>,
    releases: Vec<Digest>,
}

fn said(store: &Path) -> Said {
    let state = Control::open(store).unwrap().state().unwrap();
    let mut slot = state.slots.get("inbound").cloned();
    if let Some(cool_off) = slot.as_mut().and_then(|slot| slot.cool_off.as_mut()) {
        cool_off.until = jiff::Timestamp::UNIX_EPOCH;
    }
    Said { slot, releases: state.releases.keys().copied().collect() }
}

impl Scenario {
    fn new(name: &'static str, history: &[Vec<String>], args: Vec<String>) -> Self {
        let store = tempfile::tempdir().unwrap();
        for operation in history {
            operate(store.path(), operation);
        }
        let before = if history.is_empty() { Said { slot: None, releases: Vec::new() } } else { said(store.path()) };
        let done = copy(store.path());
        operate(done.path(), &args);
        let after = said(done.path());
        assert_ne!(before, after, "{name} does nothing");
        Self { name, args, store, before, after }
    }

    /// Runs the operation under strace on a copy of the store. Returns the copy, and whether it said that all went
    /// well.
    fn run(&self, tracing: &[String]) -> (TempDir, bool) {
        let store = copy(self.store.path());
        let status = Command::new("strace")
            .args(["-qq", "-o", "/dev/null"])
            .args(tracing)
            .arg(env!("CARGO_BIN_EXE_switchback"))
            .args(&self.args)
            .env("SWITCHBACK_STORE", store.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        (store, status.success())
    }

    /// The system calls of these that the operation makes, in order: the name of each, and the how manieth of its name it is,
    /// because strace counts each for itself.
    fn calls(&self, set: &str) -> Vec<(String, usize)> {
        let log = tempfile::NamedTempFile::new().unwrap();
        let (_store, fine) =
            self.run(&["-o".into(), log.path().display().to_string(), "-e".into(), format!("trace={set}")]);
        assert!(fine, "{} fails without a fault", self.name);
        let (mut counts, mut calls) = (BTreeMap::<String, usize>::new(), Vec::new());
        for line in fs::read_to_string(log.path()).unwrap().lines() {
            let Some((name, _)) = line.split_once('(') else { continue };
            let count = counts.entry(name.to_owned()).or_default();
            *count += 1;
            calls.push((name.to_owned(), *count));
        }
        calls
    }

    /// Injects a fault at each of the points that are taken, looks at what is left, and says how often what.
    fn inject(&self, set: &str, fault: &str) {
        let calls = self.calls(set);
        let points = points(&calls);
        let mut done = 0;
        for (name, count) in &points {
            let inject = format!("inject={name}:{fault}:when={count}");
            let (store, fine) = self.run(&["-e".into(), format!("trace={set}"), "-e".into(), inject.clone()]);
            done += usize::from(self.check(store.path(), fine, &format!("{} with {inject}", self.name)));
        }
        let (taken, count) = (points.len(), calls.len());
        println!(
            "{}: {fault} at {taken} of {count} calls; nothing happened in {}, all in {done}",
            self.name,
            taken - done
        );
        assert!(done < taken, "no fault came before the operation had happened");
    }

    /// What is there was intended, a filter starts on it, and the operation can be done again. Returns whether the
    /// operation had happened.
    fn check(&self, store: &Path, fine: bool, what: &str) -> bool {
        let is_there =
            store.join("control.db").exists() && Control::open(store).is_ok_and(|control| control.ledger().is_ok());
        if !is_there {
            assert!(self.before.releases.is_empty() && !fine, "{what}: the store is gone");
            return false;
        }
        let verified = switchback(["history", "verify", "--store", &store.display().to_string()]);
        assert_eq!(verified.code, 0, "{what}: {}", verified.err);
        let left = said(store);
        assert!(left == self.before || left == self.after, "{what}: {left:?}");
        assert!(!fine || left == self.after, "{what}: it said that all went well");
        starts(store, &left, what);
        if left == self.before {
            operate(store, &self.args);
        }
        assert_eq!(said(store), self.after, "{what}, then again");
        left == self.after
    }
}

/// A filter starts, with a live release, and makes every release ready that the store knows.
fn starts(store: &Path, said: &Said, what: &str) {
    let filter = Runtime::builder().slot(SlotConfig::new("inbound")).store_dir(store).instances(4).build().unwrap();
    let live = said.slot.as_ref().and_then(|slot| slot.live.clone());
    assert_eq!(filter.slot("inbound").unwrap().live(), live, "{what}");
    let control = Control::open(store).unwrap();
    let known = control.state().unwrap().releases;
    for release in &said.releases {
        control.wait_until_ready(&known[release].id, PATIENCE).unwrap_or_else(|error| panic!("{what}: {error}"));
        let file = store.join("releases").join(format!("{release}.wasm"));
        let bytes = fs::read(file).unwrap();
        assert_eq!(Digest::of(&bytes), *release, "{what}");
        assert!(bytes.len() as u64 <= Limits::default().release_bytes_max);
    }
}

/// Every point, or a sample that is spread over all of them.
fn points(calls: &[(String, usize)]) -> Vec<(String, usize)> {
    let all = std::env::var("SWITCHBACK_CRASH").is_ok_and(|value| value == "all");
    let step = if all { 1 } else { calls.len().div_ceil(SAMPLE).max(1) };
    calls.iter().step_by(step).cloned().collect()
}

fn operate(store: &Path, args: &[String]) {
    let args = args.iter().cloned().chain(["--store".to_owned(), store.display().to_string()]);
    let ran = switchback(args);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

/// A copy of a store. Files that are never written in place are shared.
fn copy(store: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_dir(store, copy.path());
    copy
}

fn copy_dir(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir(&to).unwrap();
            fs::set_permissions(&to, fs::metadata(&path).unwrap().permissions()).unwrap();
            copy_dir(&path, &to);
        } else if path.extension().is_some_and(|kind| kind == "wasm" || kind == "cwasm") {
            fs::hard_link(&path, &to).unwrap();
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn load(version: &str) -> Vec<String> {
    vec!["load".to_owned(), model::release(version)]
}

fn promote(version: &str) -> Vec<String> {
    words(&format!("promote linear@{version} --slot inbound"))
}

fn scenarios() -> [Scenario; 4] {
    let live = [load("1.0.0"), promote("1.0.0")];
    let ready = [&live[..], &[load("1.1.0")]].concat();
    let promoted = [&ready[..], &[promote("1.1.0")]].concat();
    [
        Scenario::new("the first load", &[], load("1.0.0")),
        Scenario::new("load", &live, load("1.1.0")),
        Scenario::new("promote", &ready, promote("1.1.0")),
        Scenario::new("revert", &promoted, words("revert --slot inbound")),
    ]
}

/// Whether strace is there and may trace.
fn can_trace() -> bool {
    let traced = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    let can = traced.is_ok_and(|status| status.success());
    if !can {
        eprintln!(
            "SKIPPED: crashes at system calls need strace, and the right to trace; `cargo xtask test` installs it"
        );
    }
    can
}

#[test]
fn a_kill_at_any_system_call_leaves_a_state_that_was_intended() {
    if !can_trace() {
        return;
    }
    for scenario in scenarios() {
        scenario.inject("all", "signal=KILL");
    }
}

#[test]
fn a_disk_that_fails_at_any_write_leaves_a_state_that_was_intended() {
    if !can_trace() {
        return;
    }
    for scenario in scenarios() {
        for error in ["ENOSPC", "EIO"] {
            scenario.inject(WRITES, &format!("error={error}"));
        }
    }
}
