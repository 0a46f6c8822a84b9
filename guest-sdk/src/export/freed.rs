//! Wiping what a model freed: the memory is stored as `prepare` leaves it, and what a release is made of is neither to
//! grow by nor to tell what was only needed on the way.
//!
//! The allocator says nowhere what is free, so all of it is allocated, filled with zeros, and freed again. Nothing is asked
//! of the allocator but that, so whichever a model chooses will do.

#![expect(unsafe_code, reason = "an allocator's memory is written to by its address")]

use std::alloc::{Layout, alloc, dealloc};
use std::arch::wasm32::memory_size;
use std::hint::black_box;
use std::ptr::NonNull;

/// The largest block that is asked for: a page, so the memory grows by little more to tell that nothing larger is free.
const LARGEST: usize = BLOCK_MAX - HEADER;

/// A page of memory.
const BLOCK_MAX: usize = 64 << 10;

/// The sizes of the standard library's allocator are multiples of 8, of which it needs 4 bytes itself.
const HEADER: usize = 4;

/// The smallest block that it has.
const SMALLEST: usize = 16 - HEADER;

/// From here on down, each of its sizes is asked for.
const SMALL: usize = 512 - HEADER;

/// Fills with zeros what is free below the end of the heap.
pub(super) fn wipe() {
    if !is_reused() {
        return;
    }
    let mut held = Held(None);
    let end = loop {
        let pages = memory_size::<0>();
        let Some(block) = held.take(LARGEST) else { break usize::MAX };
        if memory_size::<0>() > pages {
            break block;
        }
    };
    let halves = std::iter::successors(Some(BLOCK_MAX / 2), |block| Some(block / 2)).map(|block| block - HEADER);
    let sizes = halves.take_while(|size| *size > SMALL).chain((SMALLEST..=SMALL).rev().step_by(8));
    for size in sizes {
        while held.take(size).is_some_and(|block| block < end) {}
    }
    held.give_back();
}

/// Whether the allocator gives again what was freed: one that never does would be used up.
fn is_reused() -> bool {
    let once = || {
        let mut held = Held(None);
        let block = held.take(SMALL);
        held.give_back();
        block
    };
    once() == once()
}

/// Blocks that are full of zeros, but for where the next one is and how large they are.
struct Held(Option<NonNull<Block>>);

struct Block {
    next: Option<NonNull<Block>>,
    layout: Layout,
}

impl Held {
    /// Allocates one more block, of at least [`SMALLEST`] bytes, and returns its address; `None` where there is no memory.
    fn take(&mut self, size: usize) -> Option<usize> {
        let layout = Layout::from_size_align(size, align_of::<Block>()).ok()?;
        // SAFETY: the layout's size is not 0.
        let block = NonNull::new(unsafe { alloc(layout) })?;
        // SAFETY: the block was just allocated with this size and alignment, and a `Block` is no larger.
        unsafe {
            block.write_bytes(0, size);
            block.cast().write(Block { next: self.0.take(), layout });
        }
        // Zeros that nobody reads before they are freed need not be written, else.
        self.0 = Some(black_box(block.cast()));
        Some(block.addr().get())
    }

    /// Frees all blocks.
    fn give_back(mut self) {
        while let Some(block) = self.0 {
            // SAFETY: every block was allocated by `take` with the layout that it wrote there, and is freed once.
            unsafe {
                let Block { next, layout } = block.read();
                block.cast::<u8>().write_bytes(0, size_of::<Block>());
                dealloc(black_box(block).cast().as_ptr(), layout);
                self.0 = next;
            }
        }
    }
}

const _: () = assert!(size_of::<Block>() <= SMALLEST);
