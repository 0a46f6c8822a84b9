//! Who is there. A process holds a lock on a file of its own while it lives; the kernel lets go of it when the
//! process ends, however it ends, and a number is never given twice.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;

use rusqlite::{Connection, Row, params};

use super::{Membership, NewProcess, Open, Process, SqliteStore, StoreError, digest, immediate};
use crate::private::{self, Owner};

/// The highest number of a process that is believed of a file's name.
const NUMBER_MAX: u64 = 1 << 40;

/// Whether a process was still in the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It was.
    Kept,
    /// It was not: somebody removed its row, or the database is a new one. It has to say again what it has ready.
    Renewed,
}

impl SqliteStore {
    /// Registers a process. Its row is seen when its lock is held.
    pub(super) fn enrol(&self, open: &mut Open, process: &NewProcess) -> Result<Membership, StoreError> {
        let registered = self.json(process)?;
        let highest = self.highest_lock();
        let transaction = immediate(&mut open.register).map_err(|error| self.fault(error))?;
        let number = number(&transaction, highest, &registered).map_err(|error| self.fault(error))?;
        let lock = self.take_lock(number)?;
        transaction.commit().map_err(|error| self.fault(error))?;
        Ok(Membership { process: number, _alive: Box::new(lock) })
    }

    /// Sees to it that a process is in the register, under its number, and that its lock is seen.
    pub(crate) fn keep_present(
        &self,
        membership: &mut Membership,
        process: &NewProcess,
    ) -> Result<Presence, StoreError> {
        let number = membership.process;
        if !self.lives(number) {
            membership._alive = Box::new(self.take_lock(number)?);
        }
        let registered = self.json(process)?;
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
        serde_json::to_string(process).map_err(|e| self.failed(e.to_string()))
    }

    /// The highest number that a lock was made for. The table may have forgotten it.
    fn highest_lock(&self) -> u64 {
        let locks = fs::read_dir(self.layout().processes()).into_iter().flatten().flatten();
        let number = |lock: fs::DirEntry| lock.file_name().to_str()?.strip_suffix(".lock")?.parse().ok();
        locks.filter_map(number).filter(|number| *number <= NUMBER_MAX).max().unwrap_or(0)
    }

    fn take_lock(&self, number: u64) -> Result<File, StoreError> {
        let path = self.layout().process_lock(number);
        let options = &mut OpenOptions::new();
        let lock = private::open_with(&path, options.append(true).create(true).mode(0o600), Owner::Ours);
        let lock = lock.map_err(|error| self.not_private(error))?;
        lock.try_lock().map_err(|e| self.failed(format!("{}: {e}", path.display())))?;
        Ok(lock)
    }

    /// The processes that live. Rows of others are removed, where this user may.
    pub(super) fn census(&self, open: &mut Open) -> Result<Vec<Process>, StoreError> {
        let rows = all(&open.register).map_err(|error| self.fault(error))?;
        let (alive, dead): (Vec<_>, Vec<_>) = rows.into_iter().partition(|process| self.lives(process.number));
        for process in dead.iter().filter(|_| !open.is_to_read()) {
            // Whoever may not write here sees the right list all the same.
            let _ = open.register.execute("DELETE FROM processes WHERE number = ?", params![process.number]);
            let _ = fs::remove_file(self.layout().process_lock(process.number));
        }
        Ok(alive)
    }

    fn lives(&self, number: u64) -> bool {
        let lock = private::open_to_look(&self.layout().process_lock(number));
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
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
pub(super) fn all(register: &Connection) -> rusqlite::Result<Vec<Process>> {
    let mut rows = register.prepare_cached("SELECT number, registered, acknowledged FROM processes ORDER BY number")?;
    let processes = rows.query_map([], process)?.collect::<rusqlite::Result<Vec<_>>>()?;
    // A row that cannot be read is nobody's: the process whose it was writes it again.
    let mut processes: Vec<_> = processes.into_iter().flatten().collect();
    let mut rows = register.prepare_cached("SELECT release, preparation FROM preparations WHERE process = ?")?;
    for process in &mut processes {
        let preparations = rows.query_map([process.number], |row| Ok((digest(row.get(0)?), row.get(1).ok())))?;
        let preparations = preparations.collect::<rusqlite::Result<Vec<(_, Option<String>)>>>()?;
        let readable = |(release, text): (_, Option<String>)| Some((release, serde_json::from_str(&text?).ok()?));
        process.preparations = preparations.into_iter().filter_map(readable).collect();
    }
    Ok(processes)
}

fn process(row: &Row<'_>) -> rusqlite::Result<Option<Process>> {
    let text = |column| row.get::<_, String>(column).ok();
    let registered = text(1).and_then(|text| serde_json::from_str(&text).ok());
    let (Some(number), Some(registered)) = (row.get::<_, u64>(0).ok(), registered) else { return Ok(None) };
    let acknowledged = text(2).and_then(|text| serde_json::from_str(&text).ok());
    Ok(Some(Process { number, registered, acknowledged, preparations: Vec::new() }))
}
