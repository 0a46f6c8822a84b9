//! The metrics of a store that is followed.

use crate::metric::{Gauge, gauge};

/// How a process follows its store.
pub(in crate::runtime) struct StoreMeters {
    stopped: Gauge,
    silent: Gauge,
}

impl StoreMeters {
    /// Nothing is wrong: also where there is no store.
    pub(in crate::runtime) fn new() -> Self {
        let is = |kind| gauge!("switchback_store_trouble", "kind" => kind);
        let meters = Self { stopped: is("stopped"), silent: is("silent") };
        meters.trouble(false, false);
        meters
    }

    /// Whether the store is not followed, and whether it cannot be told so.
    pub(in crate::runtime) fn trouble(&self, is_stopped: bool, is_silent: bool) {
        self.stopped.set(f64::from(u8::from(is_stopped)));
        self.silent.set(f64::from(u8::from(is_silent)));
    }
}
