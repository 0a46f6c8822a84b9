//! The first messages under a route.

use std::sync::atomic::{AtomicU64, Ordering};

use switchback_model::route::Generation;

use crate::limits::FRESH_PAIRS_MAX;

/// Counts the first messages under each generation of a slot, as long as it is the newest.
#[derive(Default)]
pub(super) struct Fresh {
    generation: AtomicU64,
    taken: AtomicU64,
}

impl Fresh {
    /// Takes one more message under a generation: whether it is one of the first. Two threads that meet a new generation at
    /// once may take a few more.
    pub(super) fn take(&self, generation: Generation) -> bool {
        let generation = generation.get();
        // Hardly any message is the first, and the others only read.
        let is_newest = self.generation.load(Ordering::Relaxed) < generation;
        if is_newest && self.generation.fetch_max(generation, Ordering::Relaxed) < generation {
            self.taken.store(0, Ordering::Relaxed);
        }
        let most = u64::from(FRESH_PAIRS_MAX);
        self.taken.load(Ordering::Relaxed) < most && self.taken.fetch_add(1, Ordering::Relaxed) < most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_messages_of_each_generation_are_fresh() {
        let fresh = Fresh::default();
        let taken = |generation| (0..2 * FRESH_PAIRS_MAX).filter(|_| fresh.take(Generation::new(generation))).count();
        assert_eq!([taken(1), taken(1), taken(4)], [FRESH_PAIRS_MAX as usize, 0, FRESH_PAIRS_MAX as usize]);
        assert_eq!(taken(3), 0, "a message may be answered by a route that has just gone");
    }
}
