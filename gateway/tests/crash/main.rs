//! A kill, or a disk that fails, at any system call: a message is held whole or not at all, and none is sent twice by itself.
//!
//! strace kills this very program, which has no threads of a test harness, at a system call that touches a disk or a connection:
//! at a sample of them, or at each with `SWITCHBACK_CRASH=all`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../it/held/mail.rs"]
mod mail;
#[expect(dead_code, reason = "other tests have servers that refuse")]
#[path = "../it/held/sink.rs"]
mod sink;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use switchback_gateway::config::Reinjection;
use switchback_gateway::held::{Again, OutcomeKind, Releaser, Spool};
use tempfile::NamedTempFile;

use self::mail::{files, hold, message, open, transaction};
use self::sink::{Sink, TAKE};

/// Where the process that is to be killed works. Only it has this variable.
const DIR: &str = "SWITCHBACK_TEST_HELD";

/// To which server it gives mail back; it holds some if there is none.
const SERVER: &str = "SWITCHBACK_TEST_SERVER";

/// How many points of each operation a sample has.
const SAMPLE: usize = 60;

/// The system calls that change a disk or a connection.
const CALLS: &str = "openat,write,fsync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,flock,mkdir,connect,sendto,recvfrom,shutdown,close";

/// The system calls that put something on a disk.
const WRITES: &str = "write,fsync,rename,renameat,renameat2,linkat,openat";

fn main() {
    match (std::env::var_os(DIR), std::env::var(SERVER)) {
        (Some(dir), Err(_)) => holds(Path::new(&dir)),
        (Some(dir), Ok(server)) => releases(Path::new(&dir), &server),
        (None, _) if can_trace() => {
            a_kill_or_a_failing_disk_while_holding_leaves_a_whole_message_or_none();
            a_kill_while_releasing_sends_nothing_twice_and_loses_nothing();
        }
        (None, _) => {}
    }
}

/// The process that is killed while it holds a message.
fn holds(dir: &Path) {
    let Ok(spool) = open(dir) else { return println!("not held") };
    match hold(&spool, &transaction("ada@x.example", &["b@y.example"]), &message()) {
        Ok(_) => println!("was held"),
        Err(_) => println!("not held"),
    }
}

/// The process that is killed while it gives back everything that is held.
fn releases(dir: &Path, server: &str) {
    let spool = Spool::existing(dir).unwrap();
    let mut releaser = Releaser::new(&spool, &Reinjection::Smtp(server.parse().unwrap()), "ada", "why");
    for id in spool.ids().unwrap() {
        let outcome = releaser.release(id, Again::No).unwrap();
        println!("outcome {}", outcome.outcome.name());
    }
}

/// Runs one of these processes under strace, and returns what it said.
fn run(dir: &Path, server: Option<&Sink>, tracing: &[&str]) -> String {
    let mut command = Command::new("strace");
    command.args(["-qq", "-o", "/dev/null"]).args(tracing).arg(std::env::current_exe().unwrap());
    // Where cargo has the program look for libraries, most calls are failures to find them.
    command.env_remove("LD_LIBRARY_PATH").env(DIR, dir).stdin(Stdio::null()).stderr(Stdio::null());
    if let Some(sink) = server {
        command.env(SERVER, sink.address.to_string());
    }
    String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned()
}

/// The points at which a fault is injected, of all that there are: the name of a system call, and the how manieth of its
/// name it is, because strace counts each for itself.
fn points(dir: &Path, server: Option<&Sink>, set: &str) -> Vec<(String, usize)> {
    let log = NamedTempFile::new().unwrap();
    run(dir, server, &["-o", log.path().to_str().unwrap(), "-e", &format!("trace={set}")]);
    let (mut counts, mut points) = (BTreeMap::<String, usize>::new(), Vec::new());
    for line in fs::read_to_string(log.path()).unwrap().lines() {
        let Some((name, _)) = line.split_once('(') else { continue };
        let count = counts.entry(name.to_owned()).or_default();
        *count += 1;
        points.push((name.to_owned(), *count));
    }
    let all = std::env::var("SWITCHBACK_CRASH").is_ok_and(|value| value == "all");
    let step = if all { 1 } else { points.len().div_ceil(SAMPLE).max(1) };
    assert!(points.len() > 10, "few system calls: {}", points.len());
    // The last ones are those that matter: those before start the program.
    points.into_iter().rev().step_by(step).collect()
}

/// What lets strace do something at a point.
fn injection((name, count): &(String, usize), fault: &str) -> String {
    format!("inject={name}:{fault}:when={count}")
}

fn can_trace() -> bool {
    let traced = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    let can = traced.is_ok_and(|status| status.success());
    if !can {
        eprintln!("SKIPPED: crashes at system calls need strace, and the right to trace");
    }
    can
}

/// What was discarded before it was durable was lost (<https://github.com/MailScanner/v5/issues/563>).
fn a_kill_or_a_failing_disk_while_holding_leaves_a_whole_message_or_none() {
    for (set, fault) in [(CALLS, "signal=KILL"), (WRITES, "error=ENOSPC"), (WRITES, "error=EIO")] {
        let first = tempfile::tempdir().unwrap();
        let (mut held, mut none) = (0, 0);
        for point in points(&first.path().join("held"), None, set) {
            let dir = tempfile::tempdir().unwrap();
            let at = dir.path().join("held");
            let inject = injection(&point, fault);
            let said = run(&at, None, &["-e", &format!("trace={set}"), "-e", &inject]);
            let spool = open(&at).unwrap_or_else(|error| panic!("{inject}: {error}"));
            let ids = spool.ids().unwrap();
            assert!(!said.contains("was held") || ids.len() == 1, "{inject}: it said that it was held");
            assert!(!said.contains("not held") || ids.is_empty(), "{inject}: it said that it was not held");
            for id in &ids {
                assert!(spool.bytes(*id).unwrap() == message(), "{inject}: half a message");
                assert_eq!(spool.message(*id).unwrap().sender, "ada@x.example", "{inject}");
            }
            assert_eq!(files(&at).len(), 2 * ids.len(), "{inject}: something is left");
            *if ids.is_empty() { &mut none } else { &mut held } += 1;
        }
        println!("{fault}: {held} times a message, {none} times none");
        assert!(held > 0 && none > 0, "{fault}: {held} times a message, {none} times none");
    }
}

fn a_kill_while_releasing_sends_nothing_twice_and_loses_nothing() {
    let prepared = || {
        let dir = tempfile::tempdir().unwrap();
        let spool = open(&dir.path().join("held")).unwrap();
        hold(&spool, &transaction("ada@x.example", &["b@y.example"]), &message()).unwrap();
        (dir, spool)
    };
    let (_dir, first) = prepared();
    let (mut sent, mut uncertain, mut untouched) = (0, 0, 0);
    for point in points(first.dir(), Some(&Sink::start(TAKE)), CALLS) {
        let ((_dir, spool), sink) = (prepared(), Sink::start(TAKE));
        let inject = injection(&point, "signal=KILL");
        run(spool.dir(), Some(&sink), &["-e", &format!("trace={CALLS}"), "-e", &inject]);
        spool.tidy().unwrap();
        let Some(id) = spool.ids().unwrap().pop() else {
            assert_eq!(sink.taken().len(), 1, "{inject}: it is gone and nobody has it");
            sent += 1;
            continue;
        };
        assert!(spool.bytes(id).unwrap() == message(), "{inject}");
        let is_uncertain = spool.message(id).unwrap().is_uncertain();
        assert!(is_uncertain || sink.taken().is_empty(), "{inject}: it was sent, and nothing says so");
        let mut releaser = Releaser::new(&spool, &Reinjection::Smtp(sink.address), "ada", "why");
        let outcome = releaser.release(id, Again::No).unwrap().outcome;
        if is_uncertain {
            assert_eq!(outcome, OutcomeKind::Uncertain, "{inject}");
            assert!(sink.taken().len() <= 1, "{inject}: sent twice");
            assert_eq!(releaser.release(id, Again::Yes).unwrap().outcome, OutcomeKind::Released, "{inject}");
            uncertain += 1;
        } else {
            assert_eq!((outcome, sink.taken().len()), (OutcomeKind::Released, 1), "{inject}");
            untouched += 1;
        }
        assert!(files(spool.dir()).is_empty(), "{inject}");
    }
    println!("sent {sent}, uncertain {uncertain}, untouched {untouched}");
    assert!(sent > 0 && uncertain > 0 && untouched > 0, "sent {sent}, uncertain {uncertain}, untouched {untouched}");
}
