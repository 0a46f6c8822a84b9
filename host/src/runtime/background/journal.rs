//! Recording messages in a journal.

use std::collections::BTreeMap;
use std::sync::Arc;

use switchback_model::message::Message;
use switchback_model::verdict::{Judged, Thresholds};
use switchback_store::journal::{Journal, JournalConfig, JournalCounts, JournalError, Overflow, Record};

use crate::runtime::meters::JournalMeters;
use crate::runtime::slot::Recorder;

/// Records messages in a journal.
pub(in crate::runtime) struct JournalRecorder {
    journal: Journal,
    meters: JournalMeters,
    /// The number of this process in its store; 0 without one.
    process: u64,
}

impl JournalRecorder {
    /// Opens the journal, if one is kept. Its metrics are there in any case.
    pub(in crate::runtime) fn open(
        config: Option<JournalConfig>,
        process: u64,
        thresholds: BTreeMap<String, Thresholds>,
    ) -> Result<Option<Arc<dyn Recorder>>, JournalError> {
        let meters = JournalMeters::new();
        let Some(config) = config else { return Ok(None) };
        let journal = Journal::open(config, process, thresholds)?;
        Ok(Some(Arc::new(Self { journal, meters, process })))
    }
}

impl Recorder for JournalRecorder {
    fn loses_none(&self) -> bool {
        self.journal.config().overflow == Overflow::Block
    }

    fn record(&self, slot: &Arc<str>, message: &Message, judged: Judged) {
        let Judged { id, at, generation, action, scl, category, decided_by, timing, opinions, .. } = judged;
        let mut record = Record::new(id, at, Arc::clone(slot), self.journal.mail(message), action, decided_by);
        (record.process, record.generation, record.timing) = (self.process, generation, timing);
        (record.scl, record.category, record.opinions) = (scl, category, opinions.into_vec());
        match self.journal.features(message, &record.mail) {
            Some(features) => self.journal.append_with(record, features),
            None => self.journal.append(record),
        }
        self.meters.set(self.journal.counts());
    }

    fn count_dropped(&self) {
        self.journal.count_dropped();
        self.meters.set(self.journal.counts());
    }

    fn count_failed(&self) {
        self.journal.count_failed();
    }

    fn flush(&self) {
        self.journal.flush();
        self.meters.set(self.journal.counts());
    }

    fn counts(&self) -> JournalCounts {
        self.journal.counts()
    }
}
