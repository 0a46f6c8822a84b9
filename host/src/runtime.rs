//! A runtime: how it is configured, what its handles do, how it follows a store, how it ends.

mod background;
mod builder;
mod core;
mod ending;
mod error;
mod follow;
mod guard;
mod handle;
mod local;
mod meters;
mod news;
mod releases;
mod running;
mod slot;

pub use switchback_model::gone::{Forked, RuntimeGone};
pub use switchback_sandbox::{AddressSpace, Fault, ScoreError, Scored, Traps};

pub use builder::{NoStore, RuntimeBuilder, WithStore};
pub use ending::{EndStage, ShutdownError};
pub use error::{BuildError, LoadError, LoadFault, UnloadError};
pub use follow::{FollowTrouble, Following};
pub use handle::{LoadCounts, Runtime};
pub use local::LocalRuntime;
pub use slot::{LocalSlot, Reverted, Slot, SlotConfig, UnknownSlot};
