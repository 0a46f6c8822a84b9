//! What is read of whole pages, text and addresses, is what the tokens of the standard say (`standard.rs`): random pages, and pages
//! that were damaged. Seeded, so that a failure comes back; `SWITCHBACK_PAGES` says how many are tried.

use std::ops::Range;

use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::Page;
use super::standard::{CODE, Read, pages, tokens};
use super::tag::{Attribute, Tag, of_refresh, of_source_set, of_style};
use crate::message::limits::{ANCHORS_MAX, CONDITIONS_NESTED_MAX, HREF_BYTES_READ_MAX, UNHIDDEN_NESTED_MAX};

/// Pages, unless the environment says otherwise.
const PAGES: usize = 2_000;

/// What pages of mail are made of.
const PIECES: &[&str] = &[
    "<p>Dear friend,</p>\n",
    "free ",
    "&amp;",
    "caf&eacute;",
    "&nbsp;&zwnj;",
    "&#x41;&#66",
    "1 < 2 > 1",
    "\0",
    "\r\n",
    "\u{a0}",
    "<div style=\"color:red\">",
    "</div>",
    "<DIV Class=a Title='>'>",
    "<a href=\"http://x.example/?a=1&amp;b=2&copy=3\">",
    "<a href='//y.example' target=_blank>here",
    "<A HREF=http://z.example/>go",
    "<a href=\"\" href=http://second.example>",
    "<a name=n href>",
    "</a>",
    "<area href=/map>",
    "<img alt='Log in' src=http://i.example/1.png>",
    "<img srcset='a.png 1x, b.png 2x'",
    "<td background=bg.png style='background:url( \"u.png\" )'>",
    "<v:roundrect href='http://v.example'>",
    "<form action=/go><button formaction=//b.example>",
    "<video src=v.mp4 poster=p.png>",
    "<base href=http://base.example/>",
    "<meta http-equiv=Refresh content='0; url=http://m.example'>",
    "<td style='background:url(data:x)' background=data:y>",
    "<pre>  a\n b</pre>",
    "<!-- a > b -->",
    "<!--[if mso]><p>Outlook</p><a href=http://o.example>verify</a><![endif]-->",
    "<!--[if gte mso 9]><xml>96</xml><![endif]-->",
    "<!--[if !mso]><!-->",
    "<!--<![endif]-->",
    "<![if !mso]>",
    "<![endif]>",
    "<!--[if mso]>",
    "<![CDATA[ a ]]>",
    "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0//EN\">",
    "<?xml version=1?>",
    "<title>t &amp; u</title>",
    "<style>p{color:red}</style>",
    "<style>p{}<p>suspended <a href=http://s.example>verify</a>",
    "<script>if(a<b){x='</p>'}</script>",
    "<script><!-- <script> </script> --></script>",
    "<svg>",
    "<math>",
    "</svg>",
    "<noscript><a href=http://n.example>n</a></noscript>",
    "<plaintext>",
    "<textarea><b>x</b></textarea>",
    "<",
    "</",
    "<!",
    "<!--",
    "-->",
    "--!>",
    "<a ",
    "<a b='",
    "\"",
    "'>",
    "/>",
    "=",
    ">",
];

/// Bytes of which a few are put somewhere.
const DAMAGE: &[u8] = b"<>\"'=&;#/!-[] \n\r\0ax";

/// A page of some pieces, and some of them with damage in a few places.
fn page(random: &mut ChaCha8Rng) -> String {
    let count = random.random_range(1..80);
    let whole: String = (0..count).map(|_| *PIECES.choose(random).unwrap()).collect();
    damaged(random, whole)
}

/// A page with damage in a few places, or in none.
pub(super) fn damaged(random: &mut ChaCha8Rng, page: String) -> String {
    let mut bytes = page.into_bytes();
    for _ in 0..random.random_range(0..6) {
        let at = random.random_range(0..=bytes.len());
        let end = (at + random.random_range(0..40)).min(bytes.len());
        match random.random_range(0..5) {
            0 => bytes.truncate(at.max(8)),
            1 => bytes.insert(at, *DAMAGE.choose(random).unwrap()),
            2 => drop(bytes.drain(at..end)),
            3 => drop(bytes.splice(at..at, PIECES.choose(random).unwrap().bytes())),
            _ => {
                let piece = bytes[at..end].to_vec();
                let to = random.random_range(0..=bytes.len());
                bytes.splice(to..to, piece);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A page, read without care for what it costs.
#[derive(Default)]
struct Slow {
    text: String,
    anchors: Vec<(String, Range<usize>)>,
    /// The anchor that text belongs to.
    open: Option<usize>,
    is_in_xml: bool,
    has_foreign: bool,
    conditions: usize,
    unhidden: usize,
}

impl Slow {
    fn read(&mut self, page: &str) {
        let code = if self.unhidden < UNHIDDEN_NESTED_MAX { CODE } else { &[] };
        for token in tokens(page, code) {
            match token {
                Read::Text(text) if !self.is_in_xml => self.written(&text),
                Read::Text(_) => {}
                Read::Code(content) => self.code(&content),
                Read::Start(name, attributes) => self.start(Tag::of(name.as_bytes()), attributes),
                Read::End(name) => self.end(Tag::of(name.as_bytes())),
                Read::Comment(comment) => self.comment(&comment),
            }
        }
    }

    fn written(&mut self, text: &str) {
        let start = self.text.len();
        self.text.extend(visible(text));
        if let Some((_, shown)) = self.open.map(|index| &mut self.anchors[index]).filter(|_| start < self.text.len()) {
            let is_first = shown.start == shown.end;
            *shown = if is_first { start } else { shown.start }..self.text.len();
        }
    }

    /// In foreign content it is markup.
    fn code(&mut self, content: &str) {
        if let Some(markup) = content.find('<').filter(|_| self.has_foreign) {
            self.unhidden += 1;
            self.read(&content[markup..]);
            self.unhidden -= 1;
        }
    }

    fn start(&mut self, tag: Tag, attributes: Vec<(String, String)>) {
        self.has_foreign |= tag == Tag::Foreign;
        self.is_in_xml |= tag == Tag::Xml && self.conditions > 0;
        if tag == Tag::Anchor {
            self.open = None;
        }
        if tag == Tag::Meta {
            self.refresh(&attributes);
        }
        if matches!(tag, Tag::Base | Tag::Meta) {
            return;
        }
        for (name, value) in attributes {
            let value = String::from_utf8_lossy(&value.as_bytes()[..value.len().min(HREF_BYTES_READ_MAX)]);
            match tag.attribute(name.as_bytes()) {
                None | Some(Attribute::Alt | Attribute::Hidden) => {}
                Some(kind @ Attribute::SourceSet) => of_source_set(&value).for_each(|one| self.address(tag, kind, one)),
                Some(kind @ Attribute::Style) => of_style(&value).for_each(|one| self.address(tag, kind, one)),
                Some(kind) => self.address(tag, kind, &value),
            }
        }
    }

    fn refresh(&mut self, attributes: &[(String, String)]) {
        let value = |wanted| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| &**value);
        let is_refresh = value("http-equiv").is_some_and(|name| name.trim().eq_ignore_ascii_case("refresh"));
        if let Some(address) = value("content").filter(|_| is_refresh).and_then(of_refresh) {
            self.address(Tag::Meta, Attribute::Content, address);
        }
    }

    fn address(&mut self, tag: Tag, kind: Attribute, address: &str) {
        let is_inline = address.trim_start().to_ascii_lowercase().starts_with("data:");
        if (kind.is_loaded() && (is_inline || address.trim().is_empty())) || self.anchors.len() == ANCHORS_MAX {
            return;
        }
        self.anchors.push((address.to_owned(), self.text.len()..self.text.len()));
        if tag == Tag::Anchor && matches!(kind, Attribute::Href | Attribute::XlinkHref) {
            self.open = Some(self.anchors.len() - 1);
        }
    }

    fn end(&mut self, tag: Tag) {
        match tag {
            Tag::Anchor => self.open = None,
            Tag::Xml => self.is_in_xml = false,
            _ => {}
        }
    }

    /// Outlook reads what is in a conditional comment.
    fn comment(&mut self, comment: &str) {
        let is_condition = comment.trim_ascii_start().to_ascii_lowercase().starts_with("[if");
        let Some((_, content)) = comment.split_once("]>").filter(|_| is_condition) else { return };
        if self.conditions < CONDITIONS_NESTED_MAX {
            let (open, is_in_xml) = (self.open, self.is_in_xml);
            self.conditions += 1;
            self.read(content);
            self.conditions -= 1;
            (self.open, self.is_in_xml) = (open, is_in_xml);
        }
    }

    fn found(self) -> (String, Vec<(String, String)>) {
        let shown = |(address, shown): (String, Range<usize>)| (address, self.text[shown].to_owned());
        (self.text.clone(), self.anchors.into_iter().map(shown).collect())
    }
}

/// The characters of a text that are no white space; both sides differ in that by design.
fn visible(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !c.is_whitespace()).map(|c| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c })
}

pub(super) fn read(page: &str) -> (String, Vec<(String, String)>) {
    let page = Page::read(page);
    let shown = |range: Range<usize>| visible(&page.text[range]).collect();
    let anchors =
        page.anchors.iter().map(|anchor| (page.href(anchor).replace('\0', "\u{fffd}"), shown(anchor.text.clone())));
    (visible(&page.text).collect(), anchors.collect())
}

pub(super) fn slow(page: &str) -> (String, Vec<(String, String)>) {
    let mut slow = Slow::default();
    slow.read(page);
    slow.found()
}

#[test]
fn the_text_and_the_addresses_of_a_page_are_those_of_its_tokens() {
    let mut random = ChaCha8Rng::seed_from_u64(0x4854_4d4c);
    for _ in 0..pages(PAGES) {
        let page = page(&mut random);
        assert_eq!(read(&page), slow(&page), "{page:?}");
    }
}
