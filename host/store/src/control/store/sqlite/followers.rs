//! Who would have to be told that the ledger is another one.

use std::thread;
use std::time::Instant;

use super::register::all;
use super::{SqliteStore, StoreError, StoreProcess};
use crate::limits::{FOLLOW_INTERVAL_MAX, RECOVER_PATIENCE};
use crate::sqlite;

impl SqliteStore {
    /// Refuses to put another ledger in the place of one that processes follow. Those that say that they do not follow it any
    /// more wait for just that; who has not said so gets some time to see it.
    pub(super) fn refuse_followers(&self) -> Result<(), StoreError> {
        let deadline = Instant::now() + RECOVER_PATIENCE;
        loop {
            let following = self.following();
            match following.first() {
                None => return Ok(()),
                Some(_) if Instant::now() < deadline => thread::sleep(FOLLOW_INTERVAL_MAX),
                Some(_) => return Err(self.followed(&following)),
            }
        }
    }

    /// Refuses a store in which any process lives, whatever it says: for whoever puts another ledger in the place of one that
    /// may be whole.
    #[cfg(feature = "journal")]
    pub(super) fn refuse_processes(&self) -> Result<(), StoreError> {
        let opened = sqlite::open_to_read(&self.layout().database());
        let rows = opened.and_then(|opened| all(&opened.connection)).unwrap_or_default();
        let living = self.alive(rows).0;
        if living.is_empty() { Ok(()) } else { Err(self.followed(&living)) }
    }

    fn followed(&self, processes: &[StoreProcess]) -> StoreError {
        StoreError::Followed {
            store: self.layout().dir().display().to_string(),
            processes: processes.iter().map(StoreProcess::label).collect::<Vec<_>>().join(", "),
        }
    }

    /// The processes that live and do not say that they have stopped to follow. Nobody follows what cannot be read.
    fn following(&self) -> Vec<StoreProcess> {
        let opened = sqlite::open_to_read(&self.layout().database());
        let Ok(rows) = opened.and_then(|opened| all(&opened.connection)) else { return Vec::new() };
        let has_stopped = |process: &StoreProcess| process.acknowledged.as_ref().is_some_and(|known| known.stopped);
        self.alive(rows).0.into_iter().filter(|process| !has_stopped(process)).collect()
    }
}
