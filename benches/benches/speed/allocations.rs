//! How often a verdict asks for memory, and for how much.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mail_parser::MessageParser;
use switchback::Message;

use crate::Bench;
use crate::models::Model;
use crate::table::Side;

/// How often the same is counted.
const RUNS: usize = 7;

/// The system's allocator, which counts while it is told to.
struct Counting;

static IS_COUNTING: AtomicBool = AtomicBool::new(false);
static CALLS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

impl Counting {
    fn note(bytes: usize) {
        if IS_COUNTING.load(Ordering::Relaxed) {
            CALLS.fetch_add(1, Ordering::Relaxed);
            BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
        }
    }
}

// SAFETY: Everything is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::note(layout.size());
        // SAFETY: The caller promises what the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::note(layout.size());
        // SAFETY: As above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        Self::note(bytes);
        // SAFETY: As above.
        unsafe { System.realloc(memory, layout, bytes) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: As above.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// How often something asks for memory, and for how many bytes: the least of some runs, because there are other threads.
fn count(run: impl Fn()) -> (u64, u64) {
    // Once before: buffers that are kept are there.
    run();
    let counts = (0..RUNS).map(|_| {
        CALLS.store(0, Ordering::Relaxed);
        BYTES.store(0, Ordering::Relaxed);
        IS_COUNTING.store(true, Ordering::Relaxed);
        run();
        IS_COUNTING.store(false, Ordering::Relaxed);
        (CALLS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed))
    });
    counts.min().unwrap_or_default()
}

impl Bench {
    /// Allocations from bytes to verdict, beside those of mail-parser alone. The copy of the message that either begins with is among
    /// them.
    pub(crate) fn allocations(&mut self, models: &[Model]) {
        for model in models {
            let slot = self.promote(model);
            for mail in &self.mail {
                let messages = mail.raw.len();
                let verdict = count(|| {
                    for bytes in &mail.raw {
                        black_box(slot.score(&Message::parse(bytes.clone())));
                    }
                });
                let parser = count(|| {
                    for bytes in &mail.raw {
                        let bytes = bytes.clone();
                        black_box(MessageParser::new().parse(&bytes));
                    }
                });
                for (what, unit, this, other) in [
                    ("allocations, over parsing", "calls", verdict.0, parser.0),
                    ("bytes allocated, over parsing", "bytes", verdict.1, parser.1),
                ] {
                    let this = Side::count(model.id.to_string(), this, unit, messages);
                    self.table.row(what, mail.name, &this, &Side::count("mail-parser", other, unit, messages));
                }
            }
        }
    }
}
