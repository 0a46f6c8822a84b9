//! Records as Arrow has them, for programs that take its batches.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};

use super::error::JournalError;
use super::query::{Filter, Query};
use super::reader::JournalReader;
use super::scan::{Order, Pieces};
use super::schema;

/// Records that were asked for, in the order of the segments: batches of at most 8,192, all with one schema. Read as they are asked
/// for, one row group at a time, which is what is held in memory. Small segments are not joined until this is dropped.
#[must_use = "nothing is read before it is asked for"]
pub struct RecordBatches {
    pieces: Pieces,
    filter: Filter,
    columns: Vec<String>,
    schema: SchemaRef,
    ready: VecDeque<RecordBatch>,
    unread: Vec<JournalError>,
}

switchback_model::debug!(RecordBatches { columns, unread, .. });

impl JournalReader {
    /// The records that are asked for, as batches with these columns, in this order: names of docs/journal.md. Where none is named, all but
    /// `features`, which files have that keep them.
    ///
    /// # Errors
    /// If the folder cannot be listed, or there is no such column.
    pub fn batches(&self, query: &Query, columns: Option<&[String]>) -> Result<RecordBatches, JournalError> {
        let (filter, schema) = (self.filter(query), chosen(columns)?);
        let columns = schema.fields().iter().map(|field| field.name().clone()).collect();
        let pieces = Pieces::find(&self.folder, &filter, Order::OldestFirst)?;
        Ok(RecordBatches { pieces, filter, columns, schema, ready: VecDeque::new(), unread: Vec::new() })
    }
}

/// The schema with these columns.
fn chosen(columns: Option<&[String]>) -> Result<SchemaRef, JournalError> {
    let whole = schema::bare();
    let Some(columns) = columns.filter(|columns| !columns.is_empty()) else { return Ok(whole) };
    let field = |name: &String| match whole.field_with_name(name) {
        Ok(field) => Ok(field.clone()),
        Err(_) => Err(JournalError::NoColumn(name.clone())),
    };
    let fields: Vec<_> = columns.iter().map(field).collect::<Result<_, _>>()?;
    Ok(Arc::new(Schema::new_with_metadata(fields, whole.metadata().clone())))
}

impl RecordBatches {
    /// The schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// What could not be read so far.
    pub fn unread(&self) -> &[JournalError] {
        &self.unread
    }
}

impl Iterator for RecordBatches {
    type Item = RecordBatch;

    fn next(&mut self) -> Option<RecordBatch> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Some(batch);
            }
            let read = self.pieces.next()?.and_then(|piece| {
                piece.read(&self.columns, &self.filter, &mut |batch| {
                    if batch.num_rows() > 0 {
                        self.ready.push_back(schema::completed(batch, &self.schema)?);
                    }
                    Ok(())
                })
            });
            self.unread.extend(read.err());
        }
    }
}
