//! Features -> the column `features`, and back.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float32Builder, ListBuilder, NullBufferBuilder, UInt32Builder};
use arrow_array::types::{Float32Type, UInt32Type};
use arrow_array::{Array as _, ArrayRef, BooleanArray, ListArray, RecordBatch, StructArray};
use arrow_schema::ArrowError;
use switchback_model::message::{Facts, Features, Structure};

use super::features::RecordedFeatures;
use super::rows::{column, list, typed};
use super::schema::{FACTS, FEATURES, LISTS, TRUNCATED, feature_element, feature_fields};

/// Fields of a message that have features.
const FIELDS: usize = Features::FIELDS.len();

/// Features that are becoming a column.
pub(super) struct FeatureColumn {
    is_there: NullBufferBuilder,
    /// The words of each field, then the pairs, then the structure.
    lists: [ListBuilder<UInt32Builder>; LISTS.len()],
    /// Of words, of pairs, and of the structure.
    truncated: [BooleanBuilder; TRUNCATED.len()],
    facts: ListBuilder<Float32Builder>,
}

impl FeatureColumn {
    pub(super) fn new() -> Self {
        let lists =
            std::array::from_fn(|_| ListBuilder::new(UInt32Builder::new()).with_field(feature_element::<UInt32Type>()));
        let facts = ListBuilder::new(Float32Builder::new()).with_field(feature_element::<Float32Type>());
        Self { is_there: NullBufferBuilder::new(0), lists, truncated: Default::default(), facts }
    }

    /// Adds those of one message, or that there are none.
    pub(super) fn push(&mut self, features: Option<&RecordedFeatures>) {
        self.is_there.append(features.is_some());
        let lists = features.into_iter().flat_map(lists);
        for (column, list) in self.lists.iter_mut().zip(lists.chain(std::iter::repeat::<&[u32]>(&[]))) {
            column.values().append_slice(list);
            column.append(true);
        }
        let truncated = features.map_or([false; TRUNCATED.len()], |of| {
            [of.words.is_truncated(), of.pairs.is_truncated(), of.structure.is_truncated()]
        });
        self.truncated.iter_mut().zip(truncated).for_each(|(column, truncated)| column.append_value(truncated));
        self.facts.values().append_slice(features.map_or(&[], |features| features.facts.values()));
        self.facts.append(true);
    }

    /// The column, which leaves none.
    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let mut columns: Vec<ArrayRef> = Vec::new();
        columns.extend(self.lists.iter_mut().map(|list| Arc::new(list.finish()) as ArrayRef));
        columns.extend(self.truncated.iter_mut().map(|truncated| Arc::new(truncated.finish()) as ArrayRef));
        columns.push(Arc::new(self.facts.finish()));
        Ok(Arc::new(StructArray::try_new(feature_fields(), columns, self.is_there.finish())?))
    }
}

/// The lists of one message, in the order of their columns.
fn lists(of: &RecordedFeatures) -> impl Iterator<Item = &[u32]> {
    let fields = [&of.words, &of.pairs].into_iter().flat_map(Features::fields);
    fields.chain([of.structure.features()]).map(|list| &**list)
}

/// The features of a batch.
pub(super) struct FeatureRows<'a> {
    all: &'a StructArray,
    lists: Vec<&'a ListArray>,
    truncated: [&'a BooleanArray; TRUNCATED.len()],
    facts: &'a ListArray,
}

impl<'a> FeatureRows<'a> {
    /// None where the file keeps none.
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Option<Self>, ArrowError> {
        if batch.column_by_name(FEATURES).is_none() {
            return Ok(None);
        }
        let all: &StructArray = column(batch, FEATURES)?;
        let lists = LISTS.map(|name| typed(all.column_by_name(name), name));
        let [words, pairs, structure] = TRUNCATED.map(|name| typed(all.column_by_name(name), name));
        let truncated = [words?, pairs?, structure?];
        let facts = typed(all.column_by_name(FACTS), FACTS)?;
        Ok(Some(Self { all, lists: lists.into_iter().collect::<Result<_, _>>()?, truncated, facts }))
    }

    /// The features of a record; none where none were kept, or an older program did not know all facts yet.
    pub(super) fn get(&self, row: usize) -> Result<Option<RecordedFeatures>, ArrowError> {
        // Those that a newer program added are the last ones.
        let facts = list::<Float32Type>(self.facts, row)?.first_chunk();
        let Some(facts) = facts.filter(|_| self.all.is_valid(row)) else { return Ok(None) };
        let numbers = |column: usize| Ok::<Arc<[u32]>, ArrowError>(list::<UInt32Type>(self.lists[column], row)?.into());
        let [words, pairs, structure] = self.truncated.map(|truncated| truncated.value(row));
        let features = |kind: usize, is_truncated| {
            let mut lists: [Arc<[u32]>; FIELDS] = Default::default();
            for (field, to) in lists.iter_mut().enumerate() {
                *to = numbers(FIELDS * kind + field)?;
            }
            Ok::<_, ArrowError>(Features::new(lists, is_truncated))
        };
        Ok(Some(RecordedFeatures {
            words: features(0, words)?,
            pairs: features(1, pairs)?,
            structure: Structure::new(numbers(2 * FIELDS)?, structure),
            facts: Facts::new(*facts),
        }))
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::builder::Float32Builder;
    use arrow_schema::{DataType, Field, Schema};
    use switchback_model::message::{Fact, Message};

    use super::*;

    /// A batch of one message with its features, but for how many facts there are.
    fn batch(features: &RecordedFeatures, facts: usize) -> RecordBatch {
        let mut column = FeatureColumn::new();
        column.push(Some(features));
        let column = column.finish().unwrap();
        let (fields, mut columns, nulls) = column.as_any().downcast_ref::<StructArray>().unwrap().clone().into_parts();
        let mut list = ListBuilder::new(Float32Builder::new()).with_field(feature_element::<Float32Type>());
        let known = features.facts.values().iter().copied();
        list.append_value(known.chain(std::iter::repeat(1.0)).take(facts).map(Some));
        *columns.last_mut().unwrap() = Arc::new(list.finish());
        let array = StructArray::try_new(fields, columns, nulls).unwrap();
        let field = Field::new(FEATURES, DataType::Struct(feature_fields()), true);
        RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![Arc::new(array)]).unwrap()
    }

    /// metarank#943: a model that reads what was never recorded must not get something else in its place.
    #[test]
    fn facts_that_a_newer_program_added_are_passed_over_and_missing_ones_are_not_made_up() {
        let features = RecordedFeatures::of(&Message::parse("Subject: hi\n\nPay now\n"));
        for (facts, expected) in
            [(Fact::COUNT - 1, None), (Fact::COUNT, Some(&features)), (Fact::COUNT + 1, Some(&features))]
        {
            let batch = batch(&features, facts);
            assert_eq!(FeatureRows::of(&batch).unwrap().unwrap().get(0).unwrap().as_ref(), expected, "{facts}");
        }
    }

    #[test]
    fn what_of_a_message_was_cut_is_kept_of_each_by_itself() {
        let whole = RecordedFeatures::of(&Message::parse("Subject: hi\n\nPay now\n"));
        for [words, pairs, structure] in [[true, false, false], [false, true, false], [false, false, true]] {
            let features = RecordedFeatures {
                words: Features::new(whole.words.fields().clone(), words),
                pairs: Features::new(whole.pairs.fields().clone(), pairs),
                structure: Structure::new(whole.structure.features().clone(), structure),
                facts: whole.facts,
            };
            let batch = batch(&features, Fact::COUNT);
            assert_eq!(FeatureRows::of(&batch).unwrap().unwrap().get(0).unwrap(), Some(features));
        }
    }
}
