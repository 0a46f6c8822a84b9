//! The columns of a journal. Frozen: other programs read them (docs/journal.md). New ones are added at the end.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_array::types::{Float32Type, UInt32Type};
use arrow_array::{ArrayRef, ArrowPrimitiveType, RecordBatch, UInt16Array, new_null_array};
use arrow_schema::{ArrowError, DataType, Field, Fields, Metadata, Schema, SchemaRef, TimeUnit};
use switchback_model::message::Reading;
use switchback_model::verdict::Thresholds;

use super::features::FeatureSample;

/// The version of the columns, under [`FORMAT_KEY`] in every file's metadata.
pub(super) const FORMAT: &str = "1";

/// Where a file says which version of the columns it has.
pub(super) const FORMAT_KEY: &str = "switchback:journal";

/// Where a file says the thresholds of each slot while it was written, as JSON.
const THRESHOLDS_KEY: &str = "switchback:thresholds";

/// Where a closed file says which releases are in it, as JSON.
pub(super) const RELEASES_KEY: &str = "switchback:releases";

/// The columns of the release that the verdict names, and the fields of `others`, in their order.
pub(super) const OPINION: [&str; 9] =
    ["model", "version", "release", "role", "said", "why", "score", "would", "took_us"];

/// The column with what the other releases said, and the name of a list's elements.
pub(super) const OTHERS: &str = "others";
const ELEMENT: &str = "element";

/// The column with the reading of the message. Files of before have none of it, and records of the first reading.
pub(super) const READING: &str = "reading";

/// Where a file says of which messages it keeps the features. One that keeps none does not say it, and has no column of
/// them.
const FEATURES_KEY: &str = "switchback:features";

/// The column with the features of the message; null where they were not kept.
pub(super) const FEATURES: &str = "features";

/// The words of the text, of which many occur in many messages.
pub(super) const WORDS_BODY: &str = "words_body";

/// The lists of hashes in it, in their order.
pub(super) const LISTS: [&str; 9] = [
    "words_subject",
    "words_sender",
    WORDS_BODY,
    "words_links",
    "pairs_subject",
    "pairs_sender",
    "pairs_body",
    "pairs_links",
    "structure",
];

/// Whether words, pairs, and structure were more than are kept.
pub(super) const TRUNCATED: [&str; 3] = ["words_truncated", "pairs_truncated", "structure_truncated"];

/// The numbers in it.
pub(super) const FACTS: &str = "facts";

/// The columns, without anything in the metadata but their version.
pub(super) fn bare() -> SchemaRef {
    let mut fields = vec![
        Field::new("id", DataType::FixedSizeBinary(16), false),
        Field::new("judged_at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false),
        Field::new("process", DataType::UInt64, false),
        Field::new("slot", DataType::Utf8, false),
        Field::new("generation", DataType::UInt64, false),
        Field::new("fingerprint", DataType::FixedSizeBinary(16), false),
        Field::new("message", DataType::FixedSizeBinary(32), false),
        Field::new("context", DataType::FixedSizeBinary(32), false),
        Field::new("message_id", DataType::Utf8, true),
        Field::new("sender_domain", DataType::Utf8, true),
        Field::new("sender", DataType::FixedSizeBinary(8), true),
        Field::new("is_authenticated", DataType::Boolean, false),
        Field::new("bytes", DataType::UInt64, false),
        Field::new("action", DataType::Utf8, false),
        Field::new("scl", DataType::Int8, true),
        Field::new("category", DataType::Utf8, true),
        Field::new("decided_by", DataType::Utf8, false),
        Field::new("rule", DataType::UInt64, true),
        Field::new("parse_ns", DataType::UInt64, false),
        Field::new("instantiate_ns", DataType::UInt64, false),
        Field::new("guest_ns", DataType::UInt64, false),
        Field::new("total_ns", DataType::UInt64, false),
    ];
    fields.extend(opinion_fields(Presence::MayBeAbsent).iter().map(|field| field.as_ref().clone()));
    fields.push(Field::new(OTHERS, DataType::List(others_element()), false));
    fields.push(Field::new(READING, DataType::UInt16, false));
    Arc::new(Schema::new_with_metadata(fields, HashMap::from([(FORMAT_KEY.to_owned(), FORMAT.to_owned())])))
}

/// A batch of a file, whenever it was written, with the columns of this schema.
pub(super) fn completed(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let rows = batch.num_rows();
    let column = |field: &Arc<Field>| -> ArrayRef {
        match (batch.column_by_name(field.name()), field.name().as_str()) {
            (Some(column), _) => Arc::clone(column),
            (None, READING) => Arc::new(UInt16Array::from(vec![Reading::FIRST.number(); rows])),
            (None, _) => new_null_array(field.data_type(), rows),
        }
    };
    RecordBatch::try_new(Arc::clone(schema), schema.fields().iter().map(column).collect())
}

/// The columns, with what a closed file says about all of its records.
pub(super) fn like(metadata: &Metadata) -> SchemaRef {
    let mut metadata = metadata.clone();
    metadata.remove(RELEASES_KEY);
    let mut fields = bare().fields().to_vec();
    fields.extend(metadata.contains_key(FEATURES_KEY).then(features_field));
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// The columns that every file has.
pub(super) fn columns() -> Vec<String> {
    bare().fields().iter().map(|field| field.name().clone()).collect()
}

/// What a closed file says about all of its records, for comparison: equal for those that can be one file.
pub(super) fn kind(metadata: &Metadata) -> String {
    let said: BTreeMap<_, _> = metadata.iter().filter(|(key, _)| key.as_str() != RELEASES_KEY).collect();
    format!("{said:?}")
}

/// The columns, with the thresholds that hold while a file is written, and with the features if some are kept.
pub(super) fn written(thresholds: &BTreeMap<String, Thresholds>, features: FeatureSample) -> SchemaRef {
    let mut metadata = bare().metadata().clone();
    if !features.is_off() {
        metadata.insert(FEATURES_KEY.to_owned(), features.to_string());
    }
    // A map of numbers and names always becomes JSON.
    metadata.insert(THRESHOLDS_KEY.to_owned(), serde_json::to_string(thresholds).unwrap_or_default());
    like(&metadata)
}

/// The thresholds of each slot while a file was written.
pub(super) fn thresholds(metadata: &Metadata) -> BTreeMap<String, Thresholds> {
    metadata.get(THRESHOLDS_KEY).and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

/// Why a file of these columns cannot be read, if it cannot.
pub(super) fn check(schema: &Schema) -> Result<(), String> {
    match schema.metadata().get(FORMAT_KEY).map(String::as_str) {
        Some(FORMAT) => Ok(()),
        Some(other) => Err(format!("it has version {other} of the columns, and this program reads {FORMAT}")),
        None => Err("it is no file of a journal".to_owned()),
    }
}

/// Whether the fields of an opinion can be absent: those of the first can, where the slot had no release.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    MayBeAbsent,
    Always,
}

pub(super) fn opinion_fields(presence: Presence) -> Fields {
    let may_be_absent = presence == Presence::MayBeAbsent;
    Fields::from(vec![
        Field::new("model", DataType::Utf8, may_be_absent),
        Field::new("version", DataType::Utf8, may_be_absent),
        Field::new("release", DataType::FixedSizeBinary(32), may_be_absent),
        Field::new("role", DataType::Utf8, may_be_absent),
        Field::new("said", DataType::Utf8, may_be_absent),
        Field::new("why", DataType::Utf8, true),
        Field::new("score", DataType::Float64, true),
        Field::new("would", DataType::Utf8, true),
        Field::new("took_us", DataType::UInt32, may_be_absent),
    ])
}

fn features_field() -> Arc<Field> {
    Arc::new(Field::new(FEATURES, DataType::Struct(feature_fields()), true))
}

/// The fields of `features`.
pub(super) fn feature_fields() -> Fields {
    let of_lists = |name| Field::new(name, DataType::List(feature_element::<UInt32Type>()), false);
    let mut fields: Vec<_> = LISTS.into_iter().map(of_lists).collect();
    fields.extend(TRUNCATED.map(|name| Field::new(name, DataType::Boolean, false)));
    fields.push(Field::new(FACTS, DataType::List(feature_element::<Float32Type>()), false));
    fields.into()
}

/// An element of a list of features.
pub(super) fn feature_element<T: ArrowPrimitiveType>() -> Arc<Field> {
    Arc::new(Field::new(ELEMENT, T::DATA_TYPE, false))
}

/// The names of all lists of `features`.
pub(super) fn feature_lists() -> impl Iterator<Item = &'static str> {
    LISTS.into_iter().chain([FACTS])
}

/// The path of a list of `features` in a Parquet file.
pub(super) fn feature_path(list: &str) -> Vec<String> {
    [FEATURES, list, "list", ELEMENT].map(str::to_owned).to_vec()
}

/// An element of `others`.
pub(super) fn others_element() -> Arc<Field> {
    Arc::new(Field::new(ELEMENT, DataType::Struct(opinion_fields(Presence::Always)), false))
}

/// The path of a field of `others` in a Parquet file.
pub(super) fn others_path(field: &str) -> String {
    format!("{OTHERS}.list.{ELEMENT}.{field}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_frozen() {
        let schema = bare();
        let line = |field: &Arc<Field>| {
            format!("{} {}{}", field.name(), field.data_type(), if field.is_nullable() { " null" } else { "" })
        };
        let columns: Vec<_> = schema.fields().iter().map(line).collect();
        assert_eq!(columns, FROZEN);
        let thresholds = BTreeMap::from([("inbound".to_owned(), Thresholds::default())]);
        let written = written(&thresholds, FeatureSample::OFF);
        assert_eq!(super::thresholds(written.metadata()), thresholds);
        assert_eq!(written.fields(), schema.fields(), "without features a file is as it was before there were any");
        let features = super::written(&thresholds, FeatureSample::ALL);
        assert_eq!(features.fields()[..33], schema.fields()[..]);
        assert_eq!(line(&features.fields()[33]), FROZEN_FEATURES);
    }

    const FROZEN_FEATURES: &str = "features Struct(\"words_subject\": non-null List(non-null UInt32, field: 'element'), \
         \"words_sender\": non-null List(non-null UInt32, field: 'element'), \
         \"words_body\": non-null List(non-null UInt32, field: 'element'), \
         \"words_links\": non-null List(non-null UInt32, field: 'element'), \
         \"pairs_subject\": non-null List(non-null UInt32, field: 'element'), \
         \"pairs_sender\": non-null List(non-null UInt32, field: 'element'), \
         \"pairs_body\": non-null List(non-null UInt32, field: 'element'), \
         \"pairs_links\": non-null List(non-null UInt32, field: 'element'), \
         \"structure\": non-null List(non-null UInt32, field: 'element'), \
         \"words_truncated\": non-null Boolean, \
         \"pairs_truncated\": non-null Boolean, \
         \"structure_truncated\": non-null Boolean, \
         \"facts\": non-null List(non-null Float32, field: 'element')) null";

    const FROZEN: [&str; 33] = [
        "id FixedSizeBinary(16)",
        "judged_at Timestamp(µs, \"UTC\")",
        "process UInt64",
        "slot Utf8",
        "generation UInt64",
        "fingerprint FixedSizeBinary(16)",
        "message FixedSizeBinary(32)",
        "context FixedSizeBinary(32)",
        "message_id Utf8 null",
        "sender_domain Utf8 null",
        "sender FixedSizeBinary(8) null",
        "is_authenticated Boolean",
        "bytes UInt64",
        "action Utf8",
        "scl Int8 null",
        "category Utf8 null",
        "decided_by Utf8",
        "rule UInt64 null",
        "parse_ns UInt64",
        "instantiate_ns UInt64",
        "guest_ns UInt64",
        "total_ns UInt64",
        "model Utf8 null",
        "version Utf8 null",
        "release FixedSizeBinary(32) null",
        "role Utf8 null",
        "said Utf8 null",
        "why Utf8 null",
        "score Float64 null",
        "would Utf8 null",
        "took_us UInt32 null",
        "others List(non-null Struct(\"model\": non-null Utf8, \"version\": non-null Utf8, \
         \"release\": non-null FixedSizeBinary(32), \"role\": non-null Utf8, \"said\": non-null Utf8, \"why\": Utf8, \
         \"score\": Float64, \"would\": Utf8, \"took_us\": non-null UInt32), field: 'element')",
        "reading UInt16",
    ];
}
