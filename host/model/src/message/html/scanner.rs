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
            let rest = self.rest().as_bytes();
            if *rest.first()? != b'<' {
                return Some(Token::Text(self.take(memchr(b'<', rest).unwrap_or(rest.len()))));
            }
            match rest.get(1..).unwrap_or_default() {
                [b'!', b'-', b'-', ..] => return Some(Token::Comment(self.comment())),
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
        self.skip(|byte| is_space(byte) || byte == b'/');
        if self.peek()? == b'>' {
            self.at += 1;
            self.is_in_tag = false;
            return None;
        }
        let start = self.at;
        // What a name begins with may be an equals sign.
        self.at += 1;
        self.skip(|byte| !is_space(byte) && !matches!(byte, b'/' | b'>' | b'='));
        let name = Name::at(self.page.as_bytes(), start, self.at);
        self.skip(is_space);
        if self.peek()? != b'=' {
            return Some(Written { name, value: "" });
        }
        self.at += 1;
        self.skip(is_space);
        let value = match self.peek()? {
            b'>' => "",
            quote @ (b'"' | b'\'') => {
                self.at += 1;
                let Some(length) = memchr(quote, self.rest().as_bytes()) else {
                    self.at = self.page.len();
                    return None;
                };
                let value = self.take(length);
                self.at += 1;
                value
            }
            _ => {
                let start = self.at;
                self.skip(|byte| !is_space(byte) && byte != b'>');
                self.peek()?;
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
        while let Some(at) = memchr(b'<', &rest.as_bytes()[end..]) {
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
        while let Some(at) = memchr(b'>', &bytes[from..]) {
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

    /// The name of a tag, which is behind this many bytes.
    fn name(&mut self, begin: usize) -> Name {
        self.at += begin;
        let start = self.at;
        self.skip(|byte| !is_space(byte) && !matches!(byte, b'/' | b'>'));
        self.is_in_tag = true;
        Name::at(self.page.as_bytes(), start, self.at)
    }

    fn rest(&self) -> &'a str {
        &self.page[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.page.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, length: usize) -> &'a str {
        let start = self.at;
        self.at += length;
        &self.page[start..self.at]
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) {
        let rest = &self.page.as_bytes()[self.at..];
        self.at += rest.iter().position(|byte| !is_skipped(*byte)).unwrap_or(rest.len());
    }

    /// Goes on behind the next such byte.
    fn pass(&mut self, byte: u8) {
        let rest = self.rest().as_bytes();
        self.at += memchr(byte, rest).map_or(rest.len(), |at| at + 1);
    }
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

#[cfg(test)]
mod tests;
