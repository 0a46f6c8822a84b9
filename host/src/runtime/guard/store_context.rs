//! The store of a guarded runtime.

use std::path::PathBuf;
use std::sync::Arc;

use switchback_store::alert::By;
use switchback_store::control::{Control, ControlError, ControlStore, Ledger};

use crate::runtime::follow::emergency::StoreLink;

/// The store of a guarded runtime.
#[derive(Clone)]
pub(in crate::runtime) struct StoreContext {
    pub(in crate::runtime) dir: PathBuf,
    pub(in crate::runtime) store: Arc<dyn ControlStore>,
    /// Knows the number of this process, once it has one.
    pub(in crate::runtime) link: Arc<StoreLink>,
    /// What it calls itself.
    pub(in crate::runtime) name: String,
}

impl StoreContext {
    /// This process.
    pub(super) fn by(&self) -> By {
        By::new(self.link.process(), &self.name)
    }

    /// The ledger to its end. What the thread has read that follows the store is not read again.
    pub(super) fn ledger(&self, control: &Control) -> Result<Ledger, ControlError> {
        let followed = self.link.ledger().and_then(|mut ledger| control.follow(&mut ledger).is_ok().then_some(ledger));
        followed.map_or_else(|| control.ledger(), Ok)
    }
}
