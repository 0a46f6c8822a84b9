//! A store in a folder, for the processes of one machine: SQLite.

mod fault;
mod recover;
mod register;
mod schema;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};

pub use recover::Recovered;

use super::layout::Layout;
use super::watch::{self, Inotify};
use super::{Acknowledgement, ControlStore, Membership, NewProcess, Preparation, Process, StoreError, Watch, Watched};
use crate::control::event::{Drafted, GENESIS, hash};
use crate::control::ledger::Entry;
use crate::limits::STORE_BUSY_TIMEOUT;
use crate::release::Digest;

/// A store in a folder: SQLite in WAL mode, so that nobody who reads waits for somebody who writes. Events are
/// durable when they are acknowledged (`synchronous=FULL`).
pub struct SqliteStore {
    layout: Layout,
    open: Mutex<Option<Open>>,
}

/// The connections to one database file.
struct Open {
    /// For events: a commit returns when it is on the disk.
    ledger: Connection,
    /// For what is only true while processes live: a commit does not wait for the disk.
    register: Connection,
    /// Which file it is: device and inode.
    file: (u64, u64),
}

impl SqliteStore {
    /// Opens the store in a folder, or makes one.
    ///
    /// # Errors
    /// If the folder cannot be made or is not private, or its database is damaged, of a newer schema or locked.
    pub fn create(dir: &Path) -> Result<Self, StoreError> {
        let layout = Layout::create(dir)?;
        layout.make_files()?;
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
        let store = Self { layout, open: Mutex::default() };
        store.with(|_| Ok(()))?;
        Ok(store)
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Works with the connections, after opening them again if the file is another one than before: somebody
    /// may have put a backup in its place.
    fn with<T>(&self, work: impl FnOnce(&mut Open) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        self.attempt(|open| work(open).map_err(|error| self.fault(error)))
    }

    fn attempt<T>(&self, work: impl FnOnce(&mut Open) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut slot = self.lock();
        let file = self.file()?;
        if slot.as_ref().is_some_and(|open| open.file != file) {
            *slot = None;
        }
        let open = match slot.take() {
            Some(open) => slot.insert(open),
            None => slot.insert(self.connect(file)?),
        };
        let result = work(open);
        if matches!(result, Err(StoreError::Damaged { .. } | StoreError::Failed { .. })) {
            *slot = None;
        }
        result
    }

    /// [`SqliteStore::with`] for what a process says of itself.
    fn say(&self, work: impl FnOnce(&mut Open) -> rusqlite::Result<()>) -> Result<(), StoreError> {
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

    fn file(&self) -> Result<(u64, u64), StoreError> {
        let path = self.layout.database();
        let metadata = fs::metadata(&path)
            .map_err(|e| StoreError::Failed { store: path.display().to_string(), why: e.to_string() })?;
        Ok((metadata.dev(), metadata.ino()))
    }

    fn connect(&self, file: (u64, u64)) -> Result<Open, StoreError> {
        let path = self.layout.database();
        let connect = |synchronous| -> rusqlite::Result<Connection> {
            let connection = Connection::open(&path)?;
            connection.busy_timeout(STORE_BUSY_TIMEOUT)?;
            connection.pragma_update(None, "synchronous", synchronous)?;
            Ok(connection)
        };
        let mut ledger = connect("FULL").map_err(|error| self.fault(error))?;
        self.prepare(&mut ledger)?;
        let register = connect("NORMAL").map_err(|error| self.fault(error))?;
        Ok(Open { ledger, register, file })
    }
}

impl ControlStore for SqliteStore {
    fn entries_after(&self, sequence: u64) -> Result<Vec<Entry>, StoreError> {
        self.with(|open| {
            let mut rows = open
                .ledger
                .prepare_cached("SELECT sequence, body, hash FROM events WHERE sequence > ? ORDER BY sequence")?;
            let entries = rows.query_map([sequence], to_entry)?;
            entries.collect()
        })
    }

    fn head(&self) -> Result<Option<(u64, Digest)>, StoreError> {
        self.with(|open| head(&open.ledger))
    }

    fn append(&self, event: &Drafted) -> Result<(), StoreError> {
        let body = event.to_json().map_err(|e| self.failed(e.to_string()))?;
        // Where no core is free, those who follow wait for one while the disk writes, and not after it.
        self.ring(&self.layout.bell());
        let added = self.with(|open| {
            let transaction = immediate(&mut open.ledger)?;
            let (last, previous) = head(&transaction)?.unwrap_or((0, GENESIS));
            if (last + 1, previous) != (event.sequence, event.previous) {
                return Ok(false);
            }
            let hash = hash(&body);
            transaction
                .execute("INSERT INTO events VALUES (?, ?, ?)", params![event.sequence, body, hash.as_bytes()])?;
            transaction
                .execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?)", params![event.sequence, hash.as_bytes()])?;
            transaction.commit()?;
            Ok(true)
        })?;
        self.ring(&self.layout.bell());
        if added { Ok(()) } else { Err(StoreError::Conflict) }
    }

    fn register(&self, process: &NewProcess) -> Result<Membership, StoreError> {
        let membership = self.attempt(|open| self.enrol(open, process))?;
        self.ring(&self.layout.register_bell());
        Ok(membership)
    }

    fn acknowledge(&self, member: &Membership, acknowledgement: &Acknowledgement) -> Result<(), StoreError> {
        let text = serde_json::to_string(acknowledgement).map_err(|e| self.failed(e.to_string()))?;
        self.say(|open| {
            open.register
                .prepare_cached("UPDATE processes SET acknowledged = ? WHERE number = ?")?
                .execute(params![text, member.process])
                .map(drop)
        })
    }

    fn report(
        &self,
        member: &Membership,
        release: &Digest,
        preparation: Option<&Preparation>,
    ) -> Result<(), StoreError> {
        let text = preparation.map(serde_json::to_string).transpose().map_err(|e| self.failed(e.to_string()))?;
        let (process, release) = (member.process, release.as_bytes());
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

    fn add_hits(&self, hits: &[(u64, u64)]) -> Result<(), StoreError> {
        self.with(|open| {
            let transaction = immediate(&mut open.register)?;
            for (rule, more) in hits {
                transaction.execute(
                    "INSERT INTO hits VALUES (?1, ?2) ON CONFLICT (rule) DO UPDATE SET hits = hits + ?2",
                    params![rule, more],
                )?;
            }
            transaction.commit()
        })
    }

    fn hits(&self) -> Result<Vec<(u64, u64)>, StoreError> {
        self.with(|open| {
            let mut rows = open.register.prepare_cached("SELECT rule, hits FROM hits ORDER BY rule")?;
            rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
    }

    fn processes(&self) -> Result<Vec<Process>, StoreError> {
        self.attempt(|open| self.census(open))
    }

    fn watch(&self, what: Watched) -> Result<Box<dyn Watch>, StoreError> {
        let processes = self.layout.processes();
        let dirs = match what {
            Watched::Ledger => &[self.layout.dir()][..],
            Watched::All => &[self.layout.dir(), &processes],
        };
        let watch = Inotify::new(dirs).map_err(|e| self.failed(format!("inotify: {e}")))?;
        Ok(Box::new(watch))
    }
}

fn to_entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry { sequence: row.get(0)?, body: row.get(1)?, hash: digest(row.get(2)?) })
}

/// The last event's sequence and hash.
fn head(connection: &Connection) -> rusqlite::Result<Option<(u64, Digest)>> {
    connection
        .prepare_cached("SELECT sequence, hash FROM head")?
        .query_row([], |row| Ok((row.get(0)?, digest(row.get(1)?))))
        .optional()
}

/// A transaction that takes the right to write at once: what it reads is what it changes.
fn immediate(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// A hash of another length is kept as one that nothing has, so that checking the ledger names the event.
fn digest(bytes: Vec<u8>) -> Digest {
    Digest::from(<[u8; 32]>::try_from(bytes).unwrap_or([0; 32]))
}
