//! The parts of a message: one pass over its bytes, no recursion, nothing decoded.
//!
//! This is not left to mail-parser, for what a sender can do to a reader of the tree: with it a
//! megabyte of nested `message/rfc822` headers overflows the stack when the tree is dropped, parts
//! whose boundary never comes take quadratic time, and every part is decoded whether somebody asks
//! for it or not. Here the open containers are a bounded stack and each line is looked at once.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem::Finder;
use smallvec::SmallVec;

use super::fields::{End, Field, Fields, line_end};
use super::limits::{FIELDS_READ_MAX, NESTING_MAX, PARTS_MAX};
use super::media::{Media, Seen};

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Leaf,
    Multipart,
    Message,
}

/// One MIME part.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) kind: Kind,
    pub(super) media: Media,
    /// The body as sent.
    pub(super) body: Range<usize>,
    /// The outermost `multipart/alternative` around it within its message.
    pub(super) alternative: Option<usize>,
    /// How many messages it is attached to: 0 for the parts of the message itself.
    pub(super) message_depth: usize,
}

/// Fields for which there is room at first: of 100 messages of a mailing list or of phish one has more.
const FIELDS_EXPECTED: usize = 96;

/// Parts for which there is, likewise.
const PARTS_EXPECTED: usize = 8;

/// Everything that one pass finds out.
#[derive(Debug)]
pub(super) struct Layout {
    /// The header fields of the message itself.
    pub(super) fields: Vec<Field>,
    /// Where the header ended and the body begins.
    pub(super) body_start: usize,
    pub(super) header_end: End,
    /// In the order of the message; a container comes before what it contains.
    pub(super) parts: Vec<Part>,
    /// Whether every reader of headers finds these fields, as far as lines tell.
    pub(super) is_plain: bool,
    /// A boundary is missing: of a container, or where one should end.
    pub(super) is_broken: bool,
    /// Fields, parts or levels were left out.
    pub(super) is_too_complex: bool,
}

impl Layout {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut is_too_complex = false;
        let mut fields = Vec::with_capacity(FIELDS_EXPECTED);
        let (mut media, mut seen) = (Media::default(), Seen::default());
        let mut reader = Fields::new(bytes, 0, |_| false);
        for field in reader.by_ref() {
            // How the body is read says a field behind any number of others.
            media.note(&mut seen, &bytes[field.name.clone()], &bytes[field.value.clone()]);
            if fields.len() == FIELDS_READ_MAX {
                is_too_complex = true;
            } else {
                fields.push(field);
            }
        }
        media.conclude(seen);
        let is_plain = reader.is_plain() && !is_too_complex && !fields.is_empty();
        let (body_start, header_end) = reader.finish();
        let mut walk = Walk {
            bytes,
            hyphens: Finder::new(b"\n--"),
            parts: Vec::with_capacity(PARTS_EXPECTED),
            open: Vec::new(),
            in_leaf: false,
            is_broken: false,
            is_too_complex,
        };
        walk.run(media, body_start);
        let Walk { parts, is_broken, is_too_complex, .. } = walk;
        Self { fields, body_start, header_end, parts, is_plain, is_broken, is_too_complex }
    }
}

/// A container whose end was not seen yet.
struct Open {
    part: usize,
    /// The boundary of a multipart; none for a message.
    boundary: Option<Vec<u8>>,
    alternative: Option<usize>,
    message_depth: usize,
    is_digest: bool,
    /// Whether a delimiter of it was seen.
    has_parts: bool,
    /// Whether its last delimiter was seen.
    is_ended: bool,
}

struct Walk<'a> {
    bytes: &'a [u8],
    /// Finds lines that may be delimiters.
    hyphens: Finder<'static>,
    parts: Vec<Part>,
    open: Vec<Open>,
    /// Whether the last part is a leaf whose body has no end yet.
    in_leaf: bool,
    is_broken: bool,
    is_too_complex: bool,
}

/// A line that ends a part.
struct Delimiter {
    /// Index of the open container whose boundary it has.
    open: usize,
    line: Range<usize>,
    is_last: bool,
}

impl Walk<'_> {
    /// Reads parts until the bytes end. `media` describes the first, whose body begins at `position`.
    fn run(&mut self, media: Media, position: usize) {
        let mut next = Some((media, position));
        while let Some((media, body)) = next {
            next = if self.enter(media, body) { self.header(body) } else { self.advance(body) };
        }
        self.close(0, self.bytes.len());
    }

    /// Adds a part whose body begins at `body`. True if it is a message, whose header is next.
    fn enter(&mut self, mut media: Media, body: usize) -> bool {
        let (alternative, message_depth, is_digest) =
            self.open.last().map_or((None, 0, false), |open| (open.alternative, open.message_depth, open.is_digest));
        if is_digest && media.media_type.is_empty() {
            media.media_type = Cow::Borrowed("message/rfc822");
        }
        let part = self.parts.len();
        let is_container = (media.is_multipart() && media.boundary.is_some()) || media.is_message();
        let kind = match is_container {
            true if self.open.len() == NESTING_MAX => {
                self.is_too_complex = true;
                Kind::Leaf
            }
            true if media.is_message() => Kind::Message,
            true => Kind::Multipart,
            false => Kind::Leaf,
        };
        if media.is_multipart() && media.boundary.is_none() {
            self.is_broken = true;
            media.media_type = Cow::default();
        }
        match kind {
            Kind::Leaf => self.in_leaf = true,
            Kind::Multipart => self.open.push(Open {
                part,
                boundary: media.boundary.take(),
                alternative: alternative.or((media.media_type == "multipart/alternative").then_some(part)),
                message_depth,
                is_digest: media.media_type == "multipart/digest",
                has_parts: false,
                is_ended: false,
            }),
            Kind::Message => self.open.push(Open {
                part,
                boundary: None,
                alternative: None,
                message_depth: message_depth + 1,
                is_digest: false,
                has_parts: true,
                is_ended: true,
            }),
        }
        self.parts.push(Part { kind, media, body: body..body, alternative, message_depth });
        kind == Kind::Message
    }

    /// Goes on behind the next delimiter: the header of the next part.
    fn advance(&mut self, from: usize) -> Option<(Media, usize)> {
        let mut from = from;
        loop {
            let delimiter = self.delimiter(from)?;
            from = delimiter.line.end;
            let open = &mut self.open[delimiter.open];
            open.has_parts = true;
            open.is_ended = delimiter.is_last;
            if !delimiter.is_last {
                self.close(delimiter.open + 1, delimiter.line.start);
                return self.header(from);
            }
            // What follows, up to the next delimiter of a container around it, is the epilogue.
            self.close(delimiter.open, delimiter.line.start);
        }
    }

    /// Reads the header of a part: what it says, and where its body begins. None at the last part
    /// that is read.
    fn header(&mut self, start: usize) -> Option<(Media, usize)> {
        if self.parts.len() >= PARTS_MAX {
            self.is_too_complex = true;
            return None;
        }
        let (mut media, mut seen) = (Media::default(), Seen::default());
        let open = &self.open;
        let mut fields = Fields::new(self.bytes, start, |line| matching(open, line).is_some());
        for field in fields.by_ref() {
            media.note(&mut seen, &self.bytes[field.name], &self.bytes[field.value]);
        }
        media.conclude(seen);
        Some((media, fields.finish().0))
    }

    /// The first delimiter of any open container, from the line at `from` on. Ends the last part's
    /// body there.
    fn delimiter(&mut self, from: usize) -> Option<Delimiter> {
        // Most lines that begin with two hyphens are seen to be none by the byte behind them.
        let begins: SmallVec<[u8; NESTING_MAX]> =
            self.open.iter().filter_map(|open| open.boundary.as_deref()?.first().copied()).collect();
        if begins.is_empty() {
            return None;
        }
        let mut start = from;
        loop {
            if let Some([b'-', b'-', next]) = self.bytes[start..].first_chunk()
                && begins.contains(next)
            {
                let end = line_end(self.bytes, start);
                if let Some((open, is_last)) = matching(&self.open, &self.bytes[start..end]) {
                    return Some(Delimiter { open, line: start..end, is_last });
                }
            }
            start += self.hyphens.find(&self.bytes[start..])? + 1;
        }
    }

    /// Ends the last part and the containers from `open` on, at a delimiter line or at the end.
    fn close(&mut self, open: usize, line_start: usize) {
        let end = self.before_break(line_start);
        if std::mem::take(&mut self.in_leaf)
            && let Some(leaf) = self.parts.last_mut()
        {
            leaf.body.end = end.max(leaf.body.start);
        }
        for closed in self.open.drain(open..).rev() {
            let part = &mut self.parts[closed.part];
            part.body.end = end.max(part.body.start);
            self.is_broken |= !closed.is_ended;
            if !closed.has_parts {
                // A container without parts: what is in it is read as plain text.
                part.kind = Kind::Leaf;
                part.media.media_type = Cow::default();
            }
        }
    }

    /// `line_start` without the line break before it, which belongs to the delimiter.
    fn before_break(&self, line_start: usize) -> usize {
        match &self.bytes[..line_start] {
            bytes if line_start == self.bytes.len() => bytes.len(),
            [rest @ .., b'\r', b'\n'] | [rest @ .., b'\n'] => rest.len(),
            bytes => bytes.len(),
        }
    }
}

/// The container whose delimiter `line` is, and whether it is the last. RFC 2046, section 5.1.1, has
/// lines compared by their beginning only; one that matches as a whole goes first, because boundaries
/// of nested containers may begin alike.
fn matching(open: &[Open], line: &[u8]) -> Option<(usize, bool)> {
    let line = line.strip_prefix(b"--")?.trim_ascii_end();
    let mut begun = None;
    for (at, open) in open.iter().enumerate().rev() {
        match open.boundary.as_deref().and_then(|boundary| line.strip_prefix(boundary)) {
            Some(b"") => return Some((at, false)),
            Some(b"--") => return Some((at, true)),
            Some(rest) => begun = begun.or(Some((at, rest.starts_with(b"--")))),
            None => {}
        }
    }
    begun
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Depth-free picture of a layout: `type:body` of every part.
    fn picture(message: &str) -> (Vec<String>, bool) {
        let layout = Layout::of(message.as_bytes());
        let picture = |part: &Part| {
            let body = if part.kind == Kind::Leaf { &message[part.body.clone()] } else { "*" };
            format!("{}:{body}", part.media.media_type)
        };
        (layout.parts.iter().map(picture).collect(), layout.is_broken)
    }

    #[test]
    fn a_message_without_mime_is_one_part() {
        assert_eq!(picture("A: 1\n\nbody\n"), (vec![":body\n".to_owned()], false));
        assert_eq!(picture(""), (vec![":".to_owned()], false));
    }

    #[test]
    fn line_breaks_before_delimiters_are_not_content() {
        let message = "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n\r\none\r\n--b \r\n\
            Content-Type: text/html\r\n\r\n\r\n--b--\r\nepilogue\r\n";
        let parts = ["multipart/mixed:*", ":one", "text/html:"].map(str::to_owned).to_vec();
        assert_eq!(picture(message), (parts, false));
    }

    #[test]
    fn an_empty_last_part_does_not_swallow_the_epilogue() {
        let message = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--b--\nepilogue\n";
        assert_eq!(picture(message).0, ["multipart/mixed:*", ":"]);
    }

    #[test]
    fn boundaries_that_begin_alike_are_told_apart() {
        let message = "Content-Type: multipart/mixed; boundary=a\n\n--a\n\
            Content-Type: multipart/alternative; boundary=ab\n\n--ab\n\none\n--ab\n\ntwo\n--ab--\n--a\n\nthree\n--a--\n";
        let parts = ["multipart/mixed:*", "multipart/alternative:*", ":one", ":two", ":three"];
        assert_eq!(picture(message), (parts.map(str::to_owned).to_vec(), false));
    }

    #[test]
    fn an_outer_delimiter_ends_an_inner_container() {
        let message = "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n\
            --i\n\none\n--o\n\ntwo\n--o--\n";
        let parts = ["multipart/mixed:*", "multipart/mixed:*", ":one", ":two"];
        assert_eq!(picture(message), (parts.map(str::to_owned).to_vec(), true));
    }

    #[test]
    fn a_container_without_parts_is_text() {
        let message = "Content-Type: multipart/mixed; boundary=b\n\nhello\n";
        assert_eq!(picture(message), (vec![":hello\n".to_owned()], true));
        let message = "Content-Type: multipart/mixed\n\nhello\n";
        assert_eq!(picture(message), (vec![":hello\n".to_owned()], true));
    }

    #[test]
    fn attached_messages_are_opened() {
        let message = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n\
            Subject: x\nContent-Type: text/html\n\ninner\n--b\n\nouter\n--b--\n";
        assert_eq!(picture(message).0, ["multipart/mixed:*", "message/rfc822:*", "text/html:inner", ":outer"]);
        let depths: Vec<usize> = Layout::of(message.as_bytes()).parts.iter().map(|p| p.message_depth).collect();
        assert_eq!(depths, [0, 0, 1, 0]);
    }

    #[test]
    fn a_digest_holds_messages() {
        let message = "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\none\n--b--\n";
        assert_eq!(picture(message).0, ["multipart/digest:*", "message/rfc822:*", ":one"]);
    }

    #[test]
    fn a_field_that_says_how_the_body_is_read_counts_behind_any_number_of_others() {
        let others = "X: y\n".repeat(FIELDS_READ_MAX);
        let message = format!(
            "{others}Content-Type: text/html; charset=koi8-r\nContent-Transfer-Encoding: base64\n\
             Content-Disposition: attachment; filename=a.exe\n\nPGI+\n"
        );
        let layout = Layout::of(message.as_bytes());
        let media = &layout.parts[0].media;
        assert_eq!((&*media.media_type, media.charset.as_deref()), ("text/html", Some("koi8-r")));
        assert_eq!((media.file_name.as_deref(), media.is_attachment), (Some("a.exe"), true));
        assert_eq!(media.encoding, crate::message::decode::Encoding::Base64);
        assert!(layout.is_too_complex);
        assert_eq!(layout.fields.len(), FIELDS_READ_MAX);
    }

    #[test]
    fn nesting_and_parts_are_bounded() {
        let nested = "Content-Type: message/rfc822\n\n".repeat(10_000);
        let layout = Layout::of(nested.as_bytes());
        assert!(layout.is_too_complex);
        assert_eq!(layout.parts.len(), NESTING_MAX + 1);

        let many = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(5_000));
        let layout = Layout::of(many.as_bytes());
        assert!(layout.is_too_complex);
        assert_eq!(layout.parts.len(), PARTS_MAX);

        let fields = Layout::of("A: 1\n".repeat(5_000).as_bytes());
        assert!(fields.is_too_complex);
        assert_eq!(fields.fields.len(), FIELDS_READ_MAX);
    }
}
