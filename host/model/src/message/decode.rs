//! Bodies of parts: transfer encodings (RFC 2045). Character sets are in `charset.rs`.
//!
//! Decoding never gives up: what is broken is passed over or kept as it is, as mail programs do, and
//! [`is_broken`] tells.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use memchr::memchr;

/// How the body of a part is encoded (RFC 2045, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    /// `7bit`, `8bit`, `binary`, or nothing said.
    #[default]
    Identity,
    Base64,
    QuotedPrintable,
    /// Something else, `uuencode` say: read as it is, and a defect.
    Unknown,
}

impl Encoding {
    /// What the field Content-Transfer-Encoding says.
    pub(super) fn of(value: &[u8]) -> Self {
        let token = token(value);
        let is = |name: &[u8]| token.eq_ignore_ascii_case(name);
        if is(b"base64") {
            Self::Base64
        } else if is(b"quoted-printable") {
            Self::QuotedPrintable
        } else if token.is_empty() || is(b"7bit") || is(b"8bit") || is(b"binary") {
            Self::Identity
        } else {
            Self::Unknown
        }
    }
}

/// The encodings that mail has.
const NAMES: [&str; 5] = ["7bit", "8bit", "binary", "base64", "quoted-printable"];

/// What the field Content-Transfer-Encoding calls the encoding: `other` of one that nobody knows, nothing of none.
pub(super) fn declared(value: &[u8]) -> Option<&'static str> {
    let token = token(value);
    let known = NAMES.into_iter().find(|name| token.eq_ignore_ascii_case(name.as_bytes()));
    (!token.is_empty()).then(|| known.unwrap_or("other"))
}

/// Comments and what follows a semicolon are noise that some programs add.
fn token(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii();
    let is_end = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'(');
    &value[..value.iter().position(is_end).unwrap_or(value.len())]
}

/// Undoes a transfer encoding.
pub(super) fn transfer(encoding: Encoding, body: &[u8]) -> Cow<'_, [u8]> {
    match encoding {
        Encoding::Identity | Encoding::Unknown => Cow::Borrowed(body),
        Encoding::Base64 => Cow::Owned(base64_decode(body).unwrap_or_else(|| base64_leniently(body))),
        Encoding::QuotedPrintable => Cow::Owned(quoted_printable(body)),
    }
}

/// Whether a body is not in the encoding that it claims.
pub(super) fn is_broken(encoding: Encoding, body: &[u8]) -> bool {
    match encoding {
        Encoding::Identity => false,
        Encoding::Unknown => true,
        Encoding::Base64 => {
            !body.iter().all(|byte| sextet(*byte).is_some() || byte.is_ascii_whitespace() || *byte == b'=')
        }
        Encoding::QuotedPrintable => {
            let mut rest = body;
            while let Some(at) = memchr(b'=', rest) {
                let (escape, after) = escape(&rest[at + 1..]);
                if matches!(escape, Escape::Broken) {
                    return true;
                }
                rest = after;
            }
            false
        }
    }
}

/// What follows an equals sign.
enum Escape {
    Byte(u8),
    SoftBreak,
    Broken,
}

/// Reads what follows an equals sign, and what is left after it.
fn escape(rest: &[u8]) -> (Escape, &[u8]) {
    if let [high, low, after @ ..] = rest
        && let (Some(high), Some(low)) = (hex(*high), hex(*low))
    {
        return (Escape::Byte(high << 4 | low), after);
    }
    let padding = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
    match &rest[padding..] {
        [] => (Escape::SoftBreak, &[]),
        [b'\n', after @ ..] => (Escape::SoftBreak, after),
        _ => (Escape::Broken, rest),
    }
}

/// The value of a hexadecimal digit.
pub(super) fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// RFC 2045, section 6.7. White space at the ends of lines is kept: nothing here depends on it.
fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = memchr(b'=', rest) {
        decoded.extend_from_slice(&rest[..at]);
        let (escape, after) = escape(&rest[at + 1..]);
        match escape {
            Escape::Byte(byte) => decoded.push(byte),
            Escape::SoftBreak => {}
            Escape::Broken => decoded.push(b'='),
        }
        rest = after;
    }
    decoded.extend_from_slice(rest);
    decoded
}

/// RFC 2045, section 6.8: characters outside the alphabet are ignored. Padding ends a group of four,
/// not the body, because some programs encode piece by piece.
pub(super) fn base64_leniently(body: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(body.len() / 4 * 3);
    let (mut group, mut count) = (0_u32, 0);
    for &byte in body {
        if let Some(value) = sextet(byte) {
            group = group << 6 | u32::from(value);
            count += 1;
        }
        if count == 4 || byte == b'=' {
            flush(&mut decoded, group, count);
            (group, count) = (0, 0);
        }
    }
    flush(&mut decoded, group, count);
    decoded
}

/// Appends the whole bytes of a group of `count` sextets.
fn flush(decoded: &mut Vec<u8>, group: u32, count: usize) {
    if count >= 2 {
        let aligned = group << (6 * (4 - count));
        decoded.extend_from_slice(&aligned.to_be_bytes()[1..count]);
    }
}

/// The value of a character of base64 (RFC 4648, section 4).
pub(super) fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_printable_is_decoded_and_mended() {
        let decoded = |body: &str| String::from_utf8(quoted_printable(body.as_bytes())).unwrap();
        assert_eq!(decoded("caf=C3=A9 =3D=\r\n long= \nline"), "café = longline");
        assert_eq!(decoded("a=ZZ b= c="), "a=ZZ b= c");
        assert!(is_broken(Encoding::QuotedPrintable, b"a=ZZ"));
        assert!(!is_broken(Encoding::QuotedPrintable, b"=3D=\r\nx="));
    }

    #[test]
    fn base64_is_decoded_and_mended() {
        let decoded = |body: &[u8]| transfer(Encoding::Base64, body).into_owned();
        assert_eq!(decoded(b"aGVs\r\nbG8="), b"hello");
        assert_eq!(decoded(b"aGVs*bG8=\n-- \nx"), b"hello");
        assert_eq!(decoded(b"aGU=!bGxv"), b"hello");
        assert_eq!(decoded(b"!aGVsbA"), b"hell");
        assert_eq!(decoded(b"!"), b"");
        assert!(is_broken(Encoding::Base64, b"aGVs*bG8="));
        assert!(!is_broken(Encoding::Base64, b"aGVs\r\nbG8="));
    }
}
