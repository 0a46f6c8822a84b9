//! A runtime: how it is configured, what its handles do, how it follows a store, how it ends.

mod background;
mod builder;
#[cfg(feature = "store")]
mod companions;
#[cfg(not(feature = "store"))]
#[path = "runtime/alone.rs"]
mod companions;
mod core;
mod ending;
mod error;
#[cfg(feature = "store")]
mod exchange;
#[cfg(feature = "store")]
mod follow;
#[cfg(feature = "store")]
mod guard;
mod handle;
mod local;
mod meters;
#[cfg(feature = "store")]
mod news;
mod options;
mod releases;
mod running;
pub(crate) mod side_by_side;
mod slot;
mod stopwatch;

pub use switchback_model::gone::{Forked, RuntimeGone};
#[doc(hidden)]
pub use switchback_sandbox::Probe;
pub use switchback_sandbox::{AddressSpace, Fault, ScoreError, Scored, Traps};

#[cfg(feature = "store")]
pub use builder::WithStore;
pub use builder::{NoStore, RuntimeBuilder};
pub use ending::{EndStage, ShutdownError};
pub use error::{BuildError, LoadError, LoadFault, UnloadError};
#[cfg(feature = "store")]
pub use follow::{FollowTrouble, Following};
pub use handle::{LoadCounts, Runtime};
pub use local::LocalRuntime;
pub use slot::{LocalSlot, Reverted, Slot, SlotConfig, UnknownSlot};
