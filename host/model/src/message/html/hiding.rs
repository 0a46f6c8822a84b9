//! What of a text is hidden, and from whom: counted, never left out.
//!
//! Styles of elements count, sheets do not. An element that hides is followed to its end, with those within it, and
//! nothing else is: a page that hides nothing costs a look at its styles.

use memchr::memchr;
use serde::{Deserialize, Serialize};

use super::scanner::{Name, work};
use super::tag::{Gap, Tag};
use crate::message::limits::HIDING_NESTED_MAX;

/// Bytes of the text of a message's HTML that not all mail programs show, without the white space around them. Counted
/// and never left out: they are in [`Message::text`](crate::message::Message::text) where that is the HTML's. What style
/// sheets hide is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HiddenText {
    /// Hidden by what browsers obey: the attribute `hidden`, and in styles of the element or one around it
    /// `display: none`, `visibility: hidden`, `opacity: 0`, `font-size: 0` where the letters have no other size, and a
    /// height or width of 0 together with `overflow: hidden`.
    pub web: u32,
    /// Hidden from Outlook: `mso-hide: all`, or between `<!--[if !mso]><!-->` and `<!--<![endif]-->`. Text can be hidden
    /// in both ways, as the preview of a newsletter is.
    pub outlook: u32,
    /// In conditional comments (`<!--[if mso]>`), which Outlook alone shows.
    pub only_outlook: u32,
}

impl HiddenText {
    /// Counts a piece of text.
    pub(super) fn count(&mut self, bytes: usize, conditions: Conditions, hiding: &Hiding) {
        let add = |count: &mut u32| *count = count.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        if conditions.nested > 0 {
            return add(&mut self.only_outlook);
        }
        if hiding.state & !OUTLOOK != 0 {
            add(&mut self.web);
        }
        if conditions.is_revealed || hiding.state & OUTLOOK != 0 {
            add(&mut self.outlook);
        }
    }

    /// Adds what is hidden in another part.
    pub(in crate::message) fn add(&mut self, other: Self) {
        self.web = self.web.saturating_add(other.web);
        self.outlook = self.outlook.saturating_add(other.outlook);
        self.only_outlook = self.only_outlook.saturating_add(other.only_outlook);
    }
}

/// The conditional comments that a place is in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Conditions {
    /// How many of those that are read.
    pub(super) nested: usize,
    /// Between two of the revealed kind, of which Outlook does not show what is between.
    is_revealed: bool,
}

impl Conditions {
    /// Takes note of a comment that begins or ends the revealed kind: `<!--[if !mso]><!-->`, `<![if !mso]>`.
    pub(super) fn mark(&mut self, comment: &str) {
        let said = comment.trim_ascii_start();
        let said = said.strip_prefix("<!").unwrap_or(said);
        let said = said.strip_prefix('[').unwrap_or(said);
        if starts_with(said, "endif") {
            self.is_revealed = false;
        } else if starts_with(said, "if")
            && let Some(end) = memchr(b']', said.as_bytes())
            && said[end + 1..].trim_ascii_end().trim_matches(['<', '>', '!', '-']).is_empty()
        {
            self.is_revealed = is_without_outlook(&said[..end]);
        }
    }
}

/// Whether a condition is that it is not Outlook: `if !mso`, `if !(gte mso 9)`.
fn is_without_outlook(condition: &str) -> bool {
    condition.split('!').skip(1).any(|negated| {
        let words = negated.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let mut words = words.skip_while(|word| ["lt", "lte", "gt", "gte"].iter().any(|known| is(word, known)));
        words.next().is_some_and(|word| is(word, "mso"))
    })
}

/// Shown by nobody, whatever is said within.
const NOWHERE: u8 = 1;
/// Letters without a size, but for those that have another.
const SIZELESS: u8 = 1 << 1;
/// Transparent, but for what is visible.
const INVISIBLE: u8 = 1 << 2;
/// Not shown by Outlook.
const OUTLOOK: u8 = 1 << 3;

/// Properties by which an element has no room.
const EXTENTS: [&str; 4] = ["height", "max-height", "width", "max-width"];

/// What an element says about hiding.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Said {
    set: u8,
    cleared: u8,
}

impl Said {
    /// Whether a style may hide something, as far as two letters before a colon and one behind it tell: `display:n`,
    /// `visibility:`, `opacity:`, `font-size:0`, `mso-hide:`, `overflow:h`.
    pub(super) fn may_be(style: &str) -> bool {
        let mut rest = style.as_bytes();
        let mut last = [0; 20];
        loop {
            let bytes = rest.first_chunk().unwrap_or_else(|| {
                last[..rest.len()].copy_from_slice(rest);
                &last
            });
            // Sixteen at a time are a few instructions.
            if (0..16).fold(false, |any, at| any | is_of_hiding([0, 1, 2, 3, 4].map(|next| bytes[at + next]))) {
                return true;
            }
            let Some(next) = rest.get(16..) else { return false };
            rest = next;
        }
    }

    pub(super) fn hide(&mut self) {
        self.set |= NOWHERE;
    }

    /// Reads a style.
    pub(super) fn read(&mut self, style: &str) {
        let (mut is_flat, mut is_cut_off) = (false, false);
        let mut rest = style;
        while let Some(colon) = memchr(b':', rest.as_bytes()) {
            let (before, after) = (&rest[..colon], &rest[colon + 1..]);
            let end = memchr(b';', after.as_bytes()).unwrap_or(after.len());
            rest = after.get(end + 1..).unwrap_or_default();
            let property = before.rsplit(';').next().unwrap_or_default().trim_ascii();
            let value = || after[..end].split('!').next().unwrap_or_default().trim_ascii();
            match property.len() {
                7 if is(property, "display") && is(value(), "none") => self.hide(),
                7 if is(property, "opacity") && is_zero(value()) => self.hide(),
                10 if is(property, "visibility") => {
                    let value = value();
                    self.say(INVISIBLE, is(value, "hidden") || is(value, "collapse"), is(value, "visible"));
                }
                9 if is(property, "font-size") => self.say(SIZELESS, is_zero(value()), !is_relative(value())),
                4 if is(property, "font") => {
                    let mut sizes =
                        value().split([' ', '/']).filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
                    let shows = sizes.next().is_some_and(|size| !is_zero(size) && !is_relative(size));
                    self.say(SIZELESS, false, shows);
                }
                8 if is(property, "mso-hide") && is(value(), "all") => self.set |= OUTLOOK,
                8 if is(property, "overflow") => is_cut_off |= is(value(), "hidden"),
                5 | 6 | 9 | 10 if EXTENTS.iter().any(|known| is(property, known)) => is_flat |= is_zero(value()),
                _ => {}
            }
        }
        if is_flat && is_cut_off {
            self.hide();
        }
    }

    /// Notes what is said of something that elements within may say otherwise.
    fn say(&mut self, state: u8, hides: bool, shows: bool) {
        if hides || shows {
            self.set = (self.set & !state) | if hides { state } else { 0 };
            self.cleared = (self.cleared & !state) | if hides { 0 } else { state };
        }
    }
}

/// Whether five bytes of a style are those of [`Said::may_be`], or of a reference or a space where nobody writes one.
fn is_of_hiding([one, two, colon, next, behind]: [u8; 5]) -> bool {
    let pair = |first: u8, second: u8| (one | 0x20 == first) & (two | 0x20 == second);
    let value = if next == b' ' { behind } else { next };
    let is_open = (value <= b' ') | (value == b'&');
    let is = |letter: u8| (value | 0x20 == letter) | is_open;
    let is_zero = (value == b'0') | (value == b'.') | is_open;
    let is_named = (pair(b'a', b'y') & is(b'n'))
        | pair(b't', b'y')
        | (pair(b'z', b'e') & is_zero)
        | (pair(b'd', b'e') & is(b'a'))
        | (pair(b'o', b'w') & is(b'h'))
        | (two == b' ');
    ((colon == b':') & is_named) | ((colon == b'&') & (next == b'#'))
}

/// Whether a length or a number is 0.
fn is_zero(value: &str) -> bool {
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
    number.parse() == Ok(0.0)
}

/// Whether a size of letters is one of that around it.
fn is_relative(value: &str) -> bool {
    let is_of_root = value.len() > 3 && is(&value[value.floor_char_boundary(value.len() - 3)..], "rem");
    let ends = |unit: &str| value.get(value.len().saturating_sub(unit.len())..).is_some_and(|end| is(end, unit));
    !is_of_root && ["%", "em", "ex", "smaller", "larger", "inherit"].into_iter().any(ends)
}

/// The elements that are open, from the outermost on that hides.
#[derive(Debug, Default)]
pub(super) struct Hiding {
    open: Vec<Open>,
    /// How many are open within these and not kept.
    deeper: usize,
    /// What hides the text that comes next.
    state: u8,
}

#[derive(Debug)]
struct Open {
    name: Name,
    tag: Tag,
    state: u8,
}

impl Hiding {
    /// Whether something is hidden, so that any style may show something in it.
    pub(super) fn is_within(&self) -> bool {
        !self.open.is_empty()
    }

    /// An element begins.
    pub(super) fn open(&mut self, name: Name, tag: Tag, said: Said) {
        if self.is_within() {
            self.end_before(name.as_bytes(), tag);
        }
        if (!self.is_within() && said.set == 0) || is_void(name.as_bytes()) {
            return;
        }
        if self.open.len() == HIDING_NESTED_MAX {
            self.deeper += 1;
            return;
        }
        self.state = (self.state & !said.cleared) | said.set;
        self.open.push(Open { name, tag, state: self.state });
    }

    /// An element ends.
    pub(super) fn close(&mut self, name: Name, tag: Tag) {
        if !self.is_within() {
            return;
        }
        work::note(self.open.len());
        if self.deeper > 0 {
            self.deeper -= 1;
        } else if let Some(at) = self.open.iter().rposition(|open| open.name.as_bytes() == name.as_bytes()) {
            self.truncate(at);
        } else if tag.gap() != Gap::Nothing && !matches!(name.as_bytes(), b"p" | b"br") {
            // Of one around all of them.
            self.truncate(0);
        }
    }

    /// Ends what an element ends that begins (HTML, section 13.2.6.4.7 and on): a cell that before it.
    fn end_before(&mut self, name: &[u8], tag: Tag) {
        let (ended, around): (&[&[u8]], &[&[u8]]) = match name {
            b"td" | b"th" => (&[b"td", b"th"], &[b"table"]),
            b"tr" => (&[b"tr", b"td", b"th"], &[b"table"]),
            b"li" => (&[b"li"], &[b"ul", b"ol"]),
            b"dd" | b"dt" => (&[b"dd", b"dt"], &[b"dl"]),
            b"option" => (&[b"option"], &[b"select"]),
            _ => (&[], &[]),
        };
        work::note(self.open.len());
        let is_one = |open: &Open, names: &[&[u8]]| names.contains(&open.name.as_bytes());
        let start = self.open.iter().rposition(|open| is_one(open, around)).map_or(0, |at| at + 1);
        if let Some(at) = self.open[start..].iter().position(|open| is_one(open, ended)) {
            return self.truncate(start + at);
        }
        // A paragraph ends where a block begins.
        let block = self.open.iter().rposition(|open| open.tag.gap() != Gap::Nothing);
        if let Some(at) = block.filter(|_| tag.gap() == Gap::Line && name != b"br")
            && self.open[at].name.as_bytes() == b"p"
        {
            self.truncate(at);
        }
    }

    fn truncate(&mut self, length: usize) {
        self.open.truncate(length);
        self.deeper = 0;
        self.state = self.open.last().map_or(0, |open| open.state);
    }
}

/// Whether an element has no content.
fn is_void(name: &[u8]) -> bool {
    matches!(
        name,
        b"area"
            | b"base"
            | b"br"
            | b"col"
            | b"embed"
            | b"hr"
            | b"img"
            | b"input"
            | b"link"
            | b"meta"
            | b"source"
            | b"track"
            | b"wbr"
    )
}

fn is(text: &str, known: &str) -> bool {
    text.eq_ignore_ascii_case(known)
}

fn starts_with(text: &str, known: &str) -> bool {
    text.as_bytes().get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::Page;
    use super::super::scanner::{Scanner, Token};
    use super::*;

    fn hidden(html: &str) -> [u32; 3] {
        let HiddenText { web, outlook, only_outlook } = Page::read(html).hidden;
        [web, outlook, only_outlook]
    }

    #[test]
    fn what_hides_is_seen_in_any_spelling() {
        for style in [
            "display:none",
            "DISPLAY : None !important",
            "color:red;display: none",
            "display:&#110;one",
            "display&#58;none",
            "visibility:hidden",
            "visibility: collapse;",
            "opacity:0",
            "opacity: 0.0",
            "font-size:0",
            "font-size: 0px",
            "max-height:0;overflow:hidden",
            "overflow: hidden; width: 0px",
        ] {
            assert_eq!(hidden(&format!("<i style=\"{style}\">four</i>more")), [4, 0, 0], "{style}");
            assert_eq!(hidden(&format!("<b><i style=\"a:b; {style}; c:d\">four</i></b>more")), [4, 0, 0], "{style}");
        }
        assert_eq!(hidden("<p hidden>four<p>more"), [4, 0, 0]);
        for style in [
            "display:block",
            "height:0",
            "overflow:hidden",
            "opacity:0.5",
            "font-size:10px",
            "text-decoration:none",
            "display",
        ] {
            assert_eq!(hidden(&format!("<i style='{style}'>four</i>")), [0; 3], "{style}");
        }
    }

    /// html-to-markdown#468, mjml#2410: a size of 0 is that of the space between columns.
    #[test]
    fn the_size_of_letters_is_that_of_the_element_next_to_them() {
        let column =
            |style: &str| hidden(&format!("<td style='font-size:0px'>ab<div style='{style}'>four</div></td>more"));
        for shown in ["font-size:16px", "font-size:medium", "font:16px/1 Arial", "color:red;font-size:1rem"] {
            assert_eq!(column(shown), [2, 0, 0], "{shown}");
        }
        for small in ["", "font-size:1em", "font-size:100%", "font-size:inherit", "color:red"] {
            assert_eq!(column(small), [6, 0, 0], "{small}");
        }
        assert_eq!(hidden("<p style='visibility:hidden'>ab<b style='visibility:visible'>more</b>"), [2, 0, 0]);
        assert_eq!(hidden("<p style='display:none'>ab<b style='display:block'>four</b>"), [6, 0, 0]);
        // The last of two counts.
        assert_eq!(hidden("<i style='font-size:0;font-size:9px'>four</i>"), [0; 3]);
        assert_eq!(hidden("<p style='font-size:0'><i style='font-size:9px;font-size:0'>four</i>"), [4, 0, 0]);
    }

    /// email-bugs#43, mjml#1182
    #[test]
    fn what_only_some_programs_hide_is_counted_for_them() {
        assert_eq!(hidden("<p style='mso-hide:all'>four</p>more"), [0, 4, 0]);
        assert_eq!(hidden("<p style='display:none;mso-hide:all'>four</p>more"), [4, 4, 0]);
        for condition in ["mso", "!mso"] {
            assert_eq!(hidden(&format!("<!--[if {condition}]>four<![endif]-->more")), [0, 0, 4], "{condition}");
        }
        for condition in ["!mso", "!(mso)", "! mso | IE", "!(gte mso 9)"] {
            assert_eq!(
                hidden(&format!("<!--[if {condition}]><!-->four<!--<![endif]-->more")),
                [0, 4, 0],
                "{condition}"
            );
            assert_eq!(hidden(&format!("<![if {condition}]>four<![endif]>more")), [0, 4, 0], "{condition}");
        }
        assert_eq!(
            hidden("<![if !IE]>more<![endif]><!--[if mso]><!-->more<!--<![endif]--><!-- if [a] -->more"),
            [0; 3]
        );
        let page = Page::read(
            "<p style='display:none'>one <a href=http://x.example>two</a></p><!--[if mso]>three<![endif]-->",
        );
        assert_eq!((&**page.text, page.anchors.len()), ("one two\nthree", 1), "nothing is left out");
    }

    #[test]
    fn an_element_that_hides_ends_where_it_does_for_a_browser() {
        let hide = |html: &str| hidden(&html.replace('@', "style='display:none'"));
        for (html, expected) in [
            ("<div @>ab<div>cd</div>ef</div>more", 6),
            ("<div @>ab<img><br>cd</div>more", 4),
            ("<table><tr><td @>ab<td>more</table>more", 2),
            ("<table><tr @><td>ab<td>cd<tr><td>more</table>more", 4),
            ("<p @>ab<br>cd</p>more", 4),
            ("<hr @>more", 0),
            ("<svg></svg><p @>ab<style><i>x</i></style>cd</p>more", 4),
            ("<ul><li @>ab<ul><li>cd</ul>ef<li>more</ul>", 6),
            ("<p @>ab<b>cd</b><div>more</div>", 4),
            ("<td><span @>ab</td><td>more", 2),
            ("<div @>ab</p></br></i>cd</div>more", 4),
            ("<img @>more<br @>more", 0),
            ("<div @>ab<!--[if mso]></div>cd<![endif]-->ef</div>more", 4),
        ] {
            assert_eq!(hide(html)[0], expected, "{html}");
        }
        let deep = format!("<div @>{}ab{}cd</div>more", "<div>".repeat(1_000), "</div>".repeat(1_000));
        assert_eq!(hide(&deep)[0], 4);
        let cell = format!("<table><td @>{}ab<td>more<i @>cd</i>more", "<b>".repeat(1_000));
        assert_eq!(hide(&cell)[0], 4, "the cell ends all of them");
    }

    #[test]
    fn of_elements_within_one_that_hides_no_more_than_some_are_kept() {
        let Some(Token::Start(name)) = Scanner::new("<b>").token() else { unreachable!("it is a start tag") };
        let mut hiding = Hiding::default();
        let mut said = Said::default();
        said.hide();
        (0..1_000).for_each(|_| hiding.open(name, Tag::Inline, said));
        assert_eq!((hiding.open.len(), hiding.deeper), (HIDING_NESTED_MAX, 1_000 - HIDING_NESTED_MAX));
    }
}
