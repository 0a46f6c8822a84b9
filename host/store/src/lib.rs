//! What switchback keeps: operations and the ledger of them, the stores in which that lies, the journal of verdicts, what the guard
//! remembers, alerts until they are delivered, and backups of all of it.
//!
//! A part of the crate `switchback`, which re-exports what filters use. Depend on that one: this crate's items may change with any
//! version.

#![forbid(unsafe_code)]

pub mod alert;
pub mod backup;
pub mod control;
pub mod guard_store;
pub mod journal;
pub mod limits;

mod sqlite;
