//! Going through segments: several at once, with results in the order of the journal.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::vec;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Metadata};
use arrow_select::filter::filter_record_batch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowFilter,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use switchback_model::contain::contained;
use switchback_system::locked::Locked;

use super::error::JournalError;
use super::folder::{self, Files, Folder, Segment};
use super::query::Filter;
use super::schema;
use super::stream::Batches;

/// Records that are decoded at once.
const BATCH_RECORDS: usize = 8_192;

/// A piece of a journal that one thread reads: a stream, or a row group of a closed segment.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) path: PathBuf,
    /// The description of a closed segment, and which row group it is.
    group: Option<(ArrowReaderMetadata, usize)>,
    /// Where a stream will be that is closed before it is read.
    closed: Option<PathBuf>,
    /// The microsecond of the latest record, if that is known.
    pub(super) last_us: Option<i64>,
}

/// The pieces of a journal in which there can be a record that a filter is true of, in the order of the segments. Each
/// segment is opened when its turn comes, and none that is too old by its name.
pub(super) struct Pieces {
    folder: Folder,
    filter: Filter,
    segments: vec::IntoIter<(Segment, Files)>,
    since_us: i64,
    /// The segment that was opened last, and what is left of it.
    place: Option<(Segment, Files)>,
    ready: vec::IntoIter<Piece>,
    /// Held until all is read.
    _reading: Option<Locked>,
}

/// In which order segments are gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    OldestFirst,
    NewestFirst,
}

impl Pieces {
    pub(super) fn find(folder: &Folder, filter: &Filter, order: Order) -> Result<Self, JournalError> {
        let reading = folder.reading();
        let mut segments: Vec<_> = folder.segments()?.into_iter().collect();
        if order == Order::NewestFirst {
            segments.reverse();
        }
        Ok(Self { _reading: reading, ..Self::of(folder, filter, segments) })
    }

    /// The pieces of these segments, for whoever has found them and holds on to that.
    pub(super) fn of(folder: &Folder, filter: &Filter, segments: Vec<(Segment, Files)>) -> Self {
        let (segments, since_us) = (segments.into_iter(), filter.time_range().0);
        Self {
            folder: folder.clone(),
            filter: filter.clone(),
            segments,
            since_us,
            place: None,
            ready: Vec::new().into_iter(),
            _reading: None,
        }
    }

    /// Where the last piece is from.
    pub(super) fn place(&self) -> Option<&(Segment, Files)> {
        self.place.as_ref()
    }

    /// Has segments passed over from now on that can have nothing as young as that.
    pub(super) fn skip_before(&mut self, us: i64) {
        self.since_us = self.since_us.max(us);
    }

    /// Does `work` for each piece, several at once, and `take` with each result, in order. What cannot be read is
    /// returned; the other pieces are read all the same.
    pub(super) fn in_order<T: Send, E>(
        mut self,
        work: impl Fn(&Piece) -> (T, Result<(), JournalError>) + Sync,
        mut take: impl FnMut(T) -> Result<(), E>,
    ) -> Result<Vec<JournalError>, E> {
        let mut unread = Vec::new();
        loop {
            let next: Vec<_> = self.by_ref().take(rayon::current_num_threads()).collect();
            if next.is_empty() {
                return Ok(unread);
            }
            let results: Vec<_> = next.into_par_iter().map(|piece| piece.map(|piece| work(&piece))).collect();
            for result in results {
                match result {
                    Ok((result, read)) => {
                        unread.extend(read.err());
                        take(result)?;
                    }
                    Err(error) => unread.push(error),
                }
            }
        }
    }
}

impl Iterator for Pieces {
    type Item = Result<Piece, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(piece) = self.ready.next() {
                return Some(Ok(piece));
            }
            let (segment, files) = self.segments.next()?;
            // A stream may be of a process that was asleep with its machine.
            if files.parquet.is_some() && !segment.reaches(self.since_us) {
                continue;
            }
            let pieces = pieces_of(&self.folder, &segment, files, &self.filter);
            self.place = Some((segment, files));
            match pieces {
                Ok(pieces) => self.ready = pieces.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn pieces_of(folder: &Folder, segment: &Segment, files: Files, filter: &Filter) -> Result<Vec<Piece>, JournalError> {
    let path = folder.parquet(segment);
    if files.parquet.is_none() {
        return Ok(vec![Piece { path: folder.stream(segment), group: None, closed: Some(path), last_us: None }]);
    }
    groups_of(&path, filter)
}

/// The row groups of a closed segment; none if it was too old and is gone.
pub(super) fn groups_of(path: &Path, filter: &Filter) -> Result<Vec<Piece>, JournalError> {
    let Some(metadata) = open_closed(path)? else { return Ok(Vec::new()) };
    let groups = metadata.metadata().row_groups();
    let piece = |(index, group): (usize, &RowGroupMetaData)| {
        let may_have = may_have(group, filter);
        let last_us = at_range(group).map(|(_, last)| last);
        may_have.then(|| Piece { path: path.to_owned(), group: Some((metadata.clone(), index)), closed: None, last_us })
    };
    Ok(groups.iter().enumerate().filter_map(piece).collect())
}

/// Opens a file; none if its segment is gone by now.
fn open_if_there(path: &Path) -> Result<Option<File>, JournalError> {
    match folder::open(path) {
        Err(JournalError::Unusable { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

pub(super) fn open_closed(path: &Path) -> Result<Option<ArrowReaderMetadata>, JournalError> {
    let Some(file) = open_if_there(path)? else { return Ok(None) };
    let metadata = contained(|| ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()));
    let metadata =
        metadata.map_err(|said| panicked(path, &said))?.map_err(|error| JournalError::of_parquet(path, error))?;
    schema::check(metadata.schema()).map_err(|why| JournalError::damaged(path, why))?;
    Ok(Some(metadata))
}

fn panicked(path: &Path, said: &str) -> JournalError {
    JournalError::damaged(path, format_args!("reading it ended in a panic: {said}"))
}

/// The microsecond of the latest record of a closed segment; none if it does not say.
pub(super) fn last_us(path: &Path) -> Result<Option<i64>, JournalError> {
    let Some(metadata) = open_closed(path)? else { return Ok(None) };
    let groups = metadata.metadata().row_groups().iter();
    Ok(groups
        .map(|group| at_range(group).map(|(_, last)| last))
        .collect::<Option<Vec<_>>>()
        .and_then(|all| all.into_iter().max()))
}

/// Whether a row group can have a record that the filter is true of, by its statistics.
fn may_have(group: &RowGroupMetaData, filter: &Filter) -> bool {
    let (since, until) = filter.time_range();
    let at = at_range(group).is_none_or(|(first, last)| first <= until && last >= since);
    let ids = filter.id_range().zip(id_range(group));
    at && ids.is_none_or(|((first, last), (least, most))| first.as_slice() <= most && last.as_slice() >= least)
}

fn statistics<'a>(group: &'a RowGroupMetaData, name: &str) -> Option<&'a Statistics> {
    group.columns().iter().find(|column| column.column_path().string() == name)?.statistics()
}

fn at_range(group: &RowGroupMetaData) -> Option<(i64, i64)> {
    let Statistics::Int64(at) = statistics(group, "judged_at")? else { return None };
    Some((*at.min_opt()?, *at.max_opt()?))
}

fn id_range(group: &RowGroupMetaData) -> Option<(&[u8], &[u8])> {
    let Statistics::FixedLenByteArray(ids) = statistics(group, "id")? else { return None };
    Some((ids.min_opt()?.data(), ids.max_opt()?.data()))
}

impl Piece {
    /// Hands on the records that the filter is true of, batch by batch. Of a closed segment only these columns are
    /// read, given as paths; all if none are given.
    pub(super) fn read(
        &self,
        columns: &[String],
        filter: &Filter,
        f: &mut dyn FnMut(&RecordBatch) -> Result<(), ArrowError>,
    ) -> Result<(), JournalError> {
        // What decodes a file believes some of what a damaged one says.
        contained(|| self.decode(columns, filter, f)).unwrap_or_else(|said| Err(panicked(&self.path, &said)))
    }

    fn decode(
        &self,
        columns: &[String],
        filter: &Filter,
        f: &mut dyn FnMut(&RecordBatch) -> Result<(), ArrowError>,
    ) -> Result<(), JournalError> {
        match &self.group {
            None => self.read_stream(columns, filter, f),
            Some((metadata, group)) => {
                let batches = self.open_group(metadata, *group, columns, filter);
                let Some(batches) = batches.transpose() else { return Ok(()) };
                for batch in batches? {
                    batch.and_then(|batch| f(&batch)).map_err(|error| JournalError::of_stream(&self.path, error))?;
                }
                Ok(())
            }
        }
    }

    fn read_stream(
        &self,
        columns: &[String],
        filter: &Filter,
        f: &mut dyn FnMut(&RecordBatch) -> Result<(), ArrowError>,
    ) -> Result<(), JournalError> {
        let batches = match (Batches::open(&self.path), &self.closed) {
            (Err(JournalError::Unusable { source, .. }), Some(closed)) if source.kind() == io::ErrorKind::NotFound => {
                return groups_of(closed, filter)?.iter().try_for_each(|group| group.read(columns, filter, f));
            }
            (batches, _) => batches?,
        };
        for batch in batches {
            let filtered = batch.and_then(|batch| filter_record_batch(&batch, &filter.mask(&batch)?));
            filtered.and_then(|batch| f(&batch)).map_err(|error| JournalError::of_stream(&self.path, error))?;
        }
        Ok(())
    }

    /// The batches of a row group; none if its segment is gone by now.
    fn open_group(
        &self,
        metadata: &ArrowReaderMetadata,
        group: usize,
        columns: &[String],
        filter: &Filter,
    ) -> Result<Option<impl Iterator<Item = Result<RecordBatch, ArrowError>> + use<>>, JournalError> {
        let Some(file) = open_if_there(&self.path)? else { return Ok(None) };
        let paths = metadata.parquet_schema();
        let mask = |columns: &[String]| ProjectionMask::columns(paths, columns.iter().map(String::as_str));
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone());
        let mut builder = builder.with_row_groups(vec![group]).with_batch_size(BATCH_RECORDS);
        if !columns.is_empty() {
            builder = builder.with_projection(mask(columns));
        }
        let filtered = filter.columns();
        if !filtered.is_empty() {
            let filter = filter.clone();
            let predicate = ArrowPredicateFn::new(mask(&filtered), move |batch| filter.mask(&batch));
            builder = builder.with_row_filter(RowFilter::new(vec![Box::new(predicate)]));
        }
        let reader = builder.build().map_err(|error: ParquetError| JournalError::of_parquet(&self.path, error))?;
        Ok(Some(reader))
    }

    /// How many records a row group has, and the microseconds of the first and the last; none of a stream, or where it does
    /// not say.
    pub(super) fn closed_extent(&self) -> Option<(u64, i64, i64)> {
        let (metadata, group) = self.group.as_ref()?;
        let group = metadata.metadata().row_group(*group);
        let (first, last) = at_range(group)?;
        Some((u64::try_from(group.num_rows()).ok()?, first, last))
    }

    /// What the file says about itself.
    pub(super) fn metadata(&self) -> Result<Metadata, JournalError> {
        Ok(match &self.group {
            Some((metadata, _)) => metadata.schema().metadata().clone(),
            None => match (Batches::open(&self.path), &self.closed) {
                (Ok(batches), _) => batches.schema().map(|schema| schema.metadata().clone()).unwrap_or_default(),
                (Err(_), Some(closed)) if closed.exists() => {
                    open_closed(closed)?.map(|metadata| metadata.schema().metadata().clone()).unwrap_or_default()
                }
                (Err(error), _) => return Err(error),
            },
        })
    }
}
