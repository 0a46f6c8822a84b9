//! The number of a route.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Counts the changes of routes, of all slots of a store together, from 0; never falls, and an emergency revert skips some.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(transparent)]
pub struct Generation(u64);

impl Generation {
    /// The generation of this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        self.after(1)
    }

    /// The one that is so many changes further on.
    #[must_use]
    pub const fn after(self, changes: u64) -> Self {
        Self(self.0 + changes)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
