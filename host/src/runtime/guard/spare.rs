//! What the guard goes on with while it cannot write to its store: its own memory.

use std::collections::BTreeSet;

use switchback_store::guard_store::{Current, GuardStore};

use super::store_context::StoreContext;
use crate::runtime::error::describe;

/// A memory of this process alone, for as long as the store's cannot be written. It begins with what can still be read
/// there. What it counted is forgotten when the store is back: a trial that lacks some messages is as valid as one that
/// they never reached. What it decided is not: that moves into the store.
#[derive(Default)]
pub(super) struct Spare {
    store: Option<GuardStore>,
    /// What is due in the store, was told, and could not be marked so there.
    told: BTreeSet<i64>,
}

impl Spare {
    /// The memory, which begins now if it has not begun, with what is known of these candidates. None without a store:
    /// there is nothing to stand in for.
    pub(super) fn wake(&mut self, context: Option<&StoreContext>, current: &[Current]) -> Option<&mut GuardStore> {
        let context = context?;
        if self.store.is_none() {
            let mut store = GuardStore::in_memory();
            match store.copy_from(&context.dir, current) {
                Ok(()) => tracing::warn!("the guard goes on with a copy of what it knew, for this process alone"),
                Err(error) => tracing::warn!(error = describe(&error), "the guard goes on, and knows nobody"),
            }
            self.store = Some(store);
        }
        self.store.as_mut()
    }

    /// The memory, if it is in use.
    pub(super) fn awake(&mut self) -> Option<&mut GuardStore> {
        self.store.as_mut()
    }

    /// The store is back, and has what was decided.
    pub(super) fn rest(&mut self) {
        *self = Self::default();
    }

    /// Whether it is news that this was told.
    pub(super) fn is_news(&mut self, id: i64) -> bool {
        self.told.insert(id)
    }
}
