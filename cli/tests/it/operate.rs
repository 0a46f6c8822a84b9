//! The commands that operate a store.

mod changes;
mod documents;
mod follow;
mod history;
mod journal;
mod overrides;
mod refusals;
mod score;
mod status;
pub(crate) mod store;
mod trials;
mod trust;
