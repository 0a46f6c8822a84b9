//! The tokens of a page, by the rules of the HTML standard (section 13.2.5).
//!
//! It jumps from `<` to `<` and copies nothing: a token is a part of the page, with its character references as they are
//! written ([`references`](super::references)). No byte is looked at more than a few times, whatever is left open.

use memchr::memchr;

/// What comes next on a page.
#[derive(Debug, Clone, Copy)]
pub(in crate::message) enum Token<'a> {
    /// A piece of text.
    Text(&'a str),
    /// A start tag. Its attributes come next, by [`Scanner::attribute`].
    Start(Name),
    /// An end tag, without the attributes that it cannot have.
    End(Name),
    /// A comment, without those that declarations become.
    Comment(&'a str),
    /// What is between `<![` and `>`: a comment by the standard, a condition by others.
    Marked(&'a str),
}

/// An attribute of a start tag. The value is empty where there is none.
#[derive(Debug, Clone, Copy)]
pub(in crate::message) struct Written<'a> {
    pub(in crate::message) name: Name,
    pub(in crate::message) value: &'a str,
}

/// Bytes of a name that are kept: more than any has that means something here.
const NAME_BYTES: usize = 16;

/// The name of an element or of an attribute in lower case, or the beginning of a longer one.
#[derive(Debug, Clone, Copy)]
pub(in crate::message) struct Name {
    bytes: [u8; NAME_BYTES],
    length: usize,
}

impl Name {
    fn at(page: &[u8], start: usize, end: usize) -> Self {
        let length = (end - start).min(NAME_BYTES);
        // Of a fixed length, that is one instruction.
        let mut bytes = match page[start..].first_chunk() {
            Some(bytes) => *bytes,
            None => std::array::from_fn(|index| page.get(start + index).copied().unwrap_or(0)),
        };
        bytes.make_ascii_lowercase();
        Self { bytes, length }
    }

    pub(in crate::message) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// A page, and how far it has been read.
#[derive(Debug)]
pub(in crate::message) struct Scanner<'a> {
    page: &'a str,
    at: usize,
    /// In a start tag, of which attributes may follow.
    is_in_tag: bool,
}

impl<'a> Scanner<'a> {
    pub(in crate::message) fn new(page: &'a str) -> Self {
        Self { page, at: 0, is_in_tag: false }
    }

    /// The next token. Attributes that nobody asked for are passed over; a tag that the page does not end is none.
    pub(in crate::message) fn token(&mut self) -> Option<Token<'a>> {
        while self.attribute().is_some() {}
        loop {
            let rest = self.page.as_bytes().get(self.at..)?;
            if *rest.first()? != b'<' {
                return Some(Token::Text(self.take(find(b'<', rest).unwrap_or(rest.len()))));
            }
            match rest.get(1..).unwrap_or_default() {
                [b'!', b'-', b'-', ..] => return Some(Token::Comment(self.comment())),
                [b'!', b'[', ..] => return Some(Token::Marked(self.marked())),
                [b'/', b'>', ..] => self.at += "</>".len(),
                [b'/', first, ..] if first.is_ascii_alphabetic() => {
                    let name = self.name("</".len());
                    while self.attribute().is_some() {}
                    // Left open, it was read to the end of the page.
                    return (!self.is_in_tag).then_some(Token::End(name));
                }
                [b'!' | b'?', ..] | [b'/', _, ..] => self.pass(b'>'),
                [first, ..] if first.is_ascii_alphabetic() => return Some(Token::Start(self.name("<".len()))),
                [b'/'] => return Some(Token::Text(self.take("</".len()))),
                _ => return Some(Token::Text(self.take("<".len()))),
            }
        }
    }

    /// The next attribute of the start tag. None at the end of the tag, or of the page.
    pub(in crate::message) fn attribute(&mut self) -> Option<Written<'a>> {
        if !self.is_in_tag {
            return None;
        }
        let bytes = self.page.as_bytes();
        let start = past(bytes, self.at, SPACE | SLASH);
        self.at = start;
        if *bytes.get(start)? == b'>' {
            self.at += 1;
            self.is_in_tag = false;
            return None;
        }
        // What a name begins with may be an equals sign.
        let end = past(bytes, start + 1, OF_ATTRIBUTE);
        let name = Name::at(bytes, start, end);
        self.at = past(bytes, end, SPACE);
        if *bytes.get(self.at)? != b'=' {
            return Some(Written { name, value: "" });
        }
        self.at = past(bytes, self.at + 1, SPACE);
        let value = match *bytes.get(self.at)? {
            b'>' => "",
            quote @ (b'"' | b'\'') => {
                self.at += 1;
                let Some(length) = find(quote, &bytes[self.at..]) else {
                    self.at = bytes.len();
                    return None;
                };
                let value = self.take(length);
                self.at += 1;
                value
            }
            _ => {
                let start = self.at;
                self.at = past(bytes, start, OF_BARE);
                bytes.get(self.at)?;
                &self.page[start..self.at]
            }
        };
        Some(Written { name, value })
    }

    /// Whether the start tag whose attributes were read ended before the page did.
    pub(in crate::message) fn is_tag_ended(&self) -> bool {
        !self.is_in_tag
    }

    /// The content of `<style>` or `<title>`: up to its end tag, which is the next token then, or to the end.
    pub(in crate::message) fn raw_text(&mut self, name: &str) -> &'a str {
        let rest = self.rest();
        let mut end = 0;
        while let Some(at) = find(b'<', &rest.as_bytes()[end..]) {
            end += at;
            if is_end_tag(&rest.as_bytes()[end..], name) {
                return self.take(end);
            }
            end += 1;
        }
        self.take(rest.len())
    }

    /// The content of `<script>`, in which what looks like a comment may keep an end tag from being one.
    pub(in crate::message) fn script(&mut self) -> &'a str {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut escape = Escape::None;
        let mut end = 0;
        while let Some(at) = memchr::memchr2(b'<', b'>', &bytes[end..]) {
            end += at;
            work::note(at);
            let here = &bytes[end..];
            let is_begun = here[0] == b'<' && is_tag(here, "script", "<".len());
            match escape {
                _ if here[0] == b'>' && bytes[..end].ends_with(b"--") => escape = Escape::None,
                Escape::None | Escape::Comment if is_end_tag(here, "script") => return self.take(end),
                Escape::None if here.starts_with(b"<!--") => escape = Escape::Comment,
                Escape::Comment if is_begun => escape = Escape::Script,
                Escape::Script if is_end_tag(here, "script") => escape = Escape::Comment,
                _ => {}
            }
            end += 1;
        }
        self.take(rest.len())
    }

    /// The content of a comment, behind which it goes on.
    fn comment(&mut self) -> &'a str {
        self.at += "<!--".len();
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut from = 0;
        while let Some(at) = find(b'>', &bytes[from..]) {
            let end = from + at;
            let content = &rest[..end];
            // The dashes at the beginning may be those of the end.
            let content = match content {
                "" | "-" => Some(""),
                _ => content.strip_suffix("--").or_else(|| content.strip_suffix("--!")),
            };
            if let Some(content) = content {
                self.at += end + 1;
                return content;
            }
            from = end + 1;
        }
        self.at = self.page.len();
        let unended = ["--!", "--", "-"].iter().find_map(|end| rest.strip_suffix(end));
        unended.unwrap_or(rest)
    }

    /// What is between `<![` and `>`, behind which it goes on.
    fn marked(&mut self) -> &'a str {
        self.at += "<![".len();
        let rest = self.rest();
        let length = find(b'>', rest.as_bytes());
        let content = self.take(length.unwrap_or(rest.len()));
        self.at += usize::from(length.is_some());
        content
    }

    /// The name of a tag, which is behind this many bytes.
    fn name(&mut self, begin: usize) -> Name {
        let start = self.at + begin;
        self.at = past(self.page.as_bytes(), start, OF_TAG);
        self.is_in_tag = true;
        Name::at(self.page.as_bytes(), start, self.at)
    }

    fn rest(&self) -> &'a str {
        &self.page[self.at..]
    }

    fn take(&mut self, length: usize) -> &'a str {
        let start = self.at;
        self.at += length;
        &self.page[start..self.at]
    }

    /// Goes on behind the next such byte.
    fn pass(&mut self, byte: u8) {
        let rest = &self.page.as_bytes()[self.at..];
        self.at += find(byte, rest).map_or(rest.len(), |at| at + 1);
    }
}

/// White space between attributes.
const SPACE: u8 = 1;
const SLASH: u8 = 1 << 1;
/// What the name of a tag goes on with.
const OF_TAG: u8 = 1 << 2;
/// What the name of an attribute goes on with.
const OF_ATTRIBUTE: u8 = 1 << 3;
/// What a value without quotes goes on with.
const OF_BARE: u8 = 1 << 4;

/// Which of these a byte is.
const CLASSES: [u8; 256] = {
    let mut classes = [OF_TAG | OF_ATTRIBUTE | OF_BARE; 256];
    let (mut at, spaces) = (0, b" \t\n\r\x0c");
    while at < spaces.len() {
        classes[spaces[at] as usize] = SPACE;
        at += 1;
    }
    classes[b'/' as usize] = SLASH | OF_BARE;
    classes[b'=' as usize] = OF_TAG | OF_BARE;
    classes[b'>' as usize] = 0;
    classes
};

/// Where the bytes of some classes end that begin at a place.
fn past(bytes: &[u8], start: usize, classes: u8) -> usize {
    let mut at = start;
    while let Some(byte) = bytes.get(at)
        && CLASSES[usize::from(*byte)] & classes != 0
    {
        at += 1;
    }
    work::note(at - start);
    at
}

/// [`memchr`].
fn find(byte: u8, bytes: &[u8]) -> Option<usize> {
    let found = memchr(byte, bytes);
    work::note(found.unwrap_or(bytes.len()));
    found
}

/// What of a script is within `<!--`, and within `<script` in there (section 13.2.5.15 to 31).
#[derive(Debug, Clone, Copy)]
enum Escape {
    None,
    Comment,
    Script,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}

fn is_end_tag(bytes: &[u8], name: &str) -> bool {
    bytes.starts_with(b"</") && is_tag(bytes, name, "</".len())
}

/// Whether this name stands there, and ends.
fn is_tag(bytes: &[u8], name: &str, at: usize) -> bool {
    let end = at + name.len();
    bytes.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        && bytes.get(end).is_some_and(|next| is_space(*next) || matches!(next, b'/' | b'>'))
}

/// How many bytes were looked at, for tests of what pages cost.
pub(in crate::message) mod work {
    #[cfg(test)]
    thread_local! {
        pub(in crate::message) static BYTES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    pub(in crate::message) fn note(_bytes: usize) {
        #[cfg(test)]
        BYTES.set(BYTES.get() + _bytes + 1);
    }
}

#[cfg(test)]
mod tests;
