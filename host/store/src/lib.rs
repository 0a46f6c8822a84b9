//! What switchback keeps: operations and the ledger of them, the stores in which that lies, the journal of verdicts, what the guard
//! remembers, alerts until they are delivered, and backups of all of it.
//!
//! A part of the crate `switchback`, which re-exports what filters use. Depend on that one: this crate's items may change with any
//! version.

#![forbid(unsafe_code)]

#[cfg(feature = "control")]
pub mod alert;
#[cfg(all(feature = "control", feature = "journal"))]
pub mod backup;
#[cfg(feature = "control")]
pub mod control;
#[cfg(feature = "control")]
pub mod guard_store;
#[cfg(feature = "journal")]
pub mod journal;
pub mod limits;

#[cfg(feature = "control")]
mod sqlite;
