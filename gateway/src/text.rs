//! The text of a message as it comes in.

use std::fmt;

use crate::field::Field;
use crate::limits::{GROWTH_MAX, GROWTH_MIN};
use crate::memory::Share;

/// The text of a message as it comes in, in pieces: as much of it as is judged. Its bytes are counted as long as this is there.
#[derive(Debug)]
pub struct Text {
    bytes: Bytes,
    bytes_max: usize,
    extent: Extent,
    /// What is kept beside the bytes, such as recipients.
    beside: usize,
    share: Share,
}

/// How much of a message there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Extent {
    /// All of it.
    Whole,
    /// Its beginning: it is longer than what is read.
    Beginning,
    /// Its header: there was no memory for more.
    Header,
    /// Nothing: there was no memory for its header, or it took too long to come.
    Nothing,
}

impl Text {
    /// A text of which nothing has come yet, and whose memory nobody counts: [`Gateway::text`](crate::Gateway::text) makes one
    /// that is. At most `bytes_max` bytes are kept.
    pub fn uncounted(bytes_max: usize) -> Self {
        Self::new(bytes_max, Share::uncounted())
    }

    pub(crate) fn new(bytes_max: usize, share: Share) -> Self {
        Self { bytes: Bytes(Vec::new()), bytes_max, extent: Extent::Whole, beside: 0, share }
    }

    /// Adds a piece, cut anywhere, as far as a message may have bytes and there is memory. Returns whether more is wanted.
    pub fn append(&mut self, piece: &[u8]) -> bool {
        if self.extent != Extent::Whole {
            return false;
        }
        let kept = piece.len().min(self.bytes_max - self.bytes.0.len());
        if !self.make_room(kept) {
            self.shorten();
            return false;
        }
        self.bytes.0.extend_from_slice(&piece[..kept]);
        if kept < piece.len() {
            self.extent = Extent::Beginning;
        }
        self.extent == Extent::Whole
    }

    /// Counts bytes that are kept for this message beside its text, such as those of a recipient. Returns whether there is memory
    /// for them: they are not to be kept otherwise, and nothing is known of the message any more.
    pub fn count_beside(&mut self, bytes: usize) -> bool {
        let has_room = self.extent != Extent::Nothing && self.share.hold(self.bytes.0.capacity() + self.beside + bytes);
        if has_room {
            self.beside += bytes;
        } else {
            self.forget();
        }
        has_room
    }

    /// Takes no more: the message is longer than this.
    pub fn end(&mut self) {
        self.extent = self.extent.max(Extent::Beginning);
    }

    /// Takes no more, and says no more of the message than another text, which this one was made of.
    pub fn end_as(&mut self, other: &Self) {
        match other.extent {
            Extent::Nothing => self.forget(),
            extent => self.extent = self.extent.max(extent),
        }
    }

    /// Forgets all of it. The client of its message is told to try again.
    pub fn forget(&mut self) {
        self.bytes.0 = Vec::new();
        self.extent = Extent::Nothing;
        self.share.hold(self.beside);
    }

    /// What there is of it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes.0
    }

    /// Whether the message is longer than this.
    pub fn is_partial(&self) -> bool {
        self.extent != Extent::Whole
    }

    /// Whether there was no memory for all that would have been judged.
    pub fn is_refused(&self) -> bool {
        matches!(self.extent, Extent::Header | Extent::Nothing)
    }

    /// The bytes, and what counts them.
    pub(crate) fn into_parts(self) -> (Vec<u8>, Share) {
        (self.bytes.0, self.share)
    }

    fn make_room(&mut self, more: usize) -> bool {
        let Bytes(bytes) = &mut self.bytes;
        let needed = bytes.len() + more;
        if needed <= bytes.capacity() {
            return true;
        }
        let grown = bytes.capacity() + bytes.capacity().clamp(GROWTH_MIN, GROWTH_MAX);
        let grown = grown.max(needed).min(self.bytes_max);
        let Some(held) = self.share.hold_one_of([grown + self.beside, needed + self.beside]) else { return false };
        bytes.reserve_exact(held - self.beside - bytes.len());
        true
    }

    /// Keeps the header alone, if all of it is there.
    fn shorten(&mut self) {
        let Bytes(bytes) = &mut self.bytes;
        let mut header = Field::all_of(bytes);
        header.by_ref().for_each(drop);
        let length = header.length();
        // The line that ends it is whole, so it is no beginning of a field.
        if !bytes[length..].contains(&b'\n') {
            return self.forget();
        }
        bytes.truncate(length);
        bytes.shrink_to_fit();
        self.extent = Extent::Header;
        self.share.hold(self.bytes.0.capacity() + self.beside);
    }
}

/// A text that is there already, and that nobody counts.
impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes_max: bytes.len(), bytes: Bytes(bytes), ..Self::uncounted(0) }
    }
}

/// Without the text, which belongs in no log.
struct Bytes(Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use bytesize::ByteSize;

    use super::*;
    use crate::limits::{MEMORY_PER_BYTE, UNCOUNTED_BYTES};
    use crate::memory::Memory;

    const HEADER: &[u8] = b"A: b\r\nX-Spam-Status: No\r\n";

    /// Memory for so many bytes beside those that are not counted.
    fn memory(bytes: usize) -> Memory {
        Memory::new(ByteSize(bytes as u64 * MEMORY_PER_BYTE))
    }

    #[test]
    fn what_there_is_no_memory_for_is_not_kept_and_gives_back_what_it_had() {
        let memory = memory(1 << 20);
        let mut first = Text::new(8 << 20, memory.share());
        assert!(first.append(HEADER) && first.append(b"\r\n") && first.append(&[b'x'; 900 << 10]));
        let mut second = Text::new(8 << 20, memory.share());
        assert!(second.append(HEADER) && second.append(b"\r\n") && second.append(&[b'y'; 10 << 10]));
        assert!(!second.append(&[b'y'; 200 << 10]));
        // Its header is what it takes to answer it.
        assert_eq!((second.bytes(), second.is_refused()), (HEADER, true));
        assert!(!second.append(b"z"));
        assert_eq!(second.bytes(), HEADER);
        assert!(first.append(&[b'x'; 60 << 10]) && !first.is_partial());
        drop((first, second));
        assert_eq!(memory.usage().used, 0);
    }

    #[test]
    fn a_header_that_may_go_on_is_not_kept() {
        for cut in [HEADER.len(), HEADER.len() - 1, HEADER.len() - 20] {
            let memory = memory(0);
            let mut text = Text::new(8 << 20, memory.share());
            assert!(text.append(&HEADER[..cut]));
            assert!(!text.append(&[b'x'; UNCOUNTED_BYTES]));
            assert_eq!((text.bytes(), text.is_refused()), (&b""[..], true), "{cut}");
        }
    }

    #[test]
    fn what_is_kept_beside_a_text_is_counted_with_it() {
        let memory = memory(1_000);
        let mut text = Text::new(100, memory.share());
        assert!(text.append(b"A: b\r\n\r\n") && text.count_beside(UNCOUNTED_BYTES) && !text.is_refused());
        assert!(!text.count_beside(1_000) && text.is_refused());
        // What was kept before stays, and is still counted.
        assert!(!text.count_beside(1));
        drop(text);
        assert_eq!(memory.usage().used, 0);
    }

    #[test]
    fn of_a_long_message_the_beginning_is_kept() {
        let mut text = Text::uncounted(4);
        assert!(text.append(b"ab") && text.append(b"cd") && !text.is_partial());
        assert!(!text.append(b"e"));
        assert_eq!((text.bytes(), text.is_partial(), text.is_refused()), (&b"abcd"[..], true, false));
        assert_eq!(format!("{text:?}").matches("abcd").count(), 0);
    }
}
