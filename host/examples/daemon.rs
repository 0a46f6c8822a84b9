//! A daemon that scores messages, with what daemons do around it, in the order in which it works.
//!
//! ```text
//! daemon STORE [UID] < PATHS
//! ```
//!
//! It reads paths of messages from its standard input, a line each, and prints what becomes of each; the line `revert` reverts,
//! as a filter does that an operator tells to. It forks, leaves the folder that it was called in, gives up its rights, takes
//! its signals by a thread of its own, and scores on threads with small stacks. It ends at the end of its input, or by SIGTERM,
//! with `exit`: nothing is dropped, and nothing is lost. `docs/embedding.md` says why in this order.

#![expect(unsafe_code, reason = "fork, setuid and signal masks are asked for in C")]

use std::io::{self, BufRead as _};
use std::process::exit;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use std::{env, fs, mem, path, ptr, thread};

use switchback::journal::JournalConfig;
use switchback::{Message, Runtime, SlotConfig};

/// A filter has one runtime, which every thread finds. A static is never dropped.
static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// The stack of a scoring thread: a daemon with many connections gives each little. A model may use more.
const STACK_BYTES: usize = 256 << 10;

/// How long the end may take. Below what whoever stops the daemon waits for before it kills it (systemd: 90 s).
const END: Duration = Duration::from_secs(30);

fn main() {
    let mut args = env::args().skip(1);
    let (Some(store), uid) = (args.next(), args.next()) else { fail("usage: daemon STORE [UID] < PATHS") };
    // Names of files that this program opens itself are made absolute before it goes to another folder.
    let store = path::absolute(store).unwrap_or_else(|error| fail(error));

    // Everything that changes the process comes before `build`: of a process that forks, its threads do not go along; and what
    // a runtime writes belongs to the user that it is built as.
    become_daemon();
    env::set_current_dir("/").unwrap_or_else(|error| fail(error));
    if let Some(uid) = uid {
        give_up_rights(uid.parse().unwrap_or_else(|error| fail(error)));
    }
    block_signals();

    let journal = JournalConfig::new(store.join("journal"));
    let builder = Runtime::builder().slot(SlotConfig::new("inbound")).store_dir(&store).journal(journal);
    let runtime = builder.build().unwrap_or_else(|error| fail(error));
    RUNTIME.set(runtime).unwrap_or_else(|_| fail("there is one runtime"));
    end_on_sigterm();

    serve();
    end();
}

/// Scores what the input names, on threads of their own.
fn serve() {
    // Bounded: who sends more than is scored waits.
    let (paths, inbox) = mpsc::sync_channel(0);
    let inbox = Mutex::new(inbox);
    thread::scope(|scope| {
        for _ in 0..2 {
            let worker = thread::Builder::new().stack_size(STACK_BYTES);
            worker.spawn_scoped(scope, || work(&inbox)).unwrap_or_else(|error| fail(error));
        }
        read(paths);
    });
}

fn read(paths: SyncSender<String>) {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        match line.as_str() {
            "revert" => revert(),
            // The workers are there as long as this is.
            _ => drop(paths.send(line)),
        }
    }
}

fn work(inbox: &Mutex<Receiver<String>>) {
    let Some(slot) = RUNTIME.get().and_then(|runtime| runtime.slot("inbound").ok()) else { return };
    loop {
        let next = inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(path) = next else { return };
        match fs::read(&path) {
            Ok(bytes) => {
                let verdict = slot.score(&Message::parse(bytes));
                println!("{path} {} by {}", verdict.action, verdict.decided_by.name());
            }
            Err(error) => println!("{path} {error}"),
        }
    }
}

/// What an operator tells this filter to do takes effect at once; when it is answered, it also holds for every other one.
fn revert() {
    let Some(slot) = RUNTIME.get().and_then(|runtime| runtime.slot("inbound").ok()) else { return };
    match slot.revert() {
        Ok(reverted) if reverted.wait_recorded(Duration::from_secs(5)) => println!("reverted everywhere"),
        Ok(_) => println!("reverted here; the ledger learns it as soon as it can be written"),
        Err(error) => println!("{error}"),
    }
}

/// Writes what is not written yet, and ends.
fn end() -> ! {
    match RUNTIME.get().map_or(Ok(()), |runtime| runtime.shutdown(END)) {
        Ok(()) => exit(0),
        Err(error) => fail(error),
    }
}

fn fail(error: impl std::fmt::Display) -> ! {
    eprintln!("daemon: {error}");
    exit(1)
}

/// Goes on in a child, without a terminal.
fn become_daemon() {
    // SAFETY: there is one thread, so the child has all that the parent has, and the parent runs nothing more.
    match unsafe { libc::fork() } {
        -1 => fail(io::Error::last_os_error()),
        0 => {}
        // SAFETY: it takes a number.
        _ => unsafe { libc::_exit(0) },
    }
    // SAFETY: it takes nothing.
    unsafe { libc::setsid() };
}

fn give_up_rights(uid: libc::uid_t) {
    // SAFETY: they take numbers, and read none of this program's memory but the empty list.
    if unsafe { libc::setgroups(0, ptr::null()) != 0 || libc::setgid(uid) != 0 || libc::setuid(uid) != 0 } {
        fail(io::Error::last_os_error());
    }
}

/// All signals wait for the thread that takes them. Threads that are started later inherit this.
fn block_signals() {
    // SAFETY: the set is this program's own, and is filled before it is read.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &all_signals(), ptr::null_mut()) };
}

fn all_signals() -> libc::sigset_t {
    // SAFETY: zeroes are a set, which is then filled.
    unsafe {
        let mut signals: libc::sigset_t = mem::zeroed();
        libc::sigfillset(&mut signals);
        signals
    }
}

fn end_on_sigterm() {
    thread::spawn(|| {
        let (signals, mut signal) = (all_signals(), 0);
        // SAFETY: both are this program's own.
        while unsafe { libc::sigwait(&signals, &mut signal) } == 0 {
            if signal == libc::SIGTERM {
                end();
            }
        }
    });
}
