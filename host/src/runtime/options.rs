//! What is said of a runtime before it is built.

#[cfg(feature = "store")]
mod store;

use std::path::PathBuf;

use switchback_model::limits::Limits;
use switchback_model::release::ModelName;
use switchback_sandbox::{AddressSpace, Traps};

#[cfg(feature = "store")]
pub(super) use store::{Followed, program_name};

use super::slot::SlotConfig;

/// All that can be said of a runtime, but for its store.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) slots: Vec<SlotConfig>,
    pub(super) limits: Limits,
    pub(super) instances: Option<u32>,
    pub(super) address_space: AddressSpace,
    pub(super) traps: Traps,
    pub(super) cache_dir: Option<PathBuf>,
    pub(super) granted_recipients: Vec<ModelName>,
    pub(super) shadow_cpu_share: Option<f64>,
    #[cfg(feature = "store")]
    pub(super) name: Option<String>,
    #[cfg(feature = "store")]
    pub(super) alerts: super::guard::Alerts,
    #[cfg(feature = "journal")]
    pub(super) journal: Option<switchback_store::journal::JournalConfig>,
}
