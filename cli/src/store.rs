//! The store that a command is about.

pub(crate) mod aftermath;
pub(crate) mod author;
pub(crate) mod change;
mod effect;
mod obeyed;
pub(crate) mod proof;
pub(crate) mod recent;
pub(crate) mod reference;
pub(crate) mod releases;
pub(crate) mod slot;
pub(crate) mod text;

use std::path::{Path, PathBuf};

use switchback::Control;
use switchback::control::{Ledger, StoreError, StoreState};

use crate::exit::{Usage, say};

/// The environment's word for `--store`.
const VARIABLE: &str = "SWITCHBACK_STORE";

/// Which store.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct StoreArgs {
    /// Folder of the store [default: the value of SWITCHBACK_STORE]
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

    /// The folder: the one that was named here, or that of a configuration.
    pub(crate) fn dir_or(&self, configured: Option<&Path>) -> Result<PathBuf, Usage> {
        match (&self.store, configured) {
            (None, Some(dir)) => Ok(dir.to_owned()),
            _ => self.dir(),
        }
    }

    /// Opens it.
    pub(crate) fn open(&self) -> anyhow::Result<Control> {
        Ok(Control::open(self.dir()?)?)
    }
}

/// What a store says now, with a note where that is not all.
pub(crate) fn state(control: &Control) -> anyhow::Result<StoreState> {
    let ledger = control.ledger()?;
    note_newer(&ledger);
    Ok(ledger.into_state())
}

/// Says that what is shown is not all, where a newer program wrote to the ledger.
pub(crate) fn note_newer(ledger: &Ledger) {
    if let Some(newer) = ledger.newer().first() {
        say(&format!("{newer}; what is shown is the state before it, and only that version can change the store"));
    }
}

/// Whether an error says that there is no store in the folder.
pub(crate) fn is_missing(error: &StoreError) -> bool {
    matches!(error, StoreError::Layout(switchback::control::LayoutError::NoStore(_)))
}
