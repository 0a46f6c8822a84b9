//! What is read is what html5gum reads, which passes the standard's own tests (html5lib-tests).

use std::convert::Infallible;

use html5gum::emitters::callback::{Callback, CallbackEmitter, CallbackEvent};
use html5gum::{Emitter, ForwardingEmitter, Span, State, Tokenizer, naive_next_state};
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::super::references::{Meaning, Piece, Place, line_feeds, resolve, value};
use super::{Name, Scanner, Token};

/// A token, with what it says resolved, and without attributes that have no value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Read {
    Text(String),
    Start(String, Vec<(String, String)>),
    /// The content of `<script>` or `<style>`.
    Code(String),
    End(String),
    Comment(String),
}

/// Up to where both sides keep names: what is longer is no name that means something.
fn name(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(&name[..name.len().min(15)]).into_owned();
    name.split(['\0', char::REPLACEMENT_CHARACTER]).next().unwrap().to_owned()
}

fn push(all: &mut Vec<Read>, read: Read) {
    match (all.last_mut(), read) {
        (Some(Read::Text(before)), Read::Text(text)) => before.push_str(&text),
        (_, Read::Text(text) | Read::Code(text)) if text.is_empty() => {}
        (_, read) => all.push(read),
    }
}

fn scanned(page: &str) -> Vec<Read> {
    let own = |found: Name| name(found.as_bytes());
    let replaced = |text: &str| line_feeds(text).replace('\0', "\u{fffd}");
    let (mut scanner, mut all) = (Scanner::new(page), Vec::new());
    while let Some(token) = scanner.token() {
        let read = match token {
            Token::Text(text) => Read::Text(resolved(text)),
            Token::End(name) => Read::End(own(name)),
            Token::Comment(comment) => Read::Comment(replaced(comment)),
            Token::Marked(_) => continue,
            Token::Start(name) => {
                let mut attributes = Vec::new();
                while let Some(written) = scanner.attribute() {
                    if !written.value.is_empty() {
                        attributes.push((own(written.name), value(written.value).into_owned()));
                    }
                }
                if !scanner.is_tag_ended() {
                    break;
                }
                Read::Start(own(name), attributes)
            }
        };
        let content = match &read {
            Read::Start(name, _) if name == "script" => Some(scanner.script()),
            Read::Start(name, _) if name == "style" => Some(scanner.raw_text("style")),
            _ => None,
        };
        push(&mut all, read);
        content.into_iter().for_each(|content| push(&mut all, Read::Code(replaced(content))));
    }
    all
}

fn resolved(text: &str) -> String {
    let mut resolved = String::new();
    resolve(text, Place::Text, |piece| match piece {
        Piece::Written(text) => resolved.push_str(&line_feeds(text)),
        Piece::Meant(Meaning::Character(character)) => resolved.push(character),
        Piece::Meant(Meaning::Named(characters)) => resolved.push_str(characters),
    });
    resolved
}

#[derive(Debug, Default)]
struct Reference {
    all: Vec<Read>,
    /// A start tag that has not ended.
    open: Option<(String, Vec<(String, String)>)>,
    attribute: String,
    is_code: bool,
}

impl Callback<Infallible, ()> for &mut Reference {
    fn handle_event(&mut self, event: CallbackEvent<'_>, _: Span<()>) -> Option<Infallible> {
        let text = |value| String::from_utf8_lossy(value).into_owned();
        match event {
            CallbackEvent::OpenStartTag { name: found } => self.open = Some((name(found), Vec::new())),
            CallbackEvent::AttributeName { name: found } => self.attribute = name(found),
            CallbackEvent::AttributeValue { value } => {
                let attribute = (self.attribute.clone(), text(value));
                // End tags have none.
                self.open.iter_mut().for_each(|(_, attributes)| attributes.push(attribute.clone()));
            }
            CallbackEvent::CloseStartTag { .. } => {
                let (name, attributes) = self.open.take().unwrap();
                self.is_code = matches!(&*name, "script" | "style");
                self.all.push(Read::Start(name, attributes));
            }
            CallbackEvent::String { value } if self.is_code => push(&mut self.all, Read::Code(text(value))),
            CallbackEvent::String { value } => push(&mut self.all, Read::Text(text(value))),
            CallbackEvent::EndTag { name: found } => {
                self.is_code = false;
                self.all.push(Read::End(name(found)));
            }
            CallbackEvent::Comment { value } => self.all.push(Read::Comment(text(value))),
            _ => {}
        }
        None
    }
}

/// Goes on behind a start tag as the collector does.
struct Switching<'a>(CallbackEmitter<&'a mut Reference>);

impl ForwardingEmitter for Switching<'_> {
    type Token = Infallible;

    fn inner(&mut self) -> &mut impl Emitter<Token = Self::Token> {
        &mut self.0
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        let _ = self.0.emit_current_tag();
        let reference = self.0.callback_mut();
        let last = reference.is_code.then(|| reference.all.last());
        match last.flatten() {
            Some(Read::Start(name, _)) => naive_next_state(name.as_bytes()),
            _ => None,
        }
    }
}

fn expected(page: &str) -> Vec<Read> {
    let mut reference = Reference::default();
    let emitter = Switching(CallbackEmitter::new(&mut reference));
    match Tokenizer::new_with_emitter(page.as_bytes(), emitter).finish() {
        Ok(()) => reference.all,
    }
}

/// Declarations become comments there, and nothing here.
fn without_comments(all: Vec<Read>) -> Vec<Read> {
    let mut kept = Vec::new();
    all.into_iter().filter(|read| !matches!(read, Read::Comment(_))).for_each(|read| push(&mut kept, read));
    kept
}

const PIECES: &[&str] = &[
    "<",
    "</",
    ">",
    "/",
    ">",
    "a",
    "A",
    "b",
    " ",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\x0c",
    "=",
    "\"",
    "'",
    "&",
    "&amp;",
    "&amp",
    "&notit;",
    "&nbsp;",
    "&#",
    "&#x",
    "41",
    "80",
    ";",
    "&#0;",
    "&#99999999999999;",
    "&#xD800;",
    "&#x110000;",
    "&#x80;",
    "&#13;",
    "-",
    "--",
    "-->",
    "--!>",
    "<!--",
    "<!-",
    "<!",
    "!",
    "?",
    "<?",
    "\0",
    "é",
    "\u{a0}",
    "𝔸",
    "script",
    "<script>",
    "</script>",
    "</script ",
    "<style>",
    "</style>",
    "</STYLE/",
    "<title>",
    "style",
    "<![endif]-->",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE html>",
    "<p>",
    "<a href=",
    "</a>",
    "&copy=",
    "&copy",
    "&copya",
    "&lt",
    "&hellip;",
    "&NotEqualTilde;",
    "x",
    "SCRIPT",
    "<scrIPT ",
    "v:roundrect",
    "abcdefghijklmnopqrst",
];

#[test]
fn pages_of_all_kinds_are_read_as_the_standard_says() {
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    for _ in 0..50_000 {
        let count = rng.random_range(1..24);
        let page: String = (0..count).map(|_| *PIECES.choose(&mut rng).unwrap()).collect();
        assert_eq!(without_comments(scanned(&page)), without_comments(expected(&page)), "{page:?}");
    }
}

#[test]
fn comments_end_where_the_standard_says() {
    for page in [
        "<!-->a-->",
        "<!--->a-->",
        "<!---->a",
        "<!----!>a",
        "<!---!>a-->",
        "<!--a--!>b",
        "<!--a-- >b-->",
        "<!--a--->b",
        "<!--a<!--b-->c",
        "<!--a<!-->b",
        "<!--a--!-->b",
        "<!--a",
        "<!--a-",
        "<!--a--",
        "<!--a--!",
        "<!--",
        "<!---",
        "<!----",
    ] {
        assert_eq!(scanned(page), expected(page), "{page}");
    }
}

#[test]
fn references_are_those_of_the_standard() {
    for entity in &entities::ENTITIES {
        for text in [entity.entity.to_owned(), format!("{}x", entity.entity), format!("<a b={}=>", entity.entity)] {
            assert_eq!(scanned(&text), expected(&text), "{text}");
        }
    }
    for code in 0..0x300 {
        let text = format!("&#{code};&#x{code:x}");
        assert_eq!(scanned(&text), expected(&text), "{text}");
    }
}
