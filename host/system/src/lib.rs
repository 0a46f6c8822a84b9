//! What switchback asks of the system: files that only this user can have written, files that are whole or not there, clocks that may
//! jump, forks, and what is not there when it is asked for.
//!
//! A part of the crate `switchback`, which re-exports what filters use. Depend on that one: this crate's items may change with any
//! version.

#![forbid(unsafe_code)]

pub mod clock;
pub mod forked;
pub mod locked;
pub mod output;
pub mod private;
pub mod release_file;
pub mod shortage;
pub mod swap;

pub mod limits;
