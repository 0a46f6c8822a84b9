//! A part of a stream, which moves on.

use std::io::{self, Read};

use memchr::memchr;

/// How much is read at once.
const READ_BYTES: usize = 64 << 10;

/// The longest piece of a line that is looked at. It bounds memory in a file that has no line ends.
const PIECE_BYTES_MAX: usize = 1 << 20;

/// How much that was passed may stay in front before it is thrown away.
const PASSED_BYTES_MAX: usize = 1 << 20;

/// What was read of a stream and not passed yet.
pub(super) struct Window<R> {
    reader: R,
    bytes: Vec<u8>,
    start: usize,
}

impl<R: Read> Window<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, bytes: Vec::new(), start: 0 }
    }

    /// What is in view.
    pub(super) fn view(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Has at least this many bytes in view, if the stream has them; whether it does.
    pub(super) fn fill(&mut self, length: usize) -> io::Result<bool> {
        while self.view().len() < length {
            if !self.more()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Where the line ends, line end included, that begins at this place of the view; a long one is cut into pieces. The
    /// place itself, if nothing follows.
    pub(super) fn line_end(&mut self, at: usize) -> io::Result<usize> {
        let mut searched = at;
        loop {
            if let Some(found) = memchr(b'\n', &self.view()[searched..]) {
                return Ok(searched + found + 1);
            }
            searched = self.view().len();
            if searched - at >= PIECE_BYTES_MAX {
                return Ok(at + PIECE_BYTES_MAX);
            }
            if !self.more()? {
                return Ok(searched);
            }
        }
    }

    /// Leaves this many bytes behind.
    pub(super) fn pass(&mut self, length: usize) {
        self.start += length;
        if self.start > PASSED_BYTES_MAX {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }

    fn more(&mut self) -> io::Result<bool> {
        let limit = READ_BYTES as u64;
        Ok(self.reader.by_ref().take(limit).read_to_end(&mut self.bytes)? > 0)
    }
}
