//! A message as clients send it: many with the line ends of files, and some in the wrapping of an mbox.

/// A message, in the bytes that a client sent.
#[derive(Debug)]
pub(super) struct Letter {
    bytes: Vec<u8>,
    /// Where the message begins: behind the separator of an mbox, and what Exim puts below it.
    start: usize,
    /// Whether lines end with LF alone.
    is_unix: bool,
}

impl Letter {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let start = wrapping(&bytes);
        let is_unix = first_line(&bytes[start..]).is_some_and(|line| !line.ends_with(b"\r\n"));
        Self { bytes, start, is_unix }
    }

    /// The message as it came over SMTP: without wrapping, and with line ends of SMTP, which signatures are made over.
    pub(super) fn as_sent(&self) -> Vec<u8> {
        let message = &self.bytes[self.start..];
        if !self.is_unix {
            return message.to_vec();
        }
        let lines = message.iter().filter(|byte| **byte == b'\n').count();
        let mut sent = Vec::with_capacity(message.len() + lines);
        for line in message.split_inclusive(|byte| *byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(text) if !text.ends_with(b"\r") => {
                    sent.extend_from_slice(text);
                    sent.extend_from_slice(b"\r\n");
                }
                _ => sent.extend_from_slice(line),
            }
        }
        sent
    }

    /// [`Letter::as_sent`], where nothing else is needed.
    pub(super) fn into_sent(self) -> Vec<u8> {
        if self.start == 0 && !self.is_unix { self.bytes } else { self.as_sent() }
    }

    /// The header, wrapping included, with changes made to the part that is of the message, and where the body begins. Lines
    /// end as they came.
    pub(super) fn changed_header(&self, change: impl FnOnce(&[u8]) -> Vec<u8>) -> (Vec<u8>, &[u8]) {
        let message = &self.bytes[self.start..];
        let (header, body) = message.split_at(header_length(message));
        let mut changed = self.bytes[..self.start].to_vec();
        let new = change(header);
        if self.is_unix {
            let mut rest = &new[..];
            while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
                changed.extend_from_slice(&rest[..at]);
                changed.push(b'\n');
                rest = &rest[at + 2..];
            }
            changed.extend_from_slice(rest);
        } else {
            changed.extend_from_slice(&new);
        }
        (changed, body)
    }

    /// How lines end.
    pub(super) fn line_end(&self) -> &'static [u8] {
        if self.is_unix { b"\n" } else { b"\r\n" }
    }
}

/// How many bytes a wrapping has. One begins with the separator of an mbox; a message without that keeps all its fields, since
/// anybody can write some that look like Exim's.
fn wrapping(bytes: &[u8]) -> usize {
    if !bytes.starts_with(b"From ") {
        return 0;
    }
    let Some(separator) = first_line(bytes) else { return 0 };
    let mut at = separator.len();
    for name in [&b"X-Envelope-From:"[..], b"X-Envelope-To:"] {
        let Some(line) = first_line(&bytes[at..]) else { break };
        if line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            at += line.len();
        }
    }
    at
}

fn first_line(bytes: &[u8]) -> Option<&[u8]> {
    memchr::memchr(b'\n', bytes).map(|end| &bytes[..=end])
}

/// How many bytes the header has, without the empty line.
fn header_length(message: &[u8]) -> usize {
    let mut at = 0;
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if matches!(line, b"\n" | b"\r\n") {
            break;
        }
        at += line.len();
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    // rspamd#637, Exim's spool_mbox.c: what Exim puts around a message is not of the message.
    #[test]
    fn a_wrapped_message_is_the_message() {
        let message = "Received: x\r\nX-Envelope-To: kept\r\n\r\nbody\r\n";
        let separator = "From a@b.example Mon Dec  1 00:00:00 2025\n";
        let unix = message.replace("\r\n", "\n");
        for wrapping in [
            String::new(),
            separator.to_owned(),
            format!("{separator}X-Envelope-From: <a@b.example>\nX-Envelope-To: c@d.example, e@f.example\n"),
            format!("{separator}X-Envelope-To: c@d.example\n"),
        ] {
            assert_eq!(Letter::new((wrapping + &unix).into()).as_sent(), message.as_bytes());
        }
        let forged = "X-Envelope-From: <a@b.example>\r\n\r\n";
        assert_eq!(Letter::new(forged.into()).as_sent(), forged.as_bytes());
        for odd in ["", "From ", "From x\n", "\n", "From x\nX-Envelope-From: <a"] {
            Letter::new(odd.into()).as_sent();
        }
    }

    #[test]
    fn only_the_header_changes_and_lines_end_as_they_came() {
        let change = |header: &[u8]| [b"New: 1\r\n", &header.to_ascii_uppercase()[..]].concat();
        let unix = Letter::new(b"From x\nA: b\n c\n\nbody\r\n\n".to_vec());
        assert_eq!(unix.changed_header(change), (b"From x\nNew: 1\nA: B\n C\n".to_vec(), &b"\nbody\r\n\n"[..]));
        let smtp = Letter::new(b"A: b\r\n\r\nbody\n".to_vec());
        assert_eq!(smtp.changed_header(change), (b"New: 1\r\nA: B\r\n".to_vec(), &b"\r\nbody\n"[..]));
    }

    #[test]
    fn mixed_line_ends_become_those_of_smtp_once() {
        assert_eq!(Letter::new(b"A: b\n\nx\r\ny\n".to_vec()).as_sent(), b"A: b\r\n\r\nx\r\ny\r\n");
        assert_eq!(Letter::new(b"A: b\r\n\r\nx\n".to_vec()).as_sent(), b"A: b\r\n\r\nx\n");
    }
}
