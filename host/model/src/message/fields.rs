//! A header block as bytes: which fields it has and where it ends.
//!
//! Nothing is decoded here. A block ends at an empty line, at the end of the bytes, at a line that
//! the caller says ends it (a MIME delimiter), or where something that is no header begins. Lines of an
//! mbox file (`From `, `>From `) are skipped, and so are a few stray lines before a field: mail programs
//! differ in what they make of those, and a sender could hide the rest of a header behind one.

use std::ops::Range;

use memchr::memchr;

use super::limits::FIELD_NAME_BYTES_MAX;

/// Where one field is in the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// The name, without the colon.
    pub(super) name: Range<usize>,
    /// Everything after the colon, folds included, without the last line break.
    pub(super) value: Range<usize>,
    /// The whole field with its last line break.
    pub(super) whole: Range<usize>,
}

/// Lines in a row that are skipped because a field follows.
const STRAY_LINES_MAX: usize = 4;

/// How a block ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// At an empty line: as it should.
    EmptyLine,
    /// At the end of the bytes.
    Bytes,
    /// At a line that the caller asked to stop at.
    Stopped,
    /// At a line that is no header field.
    NoField,
}

/// Reads the fields of the block that begins at an offset.
pub(super) struct Fields<'a, S> {
    bytes: &'a [u8],
    position: usize,
    stop: S,
    end: Option<End>,
    /// Whether there is nothing so far that readers of headers differ in: lines skipped, white space before a colon,
    /// blank folds.
    is_plain: bool,
}

impl<'a, S: FnMut(&[u8]) -> bool> Fields<'a, S> {
    /// Reads from `start` on. `stop` is asked about each line that begins with two hyphens.
    pub(super) fn new(bytes: &'a [u8], start: usize, stop: S) -> Self {
        Self { bytes, position: start, stop, end: None, is_plain: true }
    }

    /// Whether all readers find the same fields, as far as lines tell.
    pub(super) fn is_plain(&self) -> bool {
        self.is_plain && matches!(self.end, Some(End::EmptyLine | End::Bytes))
    }

    /// Where the body begins, and how the block ended. Reads what is left of it.
    pub(super) fn finish(mut self) -> (usize, End) {
        loop {
            if let Some(end) = self.end {
                return (self.position, end);
            }
            self.next();
        }
    }

    /// The end of the field that begins in the line `start..end`, with its folded lines.
    fn unfold_end(&mut self, mut end: usize) -> usize {
        while matches!(self.bytes.get(end), Some(b' ' | b'\t')) {
            // A line of white space alone too: an obsolete fold (RFC 5322, section 4.2).
            let start = end;
            end = line_end(self.bytes, start);
            self.is_plain &= !is_empty(&self.bytes[start..end]);
        }
        end
    }

    /// Whether a field comes soon after the stray line that ends at `position`.
    fn resumes_after(&self, mut position: usize) -> bool {
        for _ in 0..STRAY_LINES_MAX {
            let end = line_end(self.bytes, position);
            let line = &self.bytes[position..end];
            if name(line).is_some() {
                return true;
            }
            if is_empty(line) || line.starts_with(b"--") {
                return false;
            }
            position = end;
        }
        false
    }
}

impl<S: FnMut(&[u8]) -> bool> Iterator for Fields<'_, S> {
    type Item = Field;

    fn next(&mut self) -> Option<Field> {
        while self.end.is_none() {
            let start = self.position;
            let end = line_end(self.bytes, start);
            let line = &self.bytes[start..end];
            if line.is_empty() {
                self.end = Some(End::Bytes);
            } else if is_empty(line) {
                self.position = end;
                self.end = Some(End::EmptyLine);
            } else if line.starts_with(b"--") && (self.stop)(line) {
                self.end = Some(End::Stopped);
            } else if let Some(length) = name(line) {
                let whole = start..self.unfold_end(end);
                self.position = whole.end;
                let colon = start + length + memchr(b':', &line[length..]).unwrap_or(0);
                self.is_plain &= colon == start + length;
                let value = colon + 1..whole.start + without_break(&self.bytes[whole.clone()]).len();
                return Some(Field { name: start..start + length, value, whole });
            } else if is_mbox_line(line) || self.resumes_after(end) {
                self.position = end;
                self.is_plain = false;
            } else {
                self.end = Some(End::NoField);
            }
        }
        None
    }
}

/// The offset after the line break that ends the line of `start`.
pub(super) fn line_end(bytes: &[u8], start: usize) -> usize {
    memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at + 1)
}

/// `line` without its line break.
pub(super) fn without_break(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn is_empty(line: &[u8]) -> bool {
    line.trim_ascii().is_empty()
}

fn is_mbox_line(line: &[u8]) -> bool {
    line.starts_with(b"From ") || line.starts_with(b">From ")
}

/// The length of the field name that `line` begins with (RFC 5322, section 3.6.8; white space before
/// the colon, which the obsolete syntax allows, does not count).
fn name(line: &[u8]) -> Option<usize> {
    let colon = memchr(b':', &line[..line.len().min(FIELD_NAME_BYTES_MAX + 1)])?;
    let name = line[..colon].trim_ascii_end();
    let valid = !name.is_empty() && name.iter().all(|byte| (b'!'..=b'~').contains(byte));
    valid.then_some(name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &str) -> (Vec<(&str, &str)>, &str, End) {
        let mut fields = Fields::new(bytes.as_bytes(), 0, |line| line.starts_with(b"--stop"));
        let found = fields.by_ref().map(|f| (&bytes[f.name], &bytes[f.value])).collect();
        let (body, end) = fields.finish();
        (found, &bytes[body..], end)
    }

    #[test]
    fn a_block_ends_at_an_empty_line() {
        let (fields, body, end) = read("A: 1\r\nB :2\r\n folded\r\n\r\nbody");
        assert_eq!(fields, [("A", " 1"), ("B", "2\r\n folded")]);
        assert_eq!((body, end), ("body", End::EmptyLine));
    }

    #[test]
    fn a_block_may_be_all_there_is() {
        assert_eq!(read("A: 1"), (vec![("A", " 1")], "", End::Bytes));
        assert_eq!(read(""), (vec![], "", End::Bytes));
    }

    #[test]
    fn a_block_ends_where_something_else_begins() {
        assert_eq!(read("A: 1\nHello there,\nfriend"), (vec![("A", " 1")], "Hello there,\nfriend", End::NoField));
        assert_eq!(read("Hello there"), (vec![], "Hello there", End::NoField));
    }

    #[test]
    fn lines_of_an_mbox_file_and_stray_lines_are_skipped() {
        let (fields, body, _) = read("From a@b Thu\nA: 1\n>From c@d\nB: 2\nstray\n line\nC: 3\n\nx");
        assert_eq!(fields, [("A", " 1"), ("B", " 2"), ("C", " 3")]);
        assert_eq!(body, "x");
    }

    #[test]
    fn many_stray_lines_end_a_block() {
        let stray = "stray\n".repeat(STRAY_LINES_MAX + 1);
        assert_eq!(read(&format!("A: 1\n{stray}B: 2\n\n")).2, End::NoField);
        assert_eq!(read(&format!("A: 1\n{}B: 2\n\n", &stray[6..])).2, End::EmptyLine);
    }

    #[test]
    fn a_fold_may_be_white_space_alone() {
        assert_eq!(read("A: 1\n \n 2\n\nx"), (vec![("A", " 1\n \n 2")], "x", End::EmptyLine));
        assert_eq!(read(" \nA: 1\n\nx"), (vec![], "A: 1\n\nx", End::EmptyLine));
    }

    #[test]
    fn a_delimiter_ends_a_block() {
        assert_eq!(read("A: 1\n--stop:\n\nx"), (vec![("A", " 1")], "--stop:\n\nx", End::Stopped));
    }

    #[test]
    fn an_endless_name_is_no_name() {
        let long = format!("{}: 1\n\n", "a".repeat(FIELD_NAME_BYTES_MAX + 1));
        assert_eq!(read(&long).2, End::NoField);
    }
}
