//! The tables, and their version.

use rusqlite::{Connection, TransactionBehavior};

use super::{GuardStoreError, health};
use crate::sqlite::Schema;

/// `SWBG` as a number: says in the file's header that it is the guard's
/// (<https://sqlite.org/pragma.html#pragma_application_id>).
const APPLICATION_ID: i64 = 0x5357_4247;

/// The version of the tables: that of the first ones, and one more for each change.
const VERSION: i64 = 1 + CHANGES.len() as i64;

/// Who was seen on so many days was seen first so many days ago at least: as young as that everybody is taken to be, until
/// mail of earlier days teaches more.
const SENDERS_SINCE: &str = "
    ALTER TABLE senders ADD COLUMN first_day INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE senders ADD COLUMN recent INTEGER NOT NULL DEFAULT 0;
    UPDATE senders SET
        days = max(days, 1),
        first_day = last_day - max(days, 1) + 1,
        recent = CASE WHEN days >= 63 THEN -1 ELSE (1 << max(days, 1)) - 1 END;
";

/// What was changed since the first version, in order. A new file is made as the first version and changed as an old one is,
/// so both have the same columns in the same order.
const CHANGES: [&str; 2] = [
    SENDERS_SINCE,
    "
    ALTER TABLE trials ADD COLUMN pairs INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE trials ADD COLUMN authenticated INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE trials ADD COLUMN eligible INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE trials ADD COLUMN addressed INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE trials ADD COLUMN noted INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE noted (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        trial INTEGER NOT NULL REFERENCES trials ON DELETE CASCADE,
        settings INTEGER NOT NULL REFERENCES noted_settings,
        count INTEGER NOT NULL,
        pairs BLOB NOT NULL
    ) STRICT;
    CREATE INDEX noted_trial ON noted (trial);
    CREATE TABLE noted_settings (id INTEGER PRIMARY KEY, settings TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE mail (
        slot TEXT NOT NULL,
        day INTEGER NOT NULL,
        messages INTEGER NOT NULL,
        authenticated INTEGER NOT NULL,
        eligible INTEGER NOT NULL,
        addressed INTEGER NOT NULL,
        PRIMARY KEY (slot, day)
    ) STRICT, WITHOUT ROWID;
",
];

/// The first version of the tables. Times are in microseconds since 1970, days in days since 1970, keys and releases as in the guard's types.
const TABLES: &str = "
    CREATE TABLE trials (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        slot TEXT NOT NULL,
        candidate BLOB NOT NULL,
        baseline BLOB NOT NULL,
        since INTEGER NOT NULL,
        releases TEXT NOT NULL,
        began_us INTEGER NOT NULL,
        last_us INTEGER NOT NULL,
        discovered INTEGER NOT NULL DEFAULT 0,
        kept INTEGER NOT NULL DEFAULT 0,
        UNIQUE (slot, candidate, baseline, since)
    ) STRICT;
    CREATE TABLE pinned (
        trial INTEGER NOT NULL REFERENCES trials ON DELETE CASCADE,
        segment TEXT NOT NULL,
        share REAL NOT NULL,
        PRIMARY KEY (trial, segment)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE segments (
        trial INTEGER NOT NULL REFERENCES trials ON DELETE CASCADE,
        segment TEXT NOT NULL,
        touched_us INTEGER NOT NULL,
        rank INTEGER NOT NULL,
        weight REAL NOT NULL,
        up_flips INTEGER NOT NULL,
        up_opposite INTEGER NOT NULL,
        up_all INTEGER NOT NULL,
        up_any_flips INTEGER NOT NULL,
        up_any_opposite INTEGER NOT NULL,
        up_any_all INTEGER NOT NULL,
        up_senders BLOB NOT NULL,
        up_recipients BLOB NOT NULL,
        up_is_warned INTEGER NOT NULL,
        up_is_harmed INTEGER NOT NULL,
        down_flips INTEGER NOT NULL,
        down_opposite INTEGER NOT NULL,
        down_all INTEGER NOT NULL,
        down_any_flips INTEGER NOT NULL,
        down_any_opposite INTEGER NOT NULL,
        down_any_all INTEGER NOT NULL,
        down_senders BLOB NOT NULL,
        down_recipients BLOB NOT NULL,
        down_is_warned INTEGER NOT NULL,
        down_is_harmed INTEGER NOT NULL,
        PRIMARY KEY (trial, segment)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX segments_flipped ON segments (trial) WHERE up_flips + down_flips > 0;
    CREATE TABLE firsts (
        trial INTEGER NOT NULL REFERENCES trials ON DELETE CASCADE,
        key BLOB NOT NULL,
        until_us INTEGER NOT NULL,
        is_eligible INTEGER NOT NULL,
        PRIMARY KEY (trial, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX firsts_until ON firsts (until_us);
    CREATE TABLE senders (
        sender INTEGER PRIMARY KEY,
        days INTEGER NOT NULL,
        last_day INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE volumes (
        slot TEXT NOT NULL,
        day INTEGER NOT NULL,
        segment TEXT NOT NULL,
        messages INTEGER NOT NULL,
        PRIMARY KEY (slot, day, segment)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE health (
        process INTEGER PRIMARY KEY,
        at_us INTEGER NOT NULL,
        condition TEXT NOT NULL,
        dropped INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE loss (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        at_us INTEGER NOT NULL,
        why TEXT NOT NULL,
        is_told INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE due (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at_us INTEGER NOT NULL,
        due TEXT NOT NULL,
        stage TEXT NOT NULL
    ) STRICT;
    CREATE TABLE alerts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at_us INTEGER NOT NULL,
        alert TEXT NOT NULL,
        process INTEGER,
        severity INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        reached TEXT NOT NULL DEFAULT '[]',
        next_us INTEGER,
        delivered_us INTEGER,
        trouble TEXT
    ) STRICT;
    CREATE INDEX alerts_waiting ON alerts (next_us) WHERE next_us IS NOT NULL;
    CREATE TABLE alerts_dropped (only INTEGER PRIMARY KEY CHECK (only = 1), count INTEGER NOT NULL) STRICT;
    CREATE TABLE pauses (
        slot TEXT NOT NULL,
        begun INTEGER NOT NULL,
        step INTEGER NOT NULL,
        cause TEXT NOT NULL,
        PRIMARY KEY (slot, begun, step, cause)
    ) STRICT, WITHOUT ROWID;
";

/// Makes the tables where there are none, brings older ones up to date, and refuses those of somebody else or of a newer
/// program. Where there should have been tables, `lost` says why there are none: that is written down together with the new
/// ones. Returns whether they are new.
pub(super) fn prepare(file: &str, connection: &mut Connection, lost: Option<&str>) -> Result<bool, GuardStoreError> {
    let fault = |error| GuardStoreError::of(file, error);
    let is_new = header(connection).map_err(fault)? == (0, 0) && make_tables(connection, lost).map_err(fault)?;
    update(file, connection)?;
    Ok(is_new)
}

/// Brings older tables up to date, and refuses those of somebody else or of a newer program.
pub(super) fn update(file: &str, connection: &mut Connection) -> Result<(), GuardStoreError> {
    let fault = |error| GuardStoreError::of(file, error);
    match header(connection).map_err(fault)? {
        (APPLICATION_ID, VERSION) => check(file, connection),
        (APPLICATION_ID, 1..VERSION) => {
            change(connection).map_err(fault)?;
            check(file, connection)
        }
        (APPLICATION_ID, found) => Err(GuardStoreError::NewerSchema { file: file.to_owned(), found, known: VERSION }),
        // Whoever makes it has not come to its tables, or had no room for them.
        (0, 0) if is_empty(connection).map_err(fault)? => Err(GuardStoreError::None(file.to_owned())),
        _ => Err(GuardStoreError::NotOurs(file.to_owned())),
    }
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

/// Refuses a file that does not consist of the tables that this program makes.
fn check(file: &str, connection: &Connection) -> Result<(), GuardStoreError> {
    let difference = || {
        let transaction = connection.unchecked_transaction()?;
        // A newer program may have come meanwhile: its tables are not judged.
        if header(&transaction)? != (APPLICATION_ID, VERSION) {
            return Ok(None);
        }
        let expected = Schema::made_by([TABLES].into_iter().chain(CHANGES))?;
        Ok(Schema::of(&transaction)?.difference(&expected))
    };
    match difference().map_err(|error| GuardStoreError::of(file, error))? {
        None => Ok(()),
        Some(why) => Err(GuardStoreError::Damaged { file: file.to_owned(), why }),
    }
}

fn change(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let done = usize::try_from(found - 1).unwrap_or_default();
    CHANGES.iter().skip(done).try_for_each(|change| transaction.execute_batch(change))?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

fn header(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((pragma("application_id")?, pragma("user_version")?))
}

fn make_tables(connection: &mut Connection, lost: Option<&str>) -> rusqlite::Result<bool> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let is_new = version == 0 && tables == 0;
    if is_new {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", 1)?;
        lost.map_or(Ok(()), |why| health::begin_loss(&transaction, why))?;
    }
    transaction.commit()?;
    Ok(is_new)
}
