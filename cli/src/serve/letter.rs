//! A message as clients send it: many with the line ends of files, and some in the wrapping of an mbox.

use std::mem;

use switchback_gateway::Text;

/// A message, in the bytes that a client sent.
#[derive(Debug)]
pub(super) struct Letter {
    text: Text,
    /// Where the message begins: behind the separator of an mbox, and what Exim puts below it.
    start: usize,
    /// Whether lines end with LF alone.
    is_unix: bool,
}

impl Letter {
    pub(super) fn new(text: Text) -> Self {
        let bytes = text.bytes();
        let start = wrapping(bytes);
        let is_unix = first_line(&bytes[start..]).is_some_and(|line| !line.ends_with(b"\r\n"));
        Self { text, start, is_unix }
    }

    /// The message as it came over SMTP: without wrapping, and with line ends of SMTP, which signatures are made over.
    ///
    /// # Arguments
    /// * `sent`: the text that it becomes; nothing yet
    pub(super) fn as_sent(&self, mut sent: Text) -> Text {
        let message = &self.text.bytes()[self.start..];
        if self.is_unix {
            for line in message.split_inclusive(|byte| *byte == b'\n') {
                match line.strip_suffix(b"\n") {
                    Some(text) if !text.ends_with(b"\r") => {
                        sent.append(text);
                        sent.append(b"\r\n");
                    }
                    _ => _ = sent.append(line),
                }
            }
        } else {
            sent.append(message);
        }
        sent.end_as(&self.text);
        sent
    }

    /// [`Letter::as_sent`], where nothing else is needed: nothing is left here.
    pub(super) fn take_sent(&mut self, sent: Text) -> Text {
        if self.start == 0 && !self.is_unix {
            return mem::replace(&mut self.text, sent);
        }
        let sent = self.as_sent(sent);
        self.text.forget();
        self.start = 0;
        sent
    }

    /// The header, wrapping included, with changes made to the part that is of the message, and where the body begins. Lines
    /// end as they came.
    pub(super) fn changed_header(&self, change: impl FnOnce(&[u8]) -> Vec<u8>) -> (Vec<u8>, &[u8]) {
        let (wrapping, message) = self.text.bytes().split_at(self.start);
        let (header, body) = message.split_at(header_length(message));
        let mut changed = wrapping.to_vec();
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

    fn letter(bytes: &[u8]) -> Letter {
        Letter::new(bytes.to_vec().into())
    }

    /// What it is as it came over SMTP, in either way.
    fn sent(bytes: &[u8]) -> Vec<u8> {
        let empty = || Text::uncounted(usize::MAX);
        let sent = letter(bytes).as_sent(empty());
        assert_eq!(letter(bytes).take_sent(empty()).bytes(), sent.bytes());
        sent.bytes().to_vec()
    }

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
            assert_eq!(sent((wrapping + &unix).as_bytes()), message.as_bytes());
        }
        let forged = "X-Envelope-From: <a@b.example>\r\n\r\n";
        assert_eq!(sent(forged.as_bytes()), forged.as_bytes());
        for odd in ["", "From ", "From x\n", "\n", "From x\nX-Envelope-From: <a"] {
            sent(odd.as_bytes());
        }
    }

    #[test]
    fn only_the_header_changes_and_lines_end_as_they_came() {
        let change = |header: &[u8]| [b"New: 1\r\n", &header.to_ascii_uppercase()[..]].concat();
        let unix = letter(b"From x\nA: b\n c\n\nbody\r\n\n");
        assert_eq!(unix.changed_header(change), (b"From x\nNew: 1\nA: B\n C\n".to_vec(), &b"\nbody\r\n\n"[..]));
        let smtp = letter(b"A: b\r\n\r\nbody\n");
        assert_eq!(smtp.changed_header(change), (b"New: 1\r\nA: B\r\n".to_vec(), &b"\r\nbody\n"[..]));
    }

    #[test]
    fn mixed_line_ends_become_those_of_smtp_once() {
        assert_eq!(sent(b"A: b\n\nx\r\ny\n"), b"A: b\r\n\r\nx\r\ny\r\n");
        assert_eq!(sent(b"A: b\r\n\r\nx\n"), b"A: b\r\n\r\nx\n");
    }

    // A line that ends in two bytes takes one more.
    #[test]
    fn what_becomes_too_long_is_a_beginning() {
        let (unix, smtp) = (letter(b"A: b\n\nx\n"), letter(b"A: b\r\n\r\nx\r\n"));
        for (letter, bytes_max, is_partial) in
            [(&unix, 10, true), (&unix, 11, false), (&smtp, 10, true), (&smtp, 11, false)]
        {
            let sent = letter.as_sent(Text::uncounted(bytes_max));
            assert_eq!((sent.bytes(), sent.is_partial()), (&b"A: b\r\n\r\nx\r\n"[..bytes_max], is_partial));
        }
        let mut cut = Text::uncounted(5);
        cut.append(b"A: b\n\nx\n");
        assert!(Letter::new(cut).as_sent(Text::uncounted(100)).is_partial());
    }
}
