//! A runtime that keeps a journal.

use std::sync::Arc;

use switchback_store::journal::JournalConfig;

use super::{Options, RuntimeBuilder};
use crate::runtime::background::JournalRecorder;
use crate::runtime::companions::Planned;
use crate::runtime::error::BuildError;
use crate::runtime::slot::Recorder;

impl<S> RuntimeBuilder<S> {
    /// Keeps a record of each message. Default: none is kept. The command `switchback` looks for the journal of a
    /// store in its folder `journal`.
    pub fn journal(mut self, journal: JournalConfig) -> Self {
        self.options.journal = Some(journal);
        self
    }
}

impl Options {
    /// Who records messages, if anybody does.
    pub(super) fn recorder(&mut self, planned: &Planned) -> Result<Option<Arc<dyn Recorder>>, BuildError> {
        let thresholds = self.slots.iter().map(|slot| (slot.name.clone(), slot.thresholds)).collect();
        Ok(JournalRecorder::open(self.journal.take(), planned.process(), thresholds)?)
    }
}
