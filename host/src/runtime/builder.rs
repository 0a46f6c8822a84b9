//! How a runtime is configured.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use switchback_model::limits::Limits;
use switchback_model::name::{acceptable, check_name};
use switchback_model::release::ModelName;
use switchback_model::verdict::Overrides;
use switchback_sandbox::{AddressSpace, Sandbox, SandboxConfig, Traps};
use switchback_store::alert::AlertConfig;
use switchback_store::control::{ControlStore, SqliteStore, StoreError};
use switchback_store::journal::{Journal, JournalConfig};

use super::background::{BackgroundConfig, BackgroundThreads};
use super::core::Core;
use super::error::{BuildError, thread_failed};
use super::follow::{Enlisted, Follower};
use super::guard::{Guard, ObservationQueue, StoreContext};
use super::handle::Runtime;
use super::local::LocalRuntime;
use super::meters::StoreMeters;
use super::news::News;
use super::releases::Releases;
use super::running::Running;
use super::slot::{Observer, Slot, SlotConfig, Surroundings};
use crate::life::Life;
use crate::limits::{DEFAULT_INSTANCES, SHADOW_CPU_SHARE};

/// The most instances of a pool: each reserves 4 GiB of address space, and 47 bits hold 32,768 of those.
const INSTANCES_MAX: u32 = 20_000;

/// Configures a [`Runtime`]: without a store a [`LocalRuntime`], whose slots the filter changes itself, and from
/// [`store_dir`](RuntimeBuilder::store_dir) or [`store`](RuntimeBuilder::store) on one that does what a store says.
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct RuntimeBuilder<S = NoStore> {
    options: Options,
    store: S,
}

/// That a runtime follows no store.
#[derive(Clone, Debug)]
pub struct NoStore(());

/// That a runtime follows a store.
#[derive(Clone, Debug)]
pub struct WithStore(Followed);

#[derive(Clone, Debug)]
enum Followed {
    InFolder(PathBuf),
    Given(Arc<dyn ControlStore>),
}

/// All that can be said of a runtime, but for its store.
#[derive(Debug)]
struct Options {
    slots: Vec<SlotConfig>,
    limits: Limits,
    instances: u32,
    address_space: AddressSpace,
    traps: Traps,
    cache_dir: Option<PathBuf>,
    name: Option<String>,
    granted_recipients: Vec<ModelName>,
    shadow_cpu_share: f64,
    journal: Option<JournalConfig>,
    alerts: AlertConfig,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            limits: Limits::default(),
            instances: DEFAULT_INSTANCES,
            address_space: AddressSpace::default(),
            traps: Traps::default(),
            cache_dir: None,
            name: None,
            granted_recipients: Vec::new(),
            shadow_cpu_share: SHADOW_CPU_SHARE,
            journal: None,
            alerts: AlertConfig::default(),
        }
    }
}

impl Runtime {
    /// Configures a runtime.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder { options: Options::default(), store: NoStore(()) }
    }
}

impl RuntimeBuilder {
    /// Follows the store in this folder, which is made if it is not there: its routes and overrides hold, and a change
    /// there takes effect here within milliseconds. Releases that have a role are loaded at once, others when they are
    /// asked for. Nobody but this user may be
    /// able to write there.
    pub fn store_dir(self, dir: impl Into<PathBuf>) -> RuntimeBuilder<WithStore> {
        RuntimeBuilder { options: self.options, store: WithStore(Followed::InFolder(dir.into())) }
    }

    /// Follows this store, of whatever kind, as [`RuntimeBuilder::store_dir`] follows one in a folder. Compiled releases are kept
    /// only where [`RuntimeBuilder::cache_dir`] says.
    pub fn store(self, store: Arc<dyn ControlStore>) -> RuntimeBuilder<WithStore> {
        RuntimeBuilder { options: self.options, store: WithStore(Followed::Given(store)) }
    }

    /// Validates the configuration and starts the runtime: reserves the pool, starts the clock.
    ///
    /// # Errors
    /// If a value is out of its range, a slot's configuration contradicts itself or two have one name, or the machine
    /// cannot give the pool.
    pub fn build(self) -> Result<LocalRuntime, BuildError> {
        self.options.start(None).map(LocalRuntime::new)
    }
}

impl RuntimeBuilder<WithStore> {
    /// Validates the configuration and starts the runtime: reserves the pool, starts the clock, and comes into the state
    /// that the store says.
    ///
    /// # Errors
    /// If a value is out of its range, a slot's configuration contradicts itself or two have one name, the machine
    /// cannot give the pool, or the store cannot be read. A release of the store that cannot be loaded is no error
    /// here: the slot answers by its failure policy, and the store's register says why.
    pub fn build(self) -> Result<Runtime, BuildError> {
        self.options.start(Some(self.store.0))
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
        self.options.instances = instances;
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

    /// What this process calls itself in the store's register: 1 to 64 bytes, without control characters, `/` and `\`.
    /// Default: the name of its executable, made to fit.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.options.name = Some(name.into());
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
        self.options.shadow_cpu_share = share;
        self
    }

    /// Keeps a record of each message. Default: none is kept. The command `switchback` looks for the journal of a
    /// store in its folder `journal`.
    pub fn journal(mut self, journal: JournalConfig) -> Self {
        self.options.journal = Some(journal);
        self
    }

    /// Tells people what the guard found and did. Of the processes of a store, the one that raised an alert delivers it;
    /// what it has not delivered after a minute, any other that tells people does. Default: nobody is told; alerts are in the store, in the metrics and, as
    /// warnings, with the subscriber of `tracing`.
    pub fn alerts(mut self, alerts: AlertConfig) -> Self {
        self.options.alerts = alerts;
        self
    }
}

impl Options {
    fn start(mut self, store: Option<Followed>) -> Result<Runtime, BuildError> {
        self.validate()?;
        if let Some(Followed::InFolder(dir)) = &store {
            self.cache_dir.get_or_insert_with(|| dir.clone());
        }
        let name = self.name.clone().unwrap_or_else(|| acceptable(&program_name()));
        check_name(&name).map_err(|error| BuildError::Range(format!("a process: {error}")))?;
        let slots = self.slots.iter().map(|slot| slot.name.clone()).collect();
        let store = store.map(Followed::open).transpose()?;
        let enlisted = store.map(|store| Enlisted::new(store, &name, slots)).transpose()?;
        let sinks = self.alerts.sinks().map_err(|error| BuildError::Range(error.to_string()))?;
        let context = enlisted.as_ref().map(|enlisted| StoreContext {
            dir: enlisted.store.guard_dir().to_owned(),
            store: Arc::clone(&enlisted.store),
            link: Arc::clone(&enlisted.link),
            name: enlisted.name().to_owned(),
        });
        let (observed, observations) = ObservationQueue::new();
        let core = Arc::new(self.core(enlisted.as_ref(), Arc::<ObservationQueue>::clone(&observed))?);
        let follower = enlisted.map(|enlisted| Follower::start(Arc::clone(&core), enlisted)).transpose()?;
        let start_guard = || Guard::start(Arc::clone(&core), (observed, observations), context, sinks);
        let guard = (!core.slots.is_empty()).then(start_guard).transpose().map_err(thread_failed)?;
        follower.iter().for_each(|follower| core.life.in_fork(follower.leaving_in_fork()));
        Ok(Runtime::new(Running::new(core, guard, follower)))
    }

    /// Before a store registers this process: with no slots that it cannot have.
    fn validate(&self) -> Result<(), BuildError> {
        if !(1..=INSTANCES_MAX).contains(&self.instances) {
            return Err(BuildError::Range(format!(
                "instances = {}: 1 to {INSTANCES_MAX} are possible",
                self.instances
            )));
        }
        if !(0.0..=1.0).contains(&self.shadow_cpu_share) {
            let share = self.shadow_cpu_share;
            return Err(BuildError::Range(format!("shadow_cpu_share = {share}: 0 to 1 is possible")));
        }
        self.slots.iter().try_for_each(SlotConfig::validate)
    }

    fn core(self, enlisted: Option<&Enlisted>, guard: Arc<dyn Observer>) -> Result<Core, BuildError> {
        let (limits, instances, address_space, traps) = (self.limits, self.instances, self.address_space, self.traps);
        let artifacts_dir = self.cache_dir;
        let sandbox = Sandbox::new(SandboxConfig { limits, instances, address_space, traps, artifacts_dir })?;
        let releases = Arc::new(Releases::default());
        let overrides = Arc::new(ArcSwap::from_pointee(Overrides::default()));
        let process = enlisted.map_or(0, |enlisted| enlisted.link.process());
        let thresholds = self.slots.iter().map(|slot| (slot.name.clone(), slot.thresholds)).collect();
        let journal = self.journal.map(|config| Journal::open(config, process, thresholds)).transpose()?;
        let background = BackgroundConfig { cpu_share: self.shadow_cpu_share, journal, process };
        let background = Arc::new(BackgroundThreads::start(background).map_err(thread_failed)?);
        let around = Surroundings {
            background: Arc::<BackgroundThreads>::downgrade(&background),
            guard,
            store: enlisted.map(|enlisted| Arc::clone(&enlisted.link)),
            life: Arc::new(Life::begin()),
            releases,
            overrides,
        };
        let mut slots = BTreeMap::new();
        for config in self.slots {
            let slot = Slot::new(config, &around);
            if let Some(twin) = slots.insert(slot.name().to_owned(), slot) {
                return Err(BuildError::Slot { slot: twin.name().to_owned(), why: "it is there twice".to_owned() });
            }
        }
        let Surroundings { life, releases, overrides, .. } = around;
        let (news, granted_recipients) = (News::new(self.alerts.changes), self.granted_recipients);
        let store_meters = StoreMeters::new();
        Ok(Core { life, sandbox, slots, releases, news, store_meters, background, overrides, granted_recipients })
    }
}

impl Followed {
    fn open(self) -> Result<Arc<dyn ControlStore>, StoreError> {
        match self {
            Self::InFolder(dir) => Ok(Arc::new(SqliteStore::create(&dir)?)),
            Self::Given(store) => Ok(store),
        }
    }
}

fn program_name() -> String {
    let executable = std::env::current_exe().ok();
    executable
        .as_deref()
        .and_then(Path::file_name)
        .map_or_else(|| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}
