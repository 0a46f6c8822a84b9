//! Background work: other releases score messages that were answered, and each message is recorded.
//!
//! **No answer waits for a shadow.** What is to be scored in the background goes into a bounded queue, from which threads
//! of the lowest priority take it within a share of the CPU. Where there is no room it is dropped, and the record says so.
//! The first messages of a release that came to decide are scored at once, by a thread of the usual priority and over the
//! share if need be: while both cores are full, the lowest priority is no time at all, and the guard waits for these.
//!
//! **An answer waits for the journal only if its policy says so**: what is to be recorded goes into a queue of its own,
//! and a full one blocks or drops as [`JournalConfig`](crate::JournalConfig) has it.

mod budget;
#[cfg(feature = "journal")]
mod journal;
mod queue;
mod threads;

#[cfg(feature = "journal")]
pub(super) use journal::JournalRecorder;
pub(super) use threads::{BackgroundConfig, BackgroundThreads};
