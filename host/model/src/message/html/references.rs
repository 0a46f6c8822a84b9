//! Character references (HTML, section 13.2.5.72 to 80): `&amp;`, `&#233;`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use encoding_rs::WINDOWS_1252;
use entities::ENTITIES;
use memchr::{memchr, memchr2, memchr3};

/// Where a reference stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    /// Where addresses stand, `?a=b&copy=c` is none.
    Attribute,
}

/// What a reference stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning {
    Character(char),
    /// Some names stand for two characters.
    Named(&'static str),
}

/// By the name, with the semicolon if it has one.
static NAMED: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| ENTITIES.iter().map(|entity| (&entity.entity[1..], entity.characters)).collect());

/// Letters of the longest name that needs no semicolon.
const BARE_BYTES_MAX: usize = 6;

/// The reference at the beginning of a text, which begins with `&`, and how many bytes it has.
pub(super) fn reference(text: &str, place: Place) -> Option<(Meaning, usize)> {
    let name = &text["&".len()..];
    if let Some(digits) = name.strip_prefix('#') {
        return numeric(digits).map(|(character, length)| (Meaning::Character(character), "&#".len() + length));
    }
    let letters = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
    if name.as_bytes().get(letters) == Some(&b';')
        && let Some(meaning) = named(&name[..=letters])
    {
        return Some((meaning, letters + "&;".len()));
    }
    let longest = letters.min(BARE_BYTES_MAX);
    let (meaning, length) = (2..=longest).rev().find_map(|length| Some((named(&name[..length])?, length)))?;
    let is_followed = name.as_bytes().get(length).is_some_and(|next| *next == b'=' || next.is_ascii_alphanumeric());
    (place == Place::Text || !is_followed).then_some((meaning, "&".len() + length))
}

fn named(name: &str) -> Option<Meaning> {
    // Those of which mail is full.
    let character = match name {
        "nbsp;" => '\u{a0}',
        "amp;" => '&',
        "zwnj;" => '\u{200c}',
        "quot;" => '"',
        "lt;" => '<',
        "gt;" => '>',
        _ => return NAMED.get(name).copied().map(Meaning::Named),
    };
    Some(Meaning::Character(character))
}

/// The character of a number, and how many bytes behind `&#` it takes.
fn numeric(text: &str) -> Option<(char, usize)> {
    let (radix, start) = if text.starts_with(['x', 'X']) { (16, 1) } else { (10, 0) };
    let digits = text[start..].bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count();
    if digits == 0 {
        return None;
    }
    let end = start + digits;
    let length = end + usize::from(text.as_bytes().get(end) == Some(&b';'));
    let number = text[start..end].trim_start_matches('0');
    // What is too long is no character.
    let code = if number.is_empty() { 0 } else { u32::from_str_radix(number, radix).unwrap_or(u32::MAX) };
    let character = match code {
        0 => char::REPLACEMENT_CHARACTER,
        // What the author meant by bytes of Windows.
        0x80..=0x9F => windows(code),
        _ => char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    Some((character, length))
}

fn windows(code: u32) -> char {
    let byte = [u8::try_from(code).unwrap_or(b'?')];
    WINDOWS_1252.decode_without_bom_handling(&byte).0.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The value of an attribute.
pub(super) fn value(written: &str) -> Cow<'_, str> {
    if is_as_written(written) {
        return Cow::Borrowed(written);
    }
    let mut value = String::with_capacity(written.len());
    push_value(written, &mut value);
    Cow::Owned(value)
}

/// Appends the value of an attribute.
pub(super) fn push_value(written: &str, value: &mut String) {
    if is_as_written(written) {
        return value.push_str(written);
    }
    resolve(written, Place::Attribute, |piece| match piece {
        Piece::Written(piece) => match memchr2(b'\r', b'\0', piece.as_bytes()) {
            Some(_) => value.push_str(&line_feeds(piece).replace('\0', "\u{fffd}")),
            None => value.push_str(piece),
        },
        Piece::Meant(Meaning::Character(character)) => value.push(character),
        Piece::Meant(Meaning::Named(characters)) => value.push_str(characters),
    });
}

fn is_as_written(value: &str) -> bool {
    memchr3(b'&', b'\r', b'\0', value.as_bytes()).is_none()
}

/// A piece of text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece<'a> {
    /// As it is written.
    Written(&'a str),
    /// What a reference stands for.
    Meant(Meaning),
}

/// A text in pieces.
pub(super) fn resolve<'a>(text: &'a str, place: Place, mut each: impl FnMut(Piece<'a>)) {
    let (mut start, mut from) = (0, 0);
    while let Some(at) = memchr(b'&', &text.as_bytes()[from..]) {
        let at = from + at;
        from = at + 1;
        if let Some((meaning, length)) = reference(&text[at..], place) {
            if start < at {
                each(Piece::Written(&text[start..at]));
            }
            each(Piece::Meant(meaning));
            (start, from) = (at + length, at + length);
        }
    }
    if start < text.len() {
        each(Piece::Written(&text[start..]));
    }
}

/// With line feeds alone, as a page is read (HTML, section 13.2.3.5).
pub(super) fn line_feeds(text: &str) -> Cow<'_, str> {
    match memchr(b'\r', text.as_bytes()) {
        Some(_) => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
        None => Cow::Borrowed(text),
    }
}
