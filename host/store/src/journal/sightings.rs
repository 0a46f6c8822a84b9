//! Who wrote messages, and when.

use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{BooleanArray, FixedSizeBinaryArray, PrimitiveArray, RecordBatch, StringArray};
use arrow_schema::ArrowError;
use switchback_model::guard::Sighting;

use super::error::JournalError;
use super::query::Query;
use super::reader::JournalReader;
use super::rows::{bytes, column, instant, numbers, sender, text};
use super::scan::{Order, Pieces};

/// What is read of a record.
const ABOUT: [&str; 5] = ["judged_at", "fingerprint", "sender_domain", "sender", "is_authenticated"];

impl JournalReader {
    /// Calls `f` for each record that is asked for, whoever scored the message; in the order of the segments. Returns what
    /// could not be read. The senders are the journal's hashes
    /// ([`RecordedMessage::sender`](crate::journal::RecordedMessage::sender)), which are not those of [`Sighting::of`];
    /// recipients are not recorded.
    ///
    /// Files are read by several threads, `f` is called on the caller's.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn for_each_sighting(
        &self,
        query: &Query,
        mut f: impl FnMut(&Sighting<'_>),
    ) -> Result<Vec<JournalError>, JournalError> {
        let filter = self.filter(query);
        let columns: Vec<_> = ABOUT.iter().map(|name| (*name).to_owned()).collect();
        Pieces::find(&self.folder, &filter, Order::OldestFirst)?.in_order(
            |piece| {
                let mut batches = Vec::new();
                let read = piece.read(&columns, &filter, &mut |batch| {
                    batches.push(Sightings::of(batch)?);
                    Ok(())
                });
                (batches, read)
            },
            |batches| {
                batches.iter().for_each(|batch| batch.for_each(&mut f));
                Ok(())
            },
        )
    }
}

/// The messages of a batch.
struct Sightings {
    at: PrimitiveArray<TimestampMicrosecondType>,
    fingerprint: FixedSizeBinaryArray,
    sender_domain: StringArray,
    sender: FixedSizeBinaryArray,
    is_authenticated: BooleanArray,
    rows: usize,
}

impl Sightings {
    fn of(batch: &RecordBatch) -> Result<Self, ArrowError> {
        Ok(Self {
            at: numbers(batch, "judged_at")?.clone(),
            fingerprint: column::<FixedSizeBinaryArray>(batch, "fingerprint")?.clone(),
            sender_domain: column::<StringArray>(batch, "sender_domain")?.clone(),
            sender: column::<FixedSizeBinaryArray>(batch, "sender")?.clone(),
            is_authenticated: column::<BooleanArray>(batch, "is_authenticated")?.clone(),
            rows: batch.num_rows(),
        })
    }

    fn for_each(&self, f: &mut impl FnMut(&Sighting<'_>)) {
        for row in 0..self.rows {
            // Columns that have passed as these types have these widths, and times that jiff wrote.
            let (Ok(at), Ok(fingerprint), Ok(sender)) =
                (instant(&self.at, row), bytes::<16>(&self.fingerprint, row), sender(&self.sender, row))
            else {
                continue;
            };
            let sighting =
                Sighting::new(at, fingerprint.into()).sender_domain(text(&self.sender_domain, row)).sender(sender);
            f(&sighting.is_authenticated(self.is_authenticated.value(row)));
        }
    }
}
