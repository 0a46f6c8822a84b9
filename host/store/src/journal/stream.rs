//! A segment that is being written: Arrow's IPC stream format, one message for each batch.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Take, Write as _};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamEncoder;
use arrow_schema::{ArrowError, SchemaRef};
use switchback_system::locked::Locked;

use super::error::JournalError;
use super::folder;
use super::schema;

/// What comes before the length of each message.
const MARKER: [u8; 4] = [0xFF; 4];

/// Bytes of the marker and the length.
const PREFIX_BYTES: u64 = 8;

/// The most bytes of a message's description, of which ours have some kilobytes.
const DESCRIPTION_BYTES_MAX: u64 = 1 << 20;

/// How bytes get into a file. There is one that does it, and those of tests that are slow or full.
pub(super) trait Disk: Send {
    /// Appends all bytes.
    fn append(&mut self, file: &File, bytes: &[u8]) -> io::Result<()>;
}

/// The disk that the file is on.
pub(super) struct RealDisk;

impl Disk for RealDisk {
    fn append(&mut self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }
}

/// A segment that batches are appended to.
pub(super) struct Stream {
    file: Locked,
    encoder: StreamEncoder,
    /// Bytes of the whole messages in the file.
    bytes: u64,
}

impl Stream {
    /// Begins a stream in an empty file that was opened for appending.
    pub(super) fn new(file: Locked, schema: &SchemaRef) -> Result<Self, ArrowError> {
        Ok(Self { file, encoder: StreamEncoder::try_new(schema)?, bytes: 0 })
    }

    /// Its size in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends a batch. When this returns, it outlives the process.
    pub(super) fn append(&mut self, batch: &RecordBatch, disk: &mut dyn Disk) -> io::Result<()> {
        let buffers = self.encoder.encode(batch).map_err(io::Error::other)?;
        // One write for all of them: a crash then cuts off one batch at most.
        let mut message = Vec::with_capacity(buffers.iter().map(|buffer| buffer.len()).sum());
        buffers.iter().for_each(|buffer| message.extend_from_slice(buffer.as_slice()));
        if let Err(error) = disk.append(&self.file, &message) {
            // What was written of it would hide what comes after it.
            let _ = self.file.set_len(self.bytes);
            return Err(error);
        }
        self.bytes += message.len() as u64;
        Ok(())
    }

    /// Whether the file ends with a whole message: else nothing can follow.
    pub(super) fn is_whole(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.len() == self.bytes)
    }

    /// Makes what was appended outlive a loss of power.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The file, which is locked still.
    pub(super) fn into_file(self) -> Locked {
        self.file
    }
}

/// The batches of a stream, up to the last whole one. An end that was cut off, be it by a crash or because the
/// writer is at it, is no error.
pub(super) struct Batches {
    reader: Option<StreamReader<BufReader<Take<File>>>>,
}

impl Batches {
    pub(super) fn open(path: &Path) -> Result<Self, JournalError> {
        let mut file = folder::open(path)?;
        let whole = whole_bytes(&mut file).map_err(JournalError::unusable(path))?;
        if whole == 0 {
            return Ok(Self { reader: None });
        }
        file.rewind().map_err(JournalError::unusable(path))?;
        let reader = StreamReader::try_new_buffered(file.take(whole), None);
        let reader = reader.map_err(|error| JournalError::of_stream(path, error))?;
        schema::check(&reader.schema()).map_err(|why| JournalError::damaged(path, why))?;
        Ok(Self { reader: Some(reader) })
    }

    /// The columns; none if not even they were written.
    pub(super) fn schema(&self) -> Option<SchemaRef> {
        self.reader.as_ref().map(StreamReader::schema)
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.reader.as_mut()?.next();
        if !matches!(next, Some(Ok(_))) {
            // After a message that cannot be read, nobody knows where the next one begins.
            self.reader = None;
        }
        next
    }
}

/// How many bytes of a stream are whole messages. What cannot be the beginning of a message counts as one, so that
/// reading it says what is wrong.
fn whole_bytes(file: &mut File) -> io::Result<u64> {
    let size = file.metadata()?.len();
    let mut whole = 0;
    while let Some(bytes) = message_bytes(file, whole, size)? {
        if bytes > size - whole {
            break;
        }
        whole += bytes;
    }
    Ok(whole)
}

/// How many bytes the message at `start` says that it has; none at the end, which may be zeros that a loss of power
/// has left.
fn message_bytes(file: &mut File, start: u64, size: u64) -> io::Result<Option<u64>> {
    let left = size - start;
    if left < PREFIX_BYTES {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(start))?;
    let mut prefix = [0; 8];
    file.read_exact(&mut prefix)?;
    if prefix == [0; 8] {
        return Ok(None);
    }
    let [a, b, c, d, length @ ..] = prefix;
    let length = u64::from(u32::from_le_bytes(length));
    if [a, b, c, d] != MARKER || length > DESCRIPTION_BYTES_MAX {
        return Ok(Some(left));
    }
    if length > left - PREFIX_BYTES {
        return Ok(None);
    }
    let mut description = Vec::new();
    file.take(length).read_to_end(&mut description)?;
    let body = arrow_ipc::root_as_message(&description).ok().and_then(|m| u64::try_from(m.bodyLength()).ok());
    Ok(Some(body.map_or(left, |body| (PREFIX_BYTES + length).saturating_add(body))))
}
