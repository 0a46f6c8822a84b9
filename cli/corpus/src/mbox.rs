//! Mailboxes of one file (mbox(5)).
//!
//! There is no one format. What this reads, whichever program wrote it:
//!
//! * A message begins with a `From ` line that follows an empty line, has a date or is one of Thunderbird's, and is followed
//!   by a header field ([`from_line`]). A dialect that the caller names is taken at its word: there, every `From `
//!   line after an empty one begins a message, because such lines in messages are quoted.
//! * A Content-Length is believed if the message that it measures is followed by the next one, or by the end of the file.
//! * One `>` before `From ` is removed, also after further ones. It is left where the message has a `From ` line that is
//!   not quoted: then nothing in it is.
//! * The empty line before the next message, and at the end of an mbox, belongs to no message.
//! * What the mail program keeps for itself is no message ([`is_internal`], [`is_deleted`]).

pub(super) mod from_line;
mod window;

use std::io::{self, Read};

use self::from_line::MAGIC;
use self::window::Window;
use super::format::{Dialect, Known};
use super::header::header_lines;
use super::size::{MESSAGE_BYTES_MAX, check_size, too_large};

/// The longest header in which a Content-Length is looked for, in bytes.
const HEADER_BYTES_MAX: usize = 1 << 20;

/// The subject of a message in which mail programs keep the state of a folder.
const INTERNAL: &[u8] = b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA";

/// Thunderbird's flag of a message that was deleted, and stays until the folder is compacted.
const MOZILLA_EXPUNGED: u32 = 0x0008;

/// What Thunderbird's own fields begin with. The second and third are those of mail that came by POP.
const THUNDERBIRDS_FIELDS: &[&[u8]] = &[b"X-Mozilla-", b"X-Account-Key:", b"X-UIDL:"];

/// The messages of an mbox. One that is too large is an error, and the next one follows; after an error of the file there
/// are no more.
pub(super) struct Mbox<R> {
    window: Window<R>,
    dialect: Dialect,
    known: Known,
    count: usize,
    done: bool,
}

/// Where a message ends, and where what follows it begins.
struct End {
    message: usize,
    next: usize,
}

impl<R: Read> Mbox<R> {
    /// Reads an mbox that begins with [`MAGIC`]. If only the content says that it is one, it may be a single message to
    /// which a program left the line in front: its last empty line is its own then.
    pub(super) fn new(reader: R, dialect: Dialect, known: Known) -> Self {
        Self { window: Window::new(reader), dialect, known, count: 0, done: false }
    }

    /// Whether there are no more messages.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    fn message(&mut self) -> io::Result<Option<Vec<u8>>> {
        if !self.skip_separator()? {
            return Ok(None);
        }
        self.count += 1;
        let message = match self.end_by_length()? {
            Some(end) => Some(self.take(&end)),
            None => self.until_separator()?,
        };
        // So that it is known of the last one that it is.
        self.done = !self.skip_empty_lines()?;
        message.ok_or_else(too_large).and_then(check_size).map(Some)
    }

    /// Whether there is a message; then its separator is passed.
    fn skip_separator(&mut self) -> io::Result<bool> {
        if !self.skip_empty_lines()? {
            return Ok(false);
        }
        let end = self.window.line_end(0)?;
        if self.window.view().starts_with(MAGIC) {
            self.window.pass(end);
        }
        Ok(true)
    }

    /// Whether anything follows.
    fn skip_empty_lines(&mut self) -> io::Result<bool> {
        loop {
            // A byte order mark, at the beginning.
            if self.window.fill(3)? && self.count == 0 && self.window.view().starts_with(b"\xef\xbb\xbf") {
                self.window.pass(3);
            }
            let end = self.window.line_end(0)?;
            match &self.window.view()[..end] {
                b"" => return Ok(false),
                b"\n" | b"\r\n" => self.window.pass(end),
                _ => return Ok(true),
            }
        }
    }

    /// The end that the message's Content-Length names, if there is one that can be true.
    fn end_by_length(&mut self) -> io::Result<Option<End>> {
        if matches!(self.dialect, Dialect::O | Dialect::Rd) {
            return Ok(None);
        }
        let (mut at, mut length) = (0, None);
        loop {
            let end = self.window.line_end(at)?;
            let line = &self.window.view()[at..end];
            let is_last = is_empty(line);
            length = content_length(line).or(length);
            if end == at || end > HEADER_BYTES_MAX {
                return Ok(None);
            }
            at = end;
            if is_last {
                break;
            }
        }
        let Some(end) = length.and_then(|length| at.checked_add(length)) else { return Ok(None) };
        if end as u64 > MESSAGE_BYTES_MAX || !self.window.fill(end)? {
            return Ok(None);
        }
        self.next_after(end).map(|next| next.map(|next| End { message: end, next }))
    }

    /// Where the next message, or the end of the file, begins, if it is at most two line ends behind this place.
    fn next_after(&mut self, place: usize) -> io::Result<Option<usize>> {
        let mut at = place;
        for _ in 0..=2 {
            let end = self.window.line_end(at)?;
            let is_line = at == 0 || self.window.view()[at - 1] == b'\n';
            if end == at || (is_line && self.is_separator(at, end)?) {
                return Ok(Some(at));
            }
            if !is_empty(&self.window.view()[at..end]) {
                return Ok(None);
            }
            at = end;
        }
        Ok(None)
    }

    /// The message up to the next separator or the end of the file; none if it is too large.
    fn until_separator(&mut self) -> io::Result<Option<Vec<u8>>> {
        let (mut at, mut empty, mut is_line, mut is_too_large) = (0, None, true, false);
        let end = loop {
            let end = self.window.line_end(at)?;
            if end == at {
                let last = empty.filter(|_| self.known == Known::ByName || self.count > 1);
                break End { message: last.unwrap_or(at), next: at };
            }
            if let Some(empty) = empty
                && self.is_separator(at, end)?
            {
                break End { message: empty, next: at };
            }
            let line = &self.window.view()[at..end];
            empty = (is_line && is_empty(line)).then_some(at);
            is_line = line.ends_with(b"\n");
            at = end;
            // One line end more may belong to the mbox.
            if at as u64 > MESSAGE_BYTES_MAX + 2 {
                // What is too large is read to its end, and not kept.
                is_too_large = true;
                let passed = empty.unwrap_or(at);
                self.window.pass(passed);
                (at, empty) = (at - passed, empty.map(|_| 0));
            }
        };
        if is_too_large {
            self.window.pass(end.next);
            return Ok(None);
        }
        Ok(Some(self.take(&end)))
    }

    fn take(&mut self, end: &End) -> Vec<u8> {
        let message = unquoted(&self.window.view()[..end.message], self.dialect);
        self.window.pass(end.next);
        message
    }

    fn is_separator(&mut self, at: usize, end: usize) -> io::Result<bool> {
        if !self.window.view()[at..end].starts_with(MAGIC) {
            return Ok(false);
        }
        if matches!(self.dialect, Dialect::O | Dialect::Rd | Dialect::Cl) {
            return Ok(true);
        }
        let next = self.window.line_end(end)?;
        Ok(from_line::separates(&self.window.view()[at..end], &self.window.view()[end..next]))
    }
}

impl<R: Read> Iterator for Mbox<R> {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let message = self.message();
        self.done |= message.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::FileTooLarge);
        message.transpose()
    }
}

/// Whether a message is the mail program's own: UW-IMAP, Alpine and Dovecot keep the state of a folder in its first one.
pub(super) fn is_internal(message: &[u8]) -> bool {
    let is_state = |line: &[u8]| line.starts_with(b"X-IMAP:") || line.starts_with(b"X-IMAPbase:");
    header_lines(message).any(|line| line.trim_ascii_end() == INTERNAL) && header_lines(message).any(is_state)
}

/// Whether a message was deleted in Thunderbird, which shows it no more. Thunderbird writes its fields in front of all
/// others; further down is what the sender wrote.
pub(super) fn is_deleted(message: &[u8]) -> bool {
    let is_own = |line: &&[u8]| THUNDERBIRDS_FIELDS.iter().any(|field| line.starts_with(field));
    let status = header_lines(message).take_while(is_own).find_map(|line| line.strip_prefix(b"X-Mozilla-Status:"));
    let flags = status.and_then(|status| u32::from_str_radix(str::from_utf8(status).ok()?.trim(), 16).ok());
    flags.is_some_and(|flags| flags & MOZILLA_EXPUNGED != 0)
}

fn content_length(line: &[u8]) -> Option<usize> {
    let (name, value) = line.split_at_checked(b"Content-Length:".len())?;
    let value = name.eq_ignore_ascii_case(b"Content-Length:").then_some(value)?;
    str::from_utf8(value).ok()?.trim().parse().ok()
}

fn is_empty(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

/// A message without one level of quoting.
pub(super) fn unquoted(message: &[u8], dialect: Dialect) -> Vec<u8> {
    let lines = || message.split_inclusive(|byte| *byte == b'\n');
    let is_quoted = match dialect {
        Dialect::Cl2 => false,
        Dialect::Any => !lines().any(|line| line.starts_with(MAGIC)),
        Dialect::O | Dialect::Rd | Dialect::Cl => true,
    };
    if !is_quoted {
        return message.to_owned();
    }
    let quotes_max = if matches!(dialect, Dialect::O | Dialect::Cl) { 1 } else { usize::MAX };
    let mut text = Vec::with_capacity(message.len());
    for line in lines() {
        let quotes = line.iter().take_while(|byte| **byte == b'>').count();
        let is_quoted = (1..=quotes_max).contains(&quotes) && line[quotes..].starts_with(MAGIC);
        text.extend_from_slice(&line[usize::from(is_quoted)..]);
    }
    text
}

#[cfg(test)]
mod tests;
