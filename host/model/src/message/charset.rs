//! Character sets: bytes of a body, a header field or a file name -> text.
//!
//! encoding_rs and mail-parser have the tables; what is here is which of them mail means, and the character sets that
//! browsers refuse (`escapes.rs`, `utf7.rs`), because a browser that refuses one shows nothing while mail programs
//! show the text.
//!
//! Three rules go beyond the label, each because senders mislabel and mail programs show the text all the same:
//!
//! * **A byte order mark decides** and is no text (WHATWG Encoding, section 6, "decode"). One of UTF-16 under a label
//!   of another character set decides only if what follows looks like UTF-16: two bytes in front of plain ASCII must
//!   not hide it.
//! * **Bytes that are UTF-8 are UTF-8**, whatever eight-bit character set they are labelled with. A text of such a
//!   character set almost never happens to be valid UTF-8, and programs that label UTF-8 as `us-ascii` or
//!   `iso-8859-1` are common. The exception is a text of fewer than [`SEQUENCES_MIN`] such characters that the label
//!   reads as letters of another script alone, or as characters of several bytes: `Ні` in windows-1251 is also valid
//!   UTF-8, and so is `联通` in GBK.
//! * **A label that loses is wrong where UTF-8 does not.**

mod cns;
mod escapes;
mod label;
mod sniff;
mod utf7;

use std::borrow::Cow;

use encoding_rs::{EUC_KR, Encoding, GB18030, ISO_2022_JP};
use mail_parser::decoders::charsets::DecoderFnc;
use oem_cp::code_table_type::TableType;

pub(super) use sniff::declared;

/// Characters of UTF-8 that are needed where the label, too, gives a text of letters.
const SEQUENCES_MIN: usize = 4;

/// Text, and whether some bytes had no meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) text: String,
    /// Whether bytes became U+FFFD, so that the text does not tell what they were.
    pub(super) is_lossy: bool,
}

/// A character set that mail uses.
#[derive(Debug, Clone, Copy)]
pub(super) enum Charset {
    Utf8,
    /// RFC 2152.
    Utf7,
    Utf16(Order),
    Utf32(Order),
    /// RFC 1557.
    Iso2022Kr,
    /// RFC 1922.
    Iso2022Cn,
    /// RFC 1843.
    Hz,
    /// Characters of several bytes.
    ManyBytes(&'static Encoding),
    /// Characters of one byte; those below 128 are ASCII's.
    OneByte(OneByte),
}

/// Which byte of a unit comes first, where no byte order mark says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// Who has the table.
#[derive(Debug, Clone, Copy)]
pub(super) enum OneByte {
    Parser(DecoderFnc),
    Encoding(&'static Encoding),
    CodePage(&'static TableType),
}

/// Decodes bytes. `None`, where nothing usable is said, is UTF-8.
pub(super) fn decode(charset: Option<Charset>, bytes: Cow<'_, [u8]>) -> Decoded {
    let charset = charset.unwrap_or(Charset::Utf8);
    let marked = sniff::marked(charset, &bytes);
    let charset = marked.unwrap_or(charset);
    match charset {
        Charset::Utf8 => utf8(bytes),
        Charset::OneByte(_) if bytes.is_ascii() => utf8(bytes),
        _ => {
            let read = without_mark(charset.read(&bytes));
            if marked.is_none() && is_utf8_after_all(charset, &bytes, &read) { utf8(bytes) } else { read }
        }
    }
}

/// Bytes as text of which none is lost: ASCII as it is, each other byte as a letter of its own. Not for anybody to read.
pub(super) fn literal(bytes: &[u8]) -> String {
    /// CJK ideographs, because they have no case, are no white space, and are words of their own.
    const LETTERS: u32 = 0x4E00;
    let letter = |byte: u8| match byte {
        0..128 => char::from(byte),
        _ => char::from_u32(LETTERS + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    bytes.iter().copied().map(letter).collect()
}

impl Charset {
    /// Whether a character that is split between two texts is whole when they are joined, and joining changes nothing
    /// else: there is no state that a text begins with.
    pub(super) fn is_stateless(self) -> bool {
        match self {
            Self::Utf8 | Self::OneByte(_) => true,
            Self::ManyBytes(encoding) => encoding != ISO_2022_JP,
            _ => false,
        }
    }

    fn read(self, bytes: &[u8]) -> Decoded {
        match self {
            Self::Utf8 => utf8(Cow::Borrowed(bytes)),
            Self::Utf7 => utf7::decode(bytes),
            Self::Utf16(order) => utf16(order, bytes),
            Self::Utf32(order) => utf32(order, bytes),
            Self::Iso2022Kr => by_encoding(EUC_KR, &escapes::iso_2022_kr(bytes)),
            Self::Iso2022Cn => by_encoding(GB18030, &escapes::iso_2022_cn(bytes)),
            Self::Hz => by_encoding(GB18030, &escapes::hz(bytes)),
            Self::ManyBytes(encoding) | Self::OneByte(OneByte::Encoding(encoding)) => by_encoding(encoding, bytes),
            Self::OneByte(OneByte::Parser(decoder)) => noticing(decoder(bytes)),
            Self::OneByte(OneByte::CodePage(table)) => noticing(table.decode_string_lossy(bytes)),
        }
    }
}

/// Text of a decoder that writes U+FFFD and says nothing. None of their tables has it.
fn noticing(text: String) -> Decoded {
    let is_lossy = text.contains(char::REPLACEMENT_CHARACTER);
    Decoded { text, is_lossy }
}

fn by_encoding(encoding: &'static Encoding, bytes: &[u8]) -> Decoded {
    let (text, is_lossy) = encoding.decode_without_bom_handling(bytes);
    Decoded { text: text.into_owned(), is_lossy }
}

fn utf8(bytes: Cow<'_, [u8]>) -> Decoded {
    let bytes = match bytes {
        Cow::Borrowed(bytes) => bytes.strip_prefix(sniff::UTF8_MARK).unwrap_or(bytes).to_vec(),
        Cow::Owned(mut bytes) => {
            if bytes.starts_with(sniff::UTF8_MARK) {
                bytes.drain(..sniff::UTF8_MARK.len());
            }
            bytes
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => Decoded { text, is_lossy: false },
        Err(error) => Decoded { text: String::from_utf8_lossy(error.as_bytes()).into_owned(), is_lossy: true },
    }
}

fn utf16(order: Order, bytes: &[u8]) -> Decoded {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let unit = |pair: &[u8; 2]| match order {
        Order::Little => u16::from_le_bytes(*pair),
        Order::Big => u16::from_be_bytes(*pair),
    };
    scalars(char::decode_utf16(pairs.iter().map(unit)).map(Result::ok), rest)
}

fn utf32(order: Order, bytes: &[u8]) -> Decoded {
    let (units, rest) = bytes.as_chunks::<4>();
    let unit = |unit: &[u8; 4]| match order {
        Order::Little => u32::from_le_bytes(*unit),
        Order::Big => u32::from_be_bytes(*unit),
    };
    scalars(units.iter().map(unit).map(char::from_u32), rest)
}

/// Characters, U+FFFD for each that is none, and one more for bytes that are left.
fn scalars(characters: impl Iterator<Item = Option<char>>, rest: &[u8]) -> Decoded {
    let mut is_lossy = !rest.is_empty();
    let mut text: String = characters
        .map(|character| {
            is_lossy |= character.is_none();
            character.unwrap_or(char::REPLACEMENT_CHARACTER)
        })
        .collect();
    if !rest.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    Decoded { text, is_lossy }
}

fn without_mark(mut decoded: Decoded) -> Decoded {
    if decoded.text.starts_with('\u{feff}') {
        decoded.text.drain(..'\u{feff}'.len_utf8());
    }
    decoded
}

/// Whether bytes that have another label are UTF-8 all the same. `read` is what they are by their label.
fn is_utf8_after_all(charset: Charset, bytes: &[u8], read: &Decoded) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut sequences = text.chars().filter(|c| !c.is_ascii());
    match charset {
        // Plain ASCII, of which UTF-16 makes ideographs.
        Charset::Utf16(_) => sniff::is_narrow(bytes),
        Charset::OneByte(_) => sequences.nth(SEQUENCES_MIN - 1).is_some() || !is_foreign_words(&read.text),
        Charset::ManyBytes(encoding) if encoding != ISO_2022_JP => {
            (read.is_lossy && sequences.next().is_some()) || sequences.nth(SEQUENCES_MIN - 1).is_some()
        }
        _ => read.is_lossy && sequences.next().is_some(),
    }
}

/// Whether all that is not ASCII are letters of other scripts than the Latin one.
fn is_foreign_words(text: &str) -> bool {
    /// The first letter behind the Latin blocks, the phonetic alphabet and the diacritical marks.
    const FOREIGN_MIN: char = '\u{370}';
    text.chars().filter(|c| !c.is_ascii()).all(|c| c >= FOREIGN_MIN && c.is_alphabetic())
}

#[cfg(test)]
mod tests;
