//! Columns -> records.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::types::{Float64Type, Int8Type, TimestampMicrosecondType, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, FixedSizeBinaryArray, ListArray, PrimitiveArray, RecordBatch,
    StringArray, StructArray,
};
use arrow_schema::ArrowError;
use jiff::Timestamp;
use switchback_model::guard::Key;
use switchback_model::message::{Fingerprint, Reading};
use switchback_model::release::{Digest, ReleaseId, parse_version};
use switchback_model::route::Generation;
use switchback_model::timing::Timing;
use switchback_model::verdict::{Action, Category, Cause, DecidedBy, Dropped, Opinion, RecordId, Role, Said, Scl};

use super::record::{Record, RecordedMessage};
use super::schema::{OTHERS, READING};

/// A column of a batch, by its name.
pub(super) fn column<'a, T: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a T, ArrowError> {
    typed(batch.column_by_name(name), name)
}

pub(super) fn numbers<'a, T: ArrowPrimitiveType>(
    batch: &'a RecordBatch,
    name: &str,
) -> Result<&'a PrimitiveArray<T>, ArrowError> {
    column(batch, name)
}

/// A column that was found by a name, as what it has to be.
pub(super) fn typed<'a, T: Array + 'static>(column: Option<&'a ArrayRef>, name: &str) -> Result<&'a T, ArrowError> {
    let array = column.and_then(|column| column.as_any().downcast_ref::<T>());
    array.ok_or_else(|| ArrowError::SchemaError(format!("the column {name} is missing, or of another type")))
}

/// The bytes of a fixed size at a place.
pub(super) fn bytes<const N: usize>(array: &FixedSizeBinaryArray, row: usize) -> Result<[u8; N], ArrowError> {
    let odd = || ArrowError::SchemaError(format!("a value does not have {N} bytes"));
    array.value(row).try_into().map_err(|_| odd())
}

/// The text at a place, unless there is none.
pub(super) fn text(array: &StringArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}

fn number<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    array.is_valid(row).then(|| array.value(row))
}

pub(super) fn instant(at: &PrimitiveArray<TimestampMicrosecondType>, row: usize) -> Result<Timestamp, ArrowError> {
    Timestamp::from_microsecond(at.value(row)).map_err(|error| ArrowError::ParseError(error.to_string()))
}

pub(super) fn unknown(what: &str, name: &str) -> ArrowError {
    ArrowError::ParseError(format!("`{name}` is no {what} that this program knows"))
}

/// A value by its name.
pub(super) fn named<T: FromStr>(what: &str, name: &str) -> Result<T, ArrowError> {
    name.parse().map_err(|_| unknown(what, name))
}

/// The numbers of a list at a place.
pub(super) fn list<T: ArrowPrimitiveType>(array: &ListArray, row: usize) -> Result<&[T::Native], ArrowError> {
    let values: &PrimitiveArray<T> = typed(Some(array.values()), "element")?;
    Ok(&values.values()[places(array, row)])
}

/// Releases by their digest, so that each is parsed once.
pub(super) type Releases = HashMap<[u8; 32], ReleaseId>;

/// What releases said: the columns of the first opinions, or the fields of the others.
pub(super) struct Opinions<'a> {
    pub(super) release: &'a FixedSizeBinaryArray,
    role: &'a StringArray,
    said: &'a StringArray,
    why: &'a StringArray,
    score: &'a PrimitiveArray<Float64Type>,
    would: &'a StringArray,
    took_us: &'a PrimitiveArray<UInt32Type>,
}

impl<'a> Opinions<'a> {
    /// The first of each record.
    pub(super) fn first(batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        Self::of(|name| batch.column_by_name(name))
    }

    /// The others of all records, one behind the other, and where those of each record are.
    pub(super) fn others(batch: &'a RecordBatch) -> Result<(Self, &'a ListArray), ArrowError> {
        let (fields, list) = others(batch)?;
        Ok((Self::of(|name| fields.column_by_name(name))?, list))
    }

    fn of(column: impl Fn(&str) -> Option<&'a ArrayRef>) -> Result<Self, ArrowError> {
        Ok(Self {
            release: typed(column("release"), "release")?,
            role: typed(column("role"), "role")?,
            said: typed(column("said"), "said")?,
            why: typed(column("why"), "why")?,
            score: typed(column("score"), "score")?,
            would: typed(column("would"), "would")?,
            took_us: typed(column("took_us"), "took_us")?,
        })
    }

    /// Whether there is an opinion at a place.
    pub(super) fn is_there(&self, row: usize) -> bool {
        self.release.is_valid(row)
    }

    pub(super) fn role(&self, row: usize) -> Result<Role, ArrowError> {
        named("role", self.role.value(row))
    }

    pub(super) fn took_us(&self, row: usize) -> u32 {
        self.took_us.value(row)
    }

    pub(super) fn said(&self, row: usize) -> Result<Said, ArrowError> {
        let why = || self.why.value(row);
        Ok(match self.said.value(row) {
            "scored" => Said::Scored { score: self.score.value(row), action: named("action", self.would.value(row))? },
            "abstained" => Said::Abstained,
            "failed" => Said::Failed(by_name(&Cause::ALL, Cause::name, "cause", why())?),
            "dropped" => Said::Dropped(by_name(&Dropped::ALL, Dropped::name, "reason", why())?),
            other => return Err(unknown("answer", other)),
        })
    }
}

/// The fields of the other opinions of all records, and where those of each record are.
pub(super) fn others(batch: &RecordBatch) -> Result<(&StructArray, &ListArray), ArrowError> {
    let list: &ListArray = column(batch, OTHERS)?;
    Ok((typed(Some(list.values()), OTHERS)?, list))
}

/// The places of a record's elements in a list of all records, such as its other opinions.
pub(super) fn places(list: &ListArray, row: usize) -> std::ops::Range<usize> {
    let offsets = list.value_offsets();
    // Offsets of an array are not negative.
    let place = |index: usize| usize::try_from(offsets[index]).unwrap_or_default();
    place(row)..place(row + 1)
}

fn by_name<T: Copy>(all: &[T], name: fn(T) -> &'static str, what: &str, text: &str) -> Result<T, ArrowError> {
    all.iter().copied().find(|one| name(*one) == text).ok_or_else(|| unknown(what, text))
}

/// The names of releases, beside their digests.
pub(super) struct Names<'a> {
    model: &'a StringArray,
    version: &'a StringArray,
    release: &'a FixedSizeBinaryArray,
}

impl<'a> Names<'a> {
    pub(super) fn first(batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        Self::of(|name| batch.column_by_name(name))
    }

    pub(super) fn others(batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        let (fields, _) = others(batch)?;
        Self::of(|name| fields.column_by_name(name))
    }

    fn of(column: impl Fn(&str) -> Option<&'a ArrayRef>) -> Result<Self, ArrowError> {
        Ok(Self {
            model: typed(column("model"), "model")?,
            version: typed(column("version"), "version")?,
            release: typed(column("release"), "release")?,
        })
    }

    /// The release at a place, which has one.
    fn release(&self, row: usize, known: &mut Releases) -> Result<ReleaseId, ArrowError> {
        let digest = bytes(self.release, row)?;
        if let Some(release) = known.get(&digest) {
            return Ok(release.clone());
        }
        let version = parse_version(self.version.value(row)).map_err(|e| ArrowError::ParseError(e.to_string()))?;
        let name = named("name of a model", self.model.value(row))?;
        let release = ReleaseId::new(name, version, digest.into());
        known.insert(digest, release.clone());
        Ok(release)
    }

    /// Remembers every release that is here.
    pub(super) fn gather(&self, known: &mut Releases) -> Result<(), ArrowError> {
        let rows = (0..self.release.len()).filter(|row| self.release.is_valid(*row));
        for row in rows {
            if !known.contains_key(self.release.value(row)) {
                self.release(row, known)?;
            }
        }
        Ok(())
    }
}

/// The records of a batch that has all columns.
pub(super) fn records(batch: &RecordBatch, known: &mut Releases) -> Result<Vec<Record>, ArrowError> {
    let first = (Names::first(batch)?, Opinions::first(batch)?);
    let (others, list) = Opinions::others(batch)?;
    let others = (Names::others(batch)?, others);
    (0..batch.num_rows())
        .map(|row| {
            let mut opinions = Vec::new();
            if first.1.is_there(row) {
                opinions.push(opinion(&first, row, known)?);
            }
            for place in places(list, row) {
                opinions.push(opinion(&others, place, known)?);
            }
            Ok(Record { opinions, ..head(batch, row)? })
        })
        .collect()
}

fn opinion((names, said): &(Names<'_>, Opinions<'_>), row: usize, known: &mut Releases) -> Result<Opinion, ArrowError> {
    let release = names.release(row, known)?;
    let took = Duration::from_micros(said.took_us(row).into());
    Ok(Opinion::new(&release, said.role(row)?, said.said(row)?, took))
}

/// What a record keeps of a message.
pub(super) fn mail(batch: &RecordBatch, row: usize) -> Result<RecordedMessage, ArrowError> {
    let optional = |name| Ok::<_, ArrowError>(text(column(batch, name)?, row).map(Arc::from));
    Ok(RecordedMessage {
        fingerprint: Fingerprint::from(bytes::<16>(column(batch, "fingerprint")?, row)?),
        digest: Digest::new(bytes(column(batch, "message")?, row)?),
        context: Digest::new(bytes(column(batch, "context")?, row)?),
        message_id: optional("message_id")?,
        sender_domain: optional("sender_domain")?,
        sender: sender(column(batch, "sender")?, row)?,
        is_authenticated: column::<BooleanArray>(batch, "is_authenticated")?.value(row),
        bytes: numbers::<UInt64Type>(batch, "bytes")?.value(row),
    })
}

/// The reading of a record: the first where there is no column of it.
fn reading(batch: &RecordBatch, row: usize) -> Result<Reading, ArrowError> {
    if batch.column_by_name(READING).is_none() {
        return Ok(Reading::FIRST);
    }
    Ok(Reading::recorded(numbers::<UInt16Type>(batch, READING)?.value(row)))
}

/// The sender's key at a place, unless there is none.
pub(super) fn sender(array: &FixedSizeBinaryArray, row: usize) -> Result<Option<Key>, ArrowError> {
    let is_there = array.is_valid(row);
    is_there.then(|| bytes(array, row).map(|key| Key(u64::from_le_bytes(key)))).transpose()
}

/// A record without its opinions.
fn head(batch: &RecordBatch, row: usize) -> Result<Record, ArrowError> {
    let name = |name| Ok::<_, ArrowError>(column::<StringArray>(batch, name)?.value(row));
    let time = |name| Ok::<_, ArrowError>(Duration::from_nanos(numbers::<UInt64Type>(batch, name)?.value(row)));
    let count = |name| Ok::<_, ArrowError>(numbers::<UInt64Type>(batch, name)?.value(row));
    let rule = number(numbers::<UInt64Type>(batch, "rule")?, row);
    let decided_by = name("decided_by")?;
    let category = text(column(batch, "category")?, row);
    let mut timing = Timing::default();
    (timing.parse, timing.instantiate) = (time("parse_ns")?, time("instantiate_ns")?);
    (timing.guest, timing.total) = (time("guest_ns")?, time("total_ns")?);
    Ok(Record {
        id: RecordId::from(bytes::<16>(column(batch, "id")?, row)?),
        at: instant(column(batch, "judged_at")?, row)?,
        process: count("process")?,
        slot: name("slot")?.into(),
        generation: Generation::new(count("generation")?),
        reading: reading(batch, row)?,
        mail: mail(batch, row)?,
        action: named::<Action>("action", name("action")?)?,
        scl: number(numbers::<Int8Type>(batch, "scl")?, row).map(Scl::recorded),
        category: category.map(|text| by_name(&Category::ALL, Category::name, "category", text)).transpose()?,
        decided_by: DecidedBy::of(decided_by, rule).ok_or_else(|| unknown("decider", decided_by))?,
        timing,
        opinions: Vec::new(),
    })
}
