//! What the store does that somebody may want to be told: from the thread that follows it to the guard's, which raises
//! alerts.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use switchback_model::route::Generation;
use switchback_store::alert::{Changes, Found};
use switchback_store::control::{Event, EventSequence};

use crate::limits::store::NEWS_MAX;

/// What is to be told, the oldest first.
#[derive(Default)]
pub(super) struct News {
    changes: Changes,
    waiting: Mutex<VecDeque<Item>>,
}

/// One alert to be raised.
pub(super) struct Item {
    pub(super) found: Found,
    /// The event that it is about.
    pub(super) event: Option<EventSequence>,
    pub(super) generation: Option<Generation>,
}

impl News {
    pub(super) fn new(changes: Changes) -> Self {
        Self { changes, ..Self::default() }
    }

    /// The store is not as it should be.
    pub(super) fn tell(&self, found: Found) {
        self.put(Item { found, event: None, generation: None });
    }

    /// An event was obeyed.
    pub(super) fn changed(&self, event: &Event) {
        if self.changes == Changes::Told {
            let (what, by, head) = (event.operation.to_string(), event.author.clone(), event.hash());
            let found = Found::Change { what, by, head };
            self.put(Item { found, event: Some(event.sequence), generation: Some(event.generation) });
        }
    }

    fn put(&self, item: Item) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= NEWS_MAX {
            waiting.pop_front();
        }
        waiting.push_back(item);
    }

    /// The next one.
    pub(super) fn take(&self) -> Option<Item> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}
