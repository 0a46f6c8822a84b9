//! What switchback is about, as data and rules: messages, releases, verdicts, routes, comparisons and the guard's statistics.
//!
//! No engine, no files, no clock, no threads: what is computed here depends on its arguments alone, so that every process computes
//! the same and a simulation is as good as mail. Files and clocks are `switchback-system`'s, guests `switchback-sandbox`'s.
//!
//! A part of the crate `switchback`, which re-exports what filters use. Depend on that one: this crate's items may change with any
//! version.

#![forbid(unsafe_code)]
#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests read what other programs say"))]

mod generation;
mod macros;

pub mod beginning;
pub mod compare;
pub mod contain;
pub mod gone;
pub mod guard;
pub mod lasting;
pub mod limits;
pub mod log;
pub mod message;
pub mod name;
pub mod organisation;
pub mod rate;
pub mod release;
pub mod route;
pub mod timing;
pub mod unsaid;
pub mod verdict;
