//! Where a ledger is kept, and where processes meet.

mod error;
mod files;
mod head;
pub(crate) mod layout;
mod process;
pub(super) mod sqlite;
mod watch;

use std::path::Path;
use std::time::Duration;
use std::{fmt, slice};

use switchback_model::release::Digest;

pub use error::StoreError;
pub use files::{ReleaseFiles, ReleaseStamps};
pub use process::{Acknowledgement, Membership, NewProcess, Preparation, Presence, StoreProcess};

use super::event::Drafted;
use super::ledger::Entry;
use super::mark::{Mark, Witness};
use super::number::EventSequence;
use crate::limits::TAIL_READS_MAX;

/// Keeps one ledger, the register of the processes that follow it, and the [files](ReleaseFiles) of its releases.
///
/// [`SqliteStore`](super::SqliteStore) is the one for the processes of a machine. A distributed store can take its place:
/// [`Control::of`](super::Control::of) operates any store, and a runtime follows any
/// (`RuntimeBuilder::store` of the crate `switchback`).
///
/// A runtime believes nothing that it can check: what does not go on from the events that it has obeyed, or is not what its
/// hash says, is not obeyed, and a release is what its digest says. A panic is an error, [`StoreError::Panicked`]. All calls
/// of a runtime come from threads of its own, one at a time for each; a call that does not return holds up the following of
/// the store and the guard, and the end of the runtime beyond the time of `Runtime::shutdown`, but no message and no revert.
pub trait ControlStore: ReleaseFiles + fmt::Debug + Send + Sync {
    /// A folder of this machine in which the guards of the store's processes keep what they count. Nobody but this user may be
    /// able to write there.
    fn guard_dir(&self) -> &Path;

    /// The entries after a sequence, in order. Nothing is checked: that is for [`Ledger`](super::Ledger).
    ///
    /// # Errors
    /// If the store cannot be read.
    fn entries_after(&self, sequence: EventSequence) -> Result<Vec<Entry>, StoreError>;

    /// The sequence and hash of the last event, as kept beside the entries; none if there is no event.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn head(&self) -> Result<Option<(EventSequence, Digest)>, StoreError>;

    /// The entries after a sequence together with where the ledger ended at that moment.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn tail(&self, after: EventSequence) -> Result<Tail, StoreError> {
        let mut head = self.head()?;
        for _ in 0..TAIL_READS_MAX {
            let entries = self.entries_after(after)?;
            let now = self.head()?;
            // Every event moves the head, so none came in between.
            if now == head {
                return Ok(Tail { entries, head });
            }
            head = now;
        }
        Err(StoreError::Restless(TAIL_READS_MAX))
    }

    /// Adds an event, as [`ControlStore::append_all`].
    ///
    /// # Errors
    /// As [`ControlStore::append_all`].
    fn append(&self, event: &Drafted) -> Result<(), StoreError> {
        self.append_all(slice::from_ref(event))
    }

    /// Adds events that belong together, if the last one is still the one that the first of them names: of two that race,
    /// one wins. Nobody ever reads some of them without the others. When this returns, they are durable; when it fails,
    /// nothing was added.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another event came first; otherwise if the store cannot be written.
    fn append_all(&self, events: &[Drafted]) -> Result<(), StoreError>;

    /// Registers this process, until the membership is dropped or the process ends, however it ends.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn register(&self, process: &NewProcess) -> Result<Membership, StoreError>;

    /// Whether others see the process that holds this membership, as far as that can be told without a look at the register.
    /// Asked several times a second.
    fn is_seen(&self, _member: &Membership) -> bool {
        true
    }

    /// Makes others see the process that holds this membership, while the register may be out of reach.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn keep_seen(&self, _member: &mut Membership, _process: &NewProcess) -> Result<(), StoreError> {
        Ok(())
    }

    /// Makes sure that a process is in the register under its number. Asked once in a while.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn keep_present(&self, member: &mut Membership, process: &NewProcess) -> Result<Presence, StoreError>;

    /// Says how far the process has come that holds this membership.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn acknowledge(&self, member: &Membership, acknowledgement: &Acknowledgement) -> Result<(), StoreError>;

    /// Says whether the process that holds this membership has a release ready; none takes back what it said, because it
    /// tries again.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn report(
        &self,
        member: &Membership,
        release: &Digest,
        preparation: Option<&Preparation>,
    ) -> Result<(), StoreError>;

    /// Asks every living process that has said nothing of a release to make it ready.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn ask_for(&self, release: &Digest) -> Result<(), StoreError>;

    /// The releases that the process was asked for which holds this membership, and has not reported since.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn asked_of(&self, member: &Membership) -> Result<Vec<Digest>, StoreError>;

    /// Adds to the hits of overrides.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn add_hits(&self, hits: &[(u64, u64)]) -> Result<(), StoreError>;

    /// How often each override decided, by its number.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn hits(&self) -> Result<Vec<(u64, u64)>, StoreError>;

    /// The processes that are alive. Those that are not are cleared.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn processes(&self) -> Result<Vec<StoreProcess>, StoreError>;

    /// Everybody who remembers how far the ledger went. What they say is in every ledger that is read after this. Default: each
    /// living process.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn witnesses(&self) -> Result<Vec<Witness>, StoreError> {
        Ok(self.processes()?.iter().filter_map(StoreProcess::witness).collect())
    }

    /// Remembers, beside the register, how far the ledger went, for [`witnesses`](ControlStore::witnesses). Where that fails,
    /// whoever comes next does it. Default: the register is enough.
    fn remember(&self, _mark: &Mark) {}

    /// What is wrong with the store although it can be read and written, in words for its operator. Default: nothing.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn problem(&self) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// Something to wait on for changes. Where the system tells nobody of them, it looks by itself.
    ///
    /// # Errors
    /// If the store has none to give.
    fn watch(&self, what: Watched) -> Result<Box<dyn Watch>, StoreError>;
}

/// Which changes of a store somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Exhaustive: a store either tells of processes or does not.
pub enum Watched {
    /// Those of the ledger. Who follows it is not woken by what other processes say of themselves.
    Ledger,
    /// Also what processes say.
    All,
}

/// The end of a ledger as it was at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tail {
    /// Entries, in order.
    pub entries: Vec<Entry>,
    /// The sequence and hash of the last event; none if there is no event.
    pub head: Option<(EventSequence, Digest)>,
}

impl Tail {
    /// Entries, in order, and the sequence and hash of the last event; none if there is no event.
    pub const fn new(entries: Vec<Entry>, head: Option<(EventSequence, Digest)>) -> Self {
        Self { entries, head }
    }
}

/// Waits for changes of a store.
pub trait Watch: Send {
    /// Returns when the store may have changed, when somebody rang, or after `timeout`. May return for
    /// nothing.
    fn wait(&mut self, timeout: Duration);

    /// Ends a wait from another thread.
    fn bell(&self) -> Box<dyn Fn() + Send + Sync>;
}
