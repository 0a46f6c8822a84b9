//! The commands that operate a store.

mod changes;
mod documents;
mod follow;
mod history;
mod overrides;
mod refusals;
mod score;
mod status;
mod store;
mod trust;
