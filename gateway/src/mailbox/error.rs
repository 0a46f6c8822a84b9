//! Why mailboxes cannot be used.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why mailboxes cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MailboxError {
    /// The program cannot be run.
    #[error("cannot run {}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The program has failed.
    #[error("{} ended with {code}: {said}", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// Its exit code; -1 if a signal ended it.
        code: i32,
        /// What it said, on one line.
        said: String,
    },
    /// What it printed is not what `doveadm -f json fetch` prints.
    #[error("what doveadm printed cannot be read")]
    Answer(serde_json::Error),
    /// The name of a user is a pattern to Dovecot, and others could match it.
    #[error("`{0}` would be taken for a pattern of users")]
    User(String),
}
