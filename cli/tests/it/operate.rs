//! The commands that operate a store.

mod backtest;
mod backup;
mod changes;
mod clocks;
mod documents;
mod files;
mod follow;
mod guard;
pub(crate) mod held;
mod history;
mod journal;
mod life;
mod moved;
mod newer;
mod older;
mod overrides;
mod refusals;
mod rollout;
mod score;
mod segments;
mod shortages;
mod slots;
mod status;
pub(crate) mod store;
mod trials;
mod trust;
