//! What a model can do that is worse than a bad answer.

use crate::answers;
use std::hint::black_box;
use switchback_guest::{Error, Level, Message, Outcome, log};

/// Executes `unreachable` without a panic before it.
pub(crate) fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort();
}

/// Never returns.
pub(crate) fn run_forever<T>() -> T {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Calls itself without end, for any subject that does not say when to stop: the compiler cannot see that it
/// has none, and the work after the call keeps it from making a loop of it. Little of it lives in memory.
pub(crate) fn recurse(message: &Message, depth: u64) -> u64 {
    if message.subject().ends_with("enough") {
        return depth;
    }
    recurse(message, depth.wrapping_add(1)).rotate_left(7) ^ depth
}

/// Calls itself without end, with four kilobytes of memory each time.
pub(crate) fn recurse_with_memory(depth: u8) -> u8 {
    let local = black_box([depth; 4096]);
    if local[100] != depth {
        return depth;
    }
    recurse_with_memory(depth.wrapping_add(1)).rotate_left(1) ^ local[200]
}

/// Allocates and writes until there is no memory left.
pub(crate) fn fill_memory() -> Result<Outcome, Error> {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Logs without end.
pub(crate) fn flood_log() -> Result<Outcome, Error> {
    loop {
        log(Level::Error, "the hostile model has so much to say");
    }
}

/// Logs one line of a megabyte.
pub(crate) fn log_long_line() -> Outcome {
    log(Level::Warn, &"long ".repeat(200_000));
    answers::even()
}

/// Reads what the manifest should not declare.
pub(crate) fn read_raw(message: &Message) -> Outcome {
    answers::after(message.raw(0, 16))
}
