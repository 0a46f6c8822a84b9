//! A copy of a ledger that others go on writing.

use std::path::Path;

use rusqlite::Connection;

use super::{SqliteStore, StoreError, head, to_entry};
use crate::control::ledger::{Broken, Ledger};
use crate::sqlite;

impl SqliteStore {
    /// Copies the database into a new file as it is at one moment, and returns the ledger that the copy holds: whole, and no
    /// older than what anybody remembers of it.
    pub(crate) fn copy_into(&self, path: &Path) -> Result<Result<Ledger, Broken>, StoreError> {
        // Asked first: what they saw is in the ledger that is read afterwards.
        let witnesses = self.all_witnesses()?;
        self.with(|open| {
            let copy = sqlite::copy(&open.ledger, path)?;
            let followed = follow(&copy)?;
            Ok(followed.and_then(|ledger| {
                witnesses.iter().try_for_each(|witness| ledger.confirms(witness))?;
                Ok(ledger)
            }))
        })
    }
}

/// The whole ledger of a database.
fn follow(connection: &Connection) -> rusqlite::Result<Result<Ledger, Broken>> {
    let mut ledger = Ledger::default();
    let mut rows = connection.prepare("SELECT sequence, body, hash FROM events ORDER BY sequence")?;
    for entry in rows.query_map([], to_entry)? {
        if let Err(broken) = ledger.follow(&entry?) {
            return Ok(Err(broken));
        }
    }
    Ok(ledger.ends_with(head(connection)?).map(|()| ledger))
}
