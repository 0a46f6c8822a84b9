//! The system's allocator, which counts what each thread asks for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

/// What a thread has asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// How often it asked for memory that it did not have.
    pub(crate) calls: u64,
    /// Bytes in all; of memory that grew or shrank, its new size.
    pub(crate) bytes: u64,
    /// The most bytes at one time.
    pub(crate) peak: i64,
    /// Bytes that were not given back, less than none where they were another thread's.
    live: i64,
}

thread_local! {
    static ASKED: Cell<Asked> = const { Cell::new(Asked { calls: 0, bytes: 0, peak: 0, live: 0 }) };
}

/// What a call asks for on this thread, and what it returns.
pub(crate) fn asked<T>(call: impl FnOnce() -> T) -> (Asked, T) {
    let before = ASKED.replace(Asked::default());
    let result = call();
    (ASKED.replace(before), result)
}

struct Counting;

impl Counting {
    fn note(calls: u64, bytes: usize, change: i64) {
        ASKED.with(|asked| {
            let Asked { calls: so_far, bytes: all, peak, live } = asked.get();
            let live = live + change;
            asked.set(Asked { calls: so_far + calls, bytes: all + bytes as u64, peak: peak.max(live), live });
        });
    }
}

// SAFETY: every call is passed on unchanged to the system's allocator.
#[expect(unsafe_code, reason = "the trait is unsafe")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::note(1, layout.size(), layout.size() as i64);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::note(1, layout.size(), layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::note(1, size, size as i64 - layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        Self::note(0, 0, -(layout.size() as i64));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn the_counter_counts() {
    let (of_one, _) = asked(|| drop(black_box(Box::new(1_u32))));
    assert_eq!(of_one, Asked { calls: 1, bytes: 4, peak: 4, live: 0 });
    let (of_growth, kept) = asked(|| {
        let mut bytes = black_box(Vec::<u8>::with_capacity(10));
        bytes.reserve_exact(30);
        bytes
    });
    assert_eq!(of_growth, Asked { calls: 2, bytes: 40, peak: 30, live: 30 });
    drop(kept);
}
