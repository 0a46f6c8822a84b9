//! Where a ledger is kept, and where processes meet.

mod head;
pub(crate) mod layout;
mod sqlite;
mod watch;

use std::fs::File;
use std::slice;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use switchback_model::message::Reading;
use switchback_model::release::{CONTRACT_VERSION, Digest, read_version};

pub use layout::LayoutError;
pub use sqlite::{Accept, Recovered, SqliteStore};
pub use sqlite::{Adopted, Copied, Presence, Processes};

use super::event::Drafted;
use super::ledger::Entry;
use super::mark::Mark;
use super::newer::NewerEvent;

/// Keeps one ledger and the register of the processes that follow it.
///
/// [`SqliteStore`] is the one for the processes of a machine. A distributed store can stand in its place; what
/// it has to hold is what the tests of this trait check.
pub trait ControlStore: Send + Sync {
    /// The entries after a sequence, in order. Nothing is checked: that is for [`Ledger`](super::Ledger).
    ///
    /// # Errors
    /// If the store cannot be read.
    fn entries_after(&self, sequence: u64) -> Result<Vec<Entry>, StoreError>;

    /// The sequence and hash of the last event, as kept beside the entries; none if there is no event.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn head(&self) -> Result<Option<(u64, Digest)>, StoreError>;

    /// The entries after a sequence together with where the ledger ended at that moment.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn tail(&self, after: u64) -> Result<Tail, StoreError> {
        let mut head = self.head()?;
        loop {
            let entries = self.entries_after(after)?;
            let now = self.head()?;
            // Every event moves the head, so none came in between.
            if now == head {
                return Ok(Tail { entries, head });
            }
            head = now;
        }
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
    fn processes(&self) -> Result<Vec<Process>, StoreError>;

    /// Something to wait on for changes. Where the system tells nobody of them, it looks by itself.
    ///
    /// # Errors
    /// If the store has none to give.
    fn watch(&self, what: Watched) -> Result<Box<dyn Watch>, StoreError>;
}

/// Which changes of a store somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// Those of the ledger. Who follows it is not woken by what other processes say of themselves.
    Ledger,
    /// Also what processes say.
    All,
}

/// The end of a ledger as it was at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Entries, in order.
    pub entries: Vec<Entry>,
    /// The sequence and hash of the last event; none if there is no event.
    pub head: Option<(u64, Digest)>,
}

/// Waits for changes of a store.
pub trait Watch: Send {
    /// Returns when the store may have changed, when somebody rang, or after `timeout`. May return for
    /// nothing.
    fn wait(&mut self, timeout: Duration);

    /// Ends a wait from another thread.
    fn bell(&self) -> Box<dyn Fn() + Send + Sync>;
}

/// Holds a process in the register.
pub struct Membership {
    /// Its number in the store.
    pub process: u64,
    /// Shows the others that the process is alive, while it is locked.
    pub lock: File,
}

impl Membership {
    /// The number of the process in this store. Never given twice.
    pub fn process(&self) -> u64 {
        self.process
    }
}

/// A process that registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewProcess {
    /// What it calls itself.
    pub name: String,
    /// Its number in the system.
    pub pid: u32,
    /// Since when it follows the store.
    pub since: Timestamp,
    /// The newest scoring contract that it speaks.
    #[serde(deserialize_with = "read_version")]
    pub contract: semver::Version,
    /// How it reads messages.
    #[serde(default = "Reading::unnamed")]
    pub reading: Reading,
    /// Its slots.
    pub slots: Vec<String>,
}

impl NewProcess {
    /// One of which nothing is known but that it is there.
    pub(crate) fn unknown() -> Self {
        Self {
            name: "unknown".to_owned(),
            pid: 0,
            since: Timestamp::UNIX_EPOCH,
            contract: CONTRACT_VERSION,
            reading: Reading::unnamed(),
            slots: Vec::new(),
        }
    }
}

/// A process that follows a store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Process {
    /// Its number in this store.
    pub number: u64,
    /// What it said when it registered.
    #[serde(flatten)]
    pub registered: NewProcess,
    /// How far it has come; none if it has just started.
    pub acknowledged: Option<Acknowledgement>,
    /// Which releases it has ready, or tried to.
    pub preparations: Vec<(Digest, Preparation)>,
}

impl Process {
    /// `filter (process 3, pid 4711)`.
    pub fn label(&self) -> String {
        format!("{} (process {}, pid {})", self.registered.name, self.number, self.registered.pid)
    }

    /// Whether it has a release ready; none while it has not said.
    pub fn preparation(&self, release: &Digest) -> Option<&Preparation> {
        self.preparations.iter().find(|(digest, _)| digest == release).map(|(_, preparation)| preparation)
    }
}

/// How far a process has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Acknowledgement {
    /// The last event that it obeys.
    pub sequence: u64,
    /// The hash of that event; none if an older program said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Digest>,
    /// How often the ledger had been recovered by then.
    #[serde(default)]
    pub recoveries: u64,
    /// The generation after that event.
    pub generation: u64,
    /// When it began to obey.
    pub at: Timestamp,
    /// What keeps it from obeying in full: a live release that it cannot load, or a ledger that was set back.
    pub problem: Option<String>,
    /// Whether it obeys nothing that comes after that event.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stopped: bool,
    /// Its slots in which no release decides, although one should.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Acknowledgement {
    /// Where the ledger ended when the process obeyed; none if it did not say which event that was.
    pub fn mark(&self) -> Option<Mark> {
        let Self { sequence, head, recoveries, generation, .. } = *self;
        head.map(|head| Mark { sequence, head, recoveries, generation })
    }
}

/// Whether a process has a release ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Preparation {
    /// It can be put in charge at once.
    Ready,
    /// It cannot be loaded there.
    Failed {
        /// Why.
        why: String,
    },
}

/// Why a store did not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another event came first.
    #[error("the ledger has moved on: another event came first")]
    Conflict,
    /// Somebody holds the store.
    #[error("{store} is locked by another process for more than {waited_s} s; find it with `fuser {store}/control.db`")]
    Busy {
        /// The store.
        store: String,
        /// How long it was waited for, in seconds.
        waited_s: u64,
    },
    /// There is no room.
    #[error("there is no room to write {0}: free some, nothing was changed")]
    Full(String),
    /// The store may not be written.
    #[error("{0} cannot be written by this user, or lies on a read-only file system; nothing was changed")]
    ReadOnly(String),
    /// The system does not give this process what it takes.
    #[error("{store} cannot be used now: {why}; nothing was changed")]
    Short {
        /// The store.
        store: String,
        /// What it lacks.
        why: String,
    },
    /// The database is damaged.
    #[error(
        "{file} is damaged ({why}); processes keep their state and go on scoring. `switchback history recover` sets it aside and starts a new one with the events that can still be read"
    )]
    Damaged {
        /// Which file.
        file: String,
        /// What SQLite says.
        why: String,
    },
    /// The ledger is whole, and what should say how far it went is gone or damaged.
    #[error(
        "nothing shows how far the ledger went: of {file}, {why}; processes keep their state and go on scoring. Put it back \
         from a copy, or, if the ledger has all that you know of (`switchback history`), `switchback history recover \
         --go-back` begins to remember anew"
    )]
    Unwitnessed {
        /// Which file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The ledger is whole, and ends before what somebody has seen of it.
    #[error("the ledger is whole, but {0}; it is not taken for the one that it was unless that is accepted")]
    WouldGoBack(String),
    /// Processes follow the ledger that would be put away.
    #[error(
        "{store} is followed by {processes}, which would go on from another ledger than the one that they follow; nothing was changed"
    )]
    Followed {
        /// The store.
        store: String,
        /// The processes.
        processes: String,
    },
    /// A newer program wrote to the ledger.
    #[error("{0}: use that version; nothing was changed")]
    NewerEvent(Box<NewerEvent>),
    /// A newer program wrote the database.
    #[error("{file} has schema {found}, this program knows {known}: use a newer one; nothing was changed")]
    NewerSchema {
        /// Which file.
        file: String,
        /// Its schema.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// The database is of another program.
    #[error("{0} is no database of Switchback")]
    NotOurs(String),
    /// The folder is not as it has to be.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// Something else.
    #[error("{store}: {why}")]
    Failed {
        /// The store.
        store: String,
        /// What the system says.
        why: String,
    },
}

impl StoreError {
    /// Whether the store may well be whole, and cannot be written by this process now.
    #[doc(hidden)]
    pub fn is_unwritable(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Full(_) | Self::ReadOnly(_) | Self::Short { .. } | Self::Failed { .. })
    }
}
