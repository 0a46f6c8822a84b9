//! Alerts that nobody delivers, because that is not compiled in: the store keeps them.

use std::convert::Infallible;
use std::io;

use switchback_store::alert::{Alert, Changes};

use super::store_context::StoreContext;

/// Nobody to tell.
#[derive(Debug, Default)]
pub(in crate::runtime) struct Alerts {
    pub(in crate::runtime) changes: Changes,
}

/// Nobody receives alerts.
pub(in crate::runtime) struct Sinks;

/// Delivers nothing.
pub(super) struct Delivery;

/// Nobody reads it.
#[derive(Clone)]
pub(super) struct AlertQueue;

impl Alerts {
    pub(in crate::runtime) fn sinks(&self) -> Result<Sinks, Infallible> {
        Ok(Sinks)
    }
}

impl AlertQueue {
    pub(super) fn look(&self) {}

    pub(super) fn put(&self, _alert: Alert) {}
}

impl Delivery {
    pub(super) fn start(_context: Option<&StoreContext>, _sinks: Sinks) -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) fn queue(&self) -> AlertQueue {
        AlertQueue
    }

    pub(super) fn flush(&self) {}
}
