//! The tokens of a page by html5ever, which passes the standard's own tests (html5lib-tests): what ours are held against.
//!
//! Tokens alone: what its tree builder does with them (it moves, closes and drops elements) is not done here by design, because
//! mail programs do it in many ways, and a tree can nest too deeply.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::slice;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{Rawtext, ScriptData};
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

/// A token, with what it says resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Read {
    Text(String),
    /// Without attributes that have no value.
    Start(String, Vec<(String, String)>),
    /// The content of one of [`CODE`].
    Code(String),
    End(String),
    Comment(String),
}

/// Elements whose content is no markup here.
pub(super) const CODE: &[&str] = &["script", "style", "title"];

/// Up to where both sides keep names: what is longer is no name that means something.
const NAME_BYTES: usize = 15;

/// A name, as far as it is kept.
pub(super) fn name(name: &[u8]) -> String {
    let replaced = name.iter().flat_map(|byte| if *byte == 0 { "\u{fffd}".as_bytes() } else { slice::from_ref(byte) });
    let kept: Vec<u8> = replaced.copied().take(NAME_BYTES).collect();
    String::from_utf8_lossy(&kept).into_owned()
}

/// How many pages are tried: so many, unless the environment names another number.
pub(super) fn pages(usual: usize) -> usize {
    std::env::var("SWITCHBACK_PAGES").map_or(usual, |text| text.parse().unwrap())
}

/// The attributes that count: the first of each name, if it has a value.
pub(super) fn counting(attributes: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut names = HashSet::new();
    let first = attributes.into_iter().filter(|(name, _)| names.insert(name.clone()));
    first.filter(|(_, value)| !value.is_empty()).collect()
}

/// Adds a token; pieces of one text are one.
pub(super) fn push(all: &mut Vec<Read>, read: Read) {
    match (all.last_mut(), read) {
        (Some(Read::Text(before)), Read::Text(text)) | (Some(Read::Code(before)), Read::Code(text)) => {
            before.push_str(&text);
        }
        (_, Read::Text(text) | Read::Code(text)) if text.is_empty() => {}
        (_, read) => all.push(read),
    }
}

/// The tokens of a page in which the content of these elements is no markup.
pub(super) fn tokens(page: &str, code: &[&str]) -> Vec<Read> {
    let sink = Sink { code, is_in_code: Cell::new(false), all: RefCell::default() };
    let options = TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() };
    let tokenizer = Tokenizer::new(sink, options);
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(page));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.all.into_inner()
}

struct Sink<'a> {
    code: &'a [&'a str],
    is_in_code: Cell<bool>,
    all: RefCell<Vec<Read>>,
}

impl Sink<'_> {
    fn text(&self, text: &str) -> Read {
        if self.is_in_code.get() { Read::Code(text.to_owned()) } else { Read::Text(text.to_owned()) }
    }

    fn start(&self, tag: &Tag) -> Read {
        let attributes = tag.attrs.iter().map(|one| (name(one.name.local.as_bytes()), one.value.to_string()));
        Read::Start(name(tag.name.as_bytes()), counting(attributes))
    }
}

impl TokenSink for Sink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut next = TokenSinkResult::Continue;
        let read = match token {
            Token::TagToken(tag) if tag.kind == TagKind::EndTag => {
                self.is_in_code.set(false);
                Read::End(name(tag.name.as_bytes()))
            }
            Token::TagToken(tag) => {
                if self.code.contains(&&*tag.name) {
                    self.is_in_code.set(true);
                    // A title has character references, and ends where a style does.
                    next = TokenSinkResult::RawData(if &*tag.name == "script" { ScriptData } else { Rawtext });
                }
                self.start(&tag)
            }
            Token::CharacterTokens(text) => self.text(&text),
            Token::NullCharacterToken => self.text("\0"),
            Token::CommentToken(comment) => Read::Comment(comment.to_string()),
            Token::DoctypeToken(_) | Token::EOFToken | Token::ParseError(_) => return next,
        };
        push(&mut self.all.borrow_mut(), read);
        next
    }
}
