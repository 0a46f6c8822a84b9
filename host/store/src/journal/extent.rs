//! What a journal has at all: how many records, from when to when, and of which slots.

use std::collections::BTreeSet;

use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{RecordBatch, StringArray};
use arrow_schema::ArrowError;
use jiff::Timestamp;

use super::error::JournalError;
use super::query::{Filter, Query};
use super::reader::JournalReader;
use super::rows::{column, numbers};
use super::scan::{Order, Pieces};
use super::schema;

/// What a journal has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extent {
    /// How many records.
    pub records: u64,
    /// When the first was judged, and when the last; none without a record.
    pub judged: Option<(Timestamp, Timestamp)>,
}

impl JournalReader {
    /// How many records there are, and of which time. Closed segments say so at their end; those that are being written are
    /// read. What cannot be read is left out: it is said where its records are asked for.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn extent(&self) -> Result<Extent, JournalError> {
        let (filter, mut found) = (Filter::default(), Found::default());
        for piece in Pieces::find(&self.folder, &filter, Order::OldestFirst)?.flatten() {
            match piece.closed_extent() {
                Some((records, first_us, last_us)) => found.add(records, first_us, last_us),
                None => {
                    let _ = piece.read(&["judged_at".to_owned()], &filter, &mut |batch| found.add_batch(batch));
                }
            }
        }
        let time = |us: i64| Timestamp::from_microsecond(us).ok();
        let judged = found.judged_us.and_then(|(first, last)| Some((time(first)?, time(last)?)));
        Ok(Extent { records: found.records, judged })
    }

    /// The slots of the processes that wrote it. Of a file that does not say so, those of its records.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn slots(&self) -> Result<BTreeSet<String>, JournalError> {
        let (filter, mut slots) = (Filter::default(), BTreeSet::new());
        for piece in Pieces::find(&self.folder, &filter, Order::OldestFirst)?.flatten() {
            let said = piece.metadata().map(|metadata| schema::thresholds(&metadata)).unwrap_or_default();
            if !said.is_empty() {
                slots.extend(said.into_keys());
                continue;
            }
            let _ = piece.read(&["slot".to_owned()], &filter, &mut |batch| {
                let array: &StringArray = column(batch, "slot")?;
                slots.extend(array.iter().flatten().map(str::to_owned));
                Ok(())
            });
        }
        Ok(slots)
    }

    /// Whether there is a record of a slot, whatever the processes that wrote it said of their slots.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn has_slot(&self, slot: &str) -> Result<bool, JournalError> {
        let query = Query { slot: Some(slot.to_owned()), ..Query::default() };
        Ok(!self.last(&query, 1)?.records.is_empty())
    }
}

/// What was found so far.
#[derive(Default)]
struct Found {
    records: u64,
    judged_us: Option<(i64, i64)>,
}

impl Found {
    fn add(&mut self, records: u64, first_us: i64, last_us: i64) {
        self.records += records;
        let (first, last) = self.judged_us.unwrap_or((first_us, last_us));
        self.judged_us = Some((first.min(first_us), last.max(last_us)));
    }

    fn add_batch(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let at = numbers::<TimestampMicrosecondType>(batch, "judged_at")?.values();
        if let (Some(first), Some(last)) = (at.iter().min(), at.iter().max()) {
            self.add(at.len() as u64, *first, *last);
        }
        Ok(())
    }
}
