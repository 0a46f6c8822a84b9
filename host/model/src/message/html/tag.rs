//! What elements and their attributes mean.

use super::scanner::Scanner;

/// What an element means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// `<a>`, `<area>`, and Outlook's vector shapes (`<v:roundrect>`): the target is in `href`, the text inside.
    Anchor,
    /// `<form>`: the target is in `action`. Also a block.
    Form,
    /// `<iframe>`, `<frame>`, `<embed>`: the target is in `src`.
    Frame,
    /// `<object>`: the target is in `data`.
    Object,
    /// `<video>`, `<audio>`, `<source>`, `<track>`, `<input>`: shows what is in `src`.
    Media,
    Base,
    Meta,
    /// `<link>`: style sheets.
    Link,
    Image,
    Script,
    Style,
    Title,
    /// `<svg>`, `<math>`: what is in there is read by other rules.
    Foreign,
    /// `<xml>`: what Word keeps for itself, where it is in a conditional comment.
    Xml,
    Pre,
    Block,
    Cell,
    Inline,
}

/// What is to be put between the text so far and the next word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    Nothing,
    Space,
    Line,
}

/// An attribute that is read. The first of each counts, as in browsers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attribute {
    Href,
    XlinkHref,
    Action,
    /// A button's own target, instead of the form's.
    FormAction,
    /// What is loaded and shown, or the address of a frame.
    Source,
    /// What is shown before a video runs.
    Poster,
    Background,
    /// Images instead of the one in `src`, for other screens.
    SourceSet,
    /// Style, which can have `url(...)`.
    Style,
    /// Whether it has a value or not.
    Hidden,
    Alt,
    /// `http-equiv` and `content` of `<meta>`.
    Equivalent,
    Content,
}

impl Tag {
    pub(super) fn of(name: &[u8]) -> Self {
        match name {
            b"a" | b"area" => Self::Anchor,
            b"form" => Self::Form,
            b"iframe" | b"frame" | b"embed" => Self::Frame,
            b"object" => Self::Object,
            b"video" | b"audio" | b"source" | b"track" | b"input" => Self::Media,
            b"base" => Self::Base,
            b"meta" => Self::Meta,
            b"link" => Self::Link,
            b"img" => Self::Image,
            b"script" => Self::Script,
            b"style" => Self::Style,
            b"title" => Self::Title,
            b"svg" | b"math" => Self::Foreign,
            b"xml" => Self::Xml,
            b"pre" => Self::Pre,
            b"td" | b"th" => Self::Cell,
            b"address" | b"article" | b"aside" | b"blockquote" | b"body" | b"br" | b"center" | b"dd" | b"div"
            | b"dl" | b"dt" | b"fieldset" | b"figure" | b"footer" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6"
            | b"header" | b"hr" | b"li" | b"main" | b"nav" | b"ol" | b"option" | b"p" | b"section" | b"table"
            | b"tr" | b"ul" => Self::Block,
            _ if name.starts_with(b"v:") => Self::Anchor,
            _ => Self::Inline,
        }
    }

    pub(super) fn gap(self) -> Gap {
        match self {
            Self::Block | Self::Form | Self::Pre => Gap::Line,
            Self::Cell => Gap::Space,
            _ => Gap::Nothing,
        }
    }

    /// What an attribute of the element is, if it is one that is read.
    pub(super) fn attribute(self, name: &[u8]) -> Option<Attribute> {
        Some(match (self, name) {
            (Self::Link | Self::Script, _) => return None,
            (Self::Base, b"href") => Attribute::Href,
            (Self::Base, _) => return None,
            (Self::Meta, b"http-equiv") => Attribute::Equivalent,
            (Self::Meta, b"content") => Attribute::Content,
            (Self::Form, b"action") => Attribute::Action,
            (Self::Object, b"data") | (Self::Frame | Self::Media | Self::Anchor, b"src") => Attribute::Source,
            (Self::Image, b"alt") => Attribute::Alt,
            (_, b"href") => Attribute::Href,
            (_, b"xlink:href") => Attribute::XlinkHref,
            (_, b"formaction") => Attribute::FormAction,
            (_, b"poster") => Attribute::Poster,
            (_, b"background") => Attribute::Background,
            (_, b"srcset") => Attribute::SourceSet,
            (_, b"style") => Attribute::Style,
            (_, b"hidden") => Attribute::Hidden,
            _ => return None,
        })
    }

    /// Reads the content of an element that is not shown, if it is one.
    pub(super) fn hidden<'a>(self, scanner: &mut Scanner<'a>) -> Option<&'a str> {
        match self {
            Self::Script => Some(scanner.script()),
            Self::Style => Some(scanner.raw_text("style")),
            Self::Title => Some(scanner.raw_text("title")),
            _ => None,
        }
    }
}

impl Attribute {
    /// One bit for each.
    pub(super) fn bit(self) -> u16 {
        1 << self as u16
    }

    /// Whether it is something that is loaded and shown in place, not a place to go to.
    pub(super) fn is_loaded(self) -> bool {
        matches!(self, Self::Source | Self::Poster | Self::Background | Self::SourceSet | Self::Style)
    }
}

/// The addresses of a `srcset` (HTML, section 4.8.4.2.1): before each comma one, and how it is to be chosen.
pub(super) fn of_source_set(set: &str) -> impl Iterator<Item = &str> {
    let mut rest = set;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (address, after) = rest.split_at(end);
        // An address that ends with a comma has nothing behind it; else what is behind it ends at the next.
        rest = match address.ends_with(',') {
            true => after,
            false => after.find(',').map_or("", |comma| &after[comma..]),
        };
        Some(address.trim_end_matches(',')).filter(|address| !address.is_empty())
    })
}

/// The addresses in `url(...)` of a style.
pub(super) fn of_style(style: &str) -> impl Iterator<Item = &str> {
    let mut rest = style;
    std::iter::from_fn(move || {
        loop {
            let at = rest.bytes().position(|byte| byte == b'(')?;
            let (before, inside) = (&rest[..at], &rest[at + 1..]);
            rest = inside;
            let is_url = before.len() >= 3 && before.as_bytes()[before.len() - 3..].eq_ignore_ascii_case(b"url");
            if is_url {
                let end = inside.find(')').unwrap_or(inside.len());
                rest = &inside[end..];
                return Some(inside[..end].trim_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\'')));
            }
        }
    })
}

/// The address in the content of a refresh (HTML, section 4.2.5.3): `5; url='http://...'`.
pub(super) fn of_refresh(content: &str) -> Option<&str> {
    let (_, rest) = content.split_once([';', ','])?;
    let rest = rest.trim_start();
    let is_named = rest.get(..3).is_some_and(|name| name.eq_ignore_ascii_case("url"));
    let named = is_named.then(|| rest[3..].trim_start().strip_prefix('=')).flatten();
    Some(named.unwrap_or(rest).trim().trim_matches(['"', '\''])).filter(|address| !address.is_empty())
}
