//! One pass over the tokens of a page.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr, memmem};
use smallvec::SmallVec;

use super::hiding::{Conditions, HiddenText, Hiding, Said};
use super::references::{self, Meaning, Piece, Place, line_feeds};
use super::scanner::{Name, Scanner, Token, Written};
use super::tag::{Attribute, Gap, Tag, of_refresh, of_source_set, of_style};
use super::{Anchor, Page};
use crate::message::content::cut;
use crate::message::limits::{
    ANCHORS_MAX, CONDITIONS_NESTED_MAX, HREF_BYTES_READ_MAX, LINK_TEXT_BYTES_MAX, UNHIDDEN_NESTED_MAX,
};

/// Bytes of a page for each byte of its text, as a first guess.
const MARKUP_OF_TEXT: usize = 4;

/// Values of attributes; an element hardly ever has more.
type Addresses = SmallVec<[(Attribute, Range<usize>); 4]>;

/// Anchors for which there is room at first, and bytes of the value of each.
const ANCHORS_EXPECTED: usize = 8;
const HREF_BYTES_EXPECTED: usize = 64;

/// What the pass remembers between two tokens.
pub(super) struct Collector {
    text: String,
    anchors: Vec<Anchor>,
    truncated: bool,
    base: Option<Range<usize>>,
    hidden: HiddenText,
    values: String,
    gap: Gap,
    /// The addresses of the tag that is being read, in the values of the page.
    addresses: Addresses,
    /// Whether there was an `<svg>` or `<math>`, see [`Collector::unhide`].
    has_foreign: bool,
    /// How many contents of [`Collector::unhide`] the pass is in.
    unhidden: usize,
    /// It is in what Word keeps for itself.
    in_xml: bool,
    preformatted: bool,
    /// The anchor that is open, as an index.
    anchor: Option<usize>,
    conditions: Conditions,
    /// What hides the text that comes next.
    hiding: Hiding,
}

impl Collector {
    pub(super) fn new(html: &str) -> Self {
        Self {
            text: String::with_capacity(html.len() / MARKUP_OF_TEXT),
            anchors: Vec::new(),
            truncated: false,
            base: None,
            hidden: HiddenText::default(),
            values: String::new(),
            gap: Gap::Nothing,
            addresses: Addresses::new(),
            has_foreign: false,
            unhidden: 0,
            in_xml: false,
            preformatted: false,
            anchor: None,
            conditions: Conditions::default(),
            hiding: Hiding::default(),
        }
    }

    /// The page, read.
    pub(super) fn page(mut self, html: &str) -> Page {
        self.read(html);
        let Self { text, anchors, truncated, base, hidden, values, .. } = self;
        Page { text: Arc::new(text), anchors, truncated, base, hidden, values }
    }

    fn read(&mut self, html: &str) {
        let mut scanner = Scanner::new(html);
        while let Some(token) = scanner.token() {
            match token {
                Token::Text(_) if self.in_xml => {}
                Token::Text(text) => self.written(text),
                Token::Start(name) => self.open(name, &mut scanner),
                Token::End(name) => self.close(name),
                Token::Comment(comment) => self.comment(comment),
                Token::Marked(condition) => self.conditions.mark(condition),
            }
        }
    }

    /// Reads a start tag, and behind it content that is no markup.
    fn open(&mut self, name: Name, scanner: &mut Scanner<'_>) {
        let tag = Tag::of(name.as_bytes());
        self.gap = self.gap.max(tag.gap());
        self.addresses.clear();
        let mut said = Said::default();
        let mut seen = 0;
        while let Some(written) = scanner.attribute() {
            let Some(attribute) = tag.attribute(written.name.as_bytes()) else { continue };
            if seen & attribute.bit() == 0 && (!written.value.is_empty() || attribute == Attribute::Hidden) {
                self.attribute(attribute, written, &mut said);
            }
            seen |= attribute.bit();
        }
        if !scanner.is_tag_ended() {
            return;
        }
        self.hiding.open(name, tag, said);
        self.opened(tag);
        if self.unhidden < UNHIDDEN_NESTED_MAX
            && let Some(content) = tag.hidden(scanner)
            && self.has_foreign
        {
            self.unhide(content);
        }
    }

    fn attribute(&mut self, attribute: Attribute, written: Written<'_>, said: &mut Said) {
        match attribute {
            Attribute::Hidden => said.hide(),
            Attribute::Style => self.style(written.value, said),
            Attribute::Alt => self.alternative(written.value),
            Attribute::SourceSet => {
                of_source_set(&read(written.value)).for_each(|address| self.address(attribute, address))
            }
            _ => {
                let start = self.values.len();
                if start == 0 {
                    self.values.reserve(written.value.len().max(ANCHORS_EXPECTED * HREF_BYTES_EXPECTED));
                }
                references::push_value(written.value, &mut self.values);
                if self.values.len() - start > HREF_BYTES_READ_MAX {
                    self.values.truncate(start);
                    self.values.push_str(&read(written.value));
                }
                self.addresses.push((attribute, start..self.values.len()));
            }
        }
    }

    /// What a style loads, and what it hides.
    fn style(&mut self, written: &str, said: &mut Said) {
        let has_address = memchr(b'(', written.as_bytes()).is_some();
        if !has_address && !self.hiding.is_within() && !Said::may_be(written) {
            return;
        }
        let style = read(written);
        said.read(&style);
        if has_address {
            of_style(&style).for_each(|address| self.address(Attribute::Style, address));
        }
    }

    fn address(&mut self, attribute: Attribute, address: &str) {
        let address = self.value(address);
        self.addresses.push((attribute, address));
    }

    /// Keeps a value.
    fn value(&mut self, value: &str) -> Range<usize> {
        let start = self.values.len();
        self.values.push_str(value);
        start..self.values.len()
    }

    /// The text of an image in an anchor.
    fn alternative(&mut self, written: &str) {
        let anchor = self.anchor.filter(|index| self.anchors[*index].alt.is_empty());
        if let Some(index) = anchor {
            self.anchors[index].alt = self.value(cut(&read(written), LINK_TEXT_BYTES_MAX));
        }
    }

    fn opened(&mut self, tag: Tag) {
        self.has_foreign |= tag == Tag::Foreign;
        self.preformatted |= tag == Tag::Pre;
        self.in_xml |= tag == Tag::Xml && self.conditions.nested > 0;
        if tag == Tag::Anchor {
            // Anchors do not nest: a new one ends the one before.
            self.anchor = None;
        }
        let mut addresses = std::mem::take(&mut self.addresses);
        match tag {
            Tag::Base => {
                if let Some((_, href)) = addresses.drain(..).next() {
                    self.base.get_or_insert(href);
                }
            }
            Tag::Meta => self.refresh(&addresses),
            _ => addresses.drain(..).for_each(|(attribute, address)| self.add(tag, attribute, address)),
        }
        self.addresses = addresses;
    }

    /// `<meta http-equiv=refresh>`
    fn refresh(&mut self, attributes: &Addresses) {
        let value = |wanted| {
            let found = attributes.iter().find(|(attribute, _)| *attribute == wanted);
            found.map(|(_, value)| &self.values[value.clone()])
        };
        let is_refresh = value(Attribute::Equivalent).is_some_and(|name| name.trim().eq_ignore_ascii_case("refresh"));
        let address = value(Attribute::Content).filter(|_| is_refresh).and_then(of_refresh);
        if let Some(address) = address.map(str::to_owned) {
            let address = self.value(&address);
            self.add(Tag::Meta, Attribute::Content, address);
        }
    }

    fn add(&mut self, tag: Tag, attribute: Attribute, address: Range<usize>) {
        let written = &self.values[address.clone()];
        let is_inline = |scheme: &str| {
            written.trim_start().get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        if attribute.is_loaded() && (is_inline("data:") || written.trim().is_empty()) {
            return;
        }
        if self.anchors.len() == ANCHORS_MAX {
            self.truncated = true;
            return;
        }
        let here = self.text.len();
        if self.anchors.is_empty() {
            self.anchors.reserve(ANCHORS_EXPECTED);
        }
        self.anchors.push(Anchor { href: address, text: here..here, alt: 0..0 });
        if tag == Tag::Anchor && matches!(attribute, Attribute::Href | Attribute::XlinkHref) {
            self.anchor = Some(self.anchors.len() - 1);
        }
    }

    fn close(&mut self, name: Name) {
        let tag = Tag::of(name.as_bytes());
        self.hiding.close(name, tag);
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
            let hiding = std::mem::take(&mut self.hiding);
            self.unhidden += 1;
            self.read(&content[markup..]);
            self.unhidden -= 1;
            self.hiding = hiding;
        }
    }

    /// A conditional comment (Microsoft, "About conditional comments") has content that Outlook shows, whatever the
    /// condition. What is open before it is open behind it, and one that shows nothing leaves no gap.
    fn comment(&mut self, comment: &str) {
        self.conditions.mark(comment);
        let Some(content) = conditional(comment).filter(|_| self.conditions.nested < CONDITIONS_NESTED_MAX) else {
            return;
        };
        let (gap, anchor, preformatted, length) = (self.gap, self.anchor, self.preformatted, self.text.len());
        let (in_xml, conditions) = (self.in_xml, self.conditions);
        let hiding = std::mem::take(&mut self.hiding);
        self.conditions.nested += 1;
        self.read(content);
        (self.conditions, self.hiding) = (conditions, hiding);
        if self.text.len() == length {
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
            self.text.push_str(space);
        } else if !space.is_empty() {
            self.gap = self.gap.max(Gap::Space);
        }
    }

    fn words(&mut self, words: &str) {
        if words.is_empty() {
            return;
        }
        let text = &mut self.text;
        match std::mem::replace(&mut self.gap, Gap::Nothing) {
            _ if text.is_empty() || text.ends_with('\n') => {}
            Gap::Nothing => {}
            Gap::Space => text.push(' '),
            Gap::Line => text.push('\n'),
        }
        let start = text.len();
        text.push_str(words);
        if let Some(anchor) = self.anchor.and_then(|index| self.anchors.get_mut(index)) {
            anchor.text.start = if anchor.text.is_empty() { start } else { anchor.text.start };
            anchor.text.end = text.len();
        }
        self.hidden.count(words.len(), self.conditions, &self.hiding);
    }
}

/// The value of an attribute, of which so much is read.
fn read(written: &str) -> Cow<'_, str> {
    let value = references::value(written);
    match value.as_bytes().get(..HREF_BYTES_READ_MAX) {
        Some(read) => Cow::Owned(String::from_utf8_lossy(read).into_owned()),
        None => value,
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
