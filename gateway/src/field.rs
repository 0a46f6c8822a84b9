//! Header fields as they came, byte by byte.

use std::fmt;

/// One header field of a message: bytes of whatever kind, so that what is rebuilt of it is what arrived and signatures still hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> Field<'a> {
    /// A field. The value has everything behind the colon, its leading space included, without the end of its last line.
    pub fn new(name: &'a [u8], value: &'a [u8]) -> Self {
        Self { name, value }
    }

    /// Its name, as it was written.
    pub fn name(&self) -> &'a [u8] {
        self.name
    }

    /// Everything behind the colon.
    pub fn value(&self) -> &'a [u8] {
        self.value
    }

    /// Whether it has this name, in whichever case.
    pub fn is(&self, name: &str) -> bool {
        self.name.trim_ascii_end().eq_ignore_ascii_case(name.as_bytes())
    }

    /// Writes the field as it stands in a message, in pieces: folds and the end by CRLF, however they were told.
    pub fn write(&self, mut write: impl FnMut(&[u8])) {
        write(self.name);
        write(b":");
        for line in self.value.split_inclusive(|byte| *byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(line) => {
                    write(line.strip_suffix(b"\r").unwrap_or(line));
                    write(b"\r\n");
                }
                None => write(line),
            }
        }
        write(b"\r\n");
    }

    /// The fields of a message's header, from the top. What is no field ends the header, as an empty line does.
    pub fn all_of(message: &'a [u8]) -> Fields<'a> {
        Fields { message, at: 0 }
    }
}

/// The fields of a message's header, read one after the other: nothing is copied, however many there are.
#[derive(Clone)]
pub struct Fields<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    /// How many bytes of the message the fields take that were read so far: when there are no more, the header without the line
    /// that ends it.
    pub fn length(&self) -> usize {
        self.at
    }

    fn line(&self, start: usize) -> &'a [u8] {
        self.message[start..].split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default()
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let start = self.at;
        let mut line = self.line(start);
        let mut value_end = start + without_line_end(line).len();
        let name = &self.message[start..value_end];
        let colon = name.iter().position(|byte| *byte == b':').filter(|colon| *colon > 0)?;
        let mut end = start + line.len();
        while matches!(self.message.get(end), Some(b' ' | b'\t')) {
            line = self.line(end);
            value_end = end + without_line_end(line).len();
            end += line.len();
        }
        self.at = end;
        Some(Field { name: &name[..colon], value: &self.message[start + colon + 1..value_end] })
    }
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Without the value, which belongs in no log.
impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("name", &String::from_utf8_lossy(self.name))
            .field("bytes", &self.value.len())
            .finish()
    }
}

/// As of one field.
impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields").field("bytes", &self.message.len()).field("at", &self.at).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rebuilt(message: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for field in Field::all_of(message) {
            field.write(|piece| bytes.extend_from_slice(piece));
        }
        bytes
    }

    #[test]
    fn what_is_rebuilt_is_what_arrived() {
        let header = b"A:x\r\nA: x\r\nA:\r\n folded\r\n\ttwice \r\nSubject : caf\xe9 \xff\r\nEmpty:\r\n";
        let message = [&header[..], b"\r\nA: body\r\n"].concat();
        assert_eq!(rebuilt(&message), header);
        let fields: Vec<_> = Field::all_of(&message).collect();
        assert_eq!((fields[0].value(), fields[1].value()), (&b"x"[..], &b" x"[..]));
        assert!(fields[3].is("subject") && !fields[3].is("subjec"));
    }

    #[test]
    fn folds_become_crlf_once() {
        let mut bytes = Vec::new();
        Field::new(b"A", b" x\n y\r\n z").write(|piece| bytes.extend_from_slice(piece));
        assert_eq!(bytes, b"A: x\r\n y\r\n z\r\n");
    }

    #[test]
    fn what_is_no_field_ends_the_header() {
        let name = |message: &[u8]| Field::all_of(message).count();
        assert_eq!(
            [name(b""), name(b"\r\nA: b"), name(b" a\r\nA: b"), name(b": x\r\n"), name(b"A: b")],
            [0, 0, 0, 0, 1]
        );
        assert_eq!(name(b"A: b\r\nno field\r\nC: d\r\n"), 1);
    }
}
