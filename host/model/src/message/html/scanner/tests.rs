//! What is read is what html5ever reads (`standard.rs`).

use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::super::references::{Meaning, Piece, Place, line_feeds, resolve, value};
use super::super::standard::{CODE, Read, counting, name, pages, push, tokens};
use super::{Name, Scanner, Token};

fn expected(page: &str) -> Vec<Read> {
    tokens(page, CODE)
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
                    attributes.push((own(written.name), value(written.value).into_owned()));
                }
                if !scanner.is_tag_ended() {
                    break;
                }
                Read::Start(own(name), counting(attributes))
            }
        };
        let content = match &read {
            Read::Start(name, _) if name == "script" => Some(scanner.script()),
            Read::Start(name, _) if name == "style" => Some(scanner.raw_text("style")),
            Read::Start(name, _) if name == "title" => Some(scanner.raw_text("title")),
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
    "</title>",
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
    for _ in 0..pages(50_000) {
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
fn scripts_end_where_the_standard_says() {
    for content in [
        "<!--<script></script><script></script>x",
        "<!--<script></script></script>x",
        "<!--<script>--></script>x",
        "<!-- --></script>x",
        "<!--></script>x",
        "<!--<script </script/><b></script>x",
        "<!--<scripts></script>x",
    ] {
        let page = format!("<script>{content}</script>y</script>z");
        assert_eq!(scanned(&page), expected(&page), "{page}");
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
        let text = format!("&#{code};&#x{code:x}&#X{code:X};&#000000000000{code};");
        assert_eq!(scanned(&text), expected(&text), "{text}");
    }
}
