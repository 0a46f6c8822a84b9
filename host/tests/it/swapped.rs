//! Memory that the system swaps out while a guest runs.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use switchback::{Fault, Runtime, ScoreError};
use switchback_system::swap;

use crate::by_hand::{ROOM, packed};
use crate::support::{load_bytes, message};

/// Traps where a page is not as `prepare` left it, writes to it, and stays for some milliseconds.
const WRITES: &str = "(call $write)";
const FUNCTIONS: &str = "(func $write (local $page i32) (local $turns i32)
    (local.set $page (i32.const 1048576))
    (loop $pages
        (if (i32.load (local.get $page)) (then unreachable))
        (i32.store (local.get $page) (i32.const 1))
        (local.set $page (i32.add (local.get $page) (i32.const 4096)))
        (br_if $pages (i32.lt_u (local.get $page) (i32.const 1310720))))
    (loop $stay
        (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
        (br_if $stay (i32.lt_u (local.get $turns) (i32.const 400000)))))";

/// The memory of the model: a size that nothing else here has.
const MEMORY_BYTES: usize = 16 << 20;

/// Has swapped out what was written to in mappings of that size, but for a piece that is an image's.
#[expect(unsafe_code, reason = "advice on memory is given in C")]
fn swap_out() {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    for line in maps.lines().filter(|line| line.contains("rw-p")) {
        let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let [start, end] = [start, end].map(|address| usize::from_str_radix(address, 16).unwrap());
        if !(MEMORY_BYTES - (1 << 20)..=MEMORY_BYTES).contains(&(end - start)) {
            continue;
        }
        // SAFETY: it changes no byte of the memory. Whether it is still there, or there is swap, does not matter.
        unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_PAGEOUT) };
    }
}

/// wasmtime#14357: a page that was swapped out was taken for one that nobody wrote to.
#[test]
fn what_was_swapped_out_is_not_there_for_the_next_message() {
    if !swap::is_possible() {
        return eprintln!("SKIPPED: nothing can be swapped out here");
    }
    let runtime = Runtime::builder().instances(1).build().unwrap();
    let release = load_bytes(&runtime, &packed(WRITES, ROOM, FUNCTIONS)).unwrap();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                swap_out();
            }
        });
        // Where the machine is busy, fetching pages back may take too long.
        let is_late = |error: &ScoreError| matches!(error.fault, Fault::Deadline(_));
        let failed =
            (0..100).find_map(|_| runtime.score_with(&release, &message()).err().filter(|error| !is_late(error)));
        is_over.store(true, Ordering::Relaxed);
        assert!(failed.is_none(), "{failed:?}");
    });
}
