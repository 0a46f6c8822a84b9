//! Who is known.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use switchback_model::guard::{Days, Key, Past};
use switchback_model::limits::GUARD_SENDERS_MAX;

/// On which days a sender was seen, and whether that is to be written.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    days: Option<Days>,
    is_changed: bool,
}

impl Seen {
    pub(super) fn read(connection: &Connection, sender: Key) -> rusqlite::Result<Self> {
        let days = connection
            .prepare_cached("SELECT days, last_day, first_day, recent FROM senders WHERE sender = ?")?
            .query_row([to_row(sender.0)], days)
            .optional()?;
        Ok(Self { days, is_changed: false })
    }

    /// What was known when this day began.
    pub(super) fn before(&self, day: i32) -> Past {
        self.days.map_or(Past::default(), |days| days.before(day))
    }

    /// It was seen on this day; whether that is new.
    pub(super) fn on(&mut self, day: i32) -> bool {
        let is_new = match &mut self.days {
            Some(days) => days.add(day),
            none => none.replace(Days::one(day)).is_none(),
        };
        self.is_changed |= is_new;
        is_new
    }

    /// On how many days.
    pub(super) fn days(&self) -> u32 {
        self.days.map_or(0, |days| days.count)
    }

    pub(super) fn write(&self, connection: &Connection, sender: Key) -> rusqlite::Result<()> {
        let Some(days) = self.days.filter(|_| self.is_changed) else { return Ok(()) };
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO senders (sender, days, last_day, first_day, recent) VALUES (?, ?, ?, ?, ?)",
            )?
            .execute(params![to_row(sender.0), days.count, days.last, days.first, to_row(days.recent)])
            .map(drop)
    }
}

/// The columns `days`, `last_day`, `first_day`, `recent`.
fn days(row: &Row<'_>) -> rusqlite::Result<Days> {
    let recent = u64::from_ne_bytes(row.get::<_, i64>(3)?.to_ne_bytes());
    Ok(Days { count: row.get(0)?, last: row.get(1)?, first: row.get(2)?, recent })
}

/// How many were seen on at least so many days, up to a bound. What a batch has not written yet is not among them.
pub(super) fn seen_on(connection: &Connection, days: u32, most: u32) -> rusqlite::Result<u32> {
    connection
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM senders WHERE days >= ? LIMIT ?)")?
        .query_row([days, most], |row| row.get(0))
}

/// Calls `f` for everybody who was known when a day began.
pub(super) fn for_each(connection: &Connection, day: i32, mut f: impl FnMut(Key, Past)) -> rusqlite::Result<()> {
    let mut all = connection.prepare("SELECT days, last_day, first_day, recent, sender FROM senders")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let past = days(row)?.before(day);
        if past.days > 0 {
            let sender: i64 = row.get(4)?;
            f(Key(u64::from_ne_bytes(sender.to_ne_bytes())), past);
        }
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
fn to_row(bits: u64) -> i64 {
    i64::from_ne_bytes(bits.to_ne_bytes())
}
