//! [`Rows`]: examples as sparse vectors, in a file that is read from its beginning to its end each time that all are looked at.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use switchback_pack::Stop;

use crate::example::TEXT_FIELDS;
use crate::stop;

/// Bytes that are read or written at once.
const BUFFER_BYTES: usize = 1 << 20;

/// One example: five fields, subject, sender, body, links and structure, whose columns have the value 1 / sqrt(number of the
/// field's columns).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row {
    /// The columns of all fields, one after the other.
    pub(crate) columns: Vec<u32>,
    /// Where each field ends.
    pub(crate) ends: [u32; TEXT_FIELDS + 1],
}

impl Row {
    /// A row of these fields.
    #[cfg(test)]
    pub(crate) fn of(fields: [&[u32]; TEXT_FIELDS + 1]) -> Self {
        let mut row = Self::default();
        for (field, columns) in fields.into_iter().enumerate() {
            row.columns.extend(columns);
            row.ends[field] = row.columns.len() as u32;
        }
        row
    }

    /// Each field that has columns, with the value of one.
    #[inline(always)]
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&[u32], f32)> {
        let starts = std::iter::once(0).chain(self.ends);
        let fields = starts.zip(self.ends).map(|(start, end)| &self.columns[start as usize..end as usize]);
        fields.filter(|field| !field.is_empty()).map(|field| (field, 1.0 / (field.len() as f32).sqrt()))
    }
}

/// Rows that are being written.
pub(crate) struct Writing {
    to: BufWriter<File>,
    count: usize,
}

impl Writing {
    pub(crate) fn begin(folder: &Path) -> io::Result<Self> {
        Ok(Self { to: BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile_in(folder)?), count: 0 })
    }

    pub(crate) fn add(&mut self, row: &Row) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(4 * (row.ends.len() + row.columns.len()));
        row.ends.iter().chain(&row.columns).for_each(|number| bytes.extend(number.to_le_bytes()));
        self.count += 1;
        self.to.write_all(&bytes)
    }

    /// The rows, which can be read until somebody asks for the end.
    pub(crate) fn finish(self, stop: Stop) -> io::Result<Rows> {
        let file = self.to.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Rows { file, count: self.count, stop })
    }
}

/// Rows in a file without a name.
#[derive(Debug)]
pub(crate) struct Rows {
    file: File,
    count: usize,
    stop: Stop,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Shows every row, in their order, with its number. Several threads may do so at once.
    pub(crate) fn each(&self, mut see: impl FnMut(usize, &Row)) -> io::Result<()> {
        let mut from = BufReader::with_capacity(BUFFER_BYTES, At { file: &self.file, offset: 0 });
        let (mut row, mut bytes) = (Row::default(), Vec::new());
        for number in 0..self.count {
            stop::check(&self.stop)?;
            let mut ends = [0; 4 * (TEXT_FIELDS + 1)];
            from.read_exact(&mut ends)?;
            for (end, four) in row.ends.iter_mut().zip(ends.as_chunks().0) {
                *end = u32::from_le_bytes(*four);
            }
            bytes.resize(4 * row.ends[TEXT_FIELDS] as usize, 0);
            from.read_exact(&mut bytes)?;
            row.columns.clear();
            row.columns.extend(bytes.as_chunks().0.iter().map(|four| u32::from_le_bytes(*four)));
            see(number, &row);
        }
        Ok(())
    }
}

/// A place of its own in a file that others read too.
struct At<'a> {
    file: &'a File,
    offset: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_they_were_written_as_often_as_one_likes() {
        let folder = tempfile::tempdir().unwrap();
        let rows =
            [Row::of([&[1, 2], &[], &[7], &[], &[9]]), Row::default(), Row::of([&[], &[], &[], &[], &[3, 4, 5]])];
        let mut writing = Writing::begin(folder.path()).unwrap();
        rows.iter().for_each(|row| writing.add(row).unwrap());
        let written = writing.finish(Stop::new()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the file has no name");
        for _ in 0..2 {
            let mut read = Vec::new();
            written.each(|number, row| read.push((number, row.clone()))).unwrap();
            assert_eq!(read, rows.iter().cloned().enumerate().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_field_is_as_long_as_one() {
        let row = Row::of([&[1, 2, 3, 4], &[], &[7], &[], &[]]);
        let fields: Vec<_> = row.fields().map(|(columns, value)| (columns.len(), value)).collect();
        assert_eq!(fields, [(4, 0.5), (1, 1.0)]);
    }
}
