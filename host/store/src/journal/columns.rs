//! Records -> columns.

use arrow_array::builder::{
    BooleanBuilder, FixedSizeBinaryBuilder, Float64Builder, Int8Builder, ListBuilder, StringBuilder, StructBuilder,
    TimestampMicrosecondBuilder, UInt16Builder, UInt32Builder, UInt64Builder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, SchemaRef};
use std::sync::Arc;
use std::time::Duration;
use switchback_model::verdict::{Opinion, Said};

use super::feature_columns::FeatureColumn;
use super::features::{FeatureSample, RecordedFeatures};
use super::record::Record;
use super::schema::{Presence, opinion_fields, others_element};

/// Records that are becoming a batch.
pub(super) struct Columns {
    records: usize,
    id: FixedSizeBinaryBuilder,
    at: TimestampMicrosecondBuilder,
    process: UInt64Builder,
    slot: StringBuilder,
    generation: UInt64Builder,
    fingerprint: FixedSizeBinaryBuilder,
    message: FixedSizeBinaryBuilder,
    context: FixedSizeBinaryBuilder,
    message_id: StringBuilder,
    sender_domain: StringBuilder,
    sender: FixedSizeBinaryBuilder,
    is_authenticated: BooleanBuilder,
    bytes: UInt64Builder,
    action: StringBuilder,
    scl: Int8Builder,
    category: StringBuilder,
    decided_by: StringBuilder,
    rule: UInt64Builder,
    /// Parse, instantiate, guest, total.
    times: [UInt64Builder; 4],
    first: StructBuilder,
    others: ListBuilder<StructBuilder>,
    reading: UInt16Builder,
    /// None where none are kept.
    features: Option<FeatureColumn>,
}

impl Columns {
    pub(super) fn new(features: FeatureSample) -> Self {
        Self {
            records: 0,
            id: FixedSizeBinaryBuilder::new(16),
            at: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            process: UInt64Builder::new(),
            slot: StringBuilder::new(),
            generation: UInt64Builder::new(),
            fingerprint: FixedSizeBinaryBuilder::new(16),
            message: FixedSizeBinaryBuilder::new(32),
            context: FixedSizeBinaryBuilder::new(32),
            message_id: StringBuilder::new(),
            sender_domain: StringBuilder::new(),
            sender: FixedSizeBinaryBuilder::new(8),
            is_authenticated: BooleanBuilder::new(),
            bytes: UInt64Builder::new(),
            action: StringBuilder::new(),
            scl: Int8Builder::new(),
            category: StringBuilder::new(),
            decided_by: StringBuilder::new(),
            rule: UInt64Builder::new(),
            times: std::array::from_fn(|_| UInt64Builder::new()),
            first: StructBuilder::from_fields(opinion_fields(Presence::MayBeAbsent), 0),
            others: ListBuilder::new(StructBuilder::from_fields(opinion_fields(Presence::Always), 0))
                .with_field(others_element()),
            reading: UInt16Builder::new(),
            features: (!features.is_off()).then(FeatureColumn::new),
        }
    }

    pub(super) fn records(&self) -> usize {
        self.records
    }

    /// Adds a record, with the features of its message if they are kept.
    pub(super) fn push(&mut self, record: &Record, features: Option<&RecordedFeatures>) -> Result<(), ArrowError> {
        self.id.append_value(record.id.as_bytes())?;
        self.at.append_value(record.at.as_microsecond());
        self.process.append_value(record.process);
        self.slot.append_value(&record.slot);
        self.generation.append_value(record.generation.get());
        let mail = &record.mail;
        self.fingerprint.append_value(mail.fingerprint.as_bytes())?;
        self.message.append_value(mail.digest.as_bytes())?;
        self.context.append_value(mail.context.as_bytes())?;
        self.message_id.append_option(mail.message_id.as_deref());
        self.sender_domain.append_option(mail.sender_domain.as_deref());
        match mail.sender {
            Some(sender) => self.sender.append_value(sender.0.to_le_bytes())?,
            None => self.sender.append_null(),
        }
        self.is_authenticated.append_value(mail.is_authenticated);
        self.bytes.append_value(mail.bytes);
        self.action.append_value(record.action.name());
        self.scl.append_option(record.scl.map(|scl| scl.level()));
        self.category.append_option(record.category.map(|category| category.name()));
        self.decided_by.append_value(record.decided_by.name());
        self.rule.append_option(record.decided_by.rule());
        let timing = &record.timing;
        let times = [timing.parse, timing.instantiate, timing.guest, timing.total];
        for (column, time) in self.times.iter_mut().zip(times) {
            column.append_value(nanos(time));
        }
        let mut opinions = record.opinions.iter();
        push_opinion(&mut self.first, opinions.next())?;
        for opinion in opinions {
            push_opinion(self.others.values(), Some(opinion))?;
        }
        self.others.append(true);
        self.reading.append_value(record.reading.number());
        self.features.iter_mut().for_each(|column| column.push(features));
        self.records += 1;
        Ok(())
    }

    /// The batch, which leaves none.
    pub(super) fn finish(&mut self, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        self.records = 0;
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.id.finish()),
            Arc::new(self.at.finish()),
            Arc::new(self.process.finish()),
            Arc::new(self.slot.finish()),
            Arc::new(self.generation.finish()),
            Arc::new(self.fingerprint.finish()),
            Arc::new(self.message.finish()),
            Arc::new(self.context.finish()),
            Arc::new(self.message_id.finish()),
            Arc::new(self.sender_domain.finish()),
            Arc::new(self.sender.finish()),
            Arc::new(self.is_authenticated.finish()),
            Arc::new(self.bytes.finish()),
            Arc::new(self.action.finish()),
            Arc::new(self.scl.finish()),
            Arc::new(self.category.finish()),
            Arc::new(self.decided_by.finish()),
            Arc::new(self.rule.finish()),
        ];
        columns.extend(self.times.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef));
        columns.extend(self.first.finish().columns().iter().cloned());
        columns.push(Arc::new(self.others.finish()));
        columns.push(Arc::new(self.reading.finish()));
        if let Some(features) = &mut self.features {
            columns.push(features.finish()?);
        }
        RecordBatch::try_new(Arc::clone(schema), columns)
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Adds an opinion, or that there is none.
fn push_opinion(to: &mut StructBuilder, opinion: Option<&Opinion>) -> Result<(), ArrowError> {
    let why = opinion.and_then(|opinion| match opinion.said {
        Said::Failed(cause) => Some(cause.name()),
        Said::Dropped(dropped) => Some(dropped.name()),
        _ => None,
    });
    let scored = |opinion: &Opinion| matches!(opinion.said, Said::Scored { .. });
    let would = opinion.filter(|one| scored(one)).and_then(Opinion::action).map(|action| action.name());
    let version = opinion.map(|one| one.release.version.to_string());
    text(to, 0)?.append_option(opinion.map(|one| one.release.name.as_str()));
    text(to, 1)?.append_option(version);
    let release = field::<FixedSizeBinaryBuilder>(to, 2)?;
    match opinion {
        Some(opinion) => release.append_value(opinion.release.digest.as_bytes())?,
        None => release.append_null(),
    }
    text(to, 3)?.append_option(opinion.map(|one| one.role.name()));
    text(to, 4)?.append_option(opinion.map(|one| one.said.name()));
    text(to, 5)?.append_option(why);
    field::<Float64Builder>(to, 6)?.append_option(opinion.and_then(Opinion::score));
    text(to, 7)?.append_option(would);
    field::<UInt32Builder>(to, 8)?.append_option(opinion.map(|one| one.took_us));
    // The struct of the first opinion is never null itself: its fields become columns.
    to.append(true);
    Ok(())
}

fn text(of: &mut StructBuilder, index: usize) -> Result<&mut StringBuilder, ArrowError> {
    field(of, index)
}

fn field<T: arrow_array::builder::ArrayBuilder>(of: &mut StructBuilder, index: usize) -> Result<&mut T, ArrowError> {
    of.field_builder(index).ok_or_else(|| ArrowError::SchemaError(format!("field {index} has another type")))
}
