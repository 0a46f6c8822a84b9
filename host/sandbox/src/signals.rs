//! Whether a guest's trap reaches the engine.
//!
//! Compiled code traps by a signal: SIGILL where it is told to, SIGSEGV outside its memory, SIGFPE where it divides. The engine
//! takes these signals for the whole process when it is first made, and passes on what is not a guest's. Two things of the
//! program around it keep a trap from getting there, and the process then ends with it: a thread that blocks the signal, and
//! a handler that was put in the engine's place and passes nothing on.

#![expect(unsafe_code, reason = "signals are asked for in C")]

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;
use std::time::Instant;

use libc::{SIG_SETMASK, SIG_UNBLOCK, SIGBUS, SIGFPE, SIGILL, SIGSEGV, c_int, sigset_t};

use crate::limits::HANDLERS_TRUSTED;

/// What compiled code traps by, with names. Where dividing does not trap by a signal, the engine leaves SIGFPE alone.
const TRAPS: [(c_int, &str); 3] = [(SIGILL, "SIGILL"), (SIGSEGV, "SIGSEGV"), (SIGFPE, "SIGFPE")];

/// Whether compiled code traps by SIGFPE here.
const HAS_SIGFPE: bool = cfg!(any(target_arch = "x86_64", target_arch = "s390x"));

/// The handler that the engine put in place, by its address: it is the same for each signal.
static HANDLER: OnceLock<usize> = OnceLock::new();

fn traps() -> impl Iterator<Item = (c_int, &'static str)> {
    TRAPS.into_iter().filter(|(signal, _)| *signal != SIGFPE || HAS_SIGFPE)
}

/// Notes which handler the engine has put in place. Called when it was just made.
pub(super) fn note_handler() {
    HANDLER.get_or_init(|| handler_of(SIGILL));
}

/// Another handler has taken the place of the engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Replaced(pub(super) &'static str);

/// Finds out whether the engine's handlers are in place, without which a trap may end the process. Takes three system calls,
/// and a lock that all threads of a process share, so where a thread found them in place it is not looked again for
/// [`HANDLERS_TRUSTED`].
pub(super) fn check(now: Instant) -> Result<(), Replaced> {
    thread_local!(static IN_PLACE: Cell<Option<Instant>> = const { Cell::new(None) });
    let Some(engine) = HANDLER.get() else { return Ok(()) };
    if IN_PLACE.get().is_some_and(|seen| now.duration_since(seen) < HANDLERS_TRUSTED) {
        return Ok(());
    }
    let replaced = traps().find(|(signal, _)| handler_of(*signal) != *engine);
    IN_PLACE.set(replaced.is_none().then_some(now));
    replaced.map_or(Ok(()), |(_, name)| Err(Replaced(name)))
}

fn handler_of(signal: c_int) -> usize {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: no handler is given, so nothing changes; what is there is written to `action`, which has room for it, and
    // zeroes are a valid one if that fails.
    unsafe {
        libc::sigaction(signal, ptr::null(), action.as_mut_ptr());
        action.assume_init().sa_sigaction
    }
}

/// While this is there, the signals of traps are not blocked on this thread.
pub(super) struct Unblocked {
    /// What was blocked before, where a signal of a trap was.
    before: Option<sigset_t>,
}

/// Lets the signals of traps through on this thread. A signal that the kernel raises for an instruction while it is blocked ends
/// the process (signal(7), sigprocmask(2)).
pub(super) fn unblock() -> Unblocked {
    let mut signals = MaybeUninit::<sigset_t>::zeroed();
    let mut before = MaybeUninit::<sigset_t>::zeroed();
    // SAFETY: both are valid for these calls, which write no further; zeroes are a valid set if they fail.
    let (was_blocked, before) = unsafe {
        libc::sigemptyset(signals.as_mut_ptr());
        for (signal, _) in TRAPS.into_iter().chain([(SIGBUS, "SIGBUS")]) {
            libc::sigaddset(signals.as_mut_ptr(), signal);
        }
        libc::pthread_sigmask(SIG_UNBLOCK, signals.as_ptr(), before.as_mut_ptr());
        let before = before.assume_init();
        (TRAPS.iter().any(|(signal, _)| libc::sigismember(&raw const before, *signal) == 1), before)
    };
    Unblocked { before: was_blocked.then_some(before) }
}

impl Drop for Unblocked {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // SAFETY: the set is one that this thread had before, and nothing is written to.
            unsafe { libc::pthread_sigmask(SIG_SETMASK, before, ptr::null_mut()) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a signal is blocked on this thread.
    fn is_blocked(signal: c_int) -> bool {
        let mut set = MaybeUninit::<sigset_t>::zeroed();
        // SAFETY: as above.
        unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), set.as_mut_ptr());
            libc::sigismember(set.as_ptr(), signal) == 1
        }
    }

    fn block(blocked: &[c_int]) {
        let mut set = MaybeUninit::<sigset_t>::zeroed();
        // SAFETY: as above.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for signal in blocked {
                libc::sigaddset(set.as_mut_ptr(), *signal);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), ptr::null_mut());
        }
    }

    #[test]
    fn a_thread_has_its_signals_blocked_again_after_a_call() {
        std::thread::spawn(|| {
            block(&[SIGILL, libc::SIGUSR1]);
            let unblocked = unblock();
            assert!(!is_blocked(SIGILL) && is_blocked(libc::SIGUSR1), "only those of traps are let through");
            drop(unblocked);
            assert!(is_blocked(SIGILL) && is_blocked(libc::SIGUSR1) && !is_blocked(SIGSEGV));
        })
        .join()
        .unwrap();
    }
}
