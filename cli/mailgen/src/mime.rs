//! Encodings of header fields and bodies.

use std::fmt::Write as _;

/// The longest line of an encoded body (RFC 2045, sections 6.7 and 6.8).
const LINE_MAX: usize = 76;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 without line ends (RFC 4648).
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let sextet = (word >> (18 - 6 * index)) as usize & 63;
            text.push(if index <= chunk.len() { char::from(BASE64[sextet]) } else { '=' });
        }
    }
    text
}

/// Base64 in lines.
pub(crate) fn base64_lines(bytes: &[u8]) -> String {
    let encoded = base64(bytes);
    let mut text = String::with_capacity(encoded.len() + encoded.len() / LINE_MAX * 2 + 2);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE_MAX));
        text.push_str(line);
        text.push_str("\r\n");
        rest = after;
    }
    text
}

/// Quoted-printable (RFC 2045, section 6.7) of text with `\n` line ends.
pub(crate) fn quoted_printable(text: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len() * 5 / 4);
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    for line in text.split(|byte| *byte == b'\n') {
        let mut column = 0;
        let last = line.len().saturating_sub(1);
        for (index, byte) in line.iter().copied().enumerate() {
            let literal = matches!(byte, b'!'..=b'<' | b'>'..=b'~') || (matches!(byte, b' ' | b'\t') && index < last);
            let width = if literal { 1 } else { 3 };
            if column + width >= LINE_MAX {
                encoded.push_str("=\r\n");
                column = 0;
            }
            if literal {
                encoded.push(char::from(byte));
            } else {
                push_hex(&mut encoded, byte);
            }
            column += width;
        }
        encoded.push_str("\r\n");
    }
    encoded
}

fn push_hex(text: &mut String, byte: u8) {
    let _ = write!(text, "={byte:02X}"); // A string takes everything.
}

/// How encoded words are written (RFC 2047, section 4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Word {
    /// `=?UTF-8?B?...?=`
    B,
    /// `=?UTF-8?Q?...?=`
    Q,
}

/// `text` as encoded words, whether it needs them or not, each within 75 characters.
pub(crate) fn encoded_words(text: &str, word: Word) -> String {
    // 75 less the frame of 12, in bytes before the encoding.
    let most = if word == Word::B { 45 } else { 20 };
    let mut encoded = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.floor_char_boundary(most));
        if !encoded.is_empty() {
            encoded.push(' ');
        }
        match word {
            Word::B => {
                encoded.push_str("=?UTF-8?B?");
                encoded.push_str(&base64(chunk.as_bytes()));
            }
            Word::Q => {
                encoded.push_str("=?UTF-8?Q?");
                chunk.bytes().for_each(|byte| match byte {
                    b' ' => encoded.push('_'),
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => encoded.push(char::from(byte)),
                    _ => push_hex(&mut encoded, byte),
                });
            }
        }
        encoded.push_str("?=");
        rest = after;
    }
    encoded
}

/// `text` for a header field: as it is if it is ASCII, else in encoded words.
pub(crate) fn header_text(text: &str, word: Word) -> String {
    if text.is_ascii() { text.to_owned() } else { encoded_words(text, word) }
}

/// A mailbox for a header field: the name quoted or encoded as it needs to be.
pub(crate) fn mailbox(name: &str, address: &str, word: Word) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || character == ' ';
    if name.is_empty() {
        address.to_owned()
    } else if !name.is_ascii() {
        format!("{} <{address}>", encoded_words(name, word))
    } else if name.chars().all(plain) {
        format!("{name} <{address}>")
    } else {
        format!("\"{}\" <{address}>", name.replace('"', ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_agrees_with_rfc_4648() {
        let encoded = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|t| base64(t.as_bytes()));
        assert_eq!(encoded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
    }

    #[test]
    fn quoted_printable_keeps_lines_short_and_ends_no_line_in_space() {
        let text = quoted_printable(format!("{} \né = ü\n", "x".repeat(200)).as_bytes());
        assert!(text.lines().all(|line| line.len() <= LINE_MAX));
        assert!(text.ends_with("x=20\r\n=C3=A9 =3D =C3=BC\r\n"), "{text}");
    }

    #[test]
    fn encoded_words_stay_within_75_characters() {
        for word in [Word::B, Word::Q] {
            let text = encoded_words(&"ünïcödé ".repeat(20), word);
            assert!(text.split(' ').all(|part| part.len() <= 75), "{text}");
        }
    }
}
