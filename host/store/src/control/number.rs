//! Numbers that must not be taken for one another.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of a process in its store, from 1. Never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(transparent)]
pub struct ProcessNumber(u64);

impl ProcessNumber {
    /// The process of this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ProcessNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The place of an event in its ledger: 1 for the first, one more for each; 0 stands for none.
///
/// It is no [`Generation`](switchback_model::route::Generation), which counts the changes of routes.
///
/// ```compile_fail,E0308
/// # fn missed(store: &dyn switchback::control::ControlStore, verdict: &switchback::Verdict) {
/// let _ = store.entries_after(verdict.generation);
/// # }
/// ```
///
/// ```
/// # fn missed(store: &dyn switchback::control::ControlStore, seen: &switchback::control::Event) {
/// let _ = store.entries_after(seen.sequence);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(transparent)]
pub struct EventSequence(u64);

impl EventSequence {
    /// Before the first event.
    pub const NONE: Self = Self(0);

    /// The event of this number.
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
        Self(self.0 + 1)
    }

    /// The one before it; [`EventSequence::NONE`] has none, and stays what it is.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for EventSequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
