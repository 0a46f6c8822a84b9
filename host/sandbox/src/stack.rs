//! Enough stack for a guest, whatever the thread has.

use switchback_model::contain::contained;

use crate::limits::{CALL_STACK_BYTES, WASM_STACK_BYTES_MAX};

/// What a call takes: what the guest's calls may use, and the host's frames below and above them.
const NEEDED: usize = WASM_STACK_BYTES_MAX + CALL_STACK_BYTES;

/// Runs a call that may enter a guest. On a thread with less stack than that takes, as a daemon's threads of 256 KiB or those of
/// musl, it runs on a stack of its own, which is made for it: some 20 microseconds.
///
/// # Errors
/// If there is no memory for one.
pub(super) fn with_room<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    if stacker::remaining_stack().is_some_and(|left| left >= NEEDED) {
        return Ok(call());
    }
    // What is run may panic, and so does what makes the stack, where it gets no memory.
    contained(|| stacker::grow(NEEDED, call))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// Calls itself until so many bytes of stack are used since a place above, and returns how many are.
    fn use_up(bytes: usize, above: usize) -> usize {
        let frame = std::hint::black_box([0_u8; 1024]);
        let used = above.abs_diff(frame.as_ptr() as usize);
        if used >= bytes { used } else { std::hint::black_box(use_up(bytes, above)) }
    }

    #[test]
    fn what_needs_more_than_the_thread_has_runs_on_a_stack_of_its_own() {
        let use_all = || {
            let here = 0_u8;
            use_up(WASM_STACK_BYTES_MAX, &raw const here as usize)
        };
        let small = thread::Builder::new().stack_size(128 << 10);
        let used = small.spawn(move || with_room(use_all)).unwrap().join().unwrap();
        assert!(used.is_ok_and(|used| used >= WASM_STACK_BYTES_MAX));
    }
}
