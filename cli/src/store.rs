//! The store that a command is about.

pub(crate) mod author;
pub(crate) mod change;
mod effect;
mod obeyed;
pub(crate) mod reference;
pub(crate) mod releases;
pub(crate) mod slot;
pub(crate) mod text;

use std::path::PathBuf;

use switchback::{Control, StoreError};

use crate::exit::Usage;

/// The environment's word for `--store`.
const VARIABLE: &str = "SWITCHBACK_STORE";

/// Which store.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct StoreArgs {
    /// The folder of the store [default: what SWITCHBACK_STORE says]
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
}

impl StoreArgs {
    /// The folder.
    pub(crate) fn dir(&self) -> Result<PathBuf, Usage> {
        let named = self.store.clone().or_else(|| std::env::var_os(VARIABLE).map(PathBuf::from));
        let is_named = named.filter(|dir| !dir.as_os_str().is_empty());
        is_named.ok_or_else(|| Usage(format!("which store? Name its folder with --store, or in {VARIABLE}")))
    }

    /// Opens it.
    pub(crate) fn open(&self) -> anyhow::Result<Control> {
        Ok(Control::open(self.dir()?)?)
    }
}

/// Whether an error says that there is no store in the folder.
pub(crate) fn is_missing(error: &StoreError) -> bool {
    matches!(error, StoreError::Layout(switchback::LayoutError::NoStore(_)))
}
