//! A runtime that follows a store.

use std::path::PathBuf;
use std::sync::Arc;

use switchback_store::control::ControlStore;

use super::{RuntimeBuilder, check_folder};
use crate::runtime::companions::Planned;
use crate::runtime::error::BuildError;
use crate::runtime::handle::Runtime;
use crate::runtime::options::Followed;

/// That a runtime follows a store.
#[derive(Clone, Debug)]
pub struct WithStore(Followed);

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
}

impl RuntimeBuilder<WithStore> {
    /// Validates the configuration and starts the runtime: reserves the pool, starts the clock, and comes into the state
    /// that the store says.
    ///
    /// # Errors
    /// If a value is out of its range, a slot's configuration contradicts itself or two have one name, the machine
    /// cannot give the pool, or the store cannot be read. A release of the store that cannot be loaded is no error
    /// here: the slot answers by its failure policy, and the store's register says why.
    pub fn build(mut self) -> Result<Runtime, BuildError> {
        self.options.validate()?;
        if let Followed::InFolder(dir) = &self.store.0 {
            check_folder("store_dir", dir)?;
            self.options.cache_dir.get_or_insert_with(|| dir.clone());
        }
        let planned = Planned::following(&self.options, self.store.0)?;
        self.options.start(planned)
    }
}

impl<S> RuntimeBuilder<S> {
    /// What this process calls itself in the store's register: 1 to 64 bytes, without control characters, `/` and `\`.
    /// Default: the name of its executable, made to fit.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.options.name = Some(name.into());
        self
    }
}
