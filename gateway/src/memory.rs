//! Memory for messages that are under way: a bounded number of bytes for all doors of a gateway.
//!
//! Who asks for more than there is hears no at once, and never waits: messages that are half there and wait for each other's memory
//! would wait forever. The beginning of each message is not counted, so that whoever fills the memory with large mail is in
//! nobody else's way.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytesize::ByteSize;
use tracing::warn;

use crate::limits::{MEMORY_PER_BYTE, UNCOUNTED_BYTES};

/// The memory of a gateway: this is a handle.
#[derive(Clone, Debug)]
pub(crate) struct Memory(Arc<State>);

#[derive(Debug)]
struct State {
    used: AtomicU64,
    max: u64,
    /// Whether the log says already that there is no more.
    is_said: AtomicBool,
}

/// How much of the memory for messages is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryUse {
    /// Bytes that are used, as they are counted: several for each byte of a message.
    pub used: u64,
    /// What the configuration allows.
    pub max: u64,
}

impl Memory {
    pub(crate) fn new(max: ByteSize) -> Self {
        Self(Arc::new(State { used: AtomicU64::new(0), max: max.as_u64(), is_said: AtomicBool::new(false) }))
    }

    /// What one message takes of it: nothing yet.
    pub(crate) fn share(&self) -> Share {
        Share { memory: Some(self.clone()), counted: 0 }
    }

    pub(crate) fn usage(&self) -> MemoryUse {
        MemoryUse { used: self.0.used.load(Ordering::Relaxed), max: self.0.max }
    }

    fn take(&self, bytes: u64) -> bool {
        let State { used, max, .. } = &*self.0;
        let sum = |used: u64| used.checked_add(bytes).filter(|sum| sum <= max);
        used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum).is_ok()
    }

    fn say_that_it_is_used_up(&self) {
        let State { max, is_said, .. } = &*self.0;
        if !is_said.swap(true, Ordering::Relaxed) {
            warn!(
                "the memory for messages is used up (scoring.memory, {}): what needs more is answered as configured for an overload",
                ByteSize(*max)
            );
        }
    }

    fn give_back(&self, bytes: u64) {
        let State { used, max, is_said } = &*self.0;
        let before = used.fetch_sub(bytes, Ordering::Relaxed);
        // The next time is another one.
        if before - bytes <= max / 2 {
            is_said.store(false, Ordering::Relaxed);
        }
    }
}

impl fmt::Display for MemoryUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", ByteSize(self.used), ByteSize(self.max))
    }
}

/// What one message takes of the memory. It is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    /// None where nobody counts.
    memory: Option<Memory>,
    counted: u64,
}

impl Share {
    /// One that is not counted anywhere.
    pub(crate) fn uncounted() -> Self {
        Self { memory: None, counted: 0 }
    }

    /// Counts so many bytes of the message instead of those before. Returns whether there is memory for them; where there is
    /// not, nothing changes.
    pub(crate) fn hold(&mut self, bytes: usize) -> bool {
        self.hold_one_of([bytes]).is_some()
    }

    /// The same of the first of several numbers for which there is memory.
    pub(crate) fn hold_one_of<const N: usize>(&mut self, wanted: [usize; N]) -> Option<usize> {
        let held = wanted.into_iter().find(|bytes| self.try_to_hold(*bytes));
        if held.is_none() {
            self.memory.iter().for_each(Memory::say_that_it_is_used_up);
        }
        held
    }

    fn try_to_hold(&mut self, bytes: usize) -> bool {
        let Some(memory) = &self.memory else { return true };
        let counted = (bytes.saturating_sub(UNCOUNTED_BYTES) as u64).saturating_mul(MEMORY_PER_BYTE);
        if counted > self.counted && !memory.take(counted - self.counted) {
            return false;
        }
        if counted < self.counted {
            memory.give_back(self.counted - counted);
        }
        self.counted = counted;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.hold(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(bytes: u64) -> Memory {
        Memory::new(ByteSize(bytes * MEMORY_PER_BYTE))
    }

    #[test]
    fn who_asks_for_more_than_there_is_hears_no_and_keeps_what_he_has() {
        let memory = memory(1_000);
        let (mut first, mut second) = (memory.share(), memory.share());
        assert!(first.hold(UNCOUNTED_BYTES + 600) && second.hold(UNCOUNTED_BYTES + 400));
        assert!(!first.hold(UNCOUNTED_BYTES + 601) && !second.hold(UNCOUNTED_BYTES + 401));
        assert!(first.hold(UNCOUNTED_BYTES + 500) && second.hold(UNCOUNTED_BYTES + 500));
        drop(first);
        assert!(second.hold(UNCOUNTED_BYTES + 1_000));
        drop(second);
        assert_eq!(memory.usage().used, 0);
    }

    #[test]
    fn small_mail_is_in_no_way_of_large_mail() {
        let memory = memory(1_000);
        let mut large = memory.share();
        assert!(large.hold(UNCOUNTED_BYTES + 1_000));
        let mut small: Vec<_> = (0..100).map(|_| memory.share()).collect();
        assert!(small.iter_mut().all(|share| share.hold(UNCOUNTED_BYTES)));
    }
}
