//! What the guard remembers in the folder of a store: `guard.db`, in which all processes of the store count together.
//!
//! **What one batch of messages changes is one transaction.** Every process takes the right to write, reads the sums of
//! all, adds its own and decides on the result: each message counts exactly once, and there is one order.
//!
//! **What is lost is said.** A file that is damaged is set aside, one that is gone is missed (`guard.since` remembers that
//! there was one), and promotions stop until the guard knows its senders again.

mod alerts;
mod copy;
mod due;
mod error;
mod evidence;
mod health;
mod lesson;
mod mail;
mod memory;
mod noted;
mod open;
mod pauses;
mod reader;
mod schema;
mod senders;
mod tallies;
mod trials;
mod volumes;

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use switchback_model::guard::{GuardSettings, Sighting};
use switchback_system::private;

pub use alerts::KeptAlert;
pub use alerts::{Parcel, Round, claim, delivered, failed, is_any_due, raise};
pub use copy::{Current, copy_into, make_room};
pub use due::{Due, KeptDue, Stage, is_told};
pub use error::GuardStoreError;
pub use evidence::trial_evidence;
pub use health::leave;
pub use health::{Health, HealthStatus, Loss};
pub use lesson::Lesson;
pub use memory::{Firsts, Full, StoreMemory, Whose};
pub use noted::{NotedPair, NotedPairs};
pub use pauses::{PauseCause, ToldPause};
pub use reader::{GuardReader, SegmentTally};
pub use trials::TrialRecord;

use self::lesson::Met;
use self::open::Open;
use crate::limits::{GUARD_NOTED_MAX, GUARD_TIDY_CHUNK};

/// What the guard remembers: in the folder of a store, or, without one, in the memory of this process.
///
/// One thread uses it. SQLite in WAL mode with `synchronous=NORMAL`: a power failure may take back the last counts, but
/// never a part of a batch.
pub struct GuardStore {
    place: Place,
    open: Option<Open>,
}

switchback_model::debug!(GuardStore { place, .. });

/// Where it is kept.
#[derive(Debug)]
enum Place {
    Memory,
    Folder(PathBuf),
}

impl GuardStore {
    /// Opens what the guard remembers in the folder of a store, or begins it. A damaged file is set aside, and a new one
    /// is begun: [`GuardReader::loss`] tells.
    ///
    /// # Errors
    /// If it cannot be read and written, others could have written it, or it is of a newer program.
    pub fn open(store_dir: impl AsRef<Path>) -> Result<Self, GuardStoreError> {
        let mut store = Self { place: Place::Folder(private::absolute(store_dir.as_ref())), open: None };
        store.reopened()?;
        Ok(store)
    }

    /// What a guard remembers that has no store.
    #[doc(hidden)]
    pub fn in_memory() -> Self {
        Self { place: Place::Memory, open: None }
    }

    /// Whether others can read it: it is in a folder, not in memory.
    #[doc(hidden)]
    pub fn is_kept(&self) -> bool {
        matches!(self.place, Place::Folder(_))
    }

    /// One that is opened when it is first used.
    #[doc(hidden)]
    pub fn later(store_dir: &Path) -> Self {
        Self { place: Place::Folder(private::absolute(store_dir)), open: None }
    }

    /// Does all of this, or nothing, in the one order of all processes.
    ///
    /// # Errors
    /// If it cannot be written. Nothing was changed then. A file that was found to be damaged was set aside.
    #[doc(hidden)]
    pub fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, GuardStoreError> {
        let done = self.attempt(work);
        self.checked(done)
    }

    fn attempt<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, GuardStoreError> {
        let file = self.file();
        let connection = &mut self.reopened()?.connection;
        let done = connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        });
        done.map_err(|error| GuardStoreError::of(&file, error))
    }

    /// Reads.
    #[doc(hidden)]
    pub fn read<T>(&mut self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, GuardStoreError> {
        let file = self.file();
        let done = work(&self.reopened()?.connection).map_err(|error| GuardStoreError::of(&file, error));
        self.checked(done)
    }

    /// Sets the file aside if it is damaged.
    fn checked<T>(&mut self, done: Result<T, GuardStoreError>) -> Result<T, GuardStoreError> {
        if let Err(GuardStoreError::Damaged { why, .. }) = &done {
            self.set_aside(why)?;
        }
        done
    }

    /// Remembers who sent messages elsewhere, in a journal or a corpus, so that a filter which is new has a guard that may
    /// act from its first day on; and, if anybody was learned, ends a [`Loss`]. Only what was authenticated counts, on the day that each sighting
    /// says. `settings` are those of the slot: they say whose addresses are senders of their own. Says what that changed.
    ///
    /// # Errors
    /// If it cannot be written; nothing was learned then.
    pub fn learn<'a>(
        &mut self,
        settings: &GuardSettings,
        seen: impl IntoIterator<Item = Sighting<'a>>,
    ) -> Result<Lesson, GuardStoreError> {
        let providers = settings.all_providers();
        let today = day_of(Timestamp::now());
        // From the last day to the first: of days that are long past only those before the first one are told from others.
        let mut seen: Vec<_> = seen.into_iter().collect();
        seen.sort_by_key(|sighting| Reverse(sighting.at));
        self.write(|transaction| {
            let mut memory = StoreMemory::new(transaction, Firsts::default());
            let mut met = Met::default();
            for sighting in &seen {
                met.see(&mut memory, sighting, settings, &providers)?;
            }
            let lesson = met.lesson(&mut memory, settings, today)?;
            memory.write_back()?;
            if lesson.senders > 0 {
                health::end_loss(transaction)?;
            }
            Ok(lesson)
        })
    }

    /// Forgets what is over and what is too much: a bounded piece of work, in transactions that are short.
    #[doc(hidden)]
    pub fn tidy(&mut self, now: Timestamp) -> Result<(), GuardStoreError> {
        let senders = self.read(senders::surplus)?;
        self.forget_all(&senders, senders::forget)?;
        let volumes = self.read(|connection| volumes::surplus(connection, day_of(now)))?;
        self.forget_all(&volumes, volumes::forget)?;
        for trial in self.read(trials::surplus)? {
            self.forget_in_chunks(|connection| trials::forget(connection, trial, GUARD_TIDY_CHUNK))?;
        }
        self.forget_in_chunks(|connection| memory::forget(connection, now, GUARD_TIDY_CHUNK))?;
        self.forget_in_chunks(|connection| noted::forget(connection, GUARD_NOTED_MAX, GUARD_TIDY_CHUNK))?;
        self.write(|transaction| {
            health::forget(transaction, now)?;
            mail::forget(transaction, now)?;
            alerts::forget(transaction)
        })?;
        let firsts = self.read(memory::firsts)?;
        if let Some(open) = &mut self.open {
            open.firsts = firsts;
        }
        Ok(())
    }

    fn forget_all<K>(
        &mut self,
        surplus: &[K],
        forget: fn(&Connection, &K) -> rusqlite::Result<()>,
    ) -> Result<(), GuardStoreError> {
        surplus
            .chunks(GUARD_TIDY_CHUNK)
            .try_for_each(|chunk| self.write(|transaction| chunk.iter().try_for_each(|key| forget(transaction, key))))
    }

    /// Forgets until there is no whole chunk any more.
    fn forget_in_chunks(
        &mut self,
        forget: impl Fn(&Connection) -> rusqlite::Result<usize>,
    ) -> Result<(), GuardStoreError> {
        while self.write(|transaction| forget(transaction))? == GUARD_TIDY_CHUNK {}
        Ok(())
    }

    /// Why what was known is lost, if it is and nobody has said so yet; whoever is told here says it.
    #[doc(hidden)]
    pub fn take_news_of_loss(&mut self) -> Option<String> {
        // Hardly ever is there any, and to find that out nobody has to wait for the right to write.
        let is_news = self.read(health::is_news);
        if !matches!(is_news, Ok(true)) {
            return None;
        }
        self.write(|transaction| health::take_news(transaction)).ok().flatten()
    }

    /// About how many events are remembered as having happened, by [`GuardStore::tidy`].
    #[doc(hidden)]
    pub fn firsts(&self) -> Firsts {
        self.open.as_ref().map(|open| open.firsts).unwrap_or_default()
    }

    fn file(&self) -> String {
        match &self.place {
            Place::Memory => "the guard's memory".to_owned(),
            Place::Folder(dir) => dir.join(open::FILE).display().to_string(),
        }
    }
}

/// The day of the UTC calendar, in days since 1970.
pub fn day_of(at: Timestamp) -> i32 {
    i32::try_from(at.as_second().div_euclid(24 * 3_600)).unwrap_or(i32::MAX)
}

fn time(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests;
