//! Mail that is held: it is there whole or not at all, and it is given back once.

mod hold;
mod mail;
mod release;
mod sendmail;
mod server;
mod sink;

use switchback::verdict::RecordId;
use switchback_gateway::Transaction;
use switchback_gateway::held::Spool;
use tempfile::TempDir;

use self::mail::{config, files, hold, message, open, to_hold, transaction, verdict};

/// A folder for held mail in a folder of its own.
struct Place {
    dir: TempDir,
    spool: Spool,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let spool = open(&dir.path().join("held")).unwrap();
        Self { dir, spool }
    }

    /// Holds a message for these recipients.
    fn hold(&self, transaction: &Transaction) -> RecordId {
        hold(&self.spool, transaction, &message()).unwrap()
    }

    /// The names of all files.
    fn files(&self) -> Vec<String> {
        files(self.spool.dir())
    }
}
