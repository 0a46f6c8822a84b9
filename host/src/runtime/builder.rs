//! How a runtime is configured.

#[cfg(feature = "alerts")]
mod alerts;
#[cfg(feature = "journal")]
mod journal;
#[cfg(feature = "store")]
mod store;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use switchback_model::limits::Limits;
use switchback_model::release::ModelName;
use switchback_sandbox::{AddressSpace, Sandbox, SandboxConfig, Traps};

#[cfg(feature = "store")]
pub use store::WithStore;

use super::background::{BackgroundConfig, BackgroundThreads};
use super::companions::Planned;
use super::core::Core;
use super::error::{BuildError, thread_failed};
use super::handle::Runtime;
use super::local::LocalRuntime;
use super::options::Options;
use super::running::Running;
#[cfg(not(feature = "journal"))]
use super::slot::Recorder;
use super::slot::{Slot, SlotConfig, Surroundings};
use crate::life::Life;
use crate::limits::{DEFAULT_INSTANCES, SHADOW_CPU_SHARE};

/// The most instances of a pool: each reserves 4 GiB of address space, and 47 bits hold 32,768 of those.
const INSTANCES_MAX: u32 = 20_000;

/// Configures a [`Runtime`]: without a store a [`LocalRuntime`], whose slots the filter changes itself, and from
/// [`store_dir`](RuntimeBuilder::store_dir) or [`store`](RuntimeBuilder::store) on one that does what a store says.
///
/// A filter whose configuration decides whether there is a store holds a [`Runtime`] either way:
///
#[cfg_attr(feature = "store", doc = "```no_run")]
#[cfg_attr(not(feature = "store"), doc = "```ignore")]
/// # use switchback::runtime::BuildError;
/// # use switchback::{Runtime, SlotConfig};
/// # fn build(store: Option<std::path::PathBuf>) -> Result<Runtime, BuildError> {
/// let builder = Runtime::builder().slot(SlotConfig::new("inbound"));
/// let runtime = match store {
///     Some(dir) => builder.store_dir(dir).build()?,
///     None => builder.build()?.into(),
/// };
/// # Ok(runtime)
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct RuntimeBuilder<S = NoStore> {
    options: Options,
    store: S,
}

/// That a runtime follows no store.
#[derive(Clone, Debug)]
pub struct NoStore(());

impl Runtime {
    /// Configures a runtime.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder { options: Options::default(), store: NoStore(()) }
    }
}

impl RuntimeBuilder {
    /// Validates the configuration and starts the runtime: reserves the pool, starts the clock.
    ///
    /// # Errors
    /// If a value is out of its range, a slot's configuration contradicts itself or two have one name, or the machine
    /// cannot give the pool.
    pub fn build(self) -> Result<LocalRuntime, BuildError> {
        let Self { options, store: NoStore(()) } = self;
        options.validate()?;
        let planned = Planned::local(&options)?;
        options.start(planned).map(LocalRuntime::new)
    }
}

impl<S> RuntimeBuilder<S> {
    /// Adds a slot. A runtime without slots still loads releases and scores with each by itself.
    pub fn slot(mut self, slot: SlotConfig) -> Self {
        self.options.slots.push(slot);
        self
    }

    /// The caps on what a release gets. Default: [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// How many messages can be scored at once, counting each release that scores a message; 1 to 20,000,
    /// default 256. A slot of the pool remembers the release that it last held, so give it room: loaded
    /// releases times scoring threads. Costs 4 GiB of address space each, so 1 TiB by default, and memory only when used.
    /// [`RuntimeBuilder::address_space`] says what else is possible.
    pub fn instances(mut self, instances: u32) -> Self {
        self.options.instances = Some(instances);
        self
    }

    /// How much address space is reserved. Default [`AddressSpace::Pooled`]: 4 GiB for each of the instances.
    pub fn address_space(mut self, address_space: AddressSpace) -> Self {
        self.options.address_space = address_space;
        self
    }

    /// How a guest's trap ends the guest, and not the process. Default [`Traps::Signals`].
    pub fn traps(mut self, traps: Traps) -> Self {
        self.options.traps = traps;
        self
    }

    /// Keeps compiled releases below this folder, so that loading one again takes milliseconds. Default: the
    /// store's folder, if there is one; else every process compiles for itself. Nobody but this user may be able
    /// to write there. Where it cannot be written, nothing is kept, and the log says so.
    pub fn cache_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.options.cache_dir = Some(dir.into());
        self
    }

    /// Lets a model see recipients in clear, if its manifest asks for it. Otherwise they are masked.
    pub fn grant_recipients(mut self, model: ModelName) -> Self {
        self.options.granted_recipients.push(model);
        self
    }

    /// The share of all cores' time that releases may use which score in the background: shadows, the live release
    /// beside a canary, the predecessor in its cool-off. From 0, none of them, to 1, which is no bound; default 0.3. What
    /// does not fit is dropped, and the record of the message says so. Those threads have the lowest priority.
    ///
    /// But the first 256 messages after another release came to decide, or a canary began, are compared at once, at the
    /// usual priority and beyond a share that is not 0: the [guard](SlotConfig::guard) waits for those.
    pub fn shadow_cpu_share(mut self, share: f64) -> Self {
        self.options.shadow_cpu_share = Some(share);
        self
    }
}

/// The working folder is named by `.`; nothing is a variable of a configuration that was not set.
fn check_folder(what: &str, dir: &Path) -> Result<(), BuildError> {
    if dir.as_os_str().is_empty() {
        return Err(BuildError::Range(format!("{what} is empty: name a folder")));
    }
    Ok(())
}

impl Options {
    fn start(self, planned: Planned) -> Result<Runtime, BuildError> {
        let core = Arc::new(self.core(&planned)?);
        let companions = planned.start(&core)?;
        Ok(Runtime::new(Running::new(core, companions)))
    }

    fn instances(&self) -> u32 {
        self.instances.unwrap_or(DEFAULT_INSTANCES)
    }

    fn shadow_cpu_share(&self) -> f64 {
        self.shadow_cpu_share.unwrap_or(SHADOW_CPU_SHARE)
    }

    /// Before a store registers this process: with no slots that it cannot have.
    fn validate(&self) -> Result<(), BuildError> {
        let (instances, share) = (self.instances(), self.shadow_cpu_share());
        if !(1..=INSTANCES_MAX).contains(&instances) {
            return Err(BuildError::Range(format!("instances = {instances}: 1 to {INSTANCES_MAX} are possible")));
        }
        if !(0.0..=1.0).contains(&share) {
            return Err(BuildError::Range(format!("shadow_cpu_share = {share}: 0 to 1 is possible")));
        }
        self.cache_dir.as_deref().map_or(Ok(()), |dir| check_folder("cache_dir", dir))?;
        #[cfg(feature = "journal")]
        self.journal.as_ref().map_or(Ok(()), |journal| check_folder("the journal's dir", &journal.dir))?;
        self.limits.validate().map_err(|invalid| BuildError::Range(format!("limits: {invalid}")))?;
        self.slots.iter().try_for_each(SlotConfig::validate)?;
        let mut names = BTreeSet::new();
        match self.slots.iter().find(|slot| !names.insert(&slot.name)) {
            Some(twin) => Err(BuildError::Slot { slot: twin.name.clone(), why: "it is there twice".to_owned() }),
            None => Ok(()),
        }
    }

    fn core(mut self, planned: &Planned) -> Result<Core, BuildError> {
        let (limits, address_space, traps) = (self.limits.clone(), self.address_space, self.traps);
        let (instances, artifacts_dir) = (self.instances(), self.cache_dir.take());
        let sandbox = Sandbox::new(SandboxConfig { limits, instances, address_space, traps, artifacts_dir })?;
        let recorder = self.recorder(planned)?;
        let background = BackgroundConfig { cpu_share: self.shadow_cpu_share(), recorder };
        let background = Arc::new(BackgroundThreads::start(background).map_err(thread_failed)?);
        let around = Surroundings {
            background: Arc::<BackgroundThreads>::downgrade(&background),
            guard: planned.observer(),
            store: planned.revert_log(),
            life: Arc::new(Life::begin()),
            releases: Arc::default(),
            overrides: Arc::default(),
        };
        let slots = self.slots.into_iter().map(|config| (config.name.clone(), Slot::new(config, &around))).collect();
        #[cfg(feature = "store")]
        let exchange = planned.exchange(&around.overrides);
        let (Surroundings { life, releases, .. }, granted_recipients) = (around, self.granted_recipients);
        Ok(Core {
            life,
            sandbox,
            slots,
            releases,
            background,
            granted_recipients,
            #[cfg(feature = "store")]
            exchange,
        })
    }

    /// Nobody records messages.
    #[cfg(not(feature = "journal"))]
    fn recorder(&mut self, _planned: &Planned) -> Result<Option<Arc<dyn Recorder>>, BuildError> {
        Ok(None)
    }
}
