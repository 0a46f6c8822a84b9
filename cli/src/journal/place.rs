//! The journal that a command is about.

use std::path::{Path, PathBuf};

use switchback::control::{StoreProcess, StoreState};
use switchback::journal::{JournalError, JournalReader};
use switchback::{Control, ReleaseId};

use crate::exit::Usage;
use crate::store::slot::Slots;
use crate::store::{self, StoreArgs, reference};

/// The folder of a store's journal.
pub(crate) fn of_store(dir: &Path) -> PathBuf {
    dir.join("journal")
}

/// Refuses a slot that neither a store, which knows these, nor a journal knows.
pub(crate) fn check_slot(of_store: Slots, reader: &JournalReader, name: &str) -> anyhow::Result<()> {
    if of_store.has(name) || reader.has_slot(name)? {
        return Ok(());
    }
    of_store.and(reader.slots()?).check(name)
}

/// Which journal.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct JournalArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,

    /// The folder of the journal [default: `journal` in the store's folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl JournalArgs {
    /// Opens it.
    pub(crate) fn open(&self) -> anyhow::Result<JournalReader> {
        let of_store = || {
            let dir = self.store.dir().map_err(|_| {
                Usage(
                    "which journal? Name its folder with --dir, or a store with --store or in SWITCHBACK_STORE".into(),
                )
            })?;
            Ok::<_, Usage>(of_store(&dir))
        };
        let dir = self.dir.clone().map_or_else(of_store, Ok)?;
        JournalReader::open(dir).or_else(|error| {
            if self.dir.is_none() && matches!(error, JournalError::NoJournal(_)) {
                // Where there is no store either, that is what is wrong.
                self.store.open()?;
            }
            Err(error.into())
        })
    }

    /// What the store says; none if no store was named, or there is none.
    pub(crate) fn state(&self) -> anyhow::Result<Option<StoreState>> {
        Ok(self.control()?.map(|control| control.state()).transpose()?)
    }

    fn control(&self) -> anyhow::Result<Option<Control>> {
        let Ok(dir) = self.store.dir() else { return Ok(None) };
        match Control::open(dir) {
            Ok(control) => Ok(Some(control)),
            Err(error) if store::is_missing(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The slot that was named, if one was: store or journal have to know it.
    pub(crate) fn slot(&self, reader: &JournalReader, named: Option<&str>) -> anyhow::Result<Option<String>> {
        let Some(name) = named else { return Ok(None) };
        let (state, processes) = match self.control()? {
            Some(control) => (control.state()?, control.processes()?),
            None => (StoreState::default(), Vec::<StoreProcess>::new()),
        };
        check_slot(Slots::of(&state, &processes), reader, name)?;
        Ok(Some(name.to_owned()))
    }

    /// The release of this name that the store or the journal knows.
    pub(crate) fn release(&self, reader: &JournalReader, reference: &str) -> anyhow::Result<ReleaseId> {
        reference::recorded(self.state()?.as_ref(), &reader.releases()?, reference)
    }
}
