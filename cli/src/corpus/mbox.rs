//! Mailboxes of one file (mbox(5)), in the variant with `>From ` quoting.
//!
//! A line that starts with `From ` may stand in a body unquoted (mbox(5) knows four variants, and not all
//! quote), so a message starts only where such a line follows an empty one and ends in a date.

use std::io::{self, BufRead, Read as _};

use super::{MESSAGE_BYTES_MAX, check_size};

/// What an mbox starts with.
pub(super) const MAGIC: &[u8] = b"From ";

/// How much of a line is read at once. It bounds memory in a file that has no line ends.
const PIECE_BYTES_MAX: u64 = 1 << 20;

/// The messages of an mbox. One that is too large is an error, and the next one follows; after an error
/// of the file there are no more.
pub(super) struct Mbox<R> {
    reader: R,
    done: bool,
}

impl<R: BufRead> Mbox<R> {
    /// Reads an mbox that starts with [`MAGIC`].
    pub(super) fn new(reader: R) -> Self {
        Self { reader, done: false }
    }

    /// Whether there are no more messages.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Reads a message, and the separator of the next one.
    fn message(&mut self) -> io::Result<Vec<u8>> {
        let mut message = Vec::new();
        let mut piece = Vec::new();
        let mut before = Before::Start;
        loop {
            piece.clear();
            if self.reader.by_ref().take(PIECE_BYTES_MAX).read_until(b'\n', &mut piece)? == 0 {
                self.done = true;
                return check_size(message);
            }
            match before {
                // The separator of the very first message.
                Before::Start if piece.starts_with(MAGIC) => {}
                Before::EmptyLine if is_separator(&piece) => {
                    // The empty line before a separator belongs to it.
                    message.truncate(message.len() - newline_bytes(&message));
                    return check_size(message);
                }
                // What is too large is read to its end, and not kept.
                _ if message.len() as u64 > MESSAGE_BYTES_MAX => {}
                Before::PieceOfLine => message.extend_from_slice(&piece),
                _ => message.extend_from_slice(unquoted(&piece)),
            }
            before = Before::of(&piece);
        }
    }
}

/// What came before a piece.
enum Before {
    Start,
    Line,
    EmptyLine,
    PieceOfLine,
}

impl Before {
    fn of(piece: &[u8]) -> Self {
        match piece {
            b"\n" | b"\r\n" => Self::EmptyLine,
            [.., b'\n'] => Self::Line,
            _ => Self::PieceOfLine,
        }
    }
}

impl<R: BufRead> Iterator for Mbox<R> {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let message = self.message();
        self.done |= message.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::FileTooLarge);
        Some(message)
    }
}

/// The length of the line end that a text ends in.
fn newline_bytes(text: &[u8]) -> usize {
    match text {
        [.., b'\r', b'\n'] => 2,
        [.., b'\n'] => 1,
        _ => 0,
    }
}

/// `From sender Thu Aug 22 12:36:23 2002`: a time of day and, after it, a year.
fn is_separator(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(MAGIC) else { return false };
    let mut words = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let time =
        |word: &[u8]| word.len() >= 4 && word.contains(&b':') && word.iter().all(|b| b.is_ascii_digit() || *b == b':');
    let year = |word: &[u8]| word.len() == 4 && word.iter().all(u8::is_ascii_digit);
    words.any(time) && words.any(year)
}

/// A line without one level of `>From ` quoting.
fn unquoted(line: &[u8]) -> &[u8] {
    let quotes = line.iter().take_while(|b| **b == b'>').count();
    if quotes > 0 && line[quotes..].starts_with(MAGIC) { &line[1..] } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(mbox: &str) -> Vec<String> {
        Mbox::new(mbox.as_bytes()).map(|message| String::from_utf8(message.unwrap()).unwrap()).collect()
    }

    const FROM: &str = "From a@example.org  Thu Aug 22 12:36:23 2002\n";

    #[test]
    fn an_mbox_is_split_at_its_separators() {
        let mbox = format!("{FROM}Subject: 1\n\none\n\n{FROM}Subject: 2\n\ntwo\n");
        assert_eq!(messages(&mbox), ["Subject: 1\n\none\n", "Subject: 2\n\ntwo\n"]);
        let crlf = mbox.replace('\n', "\r\n");
        assert_eq!(messages(&crlf), ["Subject: 1\r\n\r\none\r\n", "Subject: 2\r\n\r\ntwo\r\n"]);
    }

    #[test]
    fn a_sentence_that_starts_with_from_is_no_separator() {
        let letter = "Subject: 1\n\nFrom here on\nwe walked.\n\nFrom there at 12:30 we drove.\n";
        assert_eq!(messages(&format!("{FROM}{letter}")), [letter]);
    }

    #[test]
    fn one_level_of_quoting_is_removed() {
        assert_eq!(messages(&format!("{FROM}\n>From a\n>>From b\n> From c\n")), ["\nFrom a\n>From b\n> From c\n"]);
    }

    #[test]
    fn a_separator_may_carry_a_zone() {
        let zoned = "From a@example.org Mon Jan  1 00:00:00 +0000 2024\n";
        assert_eq!(messages(&format!("{FROM}a\n\n{zoned}b\n")), ["a\n", "b\n"]);
    }

    #[test]
    fn a_mailbox_that_ends_in_a_separator_has_an_empty_message() {
        assert_eq!(messages(&format!("{FROM}a\n\n{FROM}")), ["a\n", ""]);
    }
}
