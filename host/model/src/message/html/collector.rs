//! One pass over the tokens of a page.

use memchr::{memchr, memmem};

use super::references::{self, Meaning, Piece, Place, line_feeds};
use super::scanner::{Scanner, Token, Written};
use super::tag::{Attribute, Gap, Tag, of_refresh, of_source_set, of_style};
use super::{Anchor, Page};
use crate::message::content::cut;
use crate::message::limits::{
    ANCHORS_MAX, CONDITIONS_NESTED_MAX, HREF_BYTES_READ_MAX, LINK_TEXT_BYTES_MAX, UNHIDDEN_NESTED_MAX,
};

/// What the pass remembers between two tokens.
pub(super) struct Collector<'a> {
    page: &'a mut Page,
    gap: Gap,
    /// The addresses of the tag that is being read, as they came.
    addresses: Vec<(Attribute, String)>,
    /// Whether there was an `<svg>` or `<math>`, see [`Collector::unhide`].
    has_foreign: bool,
    /// How many contents of [`Collector::unhide`] the pass is in.
    unhidden: usize,
    /// It is in what Word keeps for itself.
    in_xml: bool,
    preformatted: bool,
    /// The anchor that is open, as an index.
    anchor: Option<usize>,
    /// How many conditional comments the pass is in.
    conditions: usize,
}

impl<'a> Collector<'a> {
    pub(super) fn new(page: &'a mut Page) -> Self {
        Self {
            page,
            gap: Gap::Nothing,
            addresses: Vec::new(),
            has_foreign: false,
            unhidden: 0,
            in_xml: false,
            preformatted: false,
            anchor: None,
            conditions: 0,
        }
    }

    pub(super) fn read(&mut self, html: &str) {
        let mut scanner = Scanner::new(html);
        while let Some(token) = scanner.token() {
            match token {
                Token::Text(_) if self.in_xml => {}
                Token::Text(text) => self.written(text),
                Token::Start(name) => self.open(Tag::of(name.as_bytes()), &mut scanner),
                Token::End(name) => self.close(Tag::of(name.as_bytes())),
                Token::Comment(comment) => self.comment(comment),
            }
        }
    }

    /// Reads a start tag, and behind it content that is no markup.
    fn open(&mut self, tag: Tag, scanner: &mut Scanner<'_>) {
        self.gap = self.gap.max(tag.gap());
        self.addresses.clear();
        let mut seen = 0;
        while let Some(written) = scanner.attribute() {
            let Some(attribute) = tag.attribute(written.name.as_bytes()) else { continue };
            if !written.value.is_empty() && seen & attribute.bit() == 0 {
                seen |= attribute.bit();
                self.attribute(attribute, written);
            }
        }
        if !scanner.is_tag_ended() {
            return;
        }
        self.opened(tag);
        if self.unhidden < UNHIDDEN_NESTED_MAX
            && let Some(content) = tag.hidden(scanner)
            && self.has_foreign
        {
            self.unhide(content);
        }
    }

    fn attribute(&mut self, attribute: Attribute, written: Written<'_>) {
        if attribute == Attribute::Style && memchr(b'(', written.value.as_bytes()).is_none() {
            return;
        }
        let value = references::value(written.value);
        let value = match value.as_bytes().get(..HREF_BYTES_READ_MAX) {
            Some(read) => String::from_utf8_lossy(read),
            None => value,
        };
        let mut add = |address: &str| self.addresses.push((attribute, address.to_owned()));
        match attribute {
            Attribute::Alt => self.alternative(&value),
            Attribute::SourceSet => of_source_set(&value).for_each(add),
            Attribute::Style => of_style(&value).for_each(add),
            _ => add(&value),
        }
    }

    /// The text of an image in an anchor.
    fn alternative(&mut self, text: &str) {
        if let Some(anchor) = self.anchor.and_then(|index| self.page.anchors.get_mut(index))
            && anchor.alt.is_empty()
        {
            anchor.alt = cut(text, LINK_TEXT_BYTES_MAX).to_owned();
        }
    }

    fn opened(&mut self, tag: Tag) {
        self.has_foreign |= tag == Tag::Foreign;
        self.preformatted |= tag == Tag::Pre;
        self.in_xml |= tag == Tag::Xml && self.conditions > 0;
        if tag == Tag::Anchor {
            // Anchors do not nest: a new one ends the one before.
            self.anchor = None;
        }
        let mut addresses = std::mem::take(&mut self.addresses);
        match tag {
            Tag::Base => {
                if let Some((_, href)) = addresses.drain(..).next() {
                    self.page.base.get_or_insert(href);
                }
            }
            Tag::Meta => self.refresh(&addresses),
            _ => addresses.drain(..).for_each(|(attribute, address)| self.add(tag, attribute, address)),
        }
        self.addresses = addresses;
    }

    /// `<meta http-equiv=refresh>`
    fn refresh(&mut self, attributes: &[(Attribute, String)]) {
        let value = |wanted| attributes.iter().find(|(attribute, _)| *attribute == wanted).map(|(_, value)| &**value);
        let is_refresh = value(Attribute::Equivalent).is_some_and(|name| name.trim().eq_ignore_ascii_case("refresh"));
        let address = value(Attribute::Content).filter(|_| is_refresh).and_then(of_refresh);
        if let Some(address) = address {
            self.add(Tag::Meta, Attribute::Content, address.to_owned());
        }
    }

    fn add(&mut self, tag: Tag, attribute: Attribute, address: String) {
        let is_inline = |scheme: &str| {
            address.trim_start().get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        if attribute.is_loaded() && (is_inline("data:") || address.trim().is_empty()) {
            return;
        }
        if self.page.anchors.len() == ANCHORS_MAX {
            self.page.truncated = true;
            return;
        }
        let here = self.page.text.len();
        self.page.anchors.push(Anchor { href: address, text: here..here, alt: String::new() });
        if tag == Tag::Anchor && matches!(attribute, Attribute::Href | Attribute::XlinkHref) {
            self.anchor = Some(self.page.anchors.len() - 1);
        }
    }

    fn close(&mut self, tag: Tag) {
        self.gap = self.gap.max(tag.gap());
        match tag {
            Tag::Anchor => self.anchor = None,
            Tag::Pre => self.preformatted = false,
            Tag::Xml => self.in_xml = false,
            _ => {}
        }
    }

    /// Reads what `<script>`, `<style>` or `<title>` kept from being read, once a page has `<svg>` or `<math>`: in
    /// there, their content is markup, and a `<p>` in it ends all of them and is shown (HTML, section 13.2.6.5). Whether
    /// one is in there takes a tree to know, so both readings count: the content is read besides, and what is behind
    /// the end tag as ever. What is before the first tag is shown by nobody.
    fn unhide(&mut self, content: &str) {
        if let Some(markup) = memchr(b'<', content.as_bytes()) {
            self.unhidden += 1;
            self.read(&content[markup..]);
            self.unhidden -= 1;
        }
    }

    /// A conditional comment (Microsoft, "About conditional comments") has content that Outlook shows, whatever the
    /// condition. What is open before it is open behind it, and one that shows nothing leaves no gap.
    fn comment(&mut self, comment: &str) {
        let Some(content) = conditional(comment).filter(|_| self.conditions < CONDITIONS_NESTED_MAX) else { return };
        let (gap, anchor, preformatted, length) = (self.gap, self.anchor, self.preformatted, self.page.text.len());
        let in_xml = self.in_xml;
        self.conditions += 1;
        self.read(content);
        self.conditions -= 1;
        if self.page.text.len() == length {
            self.gap = gap;
        }
        (self.anchor, self.preformatted, self.in_xml) = (anchor, preformatted, in_xml);
    }

    /// Text as it is written.
    fn written(&mut self, text: &str) {
        // Most of it is what indents tags.
        if !self.preformatted && spaces(text.as_bytes()) == text.len() {
            return self.space(text);
        }
        references::resolve(text, Place::Text, |piece| match piece {
            Piece::Written(text) if self.preformatted => self.text(&line_feeds(text)),
            Piece::Written(text) => self.text(text),
            Piece::Meant(Meaning::Character(character)) => self.text(character.encode_utf8(&mut [0; 4])),
            Piece::Meant(Meaning::Named(characters)) => self.text(characters),
        });
    }

    fn text(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let (space, words) = rest.split_at(spaces(rest.as_bytes()));
            self.space(space);
            let (words, after) = words.split_at(words_until_gap(words.as_bytes()));
            self.words(words);
            rest = after;
        }
    }

    fn space(&mut self, space: &str) {
        if self.preformatted {
            self.page.text.push_str(space);
        } else if !space.is_empty() {
            self.gap = self.gap.max(Gap::Space);
        }
    }

    fn words(&mut self, words: &str) {
        if words.is_empty() {
            return;
        }
        let page = &mut *self.page;
        match std::mem::replace(&mut self.gap, Gap::Nothing) {
            _ if page.text.is_empty() || page.text.ends_with('\n') => {}
            Gap::Nothing => {}
            Gap::Space => page.text.push(' '),
            Gap::Line => page.text.push('\n'),
        }
        let start = page.text.len();
        page.text.push_str(words);
        if let Some(anchor) = self.anchor.and_then(|index| page.anchors.get_mut(index)) {
            anchor.text.start = if anchor.text.is_empty() { start } else { anchor.text.start };
            anchor.text.end = page.text.len();
        }
    }
}

/// What is in a conditional comment: `[if mso]>content<![endif]`.
fn conditional(comment: &str) -> Option<&str> {
    let rest = comment.trim_ascii_start();
    let (start, rest) = rest.split_at_checked("[if".len())?;
    if !start.eq_ignore_ascii_case("[if") {
        return None;
    }
    let content = &rest[memmem::find(rest.as_bytes(), b"]>")? + 2..];
    // What is left of the revealed kind, `<!--[if !mso]><!-->`.
    (!matches!(content.trim_ascii(), "" | "<!" | "<!--")).then_some(content)
}

/// How many bytes of white space a text begins with.
fn spaces(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at += text[at..].iter().take_while(|byte| is_ascii_space(**byte)).count();
        if !text[at..].starts_with(NO_BREAK_SPACE) {
            return at;
        }
        at += NO_BREAK_SPACE.len();
    }
}

/// How long a text is up to white space that is more than one space between two words.
fn words_until_gap(text: &[u8]) -> usize {
    let mut at = 0;
    // Sixteen bytes at a time are a few instructions.
    while let Some(bytes) = text[at..].first_chunk::<17>()
        && !bytes[..16].iter().zip(&bytes[1..]).fold(false, |any, (here, next)| any | may_be_gap(*here, *next))
    {
        at += 16;
    }
    let rest = &text[at..];
    let is_gap = |at: usize| match spaces(&rest[at..]) {
        0 => false,
        1 => rest[at] != b' ' || at + 1 == rest.len(),
        _ => true,
    };
    let next = |at: usize| rest.get(at + 1).copied().unwrap_or(b' ');
    let gap = rest.iter().enumerate().position(|(index, here)| may_be_gap(*here, next(index)) && is_gap(index));
    at + gap.unwrap_or(rest.len())
}

/// Whether a gap begins with this byte before that one, as far as bytes tell.
fn may_be_gap(here: u8, next: u8) -> bool {
    let is_space = |byte: u8| (byte <= b' ') | (byte == NO_BREAK_SPACE[0]);
    is_space(here) & ((here != b' ') | is_space(next))
}

const NO_BREAK_SPACE: &[u8] = "\u{a0}".as_bytes();

fn is_ascii_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}
