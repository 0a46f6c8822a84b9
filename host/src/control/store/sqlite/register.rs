//! Who is there. A process holds a lock on a file of its own while it lives; the kernel lets go of it when the
//! process ends, however it ends, and a number is never given twice.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;

use rusqlite::{Row, params};

use super::{Membership, NewProcess, Open, Process, SqliteStore, StoreError, digest, immediate};

impl SqliteStore {
    /// Registers a process. Its row is seen when its lock is held.
    pub(super) fn enrol(&self, open: &mut Open, process: &NewProcess) -> Result<Membership, StoreError> {
        let registered = serde_json::to_string(process).map_err(|e| self.failed(e.to_string()))?;
        let transaction = immediate(&mut open.register).map_err(|error| self.fault(error))?;
        transaction
            .execute("INSERT INTO processes (registered) VALUES (?)", [registered])
            .map_err(|error| self.fault(error))?;
        let number = u64::try_from(transaction.last_insert_rowid()).unwrap_or_default();
        let lock = self.take_lock(number)?;
        transaction.commit().map_err(|error| self.fault(error))?;
        Ok(Membership { process: number, _alive: Box::new(lock) })
    }

    fn take_lock(&self, number: u64) -> Result<File, StoreError> {
        let path = self.layout().process_lock(number);
        let failed = |why: String| self.failed(format!("{}: {why}", path.display()));
        let lock = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
        let lock = lock.map_err(|e| failed(e.to_string()))?;
        lock.try_lock().map_err(|e| failed(e.to_string()))?;
        Ok(lock)
    }

    /// The processes that live. Rows of others are removed, where this user may.
    pub(super) fn census(&self, open: &mut Open) -> Result<Vec<Process>, StoreError> {
        let rows = all(open).map_err(|error| self.fault(error))?;
        let (alive, dead): (Vec<_>, Vec<_>) = rows.into_iter().partition(|process| self.lives(process.number));
        for process in dead {
            // Whoever may not write here sees the right list all the same.
            let _ = open.register.execute("DELETE FROM processes WHERE number = ?", params![process.number]);
            let _ = fs::remove_file(self.layout().process_lock(process.number));
        }
        Ok(alive)
    }

    fn lives(&self, number: u64) -> bool {
        let lock = File::open(self.layout().process_lock(number));
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

fn all(open: &Open) -> rusqlite::Result<Vec<Process>> {
    let mut rows =
        open.register.prepare_cached("SELECT number, registered, acknowledged FROM processes ORDER BY number")?;
    let mut processes = rows.query_map([], process)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut rows = open.register.prepare_cached("SELECT release, preparation FROM preparations WHERE process = ?")?;
    for process in &mut processes {
        let preparations = rows.query_map([process.number], |row| Ok((digest(row.get(0)?), json(row, 1)?)))?;
        process.preparations = preparations.collect::<rusqlite::Result<_>>()?;
    }
    Ok(processes)
}

fn process(row: &Row<'_>) -> rusqlite::Result<Process> {
    let acknowledged: Option<String> = row.get(2)?;
    Ok(Process {
        number: row.get(0)?,
        registered: json(row, 1)?,
        acknowledged: acknowledged.and_then(|text| serde_json::from_str(&text).ok()),
        preparations: Vec::new(),
    })
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(e)))
}
