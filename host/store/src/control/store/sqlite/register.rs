//! Who is there. A process holds a lock on a file of its own while it lives; the kernel lets go of it when the
//! process ends, however it ends, and a number is never given twice.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rusqlite::{Connection, Row, params};
use switchback_system::locked::Locked;
use switchback_system::private::{self, NotPrivate, Owner};

use super::{Membership, NewProcess, Open, Presence, SqliteStore, StoreError, StoreProcess, digest, immediate};
use crate::control::number::ProcessNumber;

/// The highest number of a process that is believed of a file's name.
pub(super) const NUMBER_MAX: u64 = 1 << 40;

/// What a lock says of its process is read up to here.
const LOCK_BYTES_MAX: u64 = 64 * 1024;

impl SqliteStore {
    /// Registers a process. Its row is seen when its lock is held.
    pub(super) fn enrol(&self, open: &mut Open, process: &NewProcess) -> Result<Membership, StoreError> {
        let registered = self.json(process)?;
        let highest = self.locks().into_iter().max().unwrap_or(0);
        let transaction = immediate(&mut open.register).map_err(|error| self.fault(error))?;
        let number = number(&transaction, highest, &registered).map_err(|error| self.fault(error))?;
        let lock = self.take_lock(number, &registered)?;
        let lock = lock.ok_or_else(|| self.failed(format!("process {number} is there already")))?;
        transaction.commit().map_err(|error| self.fault(error))?;
        Ok(Membership::new(ProcessNumber::new(number), lock))
    }

    /// Whether others see the lock of a process: the file that it holds has still its name.
    pub(crate) fn sees(&self, membership: &Membership) -> bool {
        let path = self.layout().process_lock(membership.process().get());
        let held = membership.hold::<Locked>().and_then(|lock| lock.metadata().ok());
        let named = fs::symlink_metadata(path).ok();
        let same = |named: fs::Metadata, held: fs::Metadata| (named.dev(), named.ino()) == (held.dev(), held.ino());
        named.zip(held).is_some_and(|(named, held)| same(named, held))
    }

    /// Sees to it that others see the lock of a process; none where another one has its number: the store is not the one in
    /// which it registered.
    pub(super) fn keep_lock(
        &self,
        membership: &mut Membership,
        process: &NewProcess,
    ) -> Result<Option<()>, StoreError> {
        if self.sees(membership) {
            return Ok(Some(()));
        }
        let taken = self.take_lock(membership.process().get(), &self.json(process)?)?;
        Ok(taken.map(|lock| membership.hold_by(lock)))
    }

    /// Sees to it that a process is in the register, under its number, and that its lock is seen. Its row is gone where somebody
    /// removed it, or the database is a new one.
    pub(super) fn keep_row(&self, membership: &mut Membership, process: &NewProcess) -> Result<Presence, StoreError> {
        if self.keep_lock(membership, process)?.is_none() {
            return Ok(Presence::Taken);
        }
        let (number, registered) = (membership.process().get(), self.json(process)?);
        let is_there = self.with(|open| {
            let row = "SELECT EXISTS (SELECT 1 FROM processes WHERE number = ? AND registered = ?)";
            open.register.prepare_cached(row)?.query_row(params![number, registered], |row| row.get(0))
        })?;
        if is_there {
            return Ok(Presence::Kept);
        }
        self.say(|open| {
            let row = "INSERT OR REPLACE INTO processes (number, registered) VALUES (?, ?)";
            open.register.execute(row, params![number, registered]).map(drop)
        })?;
        Ok(Presence::Renewed)
    }

    fn json(&self, process: &NewProcess) -> Result<String, StoreError> {
        serde_json::to_string(process).map_err(|e| self.failed(e))
    }

    /// The numbers for which there are locks, held or not.
    fn locks(&self) -> Vec<u64> {
        let locks = fs::read_dir(self.layout().processes()).into_iter().flatten().flatten();
        let number = |lock: fs::DirEntry| lock.file_name().to_str()?.strip_suffix(".lock")?.parse().ok();
        locks.filter_map(number).filter(|number| *number <= NUMBER_MAX).collect()
    }

    /// Locks the file of a process, and writes into it who that is; none where another process holds it.
    fn take_lock(&self, number: u64, registered: &str) -> Result<Option<Locked>, StoreError> {
        let path = self.layout().process_lock(number);
        self.layout().make_processes()?;
        match private::open_with(&path, OpenOptions::new().append(true), Owner::Ours) {
            Ok(left) => self.lock_for(left, registered, &path),
            Err(missing) if missing.is_missing() => self.new_lock(&path, registered),
            Err(other) => Err(self.not_private(other)),
        }
    }

    /// Makes the file of a process, which is locked before it has its name: who looks at it takes the lock for a moment to see
    /// whether somebody has it.
    fn new_lock(&self, path: &Path, registered: &str) -> Result<Option<Locked>, StoreError> {
        let unusable = |source| self.not_private(NotPrivate::Unusable { path: path.to_owned(), source });
        let new = tempfile::NamedTempFile::new_in(self.layout().processes()).map_err(unusable)?;
        let lock = self.lock_for(new.as_file().try_clone().map_err(unusable)?, registered, path)?;
        match new.persist_noclobber(path) {
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(unusable(error.error)),
            Ok(_) => Ok(lock),
        }
    }

    fn lock_for(&self, file: File, registered: &str, path: &Path) -> Result<Option<Locked>, StoreError> {
        let lock = match Locked::try_alone(file) {
            Ok(lock) => lock,
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(self.failed(format!("{}: {error}", path.display()))),
        };
        // It is for the case that its row is lost; on a disk that is full it does without.
        if let Err(error) = lock.set_len(0).and_then(|()| (&*lock).write_all(registered.as_bytes())) {
            tracing::debug!(%error, "a process is not named in its lock");
        }
        Ok(Some(lock))
    }

    /// The processes that live. Rows and locks of others are removed, where this user may.
    pub(super) fn census(&self, open: &mut Open) -> Result<Vec<StoreProcess>, StoreError> {
        let rows = all(&open.register).map_err(|error| self.fault(error))?;
        let (alive, dead) = self.alive(rows);
        if open.is_to_read() {
            return Ok(alive);
        }
        // The last one stays: it remembers which numbers were given.
        let highest = self.locks().into_iter().max();
        for number in dead {
            // Whoever may not write here sees the right list all the same.
            let _ = open.register.execute("DELETE FROM processes WHERE number = ?", [number]);
            if Some(number) != highest {
                let _ = fs::remove_file(self.layout().process_lock(number));
            }
        }
        Ok(alive)
    }

    /// The processes that hold their locks, whether they have rows or not; and the numbers of those that do not.
    pub(super) fn alive(&self, rows: Vec<StoreProcess>) -> (Vec<StoreProcess>, Vec<u64>) {
        // Looked at after the rows: who registers has a lock first.
        let mut numbers = self.locks();
        numbers.extend(rows.iter().map(|process| process.number.get()));
        numbers.sort_unstable();
        numbers.dedup();
        let (living, dead): (Vec<_>, Vec<_>) = numbers.into_iter().partition(|number| self.lives(*number));
        let mut rows: BTreeMap<_, _> = rows.into_iter().map(|process| (process.number.get(), process)).collect();
        let alive = living.into_iter().map(|number| rows.remove(&number).unwrap_or_else(|| self.unlisted(number)));
        (alive.collect(), dead)
    }

    /// A process that lives and has no row: what its lock says of it.
    fn unlisted(&self, number: u64) -> StoreProcess {
        let mut text = String::new();
        let lock = private::open_to_look(&self.layout().process_lock(number)).ok();
        let read = lock.and_then(|lock| lock.take(LOCK_BYTES_MAX).read_to_string(&mut text).ok());
        let registered = read.and_then(|_| serde_json::from_str(&text).ok());
        let registered = registered.unwrap_or_else(NewProcess::unknown);
        let number = ProcessNumber::new(number);
        StoreProcess { number, registered, acknowledged: None, preparations: Vec::new() }
    }

    fn lives(&self, number: u64) -> bool {
        let lock = private::open_to_look(&self.layout().process_lock(number));
        lock.is_ok_and(|lock| matches!(Locked::try_shared(lock), Err(TryLockError::WouldBlock)))
    }
}

/// Writes the row of a process with a number that none had, and returns it.
fn number(register: &Connection, highest: u64, registered: &str) -> rusqlite::Result<u64> {
    // A number that this program never gave would be the last one, or let none follow.
    register.execute(
        "UPDATE sqlite_sequence SET seq = (SELECT coalesce(max(number), 0) FROM processes WHERE number <= ?1)
         WHERE name = 'processes' AND (typeof(seq) <> 'integer' OR seq > ?1)",
        [NUMBER_MAX],
    )?;
    register.query_row(
        "INSERT INTO processes (number, registered) VALUES
         (1 + max(?1, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'processes'), 0)), ?2)
         RETURNING number",
        params![highest, registered],
        |row| row.get(0),
    )
}

/// The rows of the register, of processes that live and of others.
pub(super) fn all(register: &Connection) -> rusqlite::Result<Vec<StoreProcess>> {
    let mut rows = register.prepare_cached("SELECT number, registered, acknowledged FROM processes ORDER BY number")?;
    let processes = rows.query_map([], process)?.collect::<rusqlite::Result<Vec<_>>>()?;
    // A row that cannot be read is nobody's: the process whose it was writes it again.
    let mut processes: Vec<_> = processes.into_iter().flatten().collect();
    let mut rows = register.prepare_cached("SELECT release, preparation FROM preparations WHERE process = ?")?;
    for process in &mut processes {
        let preparations = rows.query_map([process.number.get()], |row| Ok((digest(row.get(0)?), row.get(1).ok())))?;
        let preparations = preparations.collect::<rusqlite::Result<Vec<(_, Option<String>)>>>()?;
        let readable = |(release, text): (_, Option<String>)| Some((release, serde_json::from_str(&text?).ok()?));
        process.preparations = preparations.into_iter().filter_map(readable).collect();
    }
    Ok(processes)
}

fn process(row: &Row<'_>) -> rusqlite::Result<Option<StoreProcess>> {
    let text = |column| row.get::<_, String>(column).ok();
    let registered = text(1).and_then(|text| serde_json::from_str(&text).ok());
    let (Some(number), Some(registered)) = (row.get(0).ok().map(ProcessNumber::new), registered) else {
        return Ok(None);
    };
    let acknowledged = text(2).and_then(|text| serde_json::from_str(&text).ok());
    Ok(Some(StoreProcess { number, registered, acknowledged, preparations: Vec::new() }))
}
