//! What bytes say about their own character set.

use memchr::{memchr2_iter, memmem};

use super::{Charset, Order};
use crate::message::html::{Scanner, Token};

pub(super) const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Bytes of an HTML body in which a declaration is looked for (HTML, section 4.2.5.4: it has to be within 1,024).
const PRESCAN_BYTES: usize = 1_024;

/// The character set that a byte order mark says; none without one.
pub(super) fn marked(charset: Charset, bytes: &[u8]) -> Option<Charset> {
    let utf16 = |order| {
        let is_told = matches!(charset, Charset::Utf16(_));
        (is_told || is_wide(bytes)).then_some(Charset::Utf16(order))
    };
    match (charset, bytes) {
        (Charset::Utf32(_), [0xFF, 0xFE, 0, 0, ..]) => Some(Charset::Utf32(Order::Little)),
        (Charset::Utf32(_), [0, 0, 0xFE, 0xFF, ..]) => Some(Charset::Utf32(Order::Big)),
        (_, [0xEF, 0xBB, 0xBF, ..]) => Some(Charset::Utf8),
        (_, [0xFF, 0xFE, ..]) => utf16(Order::Little),
        (_, [0xFE, 0xFF, ..]) => utf16(Order::Big),
        _ => None,
    }
}

/// Pairs of bytes of which one is NUL, as all of UTF-16's Latin characters, spaces and line ends have, and pairs of
/// printable ASCII.
fn pairs(bytes: &[u8]) -> (usize, usize) {
    let is_printable = |byte: &u8| (b' '..=b'~').contains(byte);
    let (pairs, _) = bytes.as_chunks::<2>();
    let wide = pairs.iter().filter(|pair| pair.contains(&0)).count();
    (wide, pairs.iter().filter(|pair| pair.iter().all(is_printable)).count())
}

/// Whether bytes look like UTF-16.
fn is_wide(bytes: &[u8]) -> bool {
    let (wide, narrow) = pairs(bytes);
    wide > narrow
}

/// Whether bytes look like text of one byte a character.
pub(super) fn is_narrow(bytes: &[u8]) -> bool {
    let (wide, narrow) = pairs(bytes);
    narrow > wide
}

/// The character set that an HTML body declares in a `<meta>` element, if it does where browsers look for it. What
/// browsers do not know is not believed: for UTF-7, which would give a second meaning to plain ASCII. UTF-16 means
/// UTF-8: the declaration could not have been read otherwise (HTML, section 13.2.3.2).
pub(in crate::message) fn declared(bytes: &[u8]) -> Option<Charset> {
    let start = &bytes[..bytes.len().min(PRESCAN_BYTES)];
    let is_said = |at: usize| start[at..].get(..7).is_some_and(|word| word.eq_ignore_ascii_case(b"charset"));
    if !memchr2_iter(b'c', b'C', start).any(is_said) {
        return None;
    }
    let start = String::from_utf8_lossy(start);
    let mut scanner = Scanner::new(&start);
    let mut label = None;
    while label.is_none() {
        if let Token::Start(name) = scanner.token()?
            && name.as_bytes() == b"meta"
        {
            label = of_meta(&mut scanner);
        }
    }
    match Charset::of(&label?)? {
        Charset::Utf7 => None,
        Charset::Utf16(_) | Charset::Utf32(_) => Some(Charset::Utf8),
        charset => Some(charset),
    }
}

/// The label in a `<meta>` element that ends.
fn of_meta(scanner: &mut Scanner<'_>) -> Option<String> {
    let (mut charset, mut content) = (None, None);
    while let Some(attribute) = scanner.attribute() {
        let value = match attribute.name.as_bytes() {
            b"charset" => &mut charset,
            b"content" => &mut content,
            _ => continue,
        };
        value.get_or_insert(attribute.value);
    }
    let label = charset.or_else(|| of_content_type(content?))?;
    scanner.is_tag_ended().then(|| label.to_owned())
}

/// The label in `text/html; charset=...`.
fn of_content_type(content: &str) -> Option<&str> {
    let at = memmem::find(content.to_ascii_lowercase().as_bytes(), b"charset")?;
    let label = content.get(at + "charset".len()..)?.trim_start().strip_prefix('=')?.trim_start();
    label.split([';', ' ']).next().filter(|label| !label.is_empty())
}
