//! Putting the ledger of a copy in the place of what there is.

use std::path::PathBuf;

use super::recover::Salvaged;
use super::{SqliteStore, StoreError};
use crate::control::store::layout::Layout;

/// A ledger that was put in the place of another one.
pub(crate) struct Adopted {
    /// The event that says so.
    pub(crate) event: u64,
    /// The last event that is known to have been there before.
    pub(crate) known: u64,
    /// Where the database is that was there; none if there was none.
    pub(crate) aside: Option<PathBuf>,
}

impl SqliteStore {
    /// Refuses a store that processes follow, before another ledger is put there.
    pub(crate) fn check_unfollowed(layout: &Layout) -> Result<(), StoreError> {
        Self::closed(layout.clone()).refuse_followers()
    }

    /// Puts the ledger that is in the folder of `copy` in the place of the one that is here, and adds an event that says so.
    pub(crate) fn adopt(here: &Layout, copy: &Layout, author: &str, why: &str) -> Result<Adopted, StoreError> {
        let copied = Salvaged::of(copy);
        if let Some(newer) = copied.ledger.newer().first() {
            return Err(StoreError::NewerEvent(Box::new(newer.clone())));
        }
        if let Some(why) = copied.damage {
            return Err(StoreError::Damaged { file: copy.database().display().to_string(), why });
        }
        let event = copied.ledger.mark().sequence + 1;
        let salvaged = copied.in_place_of(&Salvaged::of(here));
        let known = salvaged.lost.sequence;
        let aside = Self::closed(here.clone()).begin_anew(&salvaged, author, why)?;
        Ok(Adopted { event, known, aside })
    }
}
