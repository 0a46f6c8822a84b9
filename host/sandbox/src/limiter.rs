//! Memory and tables of one instance.

use switchback_model::limits::ReleaseLimits;
use wasmtime::{ResourceLimiter, Result};

/// Refuses growth above the release's limits, and remembers that it did: a guest whose allocation is
/// refused aborts, and would look like any other trap.
pub(crate) struct Limiter {
    memory_bytes_max: usize,
    /// The memory that the guest has, in bytes.
    pub(crate) memory_bytes: usize,
    table_elements_max: usize,
    pub(crate) refused: Option<Exhausted>,
}

/// What ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exhausted {
    Memory,
    Table,
}

impl Limiter {
    pub(crate) fn new(limits: &ReleaseLimits) -> Self {
        Self {
            memory_bytes_max: limits.memory_bytes_max,
            memory_bytes: 0,
            table_elements_max: limits.table_elements_max,
            refused: None,
        }
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let granted = desired <= self.memory_bytes_max;
        match granted {
            true => self.memory_bytes = desired,
            false => self.refused = Some(Exhausted::Memory),
        }
        Ok(granted)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let granted = desired <= self.table_elements_max;
        if !granted {
            self.refused = Some(Exhausted::Table);
        }
        Ok(granted)
    }
}
