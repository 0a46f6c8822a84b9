//! Header fields as they came, byte by byte.

use std::fmt;

/// One header field: bytes of whatever kind, so that what is rebuilt of it is what arrived and signatures still hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    name: Box<[u8]>,
    value: Box<[u8]>,
}

impl Field {
    /// A field. The value has everything behind the colon, its leading space included, without the end of its last line.
    pub fn new(name: &[u8], value: &[u8]) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    /// Its name, as it was written.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Everything behind the colon.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// Whether it has this name, in whichever case.
    pub fn is(&self, name: &str) -> bool {
        self.name.trim_ascii_end().eq_ignore_ascii_case(name.as_bytes())
    }

    /// Appends the field as it stands in a message: folds and the end by CRLF, however they were told.
    pub fn append_to(&self, message: &mut Vec<u8>) {
        message.extend_from_slice(&self.name);
        message.push(b':');
        for line in self.value.split_inclusive(|byte| *byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(line) => {
                    message.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                    message.extend_from_slice(b"\r\n");
                }
                None => message.extend_from_slice(line),
            }
        }
        message.extend_from_slice(b"\r\n");
    }

    /// The fields of a message's header, from the top. What is no field ends the header, as an empty line does.
    pub fn all_of(message: &[u8]) -> Vec<Self> {
        Self::read_all(message).0
    }

    /// The fields, and how many bytes of the message they take.
    pub(crate) fn read_all(message: &[u8]) -> (Vec<Self>, usize) {
        let mut fields = Vec::<(&[u8], usize, usize)>::new();
        let mut at = 0;
        for line in message.split_inclusive(|byte| *byte == b'\n') {
            let start = at;
            let text = without_line_end(line);
            let is_folded = text.first().is_some_and(|byte| matches!(byte, b' ' | b'\t'));
            if let (true, Some((_, _, end))) = (is_folded, fields.last_mut()) {
                *end = start + text.len();
                at += line.len();
                continue;
            }
            let Some(colon) = text.iter().position(|byte| *byte == b':').filter(|colon| *colon > 0) else { break };
            fields.push((&message[start..start + colon], start + colon + 1, start + text.len()));
            at += line.len();
        }
        (fields.into_iter().map(|(name, from, to)| Self::new(name, &message[from..to])).collect(), at)
    }
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Without the value, which belongs in no log.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("name", &String::from_utf8_lossy(&self.name))
            .field("bytes", &self.value.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rebuilt(message: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for field in Field::all_of(message) {
            field.append_to(&mut bytes);
        }
        bytes
    }

    #[test]
    fn what_is_rebuilt_is_what_arrived() {
        let header = b"A:x\r\nA: x\r\nA:\r\n folded\r\n\ttwice \r\nSubject : caf\xe9 \xff\r\nEmpty:\r\n";
        let message = [&header[..], b"\r\nA: body\r\n"].concat();
        assert_eq!(rebuilt(&message), header);
        let fields = Field::all_of(&message);
        assert_eq!((fields[0].value(), fields[1].value()), (&b"x"[..], &b" x"[..]));
        assert!(fields[3].is("subject") && !fields[3].is("subjec"));
    }

    #[test]
    fn folds_become_crlf_once() {
        let mut bytes = Vec::new();
        Field::new(b"A", b" x\n y\r\n z").append_to(&mut bytes);
        assert_eq!(bytes, b"A: x\r\n y\r\n z\r\n");
    }

    #[test]
    fn what_is_no_field_ends_the_header() {
        let name = |message: &[u8]| Field::all_of(message).len();
        assert_eq!(
            [name(b""), name(b"\r\nA: b"), name(b" a\r\nA: b"), name(b": x\r\n"), name(b"A: b")],
            [0, 0, 0, 0, 1]
        );
        assert_eq!(name(b"A: b\r\nno field\r\nC: d\r\n"), 1);
    }
}
