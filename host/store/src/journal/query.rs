//! Which records are asked for.

use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, BooleanArray, FixedSizeBinaryArray, RecordBatch, StringArray};
use arrow_schema::ArrowError;
use jiff::Timestamp;
use switchback_model::message::Fingerprint;
use switchback_model::release::Digest;
use switchback_model::verdict::{Action, RecordId};

use super::key::{JournalKey, bare};
use super::rows::{column, numbers, others, places, text, typed};
use super::schema::others_path;

/// Which records are asked for: those of which everything holds that is given. The default is all.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Query {
    /// Judged at this time or later.
    pub since: Option<Timestamp>,
    /// Judged before this time.
    pub until: Option<Timestamp>,
    /// In this slot.
    pub slot: Option<String>,
    /// Seen by this release, whoever decided.
    pub release: Option<Digest>,
    /// From this organisational domain, in lower case.
    pub sender_domain: Option<String>,
    /// Of this campaign.
    pub fingerprint: Option<Fingerprint>,
    /// With this action.
    pub action: Option<Action>,
    /// Decided by this: one of [`DecidedBy::NAMES`](switchback_model::verdict::DecidedBy::NAMES).
    pub decided_by: Option<String>,
    /// Of this name.
    pub id: Option<RecordId>,
    /// Of a message with this Message-ID, whether the journal keeps it hashed or not.
    pub message_id: Option<String>,
}

impl Query {
    switchback_model::setters! {
        /// Asks only for records judged at this time or later.
        pub since: impl Into<Option<Timestamp>>;

        /// Asks only for records judged before this time.
        pub until: impl Into<Option<Timestamp>>;

        /// Asks only for records of this slot.
        pub slot: impl Into<Option<String>>;

        /// Asks only for records of messages that this release saw.
        pub release: impl Into<Option<Digest>>;

        /// Asks only for records from this organisational domain, in lower case.
        pub sender_domain: impl Into<Option<String>>;

        /// Asks only for records of this campaign.
        pub fingerprint: impl Into<Option<Fingerprint>>;

        /// Asks only for records with this action.
        pub action: impl Into<Option<Action>>;

        /// Asks only for records decided by this.
        pub decided_by: impl Into<Option<String>>;

        /// Asks only for records of this name.
        pub id: impl Into<Option<RecordId>>;

        /// Asks only for records of a message with this Message-ID.
        pub message_id: impl Into<Option<String>>;
    }
}

/// A query as it is asked of columns.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    query: Query,
    /// The Message-ID as it may stand in a record.
    message_ids: Vec<String>,
    /// The release that the verdict names, or that failed on the message.
    asked: Option<Digest>,
    /// One of these, sorted.
    ids: Option<Vec<[u8; 16]>>,
}

impl Filter {
    pub(super) fn new(query: &Query, key: Option<&JournalKey>) -> Self {
        let message_ids = query.message_id.iter().flat_map(|id| {
            let hashed = key.map(|key| key.hash(id));
            hashed.into_iter().chain([bare(id).to_owned()])
        });
        Self { message_ids: message_ids.collect(), query: query.clone(), ..Self::default() }
    }

    /// And the verdict names this release, or this release failed on the message, so that another one may have decided in its
    /// place.
    pub(super) fn asked(mut self, release: Digest) -> Self {
        self.asked = Some(release);
        self
    }

    /// Only the records of these names.
    pub(super) fn ids(mut ids: Vec<[u8; 16]>) -> Self {
        ids.sort_unstable();
        Self { ids: Some(ids), ..Self::default() }
    }

    /// The columns that it looks at, as paths of a Parquet file.
    pub(super) fn columns(&self) -> Vec<String> {
        let query = &self.query;
        let given = [
            ("judged_at", query.since.is_some() || query.until.is_some()),
            ("slot", query.slot.is_some()),
            ("release", query.release.is_some() || self.asked.is_some()),
            ("sender_domain", query.sender_domain.is_some()),
            ("fingerprint", query.fingerprint.is_some()),
            ("action", query.action.is_some()),
            ("decided_by", query.decided_by.is_some()),
            ("id", query.id.is_some() || self.ids.is_some()),
            ("message_id", query.message_id.is_some()),
        ];
        let mut columns: Vec<_> = given.iter().filter(|(_, is)| *is).map(|(name, _)| (*name).to_owned()).collect();
        columns.extend(query.release.or(self.asked).map(|_| others_path("release")));
        columns.extend(self.asked.map(|_| others_path("said")));
        columns
    }

    /// The first and the last name that a record can have, if that is known.
    pub(super) fn id_range(&self) -> Option<([u8; 16], [u8; 16])> {
        let one = self.query.id.as_ref().map(|id| (*id.as_bytes(), *id.as_bytes()));
        one.or_else(|| self.ids.as_deref().and_then(|ids| Some((*ids.first()?, *ids.last()?))))
    }

    /// The first and the last microsecond that a record can have.
    pub(super) fn time_range(&self) -> (i64, i64) {
        // A time between two microseconds: what was judged before it has the earlier one at most.
        let until =
            self.query.until.map(|until| until.as_microsecond() - i64::from(until.subsec_nanosecond() % 1_000 == 0));
        let since =
            self.query.since.map(|since| since.as_microsecond() + i64::from(since.subsec_nanosecond() % 1_000 != 0));
        (since.unwrap_or(i64::MIN), until.unwrap_or(i64::MAX))
    }

    /// Which records of a batch it is true of.
    pub(super) fn mask(&self, batch: &RecordBatch) -> Result<BooleanArray, ArrowError> {
        let mut mask = Mask(vec![true; batch.num_rows()]);
        let query = &self.query;
        if query.since.is_some() || query.until.is_some() {
            let at = numbers::<TimestampMicrosecondType>(batch, "judged_at")?;
            let (first, last) = self.time_range();
            mask.keep(|row| (first..=last).contains(&at.value(row)));
        }
        let action = query.action.map(Action::name);
        let texts = [
            ("slot", query.slot.as_deref()),
            ("sender_domain", query.sender_domain.as_deref()),
            ("action", action),
            ("decided_by", query.decided_by.as_deref()),
        ];
        for (name, wanted) in texts.into_iter().filter_map(|(name, wanted)| Some((name, wanted?))) {
            let array: &StringArray = column(batch, name)?;
            mask.keep(|row| text(array, row) == Some(wanted));
        }
        if query.message_id.is_some() {
            let array: &StringArray = column(batch, "message_id")?;
            mask.keep(|row| text(array, row).is_some_and(|id| self.message_ids.iter().any(|wanted| wanted == id)));
        }
        self.mask_bytes(batch, &mut mask)?;
        Ok(BooleanArray::from(mask.0))
    }

    fn mask_bytes(&self, batch: &RecordBatch, mask: &mut Mask) -> Result<(), ArrowError> {
        let query = &self.query;
        let wanted = [
            ("fingerprint", query.fingerprint.as_ref().map(|fingerprint| fingerprint.as_bytes().as_slice())),
            ("id", query.id.as_ref().map(|id| id.as_bytes().as_slice())),
        ];
        for (name, wanted) in wanted.into_iter().filter_map(|(name, wanted)| Some((name, wanted?))) {
            let array: &FixedSizeBinaryArray = column(batch, name)?;
            mask.keep(|row| array.is_valid(row) && array.value(row) == wanted);
        }
        if let Some(ids) = &self.ids {
            let array: &FixedSizeBinaryArray = column(batch, "id")?;
            mask.keep(|row| ids.binary_search_by(|id| id.as_slice().cmp(array.value(row))).is_ok());
        }
        if let Some(release) = &query.release {
            mask_release(batch, release, mask, |_| true)?;
        }
        if let Some(release) = &self.asked {
            let said: &StringArray = typed(others(batch)?.0.column_by_name("said"), "said")?;
            mask_release(batch, release, mask, |place| said.value(place) == "failed")?;
        }
        Ok(())
    }
}

/// Keeps what a release was the first to see, or saw among others at a place that is meant.
fn mask_release(
    batch: &RecordBatch,
    release: &Digest,
    mask: &mut Mask,
    is_meant: impl Fn(usize) -> bool,
) -> Result<(), ArrowError> {
    let wanted = release.as_bytes().as_slice();
    let first: &FixedSizeBinaryArray = column(batch, "release")?;
    let (fields, list) = others(batch)?;
    let releases: &FixedSizeBinaryArray = typed(fields.column_by_name("release"), "release")?;
    mask.keep(|row| {
        let is_first = first.is_valid(row) && first.value(row) == wanted;
        is_first || places(list, row).any(|place| releases.value(place) == wanted && is_meant(place))
    });
    Ok(())
}

/// A mark for each record of a batch.
struct Mask(Vec<bool>);

impl Mask {
    /// Keeps those that are kept so far and of which this is true.
    fn keep(&mut self, is_wanted: impl Fn(usize) -> bool) {
        for (row, kept) in self.0.iter_mut().enumerate() {
            *kept = *kept && is_wanted(row);
        }
    }
}
