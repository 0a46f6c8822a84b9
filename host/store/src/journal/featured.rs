//! Messages of which the features were kept, with what a release said of them.

use std::collections::BTreeMap;

use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{BooleanArray, FixedSizeBinaryArray, RecordBatch, StringArray};
use arrow_schema::ArrowError;
use jiff::Timestamp;
use switchback_model::guard::Key;
use switchback_model::message::Fingerprint;
use switchback_model::release::Digest;
use switchback_model::verdict::{RecordId, Thresholds};

use super::error::JournalError;
use super::feature_columns::FeatureRows;
use super::features::RecordedFeatures;
use super::pairs::{Everyone, RecordedOpinion, paths};
use super::query::Query;
use super::reader::JournalReader;
use super::rows::{bytes, column, instant, numbers, sender, text};
use super::scan::{Order, Pieces};
use super::schema::{self, FEATURES};

/// What else is read of a record.
const ABOUT: [&str; 8] =
    ["id", "judged_at", "slot", "fingerprint", "sender_domain", "sender", "is_authenticated", FEATURES];

/// A record with the features of its message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FeaturedRecord<'a> {
    /// The name of the record.
    pub id: RecordId,
    /// When the message was judged.
    pub at: Timestamp,
    /// The campaign that it belongs to.
    pub fingerprint: Fingerprint,
    /// The organisational domain of its sender; none without a usable one.
    pub sender_domain: Option<&'a str>,
    /// The address of that sender, by the journal's hash: [`RecordedMessage::sender`](crate::journal::RecordedMessage::sender).
    pub sender: Option<Key>,
    /// Whether that sender was authenticated.
    pub is_authenticated: bool,
    /// The thresholds that held in the slot then; none where the file does not say.
    pub thresholds: Option<Thresholds>,
    /// What the release that was asked for made of the message; none if it was not to score it.
    pub opinion: Option<RecordedOpinion>,
    /// The features of the message.
    pub features: RecordedFeatures,
}

/// What was gone through.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Featured {
    /// Records that were asked for.
    pub records: u64,
    /// Those of them that have features.
    pub featured: u64,
    /// When the first of those was judged, and when the last.
    pub judged: Option<(Timestamp, Timestamp)>,
    /// What could not be read.
    pub unread: Vec<JournalError>,
}

impl JournalReader {
    /// Does `work` for each record that is asked for and has features, with what a release said of the message, and `take`
    /// with each result, in the order of the segments.
    ///
    /// `work` is done by the threads that read, several at once, `take` on the caller's. Needs memory for 8,192 records with
    /// their features per thread, some 40 MB, and for the results of one row group of 65,536 records.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn for_each_featured<T: Send>(
        &self,
        release: &Digest,
        query: &Query,
        work: impl Fn(FeaturedRecord<'_>) -> T + Sync,
        mut take: impl FnMut(T),
    ) -> Result<Featured, JournalError> {
        let (filter, columns) = (self.filter(query), paths(&ABOUT));
        let mut found = Featured::default();
        let unread = Pieces::find(&self.folder, &filter, Order::OldestFirst)?.in_order(
            |piece| {
                let mut part = Part { thresholds: BTreeMap::new(), records: 0, done: Vec::new() };
                let read = piece.metadata().and_then(|metadata| {
                    part.thresholds = schema::thresholds(&metadata);
                    piece.read(&columns, &filter, &mut |batch| part.add(batch, release, &work))
                });
                (part, read)
            },
            |part| {
                found.add(&part);
                part.done.into_iter().for_each(|(_, done)| take(done));
                Ok::<_, JournalError>(())
            },
        )?;
        Ok(Featured { unread, ..found })
    }
}

impl Featured {
    fn add<T>(&mut self, part: &Part<T>) {
        self.records += part.records;
        self.featured += part.done.len() as u64;
        for (at, _) in &part.done {
            let (first, last) = self.judged.unwrap_or((*at, *at));
            self.judged = Some((first.min(*at), last.max(*at)));
        }
    }
}

/// What one piece of a journal adds.
struct Part<T> {
    thresholds: BTreeMap<String, Thresholds>,
    records: u64,
    /// When each message was judged that has features, and what was made of it.
    done: Vec<(Timestamp, T)>,
}

impl<T> Part<T> {
    fn add(
        &mut self,
        batch: &RecordBatch,
        release: &Digest,
        work: &impl Fn(FeaturedRecord<'_>) -> T,
    ) -> Result<(), ArrowError> {
        self.records += batch.num_rows() as u64;
        let Some(features) = FeatureRows::of(batch)? else { return Ok(()) };
        let said = Everyone::of(batch)?;
        let at = numbers::<TimestampMicrosecondType>(batch, "judged_at")?;
        let texts = |name| column::<StringArray>(batch, name);
        let binary = |name| column::<FixedSizeBinaryArray>(batch, name);
        for row in 0..batch.num_rows() {
            let Some(features) = features.get(row)? else { continue };
            let record = FeaturedRecord {
                id: bytes::<16>(binary("id")?, row)?.into(),
                at: instant(at, row)?,
                fingerprint: bytes::<16>(binary("fingerprint")?, row)?.into(),
                sender_domain: text(texts("sender_domain")?, row),
                sender: sender(binary("sender")?, row)?,
                is_authenticated: column::<BooleanArray>(batch, "is_authenticated")?.value(row),
                thresholds: self.thresholds.get(texts("slot")?.value(row)).copied(),
                opinion: said.find(row, release)?,
                features,
            };
            self.done.push((record.at, work(record)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_are_found_in_whatever_order_they_come() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut found = Featured::default();
        for times in [[5, 9], [2, 7]] {
            let done = times.map(|second| (at(second), ())).into();
            found.add(&Part { thresholds: BTreeMap::new(), records: 3, done });
        }
        assert_eq!((found.judged, found.records, found.featured), (Some((at(2), at(9))), 6, 4));
    }
}
