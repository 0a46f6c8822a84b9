//! Who is known.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::guard::Key;
use crate::limits::GUARD_SENDERS_MAX;

/// On which days a sender was seen, as far as it matters.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    /// On how many days.
    days: u32,
    /// The last of them.
    last_day: i32,
    is_changed: bool,
}

impl Seen {
    pub(super) fn read(connection: &Connection, sender: Key) -> rusqlite::Result<Self> {
        let known = connection
            .prepare_cached("SELECT days, last_day FROM senders WHERE sender = ?")?
            .query_row([to_row(sender)], |row| Ok(Self { days: row.get(0)?, last_day: row.get(1)?, is_changed: false }))
            .optional()?;
        Ok(known.unwrap_or_default())
    }

    /// On how many days before this one. Of days before the last the last may be one of them: fewer are said rather than
    /// more.
    pub(super) fn days_before(&self, day: i32) -> u32 {
        if self.last_day < day { self.days } else { self.days.saturating_sub(1) }
    }

    /// It was seen on this day. Of a day before the last it is only certain to be another one where the last is the only one.
    pub(super) fn on(&mut self, day: i32) {
        let is_new = self.days == 0 || day > self.last_day || (self.days == 1 && day < self.last_day);
        if is_new {
            let last_day = if self.days == 0 { day } else { self.last_day.max(day) };
            *self = Self { days: self.days.saturating_add(1), last_day, is_changed: true };
        }
    }

    /// On how many days.
    pub(super) fn days(&self) -> u32 {
        self.days
    }

    pub(super) fn write(&self, connection: &Connection, sender: Key) -> rusqlite::Result<()> {
        if !self.is_changed {
            return Ok(());
        }
        connection
            .prepare_cached("INSERT OR REPLACE INTO senders VALUES (?, ?, ?)")?
            .execute(params![to_row(sender), self.days, self.last_day])
            .map(drop)
    }
}

/// Calls `f` for everybody who is known, with the number of days and the last of them.
pub(super) fn for_each(connection: &Connection, mut f: impl FnMut(Key, u32, i32)) -> rusqlite::Result<()> {
    let mut all = connection.prepare("SELECT sender, days, last_day FROM senders")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let sender: i64 = row.get(0)?;
        f(Key(u64::from_ne_bytes(sender.to_ne_bytes())), row.get(1)?, row.get(2)?);
    }
    Ok(())
}

/// Those to forget where there are too many, an eighth: first those that were seen on one day only, of these first those
/// that were not seen for longest. They become known anew.
pub(super) fn surplus(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let count: usize = connection.query_row("SELECT count(*) FROM senders", [], |row| row.get(0))?;
    if count <= GUARD_SENDERS_MAX {
        return Ok(Vec::new());
    }
    let surplus = count - GUARD_SENDERS_MAX + GUARD_SENDERS_MAX / 8;
    connection
        .prepare("SELECT sender FROM senders ORDER BY days > 1, last_day LIMIT ?")?
        .query_map([surplus], |row| row.get(0))?
        .collect()
}

pub(super) fn forget(connection: &Connection, sender: &i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM senders WHERE sender = ?")?.execute([sender]).map(drop)
}

/// A key has 64 bits, and SQLite's integers have a sign.
fn to_row(sender: Key) -> i64 {
    i64::from_ne_bytes(sender.0.to_ne_bytes())
}
