//! In a process that forks, moves, shrinks and ends: nothing is lost, and nothing hangs or dies.

#![expect(unsafe_code, reason = "fork, signals and users are asked for in C")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{env, fs, io, mem, process, ptr, thread};

use switchback::control::Operation;
use switchback::journal::{Journal, JournalConfig, JournalReader, Query};
use switchback::runtime::{AddressSpace, Traps};
use switchback::verdict::DecidedBy;
use switchback::{
    Control, Fault, LocalRuntime, Message, ReleaseId, RouteError, Runtime, RuntimeGone, ShutdownError, SlotConfig,
    Verdict,
};

use crate::control::support::{PATIENCE, Store, promote, until};
use crate::journal::record;
use crate::support::{cache_of_parent, child, example, load, message, runtime, shared_cache};

/// Runs a test of this file in a process of its own, and returns what that printed.
fn in_a_process(test: &str) -> String {
    let name = format!("embedding::{test}");
    let ran = child().args(["--exact", &name, "--nocapture", "--include-ignored"]).env(ALONE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{test}: {}\n{said}", ran.status);
    said
}

/// Whether this is such a process; else the test is run in one.
fn is_alone(test: &str) -> bool {
    let is_alone = env::var_os(ALONE).is_some();
    if !is_alone {
        in_a_process(test);
    }
    is_alone
}

const ALONE: &str = "SWITCHBACK_TEST_ALONE";

/// Runs this in a fork of this process, and returns its exit code; none if a signal ended it. One that hangs ends by SIGALRM.
fn in_a_fork(run: impl FnOnce() -> i32) -> Option<i32> {
    // SAFETY: the child runs what is given, which takes no lock that another thread may hold, and ends without returning.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: they take numbers.
        unsafe {
            libc::alarm(u32::try_from(PATIENCE.as_secs()).unwrap());
            libc::_exit(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or(101));
        }
    }
    let mut status = 0;
    // SAFETY: `status` has room for what is written.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status))
}

fn is_unscanned(verdict: &Verdict, why: &str) -> bool {
    verdict.decided_by == DecidedBy::Unscanned && verdict.fault.as_deref().is_some_and(|fault| fault.contains(why))
}

fn on_a_thread<T: Send>(stack_kib: usize, run: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        thread::Builder::new().stack_size(stack_kib << 10).spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

#[test]
fn a_fork_of_the_process_that_built_a_runtime_is_told_so_by_every_call_and_disturbs_nobody() {
    if !is_alone("a_fork_of_the_process_that_built_a_runtime_is_told_so_by_every_call_and_disturbs_nobody") {
        return;
    }
    let store = Store::new();
    let release = store.load_with(cache_of_parent(), "empty", "1.0.0");
    let journal = JournalConfig::new(store.path().join("journal")).batches(1, Duration::from_millis(1));
    let builder = Runtime::builder().slot(SlotConfig::new("inbound")).instances(8).store_dir(store.path());
    let runtime = builder.cache_dir(cache_of_parent()).journal(journal).build().unwrap();
    store.obeyed(promote(&release));
    let slot = runtime.slot("inbound").unwrap();
    assert_eq!(slot.score(&message()).decided_by, DecidedBy::Live);
    let parent = process::id();
    let control = Control::open(store.path()).unwrap();
    let checks: [(&str, &dyn Fn() -> bool); 10] = [
        ("score", &|| (0..1_000).all(|_| is_unscanned(&slot.score(&message()), "fork"))),
        ("score_with", &|| {
            let error = runtime.score_with(&release, &message()).unwrap_err();
            matches!(error.fault, Fault::Gone(RuntimeGone::Forked(forked)) if forked.made_in == parent)
        }),
        ("revert", &|| slot.revert().is_err_and(|error| error.to_string().contains("make it after the fork"))),
        ("unload", &|| runtime.unload(&release).is_err()),
        ("process", &|| runtime.process().is_none() && runtime.following().is_none() && !runtime.rouse(&release)),
        ("flush", &|| {
            runtime.flush();
            true
        }),
        ("shutdown", &|| matches!(runtime.shutdown(PATIENCE), Err(ShutdownError::Gone(RuntimeGone::Forked(_))))),
        ("control", &|| control.state().is_err_and(|error| names_the_fork(&error))),
        ("the store of the parent", &|| Control::open(store.path()).is_err()),
        ("another runtime", &|| {
            let builder = Runtime::builder().slot(SlotConfig::new("inbound")).instances(8);
            builder.store_dir(store.path()).build().is_err_and(|error| names_the_fork(&error))
        }),
    ];
    for (number, (call, check)) in (1..).zip(checks) {
        assert_eq!(in_a_fork(|| if check() { 0 } else { number }), Some(0), "{call}");
    }
    // The parent has the same store, journal and number as before, and everybody sees it.
    assert_eq!(slot.score(&message()).decided_by, DecidedBy::Live);
    runtime.flush();
    let records = JournalReader::open(store.path().join("journal")).unwrap().last(&Query::default(), 10).unwrap();
    assert_eq!(records.records.len(), 2, "those of the parent");
    assert_eq!(store.control.processes().unwrap().len(), 1);
    let mut runtime = Some(runtime);
    let dropped = in_a_fork(|| {
        drop(runtime.take());
        drop(control);
        0
    });
    assert_eq!(dropped, Some(0), "dropping it does nothing");
    assert_eq!(store.control.processes().unwrap().len(), 1);
    assert_eq!(runtime.unwrap().slot("inbound").unwrap().score(&message()).decided_by, DecidedBy::Live);
}

/// Whether an error, or what is behind it, says that the process is a fork.
fn names_the_fork(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| (*error).source()).any(|error| error.to_string().contains("fork"))
}

/// A process that follows a store, forks, and ends, while its child lives until its input ends.
#[test]
fn a_process_that_ends_before_its_fork() {
    let Some(store) = env::var_os(STORE) else { return };
    let runtime = Runtime::builder().slot(SlotConfig::new("inbound")).instances(4).store_dir(store).build().unwrap();
    // SAFETY: the child takes no lock that another thread may hold, and ends without returning.
    if unsafe { libc::fork() } != 0 {
        // SAFETY: it takes a number.
        unsafe { libc::_exit(0) };
    }
    let verdict = runtime.slot("inbound").unwrap().score(&message());
    println!("noticed {}", is_unscanned(&verdict, "fork"));
    io::stdin().read_line(&mut String::new()).unwrap();
    // SAFETY: it takes a number.
    unsafe { libc::_exit(0) };
}

const STORE: &str = "SWITCHBACK_TEST_STORE";

#[test]
fn a_process_that_has_ended_is_not_seen_because_a_fork_of_it_lives() {
    let store = Store::new();
    let mut command = child();
    command.args(["--exact", "embedding::a_process_that_ends_before_its_fork", "--nocapture"]).env(STORE, store.path());
    let mut parent = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = io::BufReader::new(parent.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "noticed true"));
    assert!(parent.wait().unwrap().success());
    assert_eq!(store.control.processes().unwrap(), []);
}

#[test]
fn a_fork_without_a_store_stops_a_guest_that_it_does_not_start() {
    if !is_alone("a_fork_without_a_store_stops_a_guest_that_it_does_not_start") {
        return;
    }
    let runtime = Runtime::builder().slot(SlotConfig::new("inbound")).cache_dir(cache_of_parent()).instances(4);
    let runtime = runtime.build().unwrap();
    let release = load(&runtime, "loop", "6.6.6");
    runtime.slot("inbound").unwrap().promote(&release).unwrap();
    let verdict = |runtime: &Runtime| runtime.slot("inbound").unwrap().score(&message());
    assert_eq!(in_a_fork(|| i32::from(!is_unscanned(&verdict(&runtime), "fork"))), Some(0));
    let promoted = in_a_fork(|| i32::from(runtime.slot("inbound").unwrap().promote(&release).is_ok()));
    assert_eq!(promoted, Some(0));
    // One that is built there works.
    let built = in_a_fork(|| {
        let runtime = Runtime::builder().slot(SlotConfig::new("inbound")).cache_dir(cache_of_parent()).instances(4);
        let runtime = runtime.build().unwrap();
        let release = load(&runtime, "loop", "6.6.6");
        runtime.slot("inbound").unwrap().promote(&release).unwrap();
        i32::from(!is_unscanned(&verdict(&runtime), "deadline"))
    });
    assert_eq!(built, Some(0));
}

#[test]
fn a_fork_of_the_process_that_keeps_a_journal_neither_waits_for_its_writer_nor_takes_it_away() {
    if !is_alone("a_fork_of_the_process_that_keeps_a_journal_neither_waits_for_its_writer_nor_takes_it_away") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path().join("journal")).batches(1, Duration::from_millis(1));
    let mut journal = Some(Journal::open(config, 1, BTreeMap::new()).unwrap());
    let forked = in_a_fork(|| {
        let journal = journal.take().unwrap();
        (0..100).for_each(|number| journal.append(record(number)));
        journal.flush();
        let failed = journal.counts().failed;
        drop(journal);
        i32::from(failed != 100)
    });
    assert_eq!(forked, Some(0));
    let journal = journal.unwrap();
    journal.append(record(1));
    journal.flush();
    assert_eq!(journal.counts().written, 1);
}

#[test]
fn a_guest_that_recurses_is_an_error_on_a_thread_of_any_stack() {
    let runtime = runtime();
    let recursing =
        [("recurse", "6.6.6"), ("recurse-memory", "6.6.7")].map(|(case, version)| load(&runtime, case, version));
    let plain = load(&runtime, "empty", "1.0.0");
    for stack_kib in [64, 128, 256, 512, 640, 2_048] {
        on_a_thread(stack_kib, || {
            for release in &recursing {
                let fault = runtime.score_with(release, &message()).unwrap_err().fault;
                // A machine that is busy may reach the deadline first.
                assert!(
                    matches!(fault, Fault::Stack | Fault::Trap(_) | Fault::Deadline(_)),
                    "{stack_kib} KiB: {fault}"
                );
            }
            assert_eq!(runtime.score_with(&plain, &message()).unwrap().outcome.score(), Some(0.5));
        });
    }
}

#[test]
fn a_trap_is_an_error_on_a_thread_that_blocks_all_signals() {
    let runtime = runtime();
    let release = load(&runtime, "trap", "6.6.6");
    on_a_thread(256, || {
        block_all_signals();
        for _ in 0..3 {
            assert!(matches!(runtime.score_with(&release, &message()).unwrap_err().fault, Fault::Trap(_)));
        }
        assert!(is_blocked(libc::SIGILL), "as it was");
    });
}

fn block_all_signals() {
    // SAFETY: the set is this function's own, and filled before it is read.
    unsafe {
        let mut signals: libc::sigset_t = mem::zeroed();
        libc::sigfillset(&raw mut signals);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const signals, ptr::null_mut());
    }
}

fn is_blocked(signal: i32) -> bool {
    // SAFETY: the set is this function's own, and nothing changes.
    unsafe {
        let mut blocked: libc::sigset_t = mem::zeroed();
        libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut blocked);
        libc::sigismember(&raw const blocked, signal) == 1
    }
}

/// A handler as crash reporters have it: it ends the process.
extern "C" fn crash(_signal: i32) {
    // SAFETY: it takes a number.
    unsafe { libc::_exit(42) }
}

#[test]
fn a_handler_that_took_the_engines_place_is_noticed_before_a_guest_could_end_the_process() {
    if !is_alone("a_handler_that_took_the_engines_place_is_noticed_before_a_guest_could_end_the_process") {
        return;
    }
    let built = |traps| {
        let builder = Runtime::builder().cache_dir(cache_of_parent()).instances(4).traps(traps);
        let runtime = builder.build().unwrap();
        let releases = [("trap", "6.6.6"), ("empty", "1.0.0")].map(|(case, version)| load(&runtime, case, version));
        (runtime, releases)
    };
    let fault =
        |(runtime, [trap, _]): &(LocalRuntime, [ReleaseId; 2])| runtime.score_with(trap, &message()).unwrap_err().fault;
    let (signals, checks) = (built(Traps::Signals), built(Traps::Checks));
    assert!(matches!(fault(&signals), Fault::Trap(_)) && matches!(fault(&checks), Fault::Trap(_)));
    for (signal, name) in [(libc::SIGSEGV, "SIGSEGV"), (libc::SIGILL, "SIGILL"), (libc::SIGFPE, "SIGFPE")] {
        // SAFETY: the handler does what a handler may.
        let before = unsafe { libc::signal(signal, crash as extern "C" fn(i32) as usize) };
        let (runtime, [_, harmless]) = &signals;
        // For half a millisecond a thread goes by what it saw.
        let noticed = std::iter::repeat_with(|| runtime.score_with(harmless, &message())).find_map(Result::err);
        assert_eq!(noticed.unwrap().fault, Fault::Signals(name), "nobody knows what is harmless");
        assert_eq!(fault(&signals), Fault::Signals(name));
        assert!(matches!(fault(&checks), Fault::Trap(_)), "without signals, nobody's handler matters");
        // SAFETY: it is the one that was there.
        unsafe { libc::signal(signal, before) };
        assert!(matches!(fault(&signals), Fault::Trap(_)), "once it is back");
    }
    let chained = built(Traps::ChainedSignals);
    assert!(matches!(fault(&chained), Fault::Trap(_)));
}

#[test]
fn without_signals_every_misbehaviour_is_the_same_error() {
    let by = |traps, space| {
        let builder = Runtime::builder().cache_dir(shared_cache()).instances(4).traps(traps).address_space(space);
        builder.build().unwrap()
    };
    let runtimes = [
        by(Traps::Signals, AddressSpace::Pooled),
        by(Traps::Checks, AddressSpace::Pooled),
        by(Traps::Checks, AddressSpace::Frugal),
    ];
    for (number, case) in ["trap", "panic", "loop", "recurse", "grow", "empty"].iter().enumerate() {
        let made = runtimes.each_ref().map(|runtime| {
            let release = load(runtime, case, &format!("6.6.{number}"));
            let scored = runtime.score_with(&release, &message());
            scored.map(|scored| scored.outcome.score()).map_err(|error| error.fault)
        });
        assert!(made.iter().all(|one| *one == made[0]), "{case}: {made:?}");
    }
}

#[test]
fn relative_folders_stay_what_they_were_when_the_process_goes_to_another_one() {
    if !is_alone("relative_folders_stay_what_they_were_when_the_process_goes_to_another_one") {
        return;
    }
    let store = Store::new();
    let release = store.load_with(cache_of_parent(), "empty", "1.0.0");
    env::set_current_dir(store.path()).unwrap();
    let builder = Runtime::builder().slot(SlotConfig::new("inbound")).instances(8);
    let runtime = builder.store_dir(".").journal(JournalConfig::new("journal")).build().unwrap();
    env::set_current_dir("/").unwrap();
    store.obeyed(promote(&release));
    assert_eq!(runtime.slot("inbound").unwrap().score(&message()).decided_by, DecidedBy::Live);
    runtime.flush();
    assert_eq!(runtime.journal_counts().unwrap().written, 1);
    drop(runtime);
    let journal = JournalReader::open(store.path().join("journal")).unwrap();
    assert_eq!(journal.last(&Query::default(), 10).unwrap().records.len(), 1);
    assert!(!PathBuf::from("/journal").exists() && !PathBuf::from("/compiled").exists());
}

/// Builds a runtime on a store, lets the process give up something, and sees how it goes on: it scores, says that the store is
/// not followed, and has written so many records of two.
fn goes_on_after(give_up: impl FnOnce(), written: u64) {
    let store = Store::new();
    let release = store.load_with(cache_of_parent(), "empty", "1.0.0");
    let journal = JournalConfig::new(store.path().join("journal"));
    let builder = Runtime::builder().slot(SlotConfig::new("inbound")).instances(8).store_dir(store.path());
    let runtime = builder.cache_dir(cache_of_parent()).journal(journal).build().unwrap();
    store.obeyed(promote(&release));
    let slot = runtime.slot("inbound").unwrap();
    slot.score(&message());
    runtime.flush();
    give_up();
    assert_eq!(slot.score(&message()).decided_by, DecidedBy::Live);
    until("it is said that the store is not followed", || runtime.following().unwrap().trouble.is_some());
    runtime.flush();
    let counts = runtime.journal_counts().unwrap();
    assert_eq!((counts.written, counts.failed), (written, 2 - written));
    assert_eq!(slot.score(&message()).decided_by, DecidedBy::Live);
    println!("went on");
    // What is left of the test's folders is not this process's any more.
    process::exit(0);
}

#[test]
fn a_process_that_changes_its_user_after_build_scores_on_and_says_what_it_cannot_do() {
    if nobody().is_none() {
        return;
    }
    if env::var_os(ALONE).is_none() {
        let said = in_a_process("a_process_that_changes_its_user_after_build_scores_on_and_says_what_it_cannot_do");
        return assert!(said.contains("went on"), "{said}");
    }
    // SAFETY: it takes a number.
    goes_on_after(|| assert_eq!(unsafe { libc::setuid(65_534) }, 0), 2);
}

#[test]
fn a_process_that_changes_its_root_after_build_scores_on_and_says_what_it_cannot_do() {
    if nobody().is_none() {
        return;
    }
    if env::var_os(ALONE).is_none() {
        let said = in_a_process("a_process_that_changes_its_root_after_build_scores_on_and_says_what_it_cannot_do");
        return assert!(said.contains("went on"), "{said}");
    }
    let empty = tempfile::tempdir().unwrap();
    goes_on_after(|| std::os::unix::fs::chroot(empty.path()).unwrap(), 1);
}

#[test]
fn a_runtime_that_was_shut_down_has_lost_nothing_and_says_so_to_whoever_comes_later() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let journal = JournalConfig::new(store.path().join("journal"));
    let runtime = store.builder().journal(journal).build().unwrap();
    releases.iter().for_each(|release| drop(store.obeyed(promote(release))));
    let slot = runtime.slot("inbound").unwrap();
    (0..20).for_each(|_| drop(slot.score(&message())));
    slot.revert().unwrap();
    runtime.shutdown(PATIENCE).unwrap();
    let last = store.control.history().unwrap().pop().unwrap();
    assert!(matches!(last.operation, Operation::Revert { emergency: Some(_), .. }), "{last:?}");
    assert_eq!(store.control.processes().unwrap(), [], "it has left the store");
    let records = || JournalReader::open(store.path().join("journal")).unwrap().last(&Query::default(), 100).unwrap();
    assert_eq!(records().records.len(), 20);
    assert!(is_unscanned(&slot.score(&message()), "shut down"));
    assert!(slot.revert().is_err() && runtime.process().is_none());
    runtime.flush();
    runtime.shutdown(Duration::ZERO).unwrap();
    drop(runtime);
    assert_eq!(records().records.len(), 20);
}

#[test]
fn a_runtime_ends_with_its_last_handle_and_a_slot_that_outlives_it_says_so() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let journal = JournalConfig::new(store.path().join("journal"));
    let runtime = store.builder().journal(journal).build().unwrap();
    releases.iter().for_each(|release| drop(store.obeyed(promote(release))));
    let slot = runtime.slot("inbound").unwrap();
    let other = runtime.clone();
    drop(runtime);
    let scoring = thread::spawn({
        let slot = slot.clone();
        move || (0..20).filter(|_| slot.score(&message()).decided_by == DecidedBy::Live).count()
    });
    assert_eq!(scoring.join().unwrap(), 20);
    assert_eq!(store.control.processes().unwrap().len(), 1);
    drop(other);
    assert_eq!(store.control.processes().unwrap(), [], "it has left the store");
    let records = JournalReader::open(store.path().join("journal")).unwrap().last(&Query::default(), 100).unwrap();
    assert_eq!(records.records.len(), 20);
    assert!(is_unscanned(&slot.score(&message()), "shut down"));
    assert!(matches!(slot.revert(), Err(RouteError::Gone(RuntimeGone::ShutDown))));
    assert_eq!(slot.live().as_ref(), Some(&releases[1]), "what was true at the end can be read");
}

#[test]
fn the_end_of_a_runtime_waits_for_whoever_scores_in_a_slot() {
    let runtime = runtime();
    let release = load(&runtime, "empty", "1.0.0");
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&release).unwrap();
    let (scores, has_scored) = mpsc::channel();
    let scoring = thread::spawn(move || {
        let live = (0..).map(|_| slot.score(&message()).decided_by).take_while(|by| *by == DecidedBy::Live);
        let tell = |_: &DecidedBy| scores.send(()).unwrap_or_default();
        live.inspect(tell).count()
    });
    has_scored.recv().unwrap();
    drop(runtime);
    assert!(scoring.join().unwrap() > 0);
}

#[test]
fn a_revert_says_when_the_ledger_has_it_and_a_flush_waits_for_that() {
    let (store, releases) = Store::with(&["empty", "stateful", "abstain"]);
    let runtime = store.process();
    releases.iter().for_each(|release| drop(store.obeyed(promote(release))));
    let slot = runtime.slot("inbound").unwrap();
    let reverted = slot.revert().unwrap();
    assert!(reverted.wait_recorded(PATIENCE) && reverted.is_recorded());
    let events = store.control.history().unwrap().len();
    let database = store.path().join("control.db");
    let away = store.path().join("away.db");
    fs::rename(&database, &away).unwrap();
    let reverted = slot.revert().unwrap();
    assert!(!reverted.wait_recorded(Duration::from_millis(1)) && !reverted.is_recorded());
    fs::rename(&away, &database).unwrap();
    runtime.flush();
    assert!(reverted.is_recorded());
    assert_eq!(store.control.history().unwrap().len(), events + 1);
    let alone = self::runtime();
    let releases = [load(&alone, "empty", "1.0.0"), load(&alone, "stateful", "1.1.0")];
    let slot = alone.slot("inbound").unwrap();
    for release in &releases {
        slot.promote(release).unwrap();
    }
    assert!(!slot.revert().unwrap().wait_recorded(PATIENCE), "there is no ledger");
}

#[test]
fn an_end_that_takes_too_long_says_what_it_waits_for_and_loses_no_revert() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let runtime = store.process();
    releases.iter().for_each(|release| drop(store.obeyed(promote(release))));
    let database = store.path().join("control.db");
    let away = store.path().join("away.db");
    fs::rename(&database, &away).unwrap();
    runtime.slot("inbound").unwrap().revert().unwrap();
    let error = runtime.shutdown(Duration::from_millis(1)).unwrap_err();
    assert!(matches!(error, ShutdownError::TimedOut { .. } | ShutdownError::RevertsLost { reverts: 1 }), "{error}");
    fs::rename(&away, &database).unwrap();
}

/// The user `nobody`, where this test may become that.
fn nobody() -> Option<u32> {
    // SAFETY: it takes nothing.
    let is_root = unsafe { libc::geteuid() } == 0;
    if !is_root {
        eprintln!("skipped: giving up rights takes the rights of root");
    }
    is_root.then_some(65_534)
}

fn give_to(dir: &std::path::Path, uid: u32) {
    std::os::unix::fs::lchown(dir, Some(uid), Some(uid)).unwrap();
    for entry in fs::read_dir(dir).into_iter().flatten().map(|entry: io::Result<fs::DirEntry>| entry.unwrap()) {
        match entry.file_type().unwrap().is_dir() {
            true => give_to(&entry.path(), uid),
            false => std::os::unix::fs::lchown(entry.path(), Some(uid), Some(uid)).unwrap(),
        }
    }
}

#[test]
fn a_daemon_that_forks_moves_gives_up_its_rights_and_exits_loses_no_verdict_no_record_and_no_revert() {
    for misbehaving in ["trap", "recurse", "loop"] {
        let (store, releases) = Store::with(&["empty", misbehaving]);
        releases.iter().for_each(|release| drop(store.control.admit(promote(release)).unwrap()));
        let mails = tempfile::tempdir_in(store.path()).unwrap();
        let paths: Vec<_> = (0..20).map(|number| mails.path().join(format!("{number}.eml"))).collect();
        paths.iter().for_each(|path| fs::write(path, "Subject: hello\r\n\r\nSome text.\r\n").unwrap());
        let mut command = example("daemon");
        command.arg(store.path());
        if let Some(nobody) = nobody() {
            give_to(store.path(), nobody);
            command.arg(nobody.to_string());
        }
        command.current_dir(mails.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut daemon = command.spawn().unwrap();
        let mut input = daemon.stdin.take().unwrap();
        paths.iter().for_each(|path| writeln!(input, "{}", path.display()).unwrap());
        writeln!(input, "revert").unwrap();
        drop(input);
        let began = Instant::now();
        let ran = daemon.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
        assert!(began.elapsed() < PATIENCE * 4, "{misbehaving}: {said}");
        for path in &paths {
            let verdicts = ["previous", "live"].map(|by| format!("{} junk by {by}", path.display()));
            assert!(said.lines().any(|line| verdicts.iter().any(|verdict| line == verdict)), "{misbehaving}: {said}");
        }
        assert!(said.contains("junk by previous"), "{misbehaving}: {said}");
        assert!(said.contains("reverted everywhere"), "{misbehaving}: {said}");
        let last = store.control.history().unwrap().pop().unwrap();
        assert!(matches!(last.operation, Operation::Revert { emergency: Some(_), .. }), "{last:?}");
        let journal = JournalReader::open(store.path().join("journal")).unwrap();
        assert_eq!(journal.last(&Query::default(), 100).unwrap().records.len(), paths.len());
        assert_eq!(store.control.processes().unwrap(), []);
    }
}

#[test]
fn a_message_is_parsed_and_scored_on_the_smallest_stack() {
    let runtime = runtime();
    let release = load(&runtime, "empty", "1.0.0");
    let nested = format!("Subject: x\r\nContent-Type: text/html\r\n\r\n{}", "<div><ul><li>".repeat(20_000));
    on_a_thread(128, || {
        assert!(runtime.score_with(&release, &Message::parse(nested.into_bytes())).is_ok());
    });
}
