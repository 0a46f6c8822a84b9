//! A segment that is closed: Parquet.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use switchback_model::release::ReleaseId;
use switchback_system::locked::Locked;
use switchback_system::private::{self, NotPrivate, Owner};

use super::error::JournalError;
use super::folder::{Access, Folder, Segment};
use super::rows::{Names, Releases};
use super::schema::{self, RELEASES_KEY};
use super::stream::Batches;

/// Records of a row group: what a reader decides on whether to read it at all, and the most that one of its threads
/// works on at once.
const ROW_GROUP_RECORDS: usize = 1 << 16;

/// Columns without two equal values, for which a dictionary would be built in vain.
const UNIQUE: [&str; 3] = ["id", "message", "message_id"];

/// A Parquet file that is being written.
pub(super) struct ClosedWriter<W: io::Write + Send> {
    writer: ArrowWriter<W>,
    releases: Releases,
}

impl<W: io::Write + Send> ClosedWriter<W> {
    pub(super) fn new(to: W, schema: SchemaRef) -> Result<Self, ParquetError> {
        // The lowest level: the columns compress by their encodings, and this runs beside a filter.
        let compression = Compression::ZSTD(ZstdLevel::try_new(1)?);
        let mut properties = WriterProperties::builder()
            .set_compression(compression)
            .set_max_row_group_row_count(Some(ROW_GROUP_RECORDS));
        for column in UNIQUE {
            properties = properties.set_column_dictionary_enabled(ColumnPath::from(column), false);
        }
        // Most pairs of words are in few messages, and those of a campaign follow each other alike: as they are they compress
        // better than as places in a dictionary. Nobody looks for the least and the greatest.
        let features = Compression::ZSTD(ZstdLevel::try_new(3)?);
        for list in schema::feature_lists() {
            let path = ColumnPath::new(schema::feature_path(list));
            properties = properties
                .set_column_dictionary_enabled(path.clone(), list == schema::WORDS_BODY)
                .set_column_statistics_enabled(path.clone(), EnabledStatistics::None)
                .set_column_compression(path, features);
        }
        Ok(Self { writer: ArrowWriter::try_new(to, schema, Some(properties.build()))?, releases: Releases::new() })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        Names::first(batch)?.gather(&mut self.releases)?;
        Names::others(batch)?.gather(&mut self.releases)?;
        self.writer.write(batch)
    }

    /// Writes the end, with the releases that occur.
    pub(super) fn finish(mut self) -> Result<W, ParquetError> {
        let mut releases: Vec<&ReleaseId> = self.releases.values().collect();
        releases.sort_by_key(|release| release.digest);
        let json = serde_json::to_string(&releases).map_err(|error| ParquetError::External(error.into()))?;
        self.writer.append_key_value_metadata(KeyValue::new(RELEASES_KEY.to_owned(), json));
        self.writer.into_inner()
    }
}

/// What closing a segment came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// It is a Parquet file with this many records now.
    Records(u64),
    /// There was nothing in it, and it is gone.
    Empty,
}

/// Writes a segment as Parquet, and removes its stream. `_locked` is the stream, of which the caller holds the lock.
/// A stream that is damaged in its midst is read up to there and set aside.
pub(super) fn close(folder: &Folder, segment: &Segment, _locked: &Locked) -> Result<Closed, JournalError> {
    let stream = folder.stream(segment);
    let is_there = |path: &Path| path.try_exists().map_err(JournalError::unusable(path));
    if is_there(&folder.parquet(segment))? {
        // A crash came between the two.
        remove(folder, &stream)?;
        return Ok(Closed::Empty);
    }
    if !is_there(&stream)? {
        // Another process closed it, and even removed it, between finding it and locking it.
        return Ok(Closed::Empty);
    }
    let (records, damage) = match Batches::open(&stream) {
        Ok(batches) => convert(folder, segment, batches)?,
        Err(damage @ JournalError::Damaged { .. }) => (0, Some(damage)),
        Err(other) => return Err(other),
    };
    let _lock = folder.lock(Access::Change).map_err(JournalError::unusable(folder.dir()))?;
    if records > 0 {
        let (partial, parquet) = (folder.partial(segment), folder.parquet(segment));
        fs::rename(&partial, &parquet).and_then(|()| folder.sync()).map_err(JournalError::unusable(&parquet))?;
    }
    match damage {
        Some(damage) => {
            let aside = private::set_aside(&stream).map_err(JournalError::unusable(&stream))?;
            tracing::error!("journal: {damage}; the file is set aside as {}", aside.display());
        }
        None => fs::remove_file(&stream).map_err(JournalError::unusable(&stream))?,
    }
    Ok(if records > 0 { Closed::Records(records) } else { Closed::Empty })
}

/// Writes a stream as a Parquet file that has not its name yet; without one if it has no records. Returns how many
/// records it has, and what is wrong with the stream.
fn convert(folder: &Folder, segment: &Segment, batches: Batches) -> Result<(u64, Option<JournalError>), JournalError> {
    let Some(schema) = batches.schema() else { return Ok((0, None)) };
    let (stream, partial) = (folder.stream(segment), folder.partial(segment));
    let failed = |error| JournalError::of_parquet(&partial, error);
    let file = create(&partial)?;
    let mut writer = ClosedWriter::new(file, schema).map_err(failed)?;
    let (mut records, mut damage) = (0, None);
    for batch in batches {
        match batch {
            Ok(batch) => {
                writer.write(&batch).map_err(failed)?;
                records += batch.num_rows() as u64;
            }
            Err(error) => damage = Some(JournalError::of_stream(&stream, error)),
        }
    }
    let file = writer.finish().map_err(failed)?;
    file.sync_all().map_err(JournalError::unusable(&partial))?;
    if records == 0 {
        fs::remove_file(&partial).map_err(JournalError::unusable(&partial))?;
    }
    match damage {
        Some(failure @ JournalError::Unusable { .. }) => Err(failure),
        damage => Ok((records, damage)),
    }
}

/// Creates a file that is becoming a segment, or empties what a crash has left of it.
pub(super) fn create(path: &Path) -> Result<File, JournalError> {
    let options = &mut OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    match private::open_with(path, options, Owner::Ours) {
        Err(NotPrivate::Unusable { path, source }) => Err(JournalError::Unusable { path, source }),
        opened => Ok(opened?),
    }
}

/// Removes a file of a segment.
pub(super) fn remove(folder: &Folder, path: &Path) -> Result<(), JournalError> {
    let _lock = folder.lock(Access::Change).map_err(JournalError::unusable(folder.dir()))?;
    match fs::remove_file(path) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(JournalError::unusable(path)),
    }
}
