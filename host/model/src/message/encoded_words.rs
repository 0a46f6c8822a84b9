//! Encoded words (RFC 2047): text of any character set in a header field.
//!
//! Words next to each other, with nothing but white space between them, are one text: programs split a long one where
//! it suits them, in the midst of a character too. Joined, they are decoded as bodies are (`charset.rs`), and lenient:
//! base64 without its padding or with white space in it, and a label with a language behind it (RFC 2231, section 5).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr, memmem};
use smallvec::{SmallVec, smallvec};

use super::charset::{self, Charset, Decoded};
use super::decode::{base64, hex, sextet};

/// Bytes of a label. RFC 2047, section 2, allows 75 for the whole word.
const LABEL_BYTES_MAX: usize = 75;

/// Bytes of a word that are looked at for its end, or a value of beginnings alone would take quadratic time.
const DATA_BYTES_MAX: usize = 4_096;

/// A value with the words of each run as one, in UTF-8 and base64, which all readers of fields understand. Where there
/// is nothing to join or decode, it is the value itself.
pub(super) fn unified(value: &[u8]) -> Cow<'_, [u8]> {
    let mut unified = Vec::new();
    let read = pieces(value, |piece| match piece {
        Piece::Plain(bytes) => unified.extend_from_slice(bytes),
        Piece::Words(_, Some(plain)) => unified.extend_from_slice(plain),
        Piece::Words(run, None) => {
            unified.extend_from_slice(b"=?utf-8?B?");
            unified.extend_from_slice(STANDARD.encode(run.decoded().text).as_bytes());
            unified.extend_from_slice(b"?=");
        }
    });
    if read { Cow::Owned(unified) } else { Cow::Borrowed(value) }
}

/// The text of a value that is nothing but text: encoded words decoded, and the rest as UTF-8.
pub(super) fn text(value: &[u8]) -> String {
    let mut text = String::new();
    let read = pieces(value, |piece| match piece {
        Piece::Plain(bytes) => text.push_str(&String::from_utf8_lossy(bytes)),
        Piece::Words(run, _) => text.push_str(&run.decoded().text),
    });
    if read { text } else { String::from_utf8_lossy(value).into_owned() }
}

/// Whether bytes of a value have no meaning in their character set.
pub(super) fn is_lossy(value: &[u8]) -> bool {
    let mut is_lossy = false;
    let read = pieces(value, |piece| match piece {
        Piece::Plain(bytes) => is_lossy |= std::str::from_utf8(bytes).is_err(),
        Piece::Words(run, _) => is_lossy |= run.decoded().is_lossy,
    });
    is_lossy || (!read && std::str::from_utf8(value).is_err())
}

/// What a value consists of.
enum Piece<'a> {
    Plain(&'a [u8]),
    /// A run of words, and the bytes of one that every reader decodes alike.
    Words(Run<'a>, Option<&'a [u8]>),
}

/// Calls `each` with every piece of a value; not at all, and false, if it has no encoded word.
fn pieces<'a>(value: &'a [u8], mut each: impl FnMut(Piece<'a>)) -> bool {
    let mut done = 0;
    let mut from = 0;
    while let Some(at) = memmem::find(&value[from..], b"=?").map(|at| from + at) {
        let Some(run) = Run::of(&value[at..]) else {
            from = at + 2;
            continue;
        };
        if at > done {
            each(Piece::Plain(&value[done..at]));
        }
        done = at + run.length;
        let plain = Some(&value[at..done]).filter(|_| run.is_plain());
        each(Piece::Words(run, plain));
        from = done;
    }
    if done > 0 && done < value.len() {
        each(Piece::Plain(&value[done..]));
    }
    done > 0
}

/// Words next to each other that have one character set.
struct Run<'a> {
    label: &'a str,
    words: SmallVec<[Word<'a>; 2]>,
    /// Bytes from the first word to the end of the last.
    length: usize,
}

impl<'a> Run<'a> {
    /// The run that a value begins with.
    fn of(value: &'a [u8]) -> Option<Self> {
        let first = Word::of(value)?;
        let mut run = Self { label: first.label, length: first.length, words: smallvec![first] };
        loop {
            let gap = value[run.length..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            match Word::of(&value[run.length + gap..]) {
                Some(next) if next.label.eq_ignore_ascii_case(run.label) => {
                    run.length += gap + next.length;
                    run.words.push(next);
                }
                _ => return Some(run),
            }
        }
    }

    /// Whether it is one word of UTF-8 as RFC 2047 has it.
    fn is_plain(&self) -> bool {
        let is_whole = |word: &Word<'_>| word.encoding == WordEncoding::Quoted || word.data.len().is_multiple_of(4);
        self.words.len() == 1 && self.label.eq_ignore_ascii_case("utf-8") && self.words.iter().all(is_whole)
    }

    fn decoded(&self) -> Decoded {
        let charset = Charset::of(self.label);
        let decode = |bytes| charset::decode(charset, Cow::Owned(bytes));
        let joined = || {
            let mut words = self.words.iter().map(Word::bytes);
            let mut bytes = words.next().unwrap_or_default();
            words.for_each(|mut more| bytes.append(&mut more));
            decode(bytes)
        };
        let mut found = match charset {
            Some(charset) if !charset.is_stateless() => {
                // Each word begins in the first state (RFC 2047, section 3).
                let apart = self.words.iter().map(|word| decode(word.bytes())).reduce(|mut before, next| {
                    before.text.push_str(&next.text);
                    before.is_lossy |= next.is_lossy;
                    before
                });
                apart.filter(|apart| !apart.is_lossy).unwrap_or_else(joined)
            }
            _ => joined(),
        };
        if found.is_lossy && self.words.len() > 1 && self.words.iter().all(|word| word.encoding == WordEncoding::Base64)
        {
            // Base64 that was split after it was made, at any place.
            let whole: Vec<u8> = self.words.iter().flat_map(|word| word.data).copied().collect();
            found = Some(decode(base64(&whole))).filter(|whole| !whole.is_lossy).unwrap_or(found);
        }
        found
    }
}

/// `=?label?encoding?data?=`
struct Word<'a> {
    label: &'a str,
    encoding: WordEncoding,
    data: &'a [u8],
    length: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WordEncoding {
    Base64,
    Quoted,
}

impl<'a> Word<'a> {
    /// The word that a value begins with; none if it is not well-formed enough to be meant as one.
    fn of(value: &'a [u8]) -> Option<Self> {
        let rest = value.strip_prefix(b"=?")?;
        let end = memchr(b'?', &rest[..rest.len().min(LABEL_BYTES_MAX + 1)])?;
        let label = std::str::from_utf8(&rest[..end]).ok()?.trim_matches([' ', '\t']);
        // A language may follow (RFC 2231, section 5).
        let label = label.split('*').next().filter(|label| label.len() > 1 && label.bytes().all(is_of_label))?;
        let (encoding, rest) = rest[end + 1..].trim_ascii_start().split_first()?;
        let encoding = match encoding.to_ascii_lowercase() {
            b'b' => WordEncoding::Base64,
            b'q' => WordEncoding::Quoted,
            _ => return None,
        };
        let rest = rest.trim_ascii_start().strip_prefix(b"?")?;
        let data = &rest[..memmem::find(&rest[..rest.len().min(DATA_BYTES_MAX + 2)], b"?=")?];
        let length = value.len() - rest.len() + data.len() + 2;
        encoding.allows(data).then_some(Self { label, encoding, data, length })
    }

    fn bytes(&self) -> Vec<u8> {
        match self.encoding {
            WordEncoding::Base64 => base64(self.data),
            WordEncoding::Quoted => quoted(self.data),
        }
    }
}

fn is_of_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.:+()".contains(&byte)
}

impl WordEncoding {
    fn allows(self, data: &[u8]) -> bool {
        match self {
            Self::Base64 => {
                data.iter().all(|byte| sextet(*byte).is_some() || *byte == b'=' || byte.is_ascii_whitespace())
            }
            // A sign at the very end is text that was not encoded.
            Self::Quoted => data.split(|byte| *byte == b'=').skip(1).all(|after| match after {
                [] => true,
                [high, low, ..] => hex(*high).is_some() && hex(*low).is_some(),
                [_] => false,
            }),
        }
    }
}

/// RFC 2047, section 4.2. Line breaks within a word are folds, with the white space that follows.
fn quoted(data: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'_', _) => decoded.push(b' '),
            (b'=', [high, low, after @ ..]) => {
                decoded.push(hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0));
                rest = after;
            }
            (b'=', _) | (b'\r', _) => {}
            (b'\n', _) => rest = after.trim_ascii_start(),
            _ => decoded.push(byte),
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> String {
        text(value.as_bytes())
    }

    #[test]
    fn characters_that_are_split_between_words_are_joined() {
        for split in [
            "=?UTF-8?Q?caf=C3?=\r\n =?UTF-8?Q?=A9?=",
            "=?utf-8?B?Y2Fmww==?=\r\n\t=?UTF-8?b?qQ==?=",
            "=?utf-8?B?Y2Fm?==?UTF-8?Q?=C3?= =?utf-8?B?qQ?=",
            "=?utf-8?B?Y2F?=\n =?utf-8?B?mw6k?=",
            "=?iso-8859-1?Q?caf=C3?= =?iso-8859-1?Q?=A9?=",
        ] {
            assert_eq!(read(split), "café", "{split}");
        }
        assert_eq!(read("=?gb2312?B?xOO6?= =?gb2312?B?ww==?="), "你好");
        assert_eq!(read("=?shift_jis?Q?=83?= =?shift_jis?Q?n?="), "ハ");
    }

    #[test]
    fn words_with_a_state_begin_anew() {
        let japanese = "=?iso-2022-jp?B?GyRCJU8=?= =?iso-2022-jp?B?GyRCJW0bKEI=?=";
        assert_eq!(read(japanese), "ハロ");
        assert_eq!(read("=?utf-16le?B?//5hAA==?= =?utf-16le?B?//5iAA==?="), "ab");
        assert_eq!(read("=?iso-2022-kr?B?GyQpQw5DTg8=?= =?iso-2022-kr?B?Dj95Dw==?="), "촘월");
    }

    #[test]
    fn words_of_two_character_sets_are_two_texts() {
        assert_eq!(read("=?utf-8?Q?a=C3?= =?koi8-r?B?8NI=?="), "a\u{fffd} Пр");
        assert_eq!(read("=?utf-8?q?a?= b =?utf-8?q?c?="), "a b c");
    }

    #[test]
    fn sloppy_words_are_understood() {
        for (word, expected) in [
            ("=?utf-8?B?Y2Fmw6k?=", "café"),
            ("=?utf-8?B?Y2Fm w6k= ?=", "café"),
            ("=?utf-8?B?Y2Fm\r\n w6k=?=", "café"),
            ("=?utf-8*en?q?caf=C3=A9?=", "café"),
            ("=? UTF-8 ?Q?caf=c3=a9?=", "café"),
            ("=?utf-8?Q?100=25_or 100%=?=", "100% or 100%"),
            ("=?ks_c_5601-1987?B?vsiz5w==?=", "안녕"),
            ("=?ms949?B?vsiz5w==?=", "안녕"),
            ("=?cp437?Q?caf=82?=", "café"),
            ("=?klingon?Q?caf=C3=A9?=", "café"),
        ] {
            assert_eq!(read(word), expected, "{word}");
        }
    }

    #[test]
    fn what_is_no_word_stays() {
        for plain in ["=?utf-8?q?broken", "=?utf-8?x?a?=", "=?utf-8?q?=ZZ?=", "=?utf-8?b?a*b?=", "=??q?a?=", "a =? b"] {
            assert_eq!(read(plain), plain);
            assert_eq!(&*unified(plain.as_bytes()), plain.as_bytes());
        }
    }

    #[test]
    fn beginnings_alone_cost_little() {
        for value in ["=?aa?q?", "=?aa?q?=", "=?aa?b?*", "=?"] {
            let _ = text(value.repeat(10_000).as_bytes());
        }
    }

    #[test]
    fn readers_get_one_word() {
        let unified = unified(b"x =?UTF-8?Q?caf=C3?=\r\n =?UTF-8?Q?=A9?= <a@b>");
        assert_eq!(String::from_utf8_lossy(&unified), "x =?utf-8?B?Y2Fmw6k=?= <a@b>");
    }
}
