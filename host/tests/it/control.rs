//! Stores, operators and the processes that follow.

mod any_store;
mod asleep;
mod backup;
mod canary;
mod faulty_store;
mod follow;
mod followers;
mod memory_store;
mod newer;
mod overrides;
mod processes;
mod race;
mod scorer;
mod store;
pub(crate) mod support;
mod tamper;
mod trust;
mod unwritable;
