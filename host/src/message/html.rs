//! What a person reads in an HTML body, and where it would lead them.
//!
//! The tokenizer is html5gum, which follows the HTML standard, because what counts is what a mail
//! program shows: mail-parser's own HTML-to-text knows neither which elements hide their content nor
//! anchors. One pass collects text and anchors; there is no tree, so nothing can nest too deeply.
//!
//! * White space collapses, block elements and `<br>` break lines, cells are set apart by a space,
//!   `<pre>` is kept as it is.
//! * The content of `<script>`, `<style>` and `<title>` is not read. Content that browsers hide but mail
//!   programs show (`<noscript>`, `<noembed>`, `<plaintext>`) is, links included.
//! * Nothing is interpreted: text that CSS hides is text here, because it is evidence.

use std::ops::Range;

use html5gum::emitters::callback::{Callback, CallbackEmitter, CallbackEvent};
use html5gum::{Emitter, ForwardingEmitter, Span, State, Tokenizer, naive_next_state};

use super::content::cut;
use super::limits::{ANCHORS_MAX, HREF_BYTES_READ_MAX, LINK_TEXT_BYTES_MAX};

/// An HTML body, read once.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// What a person reads.
    pub(super) text: String,
    /// What leads somewhere, in the order of the text.
    pub(super) anchors: Vec<Anchor>,
    /// Whether there were more anchors than are kept.
    pub(super) truncated: bool,
    /// The target that relative ones are relative to (`<base href>`).
    pub(super) base: Option<String>,
}

/// An element that leads somewhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    /// The target as written.
    pub(super) href: String,
    /// Where its text is in [`Page::text`].
    pub(super) text: Range<usize>,
    /// The alternative text of an image in it.
    pub(super) alt: String,
}

impl Page {
    pub(super) fn read(html: &str) -> Self {
        let mut page = Self::default();
        let emitter = MailEmitter(CallbackEmitter::new(Collector::new(&mut page)));
        match Tokenizer::new_with_emitter(html, emitter).finish() {
            Ok(()) => page,
        }
    }

    /// The text that is shown for an anchor: its own or, where it has none, its image's.
    pub(super) fn shown(&self, anchor: &Anchor) -> String {
        let own = collapsed(&self.text[anchor.text.clone()]);
        if own.is_empty() { collapsed(&anchor.alt) } else { own }
    }
}

/// White space collapsed, at most as much as a link's text may have.
fn collapsed(text: &str) -> String {
    let mut collapsed = String::new();
    for word in text.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(cut(word, LINK_TEXT_BYTES_MAX));
        if collapsed.len() > LINK_TEXT_BYTES_MAX {
            break;
        }
    }
    collapsed.truncate(collapsed.floor_char_boundary(LINK_TEXT_BYTES_MAX));
    collapsed
}

/// html5gum's emitter of events, with its own idea of which elements have content that is no markup.
struct MailEmitter<'a>(CallbackEmitter<Collector<'a>>);

impl ForwardingEmitter for MailEmitter<'_> {
    type Token = std::convert::Infallible;

    fn inner(&mut self) -> &mut impl Emitter<Token = Self::Token> {
        &mut self.0
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        let _ = self.0.emit_current_tag();
        self.0.callback_mut().content_state()
    }
}

/// What the pass remembers between two events.
struct Collector<'a> {
    page: &'a mut Page,
    gap: Gap,
    tag: Tag,
    /// Whether the attribute being read is one that `tag` wants.
    wanted: Option<Wanted>,
    href: Option<String>,
    /// Content is not read until this element ends.
    hidden: bool,
    preformatted: bool,
    /// The anchor that is open, as an index.
    anchor: Option<usize>,
}

/// What is to be put between the text so far and the next word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    Nothing,
    Space,
    Line,
}

/// What an element means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    /// `<a>`, `<area>`: the target is in `href`.
    Anchor,
    /// `<form>`: the target is in `action`. Also a block.
    Form,
    /// `<iframe>`, `<frame>`: the target is in `src`.
    Frame,
    Base,
    Image,
    Script,
    Style,
    Title,
    Pre,
    Block,
    Cell,
    Inline,
}

/// An attribute that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Target,
    Alt,
}

impl Tag {
    fn of(name: &[u8]) -> Self {
        match name {
            b"a" | b"area" => Self::Anchor,
            b"form" => Self::Form,
            b"iframe" | b"frame" => Self::Frame,
            b"base" => Self::Base,
            b"img" => Self::Image,
            b"script" => Self::Script,
            b"style" => Self::Style,
            b"title" => Self::Title,
            b"pre" => Self::Pre,
            b"td" | b"th" => Self::Cell,
            b"address" | b"article" | b"aside" | b"blockquote" | b"body" | b"br" | b"center" | b"dd" | b"div"
            | b"dl" | b"dt" | b"fieldset" | b"figure" | b"footer" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6"
            | b"header" | b"hr" | b"li" | b"main" | b"nav" | b"ol" | b"option" | b"p" | b"section" | b"table"
            | b"tr" | b"ul" => Self::Block,
            _ => Self::Inline,
        }
    }

    fn gap(self) -> Gap {
        match self {
            Self::Block | Self::Form | Self::Pre => Gap::Line,
            Self::Cell => Gap::Space,
            _ => Gap::Nothing,
        }
    }

    fn wanted(self, attribute: &[u8]) -> Option<Wanted> {
        match (self, attribute) {
            (Self::Anchor, b"href" | b"xlink:href")
            | (Self::Base, b"href")
            | (Self::Form, b"action")
            | (Self::Frame, b"src") => Some(Wanted::Target),
            (Self::Image, b"alt") => Some(Wanted::Alt),
            _ => None,
        }
    }

    fn hides(self) -> bool {
        matches!(self, Self::Script | Self::Style | Self::Title)
    }
}

impl Callback<std::convert::Infallible, ()> for Collector<'_> {
    fn handle_event(&mut self, event: CallbackEvent<'_>, _: Span<()>) -> Option<std::convert::Infallible> {
        match event {
            CallbackEvent::OpenStartTag { name } => self.open(Tag::of(name)),
            CallbackEvent::AttributeName { name } => self.wanted = self.tag.wanted(name),
            CallbackEvent::AttributeValue { value } => self.attribute(value),
            CallbackEvent::CloseStartTag { .. } => self.opened(),
            CallbackEvent::EndTag { name } => self.close(Tag::of(name)),
            CallbackEvent::String { value } if !self.hidden => self.text(&String::from_utf8_lossy(value)),
            _ => {}
        }
        None
    }
}

impl<'a> Collector<'a> {
    fn new(page: &'a mut Page) -> Self {
        Self {
            page,
            gap: Gap::Nothing,
            tag: Tag::Inline,
            wanted: None,
            href: None,
            hidden: false,
            preformatted: false,
            anchor: None,
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
        self.wanted = None;
        self.href = None;
        self.gap = self.gap.max(tag.gap());
    }

    fn attribute(&mut self, value: &[u8]) {
        match self.wanted.take() {
            // The first attribute of a name counts, as in browsers.
            Some(Wanted::Target) if self.href.is_none() => {
                let href = &value[..value.len().min(HREF_BYTES_READ_MAX)];
                self.href = Some(String::from_utf8_lossy(href).into_owned());
            }
            Some(Wanted::Alt) => {
                if let Some(anchor) = self.anchor.and_then(|index| self.page.anchors.get_mut(index))
                    && anchor.alt.is_empty()
                {
                    anchor.alt = cut(&String::from_utf8_lossy(value), LINK_TEXT_BYTES_MAX).to_owned();
                }
            }
            _ => {}
        }
    }

    fn opened(&mut self) {
        self.hidden = self.tag.hides();
        self.preformatted |= self.tag == Tag::Pre;
        if self.tag == Tag::Anchor {
            // Anchors do not nest: a new one ends the one before.
            self.end_anchor();
        }
        let Some(href) = self.href.take() else { return };
        match self.tag {
            Tag::Base => _ = self.page.base.get_or_insert(href),
            _ if self.page.anchors.len() == ANCHORS_MAX => self.page.truncated = true,
            tag => {
                let here = self.page.text.len();
                self.page.anchors.push(Anchor { href, text: here..here, alt: String::new() });
                self.anchor = (tag == Tag::Anchor).then_some(self.page.anchors.len() - 1).or(self.anchor);
            }
        }
    }

    fn close(&mut self, tag: Tag) {
        self.tag = Tag::Inline;
        self.hidden = false;
        self.gap = self.gap.max(tag.gap());
        match tag {
            Tag::Anchor => self.end_anchor(),
            Tag::Pre => self.preformatted = false,
            _ => {}
        }
    }

    fn end_anchor(&mut self) {
        self.anchor = None;
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

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c' | '\u{a0}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(html: &str) -> String {
        Page::read(html).text
    }

    fn anchors(html: &str) -> Vec<(String, String)> {
        let page = Page::read(html);
        page.anchors.iter().map(|anchor| (anchor.href.clone(), page.shown(anchor))).collect()
    }

    #[test]
    fn blocks_break_lines_and_white_space_collapses() {
        assert_eq!(text("<p>Dear  <b>friend</b>,</p>\n\n<div>hello<br>there</div>"), "Dear friend,\nhello\nthere");
        assert_eq!(text("<table><tr><td>a<td>b</tr><tr><td>c</table>"), "a b\nc");
        assert_eq!(text("f<b>r</b>ee&nbsp;&amp; caf&eacute;"), "free & café");
        assert_eq!(text("x<pre>a  b\n c</pre>y"), "x\na  b\n c\ny");
    }

    #[test]
    fn code_and_styles_are_not_read() {
        let html = "<title>t</title><style>p{}</style><script>if (a<b) x='<a href=z>'</script>seen<!-- not -->";
        assert_eq!(text(html), "seen");
        assert_eq!(anchors(html), []);
    }

    #[test]
    fn what_mail_programs_show_is_read() {
        assert_eq!(text("<noscript><a href='http://x.example'>here</a></noscript>"), "here");
        assert_eq!(anchors("<plaintext><a href='http://x.example'>here</a>").len(), 1);
    }

    #[test]
    fn anchors_have_targets_and_texts() {
        let html = "<a class=c href=' http://x.example/?a&amp;b '> Click\n <b>here</b> </a> or \
            <a href=//y.example><img alt='Log in' src=z></a><a name=n>n</a><form action=/go><input></form>";
        let expected = [(" http://x.example/?a&b ", "Click here"), ("//y.example", "Log in"), ("/go", "")];
        assert_eq!(anchors(html), expected.map(|(href, shown)| (href.to_owned(), shown.to_owned())));
    }

    #[test]
    fn the_first_target_counts_and_an_open_anchor_ends_at_the_next() {
        let html = "<a href=http://a.example href=http://b.example>one<a href=http://c.example>two";
        let expected = [("http://a.example", "one"), ("http://c.example", "two")];
        assert_eq!(anchors(html), expected.map(|(href, shown)| (href.to_owned(), shown.to_owned())));
    }

    #[test]
    fn the_first_base_counts() {
        assert_eq!(
            Page::read("<base href=http://a.example/><base href=http://b.example/>").base.as_deref(),
            Some("http://a.example/")
        );
    }
}
