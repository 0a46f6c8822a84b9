//! A revert after the standby has been idle compiles, loads and allocates nothing on the path.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use crate::support::{load, message, runtime};

/// The system's allocator, counting what each thread asks for.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on unchanged to the system's allocator.
#[expect(unsafe_code, reason = "the trait is unsafe")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations() -> u64 {
    ALLOCATIONS.with(Cell::get)
}

#[test]
fn a_revert_compiles_loads_and_allocates_nothing() {
    let runtime = runtime();
    let slot = runtime.slot("inbound").unwrap();
    let releases =
        [load(&runtime, "empty", "1.0.0"), load(&runtime, "stateful", "1.1.0"), load(&runtime, "abstain", "2.0.0")];
    for release in &releases {
        slot.promote(release).unwrap();
    }
    // The standbys idle while the live release works.
    for _ in 0..100 {
        slot.score(&message());
    }
    let loaded = runtime.load_counts();
    for expected in releases.iter().rev().skip(1) {
        let before = allocations();
        slot.revert().unwrap();
        assert_eq!(allocations() - before, 0, "a revert allocated");
        assert_eq!(slot.live().as_ref(), Some(expected));
    }
    assert_eq!(runtime.load_counts(), loaded);
}

#[test]
fn the_counter_counts() {
    let before = allocations();
    drop(std::hint::black_box(Box::new(1)));
    assert_eq!(allocations() - before, 1);
}
