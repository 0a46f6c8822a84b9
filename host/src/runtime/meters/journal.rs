//! The metrics of the journal.

use crate::metric::{Counter, counter};
use switchback_store::journal::JournalCounts;

/// The metrics of the journal.
pub(in crate::runtime) struct JournalMeters {
    written: Counter,
    dropped: Counter,
    failed: Counter,
    gone: Counter,
}

impl JournalMeters {
    pub(in crate::runtime) fn new() -> Self {
        let of = |outcome: &'static str| counter!("switchback_journal_records_total", "outcome" => outcome);
        Self { written: of("written"), dropped: of("dropped"), failed: of("failed"), gone: of("gone") }
    }

    /// What became of the records so far.
    pub(in crate::runtime) fn set(&self, counts: JournalCounts) {
        self.written.absolute(counts.written);
        self.dropped.absolute(counts.dropped);
        self.failed.absolute(counts.failed);
        self.gone.absolute(counts.gone);
    }
}
