//! One pass over the tokens of a page.

use html5gum::emitters::callback::{Callback, CallbackEmitter, CallbackEvent};
use html5gum::{Emitter, ForwardingEmitter, Span, State, Tokenizer, naive_next_state};
use memchr::{memchr, memmem};

use super::tag::{Attribute, Gap, Tag, of_refresh, of_source_set, of_style};
use super::{Anchor, Page};
use crate::message::content::cut;
use crate::message::limits::{
    ANCHORS_MAX, CONDITIONS_NESTED_MAX, HREF_BYTES_READ_MAX, LINK_TEXT_BYTES_MAX, UNHIDDEN_NESTED_MAX,
};

/// What the pass remembers between two events.
pub(super) struct Collector<'a> {
    page: &'a mut Page,
    gap: Gap,
    tag: Tag,
    /// What the attribute being read is to `tag`, if it is read.
    attribute: Option<Attribute>,
    /// The attributes of `tag` that were there already, as bits.
    seen: u16,
    /// The addresses of `tag`, as they came.
    addresses: Vec<(Attribute, String)>,
    /// Content is not read until this element ends.
    hidden: bool,
    /// Whether there was an `<svg>` or `<math>`, see [`Collector::unhide`].
    has_foreign: bool,
    /// What `hidden` keeps from being read, if there was one.
    unread: Vec<u8>,
    /// How many contents of [`Collector::unhide`] the pass is in.
    unhidden: usize,
    /// Nor is it in what Word keeps for itself.
    in_xml: bool,
    preformatted: bool,
    /// The anchor that is open, as an index.
    anchor: Option<usize>,
    /// How many conditional comments the pass is in.
    conditions: usize,
}

/// html5gum's emitter of events, with its own idea of which elements have content that is no markup.
struct MailEmitter<'c, 'p>(CallbackEmitter<&'c mut Collector<'p>>);

impl ForwardingEmitter for MailEmitter<'_, '_> {
    type Token = std::convert::Infallible;

    fn inner(&mut self) -> &mut impl Emitter<Token = Self::Token> {
        &mut self.0
    }

    /// Nobody looks at them, and finding them takes a sixth of the time of a message.
    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        let _ = self.0.emit_current_tag();
        self.0.callback_mut().content_state()
    }
}

impl Callback<std::convert::Infallible, ()> for &mut Collector<'_> {
    fn handle_event(&mut self, event: CallbackEvent<'_>, _: Span<()>) -> Option<std::convert::Infallible> {
        match event {
            CallbackEvent::OpenStartTag { name } => self.open(Tag::of(name)),
            CallbackEvent::AttributeName { name } => self.attribute = self.tag.attribute(name),
            CallbackEvent::AttributeValue { value } => self.attribute(value),
            CallbackEvent::CloseStartTag { .. } => self.opened(),
            CallbackEvent::EndTag { name } => self.close(Tag::of(name)),
            CallbackEvent::String { value } if !self.hidden && !self.in_xml => {
                self.text(&String::from_utf8_lossy(value));
            }
            CallbackEvent::String { value } if self.hidden && self.has_foreign => self.unread.extend_from_slice(value),
            CallbackEvent::Comment { value } if !self.hidden => self.comment(value),
            _ => {}
        }
        None
    }
}

impl<'a> Collector<'a> {
    pub(super) fn new(page: &'a mut Page) -> Self {
        Self {
            page,
            gap: Gap::Nothing,
            tag: Tag::Inline,
            attribute: None,
            seen: 0,
            addresses: Vec::new(),
            hidden: false,
            has_foreign: false,
            unread: Vec::new(),
            unhidden: 0,
            in_xml: false,
            preformatted: false,
            anchor: None,
            conditions: 0,
        }
    }

    pub(super) fn read(&mut self, html: &[u8]) {
        let emitter = MailEmitter(CallbackEmitter::new(self));
        match Tokenizer::new_with_emitter(html, emitter).finish() {
            Ok(()) => self.unhide(),
        }
    }

    /// How the tokenizer goes on after the tag that it just read.
    fn content_state(&self) -> Option<State> {
        match self.tag {
            _ if !self.hidden => None,
            Tag::Script => naive_next_state(b"script"),
            Tag::Style => naive_next_state(b"style"),
            Tag::Title => naive_next_state(b"title"),
            _ => None,
        }
    }

    fn open(&mut self, tag: Tag) {
        self.tag = tag;
        self.attribute = None;
        self.seen = 0;
        self.addresses.clear();
        self.gap = self.gap.max(tag.gap());
    }

    fn attribute(&mut self, value: &[u8]) {
        let Some(attribute) = self.attribute.take() else { return };
        if self.seen & attribute.bit() != 0 {
            return;
        }
        self.seen |= attribute.bit();
        if attribute == Attribute::Style && memchr(b'(', value).is_none() {
            return;
        }
        let value = String::from_utf8_lossy(&value[..value.len().min(HREF_BYTES_READ_MAX)]);
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

    fn opened(&mut self) {
        self.has_foreign |= self.tag == Tag::Foreign;
        self.hidden = self.tag.hides() && self.unhidden < UNHIDDEN_NESTED_MAX;
        self.preformatted |= self.tag == Tag::Pre;
        self.in_xml |= self.tag == Tag::Xml && self.conditions > 0;
        if self.tag == Tag::Anchor {
            // Anchors do not nest: a new one ends the one before.
            self.end_anchor();
        }
        let addresses = std::mem::take(&mut self.addresses);
        match self.tag {
            Tag::Base => {
                if let Some((_, href)) = addresses.into_iter().next() {
                    self.page.base.get_or_insert(href);
                }
            }
            Tag::Meta => self.refresh(&addresses),
            _ => addresses.into_iter().for_each(|(attribute, address)| self.add(attribute, address)),
        }
    }

    /// `<meta http-equiv=refresh>`
    fn refresh(&mut self, attributes: &[(Attribute, String)]) {
        let value = |wanted| attributes.iter().find(|(attribute, _)| *attribute == wanted).map(|(_, value)| &**value);
        let is_refresh = value(Attribute::Equivalent).is_some_and(|name| name.trim().eq_ignore_ascii_case("refresh"));
        let address = value(Attribute::Content).filter(|_| is_refresh).and_then(of_refresh);
        if let Some(address) = address {
            self.add(Attribute::Content, address.to_owned());
        }
    }

    fn add(&mut self, attribute: Attribute, address: String) {
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
        if self.tag == Tag::Anchor && matches!(attribute, Attribute::Href | Attribute::XlinkHref) {
            self.anchor = Some(self.page.anchors.len() - 1);
        }
    }

    fn close(&mut self, tag: Tag) {
        self.unhide();
        self.tag = Tag::Inline;
        self.hidden = false;
        self.gap = self.gap.max(tag.gap());
        match tag {
            Tag::Anchor => self.end_anchor(),
            Tag::Pre => self.preformatted = false,
            Tag::Xml => self.in_xml = false,
            _ => {}
        }
    }

    fn end_anchor(&mut self) {
        self.anchor = None;
    }

    /// Reads what `<script>`, `<style>` or `<title>` kept from being read, once a page has `<svg>` or `<math>`: in
    /// there, their content is markup, and a `<p>` in it ends all of them and is shown (HTML, section 13.2.6.5). Whether
    /// one is in there takes a tree to know, so both readings count: the content is read besides, and what is behind
    /// the end tag as ever. What is before the first tag is shown by nobody.
    fn unhide(&mut self) {
        let content = std::mem::take(&mut self.unread);
        if let Some(markup) = memchr(b'<', &content) {
            self.hidden = false;
            self.unhidden += 1;
            self.read(&content[markup..]);
            self.unhidden -= 1;
        }
    }

    /// A conditional comment (Microsoft, "About conditional comments") has content that Outlook shows, whatever the
    /// condition. What is open before it is open behind it, and one that shows nothing leaves no gap.
    fn comment(&mut self, comment: &[u8]) {
        let Some(content) = conditional(comment).filter(|_| self.conditions < CONDITIONS_NESTED_MAX) else { return };
        let (gap, anchor, preformatted, length) = (self.gap, self.anchor, self.preformatted, self.page.text.len());
        let in_xml = self.in_xml;
        self.conditions += 1;
        self.read(content);
        self.conditions -= 1;
        if self.page.text.len() == length {
            self.gap = gap;
        }
        (self.anchor, self.preformatted, self.in_xml, self.hidden) = (anchor, preformatted, in_xml, false);
        self.tag = Tag::Inline;
    }

    fn text(&mut self, text: &str) {
        let mut words = text;
        while let Some(start) = words.find(|c| !is_space(c)) {
            self.space(&words[..start]);
            words = &words[start..];
            let end = words.find(is_space).unwrap_or(words.len());
            self.word(&words[..end]);
            words = &words[end..];
        }
        self.space(words);
    }

    fn space(&mut self, space: &str) {
        if self.preformatted {
            self.page.text.push_str(space);
        } else if !space.is_empty() {
            self.gap = self.gap.max(Gap::Space);
        }
    }

    fn word(&mut self, word: &str) {
        let page = &mut *self.page;
        match std::mem::replace(&mut self.gap, Gap::Nothing) {
            _ if page.text.is_empty() || page.text.ends_with('\n') => {}
            Gap::Nothing => {}
            Gap::Space => page.text.push(' '),
            Gap::Line => page.text.push('\n'),
        }
        let start = page.text.len();
        page.text.push_str(word);
        if let Some(anchor) = self.anchor.and_then(|index| page.anchors.get_mut(index)) {
            anchor.text.start = if anchor.text.is_empty() { start } else { anchor.text.start };
            anchor.text.end = page.text.len();
        }
    }
}

/// What is in a conditional comment: `[if mso]>content<![endif]`.
fn conditional(comment: &[u8]) -> Option<&[u8]> {
    let rest = comment.trim_ascii_start();
    let (start, rest) = rest.split_at_checked(b"[if".len())?;
    if !start.eq_ignore_ascii_case(b"[if") {
        return None;
    }
    let content = &rest[memmem::find(rest, b"]>")? + 2..];
    // What is left of the revealed kind, `<!--[if !mso]><!-->`.
    (!matches!(content.trim_ascii(), b"" | b"<!" | b"<!--")).then_some(content)
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c' | '\u{a0}')
}
