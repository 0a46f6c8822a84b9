//! Putting the ledger of a copy in the place of what there is.

use std::path::PathBuf;

use switchback_model::release::Digest;

use super::recover::Salvaged;
use super::{SqliteStore, StoreError};
use crate::control::number::EventSequence;
use crate::control::store::layout::Layout;

/// A ledger that was put in the place of another one.
pub(crate) struct Adopted {
    /// The event that says so.
    pub(crate) event: EventSequence,
    /// The last event that is known to have been there before.
    pub(crate) known: EventSequence,
    /// Where the database is that was there; none if there was none.
    pub(crate) aside: Option<PathBuf>,
}

/// Whether processes may live in the store in which another ledger takes the place of the one that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Processes {
    /// They may not.
    Refused,
    /// They may.
    Accepted,
}

impl SqliteStore {
    /// Refuses a store in which processes live.
    pub(crate) fn check_deserted(here: &Layout) -> Result<(), StoreError> {
        Self::closed(here.clone()).refuse_processes()
    }

    /// Finishes a recovery or a restoration that a crash has interrupted, where there is one.
    pub(crate) fn finish_interrupted(here: &Layout) -> Result<(), StoreError> {
        let store = Self::closed(here.clone());
        store.resume(&store.alone()?).map(drop)
    }

    /// Puts a ledger in the place of the one that is here, and adds an event that says so.
    pub(crate) fn adopt(
        here: &Layout,
        copied: Copied,
        processes: Processes,
        author: &str,
        why: &str,
    ) -> Result<Adopted, StoreError> {
        let store = Self::closed(here.clone());
        let alone = store.alone()?;
        let _held = store.hold(&alone)?;
        if processes == Processes::Refused {
            store.refuse_processes()?;
        }
        let event = copied.0.ledger.mark().sequence.next();
        let salvaged = copied.0.in_place_of(&Salvaged::of(here));
        let known = salvaged.lost.sequence;
        let aside = store.begin_anew(&salvaged, author, why)?;
        Ok(Adopted { event, known, aside })
    }
}

/// A ledger that can be put in the place of another one.
pub(crate) struct Copied(Salvaged);

impl Copied {
    /// The releases that it knows.
    pub(crate) fn releases(&self) -> impl Iterator<Item = &Digest> {
        self.0.ledger.state().releases.keys()
    }

    /// The one that is in the folder of `copy`: whole, understood, and with this end.
    pub(crate) fn of(copy: &Layout, end: (EventSequence, Digest)) -> Result<Self, StoreError> {
        let copied = Salvaged::of(copy);
        if let Some(newer) = copied.ledger.newer().first() {
            return Err(StoreError::NewerEvent(Box::new(newer.clone())));
        }
        let ends = copied.ledger.end();
        let other = (ends != end).then(|| format!("it ends with event {}, and not with event {}", ends.0, end.0));
        match copied.damage.clone().or(other) {
            Some(why) => Err(StoreError::Damaged { file: copy.database().display().to_string(), why }),
            None => Ok(Self(copied)),
        }
    }
}
