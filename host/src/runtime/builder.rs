//! How a runtime is configured.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::error::BuildError;
use super::slot::{Slot, SlotConfig};
use super::{Releases, Runtime};
use crate::limits::{DEFAULT_INSTANCES, Limits};
use crate::release::ModelName;
use crate::sandbox::{Sandbox, SandboxConfig};
use crate::verdict::Overrides;

/// The most instances of a pool: each reserves 4 GiB of address space, and 47 bits hold 32,768 of those.
const INSTANCES_MAX: u32 = 20_000;

/// Configures a [`Runtime`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct RuntimeBuilder {
    slots: Vec<SlotConfig>,
    limits: Limits,
    instances: u32,
    store_dir: Option<PathBuf>,
    granted_recipients: Vec<ModelName>,
}

impl Default for RuntimeBuilder {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            limits: Limits::default(),
            instances: DEFAULT_INSTANCES,
            store_dir: None,
            granted_recipients: Vec::new(),
        }
    }
}

impl RuntimeBuilder {
    /// Adds a slot. A runtime without slots still loads releases and scores with each by itself.
    pub fn slot(mut self, slot: SlotConfig) -> Self {
        self.slots.push(slot);
        self
    }

    /// The caps on what a release gets. Default: [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How many messages can be scored at once, counting each release that scores a message; 1 to 20,000,
    /// default 256. A slot of the pool remembers the release that it last held, so give it room: loaded
    /// releases times scoring threads. Costs address space, and memory only when used.
    pub fn instances(mut self, instances: u32) -> Self {
        self.instances = instances;
        self
    }

    /// Keeps compiled releases below this folder, so that loading one again takes milliseconds. Without it,
    /// every process compiles for itself. Nobody but this user may be able to write there.
    pub fn store_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.store_dir = Some(dir.into());
        self
    }

    /// Lets a model see recipients in clear, if its manifest asks for it. Otherwise they are masked.
    pub fn grant_recipients(mut self, model: ModelName) -> Self {
        self.granted_recipients.push(model);
        self
    }

    /// Validates the configuration and starts the runtime: reserves the pool, starts the clock.
    ///
    /// # Errors
    /// If a value is out of its range, a slot's configuration contradicts itself or two have one name, or
    /// the machine cannot give the pool.
    pub fn build(self) -> Result<Runtime, BuildError> {
        if !(1..=INSTANCES_MAX).contains(&self.instances) {
            return Err(BuildError::Range(format!(
                "instances = {}: 1 to {INSTANCES_MAX} are possible",
                self.instances
            )));
        }
        let config = SandboxConfig { limits: self.limits, instances: self.instances, artifacts_dir: self.store_dir };
        let sandbox = Arc::new(Sandbox::new(config)?);
        let releases = Arc::new(Releases::default());
        let overrides = Arc::new(ArcSwap::from_pointee(Overrides::default()));
        let mut slots = BTreeMap::new();
        for config in self.slots {
            let slot = Slot::new(config, Arc::clone(&releases), Arc::clone(&overrides))?;
            if let Some(twin) = slots.insert(slot.name().to_owned(), slot) {
                return Err(BuildError::Slot { slot: twin.name().to_owned(), why: "it is there twice".to_owned() });
            }
        }
        Ok(Runtime { sandbox, slots, releases, overrides, granted_recipients: self.granted_recipients })
    }
}
