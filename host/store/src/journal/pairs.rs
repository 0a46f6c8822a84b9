//! Messages that two releases have seen.

use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{BooleanArray, FixedSizeBinaryArray, ListArray, PrimitiveArray, RecordBatch, StringArray};
use arrow_schema::ArrowError;
use jiff::Timestamp;
use switchback_model::guard::Key;
use switchback_model::message::Fingerprint;
use switchback_model::release::Digest;
use switchback_model::verdict::{Action, RecordId, Role, Said};

use super::error::JournalError;
use super::query::Query;
use super::reader::JournalReader;
use super::rows::{Opinions, bytes, column, instant, numbers, places, sender, text};
use super::scan::{Order, Pieces};
use super::schema::others_path;

/// What is read of an opinion.
pub(super) const SAID: [&str; 7] = ["release", "role", "said", "why", "score", "would", "took_us"];

/// What else is read of a record.
const ABOUT: [&str; 6] = ["id", "judged_at", "fingerprint", "sender_domain", "sender", "is_authenticated"];

/// What two releases made of one message.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordedPair<'a> {
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
    /// What the one release made of it.
    pub before: RecordedOpinion,
    /// What the other one made of it.
    pub after: RecordedOpinion,
}

/// What a release made of a message. As [`Opinion`](switchback_model::verdict::Opinion), for readers who know which release.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordedOpinion {
    /// Its role when it was asked.
    pub role: Role,
    /// What it said.
    pub said: Said,
    /// How long it took, in microseconds.
    pub took_us: u32,
}

impl RecordedOpinion {
    /// The score, unless it abstained, failed or was not asked.
    pub fn score(&self) -> Option<f64> {
        self.said.score()
    }

    /// What would be done with the message if this release alone decided: [`Said::action`].
    pub fn action(&self) -> Option<Action> {
        self.said.action()
    }
}

impl JournalReader {
    /// Calls `f` for each record that is asked for and that has an opinion of both releases, be it only that one was
    /// not asked; in the order of the segments. Returns what could not be read.
    ///
    /// Files are read by several threads, `f` is called on the caller's. Needs memory for one row group of 65,536
    /// records per thread, some 10 MB each, and for segments that are being written.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn for_each_pair(
        &self,
        before: &Digest,
        after: &Digest,
        query: &Query,
        mut f: impl FnMut(&RecordedPair<'_>),
    ) -> Result<Vec<JournalError>, JournalError> {
        let filter = self.filter(query);
        let columns = paths(&ABOUT);
        Pieces::find(&self.folder, &filter, Order::OldestFirst)?.in_order(
            |piece| {
                let mut pairs = Vec::new();
                let read = piece.read(&columns, &filter, &mut |batch| {
                    pairs.push(Pairs::of(batch, before, after)?);
                    Ok(())
                });
                (pairs, read)
            },
            |pairs| {
                pairs.iter().for_each(|pairs| pairs.for_each(&mut f));
                Ok(())
            },
        )
    }
}

/// The paths of columns, with what every release said.
pub(super) fn paths(columns: &[&str]) -> Vec<String> {
    let said = SAID.iter().flat_map(|name| [(*name).to_owned(), others_path(name)]);
    columns.iter().map(|name| (*name).to_owned()).chain(said).collect()
}

/// The pairs of a batch.
struct Pairs {
    id: FixedSizeBinaryArray,
    at: PrimitiveArray<TimestampMicrosecondType>,
    fingerprint: FixedSizeBinaryArray,
    sender_domain: StringArray,
    sender: FixedSizeBinaryArray,
    is_authenticated: BooleanArray,
    /// Where both releases said something, and what.
    opinions: Vec<(usize, [RecordedOpinion; 2])>,
}

impl Pairs {
    fn of(batch: &RecordBatch, before: &Digest, after: &Digest) -> Result<Self, ArrowError> {
        let said = Everyone::of(batch)?;
        let mut opinions = Vec::new();
        for row in 0..batch.num_rows() {
            if let Some(before) = said.find(row, before)?
                && let Some(after) = said.find(row, after)?
            {
                opinions.push((row, [before, after]));
            }
        }
        Ok(Self {
            id: column::<FixedSizeBinaryArray>(batch, "id")?.clone(),
            at: numbers(batch, "judged_at")?.clone(),
            fingerprint: column::<FixedSizeBinaryArray>(batch, "fingerprint")?.clone(),
            sender_domain: column::<StringArray>(batch, "sender_domain")?.clone(),
            sender: column::<FixedSizeBinaryArray>(batch, "sender")?.clone(),
            is_authenticated: column::<BooleanArray>(batch, "is_authenticated")?.clone(),
            opinions,
        })
    }

    fn for_each(&self, f: &mut impl FnMut(&RecordedPair<'_>)) {
        for (row, [before, after]) in &self.opinions {
            // Columns that have passed as these types have these widths, and times that jiff wrote.
            let (Ok(id), Ok(fingerprint), Ok(at), Ok(sender)) = (
                bytes::<16>(&self.id, *row),
                bytes::<16>(&self.fingerprint, *row),
                instant(&self.at, *row),
                sender(&self.sender, *row),
            ) else {
                continue;
            };
            f(&RecordedPair {
                id: id.into(),
                at,
                fingerprint: fingerprint.into(),
                sender_domain: text(&self.sender_domain, *row),
                sender,
                is_authenticated: self.is_authenticated.value(*row),
                before: *before,
                after: *after,
            });
        }
    }
}

/// What all releases said about the messages of a batch.
pub(super) struct Everyone<'a> {
    first: Opinions<'a>,
    others: Opinions<'a>,
    list: &'a ListArray,
}

impl<'a> Everyone<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        let (others, list) = Opinions::others(batch)?;
        Ok(Self { first: Opinions::first(batch)?, others, list })
    }

    /// What a release said, if it was to score the message.
    pub(super) fn find(&self, row: usize, release: &Digest) -> Result<Option<RecordedOpinion>, ArrowError> {
        if self.is_first(row, release) {
            return opinion(&self.first, row).map(Some);
        }
        self.find_other(row, release)
    }

    /// Whether the verdict names a release.
    pub(super) fn is_first(&self, row: usize, release: &Digest) -> bool {
        self.first.is_there(row) && self.first.release.value(row) == release.as_bytes()
    }

    /// The same, of those beside the first.
    pub(super) fn find_other(&self, row: usize, release: &Digest) -> Result<Option<RecordedOpinion>, ArrowError> {
        let place = places(self.list, row).find(|place| self.others.release.value(*place) == release.as_bytes());
        place.map(|place| opinion(&self.others, place)).transpose()
    }

    /// What the release said that the verdict names.
    pub(super) fn first(&self, row: usize) -> Result<RecordedOpinion, ArrowError> {
        opinion(&self.first, row)
    }
}

fn opinion(of: &Opinions<'_>, row: usize) -> Result<RecordedOpinion, ArrowError> {
    Ok(RecordedOpinion { role: of.role(row)?, said: of.said(row)?, took_us: of.took_us(row) })
}
