//! What an operator does to a store: the operations with everything that goes with them.

mod admit;
mod as_guard;
mod files;
mod guarded;
mod load;
mod ready;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use switchback_model::release::ReleaseId;
use switchback_system::clock;

pub use as_guard::AsGuard;
pub use files::FileFault;
pub use load::{LoadReleaseError, LoadedRelease};
pub use ready::PromoteError;

use super::along::Drafts;
use super::committed::Committed;
use super::event::{Event, Proposal};
use super::ledger::{Broken, Ledger};
use super::mark::Witness;
use super::number::{EventSequence, ProcessNumber};
use super::operation::Operation;
use super::refused::Refused;
use super::request::Request;
use super::state::StoreState;
use super::store::sqlite::SqliteStore;
use super::store::{ControlStore, StoreError, StoreProcess, Watch, Watched};

/// An operator's hand on a store. Every change goes into the ledger, under the name and for the reason that were
/// given, and takes effect in every process that follows the store.
///
/// # Examples
///
/// ```no_run
/// use switchback::Control;
/// use switchback::control::Request;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let control = Control::open("/var/lib/my-filter/switchback")?.author("ada").reason("Gmail mail is flagged");
/// let done = control.commit(Request::Revert { slot: "inbound".to_owned(), to: None })?;
/// for process in control.acknowledgements(&done.event, std::time::Duration::from_secs(5))?.obeyed {
///     println!("{} obeys since {:?} after the command", process.name, process.after);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Control {
    store: Arc<dyn ControlStore>,
    author: String,
    reason: String,
    whole: files::Whole,
}

switchback_model::debug!(Control { author, reason, .. });

impl Control {
    /// Opens the store in a folder.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self::of(Arc::new(SqliteStore::open(dir.as_ref())?)))
    }

    /// Opens the store in a folder, or makes one.
    ///
    /// # Errors
    /// If it cannot be made or read.
    pub fn create(dir: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self::of(Arc::new(SqliteStore::create(dir.as_ref())?)))
    }

    /// Operates a store that is open already, of whatever kind.
    pub fn of(store: Arc<dyn ControlStore>) -> Self {
        Self { store, author: "unknown".to_owned(), reason: String::new(), whole: files::Whole::default() }
    }

    switchback_model::setters! {
        /// Who it is that operates. Default: `unknown`.
        pub author: impl Into<String>;

        /// Why. Default: empty.
        pub reason: impl Into<String>;
    }

    /// Reads and checks the whole ledger, and that it is no older than what anybody remembers of it.
    ///
    /// # Errors
    /// If the store cannot be read, or the ledger was touched.
    pub fn ledger(&self) -> Result<Ledger, ControlError> {
        self.read(|_| {})
    }

    /// What the store says now.
    ///
    /// # Errors
    /// As [`Control::ledger`].
    pub fn state(&self) -> Result<StoreState, ControlError> {
        Ok(self.ledger()?.into_state())
    }

    /// Every event, in order, up to the first that a [newer](Ledger::newer) program wrote. Reads and checks the whole
    /// ledger: where this succeeds, every event is as it was written, none is missing, and none was moved.
    ///
    /// # Errors
    /// As [`Control::ledger`].
    pub fn history(&self) -> Result<Vec<Event>, ControlError> {
        self.whole().map(|(events, _)| events)
    }

    /// [`Control::history`] and [`Control::ledger`], read at one moment.
    ///
    /// # Errors
    /// As [`Control::ledger`].
    pub fn whole(&self) -> Result<(Vec<Event>, Ledger), ControlError> {
        let mut events = Vec::new();
        let ledger = self.read(|event| events.push(event))?;
        Ok((events, ledger))
    }

    /// Reads and checks the whole ledger.
    fn read(&self, mut each: impl FnMut(Event)) -> Result<Ledger, ControlError> {
        // Asked first: what they saw is in the ledger that is read afterwards.
        let witnesses = self.store.witnesses()?;
        let (mut ledger, tail) = (Ledger::default(), self.store.tail(EventSequence::NONE)?);
        ledger.follow_all(&tail.entries, |_, event| each(event))?;
        ledger.ends_with(tail.head)?;
        witnesses.iter().try_for_each(|witness| ledger.confirms(witness))?;
        Ok(ledger)
    }

    /// The processes that follow the store and are alive.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn processes(&self) -> Result<Vec<StoreProcess>, StoreError> {
        self.store.processes()
    }

    /// How often each override has decided, by its number. Processes tell every second.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn hits(&self) -> Result<Vec<(u64, u64)>, StoreError> {
        self.store.hits()
    }

    /// Something to wait on for changes of the store.
    ///
    /// # Errors
    /// If the machine cannot give one.
    pub fn watch(&self) -> Result<Box<dyn Watch>, StoreError> {
        self.store.watch(Watched::All)
    }

    /// What a request would do to the ledger that was `seen`: the event that it would be, and the state after it and what goes
    /// along with it. Changes nothing.
    ///
    /// # Errors
    /// As [`Control::commit`].
    pub fn dry_run(&self, seen: &Ledger, request: Request) -> Result<(Event, StoreState), ControlError> {
        let operation = Operation::from(request);
        let tried = self.outcome(seen, operation.clone())?;
        self.check_file_for(seen.state(), &operation)?;
        Ok(tried)
    }

    /// The event that an operation would be, and the state after it and what goes along with it.
    fn outcome(&self, ledger: &Ledger, operation: Operation) -> Result<(Event, StoreState), ControlError> {
        let drafts = self.draft(ledger, operation)?;
        let mut after = ledger.state().clone();
        drafts.all.iter().try_for_each(|event| after.apply(event))?;
        Ok((drafts.proposed().clone().into_event(), after))
    }

    /// Does what is asked for: when this returns, it is durable, and processes are obeying it. What lets a release decide
    /// is [admitted](Control::admit) instead.
    ///
    /// What leaves no ground for a rollout ends it, and takes the role that the rollout gave: with events of their own, before
    /// this one. A revert that names no release is never refused because of a file; [`Control::check_file`] tells.
    ///
    /// # Errors
    /// If it is refused, or a release that gets a role by it has no file that could be loaded, or the ledger has changed a
    /// route since this began: another operator was faster. Nothing was changed then.
    pub fn commit(&self, request: Request) -> Result<Committed, ControlError> {
        self.commit_after(&self.ledger()?, request)
    }

    /// Does what is asked for unless the routes have changed since `seen`. Of two operators that saw the same, one
    /// wins, and the other is told what happened.
    ///
    /// # Errors
    /// As [`Control::commit`].
    pub fn commit_after(&self, seen: &Ledger, request: Request) -> Result<Committed, ControlError> {
        let operation = Operation::from(request);
        // What is refused anyway is refused for that.
        self.draft(seen, operation.clone())?;
        self.check_file_for(seen.state(), &operation)?;
        self.write_after(seen, operation)
    }

    /// Does an operation, whatever it is, unless the routes have changed since `seen`.
    fn write_after(&self, seen: &Ledger, operation: Operation) -> Result<Committed, ControlError> {
        let mut ledger = Cow::Borrowed(seen);
        if let Some(release) = operation.enters() {
            // What is refused is refused before anybody waits.
            self.draft(&ledger, operation.clone())?;
            self.rouse(release);
        }
        loop {
            let drafts = self.draft(&ledger, operation.clone())?;
            let committed = drafts.committed(&ledger)?;
            match self.store.append_all(&drafts.all) {
                Ok(()) => return Ok(committed),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
            let since = self.follow(ledger.to_mut())?;
            if since.is_empty() && ledger.newer().is_empty() {
                // The ledger's end is not where its events end: trying again would not help.
                return Err(StoreError::Conflict.into());
            }
            if ledger.state().generation != seen.state().generation {
                return Err(ControlError::Overtaken(since));
            }
        }
    }

    fn draft(&self, ledger: &Ledger, operation: Operation) -> Result<Drafts, Refused> {
        let proposal = Proposal { author: self.author.clone(), reason: self.reason.clone(), operation };
        ledger.draft_all(proposal, clock::now())
    }

    /// Who remembers how far the ledger went, each with where that was: the file `control.head`, and the processes.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn witnesses(&self) -> Result<Vec<Witness>, StoreError> {
        self.store.witnesses()
    }

    /// Reads what has come since a ledger was read.
    pub fn follow(&self, ledger: &mut Ledger) -> Result<Vec<Event>, ControlError> {
        let (mut events, entries) = (Vec::new(), self.store.entries_after(ledger.end().0)?);
        ledger.follow_all(&entries, |_, event| events.push(event))?;
        Ok(events)
    }

    /// Waits until every process obeys an event, at most for `timeout`. Processes that end meanwhile, or begin
    /// after the event, are not waited for.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn acknowledgements(&self, event: &Event, timeout: Duration) -> Result<Acknowledgements, StoreError> {
        let deadline = clock::deadline_after(timeout);
        let mut pause = OBEYED_PAUSE_MIN;
        loop {
            let (obeyed, silent): (Vec<_>, Vec<_>) = self.store.processes()?.into_iter().partition(|process| {
                process.acknowledged.as_ref().is_some_and(|acknowledged| acknowledged.sequence >= event.sequence)
            });
            let left = deadline.saturating_duration_since(Instant::now());
            // Who has stopped to follow says so, and is not waited for.
            let is_waited_for =
                |process: &StoreProcess| process.acknowledged.as_ref().is_none_or(|known| !known.stopped);
            if !silent.iter().any(is_waited_for) || left.is_zero() {
                let obeyed = obeyed.iter().filter_map(|process| Obeyed::of(process, event)).collect();
                return Ok(Acknowledgements { obeyed, silent });
            }
            thread::sleep(left.min(pause));
            pause = (pause * 2).min(CENSUS_INTERVAL);
        }
    }
}

/// After which it is looked first whether processes obey, each time twice as long after the last. They do within
/// milliseconds; and a watch of the kernel's would cost more than it saves: letting go of one waits for every core
/// (`synchronize_srcu`), which takes tens of milliseconds while all are busy.
const OBEYED_PAUSE_MIN: Duration = Duration::from_millis(1);

/// How often it is looked whether processes that are waited for are still there.
const CENSUS_INTERVAL: Duration = Duration::from_millis(100);

/// Who obeys an event.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Acknowledgements {
    /// Processes that do.
    pub obeyed: Vec<Obeyed>,
    /// Processes that have not said so in time, or have [stopped](crate::control::Acknowledgement::stopped) to follow.
    pub silent: Vec<StoreProcess>,
}

/// A process that obeys an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Obeyed {
    /// Its number in the store.
    pub process: ProcessNumber,
    /// What it calls itself.
    pub name: String,
    /// Its number in the system.
    pub pid: u32,
    /// How long after the event was drafted it obeyed; longer than it took if it has obeyed later events since.
    pub after: Duration,
    /// What keeps it from obeying in full.
    pub problem: Option<String>,
}

impl Obeyed {
    fn of(process: &StoreProcess, event: &Event) -> Option<Self> {
        let acknowledged = process.acknowledged.as_ref()?;
        Some(Self {
            process: process.number,
            name: process.registered.name.clone(),
            pid: process.registered.pid,
            after: Duration::try_from(event.at.duration_until(acknowledged.at)).unwrap_or_default(),
            problem: acknowledged.problem.clone(),
        })
    }
}

/// Why an operation was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// It is refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The release is there by its name alone.
    #[error("{release} is refused, because a process that starts could not load it: {fault}")]
    File {
        /// The release.
        release: ReleaseId,
        /// What is wrong.
        fault: Box<FileFault>,
    },
    /// Another operator was faster.
    #[error("somebody was faster, so nothing was done: {}", told(.0))]
    Overtaken(Vec<Event>),
    /// The ledger was touched.
    #[error("the ledger was touched: {0}")]
    Broken(Broken),
    /// The store does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Broken> for ControlError {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

fn told(events: &[Event]) -> String {
    let told =
        |event: &Event| format!("{} (event {}, by {}, at {})", event.operation, event.sequence, event.author, event.at);
    events.iter().map(told).collect::<Vec<_>>().join("; ")
}
