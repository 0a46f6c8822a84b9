//! A store in a folder, for the processes of one machine: SQLite.

mod connect;
#[cfg(feature = "journal")]
mod copy;
mod fault;
mod files;
mod followers;
mod hold;
mod overwritten;
mod recover;
mod register;
#[cfg(feature = "journal")]
mod restore;
mod schema;
mod witness;

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};
use switchback_model::release::Digest;
use switchback_system::forked::Origin;
use switchback_system::private::Owner;
use switchback_system::shortage::in_full;

pub use recover::{Accept, Recovered};
#[cfg(feature = "journal")]
pub(crate) use restore::{Adopted, Copied, Processes};

use self::connect::Open;
use self::overwritten::{Looked, OVERWRITTEN};
use super::layout::Layout;
use super::watch;
use super::{
    Acknowledgement, ControlStore, Membership, NewProcess, Preparation, Presence, StoreError, StoreProcess, Watch,
    Watched,
};
use crate::control::event::{Drafted, hash};
use crate::control::ledger::Entry;
use crate::control::mark::{GENESIS, Mark, Witness};
use crate::control::number::EventSequence;

/// A store in a folder: SQLite in WAL mode, so that nobody who reads waits for somebody who writes. Events are
/// durable when they are acknowledged (`synchronous=FULL`).
///
/// One that cannot be written, because its disk is full or mounted read-only or it belongs to another user, can be read
/// all the same.
pub struct SqliteStore {
    layout: Layout,
    open: Mutex<Option<Open>>,
    looked: Mutex<Looked>,
    origin: Origin,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqliteStore").field(&self.layout.dir()).finish()
    }
}

impl SqliteStore {
    /// Opens the store in a folder, or makes one where there never was any.
    ///
    /// # Errors
    /// If the folder cannot be made or is not private, or its database is damaged, gone, of a newer schema or locked.
    pub fn create(dir: &Path) -> Result<Self, StoreError> {
        let layout = Layout::create(dir)?;
        if !layout.database().exists() {
            Self::make(&layout)?;
        }
        layout.check(Owner::Ours)?;
        match layout.make_bells() {
            // Those who wait look by themselves, now and then.
            Err(_) if layout.bell().exists() => {}
            made => tell_bell(made),
        }
        Self::of(layout)
    }

    /// Opens the store in a folder.
    ///
    /// # Errors
    /// As [`SqliteStore::create`], and if there is no store.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::of(Layout::open(dir)?)
    }

    fn of(layout: Layout) -> Result<Self, StoreError> {
        let store = Self::closed(layout);
        store.with(|_| Ok(()))?;
        store.begin_head_file();
        Ok(store)
    }

    /// The store in a folder, of which nothing is opened yet.
    fn closed(layout: Layout) -> Self {
        Self { layout, open: Mutex::default(), looked: Mutex::default(), origin: Origin::here() }
    }

    /// Where what lies.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Works with the connections, after opening them again if a file is another one than before: somebody may have
    /// put a backup in its place.
    fn with<T>(&self, work: impl FnOnce(&mut Open) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        self.attempt(|open| work(open).map_err(|error| self.fault(error)))
    }

    fn attempt<T>(&self, work: impl FnOnce(&mut Open) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.origin.check().map_err(|forked| self.failed(forked))?;
        let mut slot = self.lock();
        let files = self.layout.files();
        let were_replaced = |open: &mut Open| files.as_ref().map_or(true, |files| open.files.were_replaced(files));
        if let Some(open) = slot.take_if(were_replaced) {
            open.abandon();
            self.layout.settle();
        }
        let open = match slot.take() {
            Some(open) => slot.insert(open),
            None => slot.insert(self.connect()?),
        };
        let result = work(open);
        let is_sound = open.is_sound(&self.layout.database());
        let is_lost =
            matches!(result, Err(StoreError::Damaged { .. } | StoreError::Failed { .. } | StoreError::ReadOnly(_)));
        // One that can only be read is opened anew each time: it may be one that can be written by then.
        if is_lost || open.is_to_read() {
            slot.take().into_iter().for_each(Open::abandon);
        }
        if is_sound { result } else { Err(self.failed("somebody wrote to it while it was read: try again")) }
    }

    /// [`SqliteStore::with`] for what a process says of itself.
    fn say(&self, work: impl FnOnce(&mut Open) -> rusqlite::Result<()>) -> Result<(), StoreError> {
        self.layout.check(Owner::Ours)?;
        self.with(work)?;
        self.ring(&self.layout.register_bell());
        Ok(())
    }

    fn ring(&self, bell: &Path) {
        if let Err(error) = watch::ring(bell) {
            tracing::debug!(%error, "nobody could be woken; they look by themselves");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        // A connection rolls back when a panic drops its transaction.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell_bell(made: Result<(), super::layout::LayoutError>) {
    if let Err(error) = made {
        tracing::debug!(error = in_full(&error), "there is nothing to be woken by; whoever waits looks now and then");
    }
}

impl ControlStore for SqliteStore {
    fn guard_dir(&self) -> &Path {
        self.layout.dir()
    }

    fn entries_after(&self, sequence: EventSequence) -> Result<Vec<Entry>, StoreError> {
        self.with(|open| {
            refuse_strays(&open.ledger)?;
            let mut rows = open
                .ledger
                .prepare_cached("SELECT sequence, body, hash FROM events WHERE sequence > ? ORDER BY sequence")?;
            let entries = rows.query_map([sequence.get()], to_entry)?;
            entries.collect()
        })
    }

    fn head(&self) -> Result<Option<(EventSequence, Digest)>, StoreError> {
        self.with(|open| head(&open.ledger))
    }

    fn append_all(&self, events: &[Drafted]) -> Result<(), StoreError> {
        let rows: Vec<_> = events.iter().map(|event| (event, event.to_json())).collect();
        let Some((last, body)) = rows.last() else { return Ok(()) };
        self.layout.check(Owner::Ours)?;
        // Where no core is free, those who follow wait for one while the disk writes, and not after it.
        self.ring(&self.layout.bell());
        let added = self.with(|open| {
            let files = open.files;
            let transaction = immediate(&mut open.ledger)?;
            // Whoever replaces a ledger had the right to write before this got it.
            if self.layout.files().map_or(true, |now| files.were_replaced(&now)) {
                return Ok(false);
            }
            for (event, body) in &rows {
                if !insert(&transaction, event, body)? {
                    return Ok(false);
                }
            }
            transaction.commit()?;
            Ok(true)
        })?;
        self.ring(&self.layout.bell());
        if !added {
            return Err(StoreError::Conflict);
        }
        let (sequence, head, generation) = (last.sequence, hash(body), last.generation);
        self.advance_head(|known| Mark { sequence, head, generation, recoveries: known.recoveries });
        Ok(())
    }

    fn register(&self, process: &NewProcess) -> Result<Membership, StoreError> {
        self.layout.check(Owner::Ours)?;
        let membership = self.attempt(|open| self.enrol(open, process))?;
        self.ring(&self.layout.register_bell());
        Ok(membership)
    }

    fn is_seen(&self, member: &Membership) -> bool {
        self.sees(member)
    }

    fn keep_seen(&self, member: &mut Membership, process: &NewProcess) -> Result<(), StoreError> {
        self.keep_lock(member, process).map(drop)
    }

    fn keep_present(&self, member: &mut Membership, process: &NewProcess) -> Result<Presence, StoreError> {
        self.keep_row(member, process)
    }

    fn acknowledge(&self, member: &Membership, acknowledgement: &Acknowledgement) -> Result<(), StoreError> {
        let text = serde_json::to_string(acknowledgement).map_err(|e| self.failed(e))?;
        self.say(|open| {
            open.register
                .prepare_cached("UPDATE processes SET acknowledged = ? WHERE number = ?")?
                .execute(params![text, member.process().get()])
                .map(drop)
        })
    }

    fn report(
        &self,
        member: &Membership,
        release: &Digest,
        preparation: Option<&Preparation>,
    ) -> Result<(), StoreError> {
        let text = preparation.map(serde_json::to_string).transpose().map_err(|e| self.failed(e))?;
        let (process, release) = (member.process().get(), release.as_bytes());
        self.say(|open| match &text {
            Some(text) => open
                .register
                .prepare_cached("INSERT OR REPLACE INTO preparations VALUES (?, ?, ?)")?
                .execute(params![process, release, text])
                .map(drop),
            None => open
                .register
                .prepare_cached("DELETE FROM preparations WHERE process = ? AND release = ?")?
                .execute(params![process, release])
                .map(drop),
        })
    }

    fn ask_for(&self, release: &Digest) -> Result<(), StoreError> {
        self.say(|open| {
            open.register
                .prepare_cached("INSERT OR IGNORE INTO preparations SELECT number, ?, ? FROM processes")?
                .execute(params![release.as_bytes(), ASKED])
                .map(drop)
        })?;
        // Who follows is woken by changes of the ledger alone.
        self.ring(&self.layout.bell());
        Ok(())
    }

    fn asked_of(&self, member: &Membership) -> Result<Vec<Digest>, StoreError> {
        self.with(|open| {
            let asked = "SELECT release FROM preparations WHERE process = ? AND preparation = ?";
            let mut rows = open.register.prepare_cached(asked)?;
            let releases = rows.query_map(params![member.process().get(), ASKED], |row| Ok(digest(row.get(0)?)))?;
            releases.collect()
        })
    }

    fn add_hits(&self, hits: &[(u64, u64)]) -> Result<(), StoreError> {
        self.layout.check(Owner::Ours)?;
        self.with(|open| {
            let transaction = immediate(&mut open.register)?;
            for (rule, more) in hits {
                transaction.execute(
                    "INSERT INTO hits VALUES (?1, ?2) ON CONFLICT (rule) DO UPDATE SET hits = min(max(hits, 0), 1 << 60) + ?2",
                    params![rule, more],
                )?;
            }
            transaction.commit()
        })
    }

    fn hits(&self) -> Result<Vec<(u64, u64)>, StoreError> {
        self.with(|open| hits(&open.register))
    }

    fn processes(&self) -> Result<Vec<StoreProcess>, StoreError> {
        self.attempt(|open| self.census(open))
    }

    fn witnesses(&self) -> Result<Vec<Witness>, StoreError> {
        self.all_witnesses()
    }

    fn remember(&self, mark: &Mark) {
        self.advance_head(|_| mark.clone());
    }

    fn problem(&self) -> Result<Option<String>, StoreError> {
        Ok(self.is_overwritten()?.then(|| OVERWRITTEN.to_owned()))
    }

    fn watch(&self, what: Watched) -> Result<Box<dyn Watch>, StoreError> {
        let processes = self.layout.processes();
        let dirs = match what {
            Watched::Ledger => &[self.layout.dir()][..],
            Watched::All => &[self.layout.dir(), &processes],
        };
        Ok(watch::on(dirs))
    }
}

fn hits(register: &Connection) -> rusqlite::Result<Vec<(u64, u64)>> {
    let mut rows = register.prepare_cached("SELECT rule, hits FROM hits ORDER BY rule")?;
    // A number that is none was not counted by this program.
    let numbers = |row: &Row<'_>| Ok(row.get(0).ok().map(|rule| (rule, row.get(1).unwrap_or(0))));
    rows.query_map([], numbers)?.filter_map(Result::transpose).collect()
}

/// Stands in the place of a preparation that is wanted. It is none, so that a program which knows nothing of it, like one
/// that waits for the process, reads that the process has said nothing yet.
const ASKED: &str = "\"asked\"";

fn to_entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry { sequence: EventSequence::new(row.get(0)?), body: row.get(1)?, hash: digest(row.get(2)?) })
}

/// Events are numbered from 1: another one was put there by somebody else, where reading in order would pass it over.
fn refuse_strays(connection: &Connection) -> rusqlite::Result<()> {
    let mut first = connection.prepare_cached("SELECT min(sequence) FROM events")?;
    match first.query_row([], |row| row.get::<_, Option<i64>>(0))? {
        Some(stray) if stray < 1 => Err(damage(&format!("it has an event {stray}, and events are numbered from 1"))),
        _ => Ok(()),
    }
}

/// Damage that SQLite cannot see.
fn damage(why: &str) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), Some(why.to_owned()))
}

/// A file that the system does not give. That is no damage.
fn not_given(why: &str) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN), Some(why.to_owned()))
}

/// The last event's sequence and hash.
fn head(connection: &Connection) -> rusqlite::Result<Option<(EventSequence, Digest)>> {
    connection
        .prepare_cached("SELECT sequence, hash FROM head")?
        .query_row([], |row| Ok((EventSequence::new(row.get(0)?), digest(row.get(1)?))))
        .optional()
}

/// Adds an event behind the last one, unless it names another one as that.
fn insert(transaction: &Transaction<'_>, event: &Drafted, body: &str) -> rusqlite::Result<bool> {
    let (last, previous) = head(transaction)?.unwrap_or((EventSequence::NONE, GENESIS));
    if (last.next(), previous) != (event.sequence, event.previous) {
        return Ok(false);
    }
    // Somebody may have changed the tables while this was open, so that what is inserted gets lost.
    schema::check_tables(transaction)?;
    let hash = hash(body);
    transaction.execute("INSERT INTO events VALUES (?, ?, ?)", params![event.sequence.get(), body, hash.as_bytes()])?;
    transaction
        .execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?)", params![event.sequence.get(), hash.as_bytes()])?;
    Ok(true)
}

/// A transaction that takes the right to write at once: what it reads is what it changes.
fn immediate(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// A hash of another length is kept as one that nothing has, so that checking the ledger names the event.
fn digest(bytes: Vec<u8>) -> Digest {
    Digest::from(<[u8; 32]>::try_from(bytes).unwrap_or([0; 32]))
}
