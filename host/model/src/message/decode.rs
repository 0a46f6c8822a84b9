//! Bodies of parts: transfer encodings (RFC 2045). Character sets are in `charset.rs`.
//!
//! Decoding never gives up: what is broken is passed over or kept as it is, as mail programs do, and
//! [`is_broken`] tells.

use std::borrow::Cow;

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
        Encoding::Base64 => Cow::Owned(base64(body)),
        Encoding::QuotedPrintable => {
            let mut decoded = Vec::with_capacity(body.len());
            quoted_printable(body, &mut decoded);
            Cow::Owned(decoded)
        }
    }
}

/// Bytes of a body that are decoded at once where nobody needs all of it.
const PIECE_BYTES: usize = 65_536;

/// Undoes a transfer encoding piece by piece, in memory for one of them.
pub(super) fn in_pieces(encoding: Encoding, body: &[u8], mut each: impl FnMut(&[u8])) {
    let mut decoded = Vec::new();
    match encoding {
        Encoding::Identity | Encoding::Unknown => each(body),
        Encoding::Base64 => {
            let mut decoder = Base64::default();
            for piece in body.chunks(PIECE_BYTES) {
                decoder.decode(piece, &mut decoded);
                each(&decoded);
                decoded.clear();
            }
            decoder.finish(&mut decoded);
            each(&decoded);
        }
        Encoding::QuotedPrintable => {
            let mut rest = body;
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(quoted_piece(rest));
                quoted_printable(piece, &mut decoded);
                each(&decoded);
                decoded.clear();
                rest = after;
            }
        }
    }
}

/// Where a piece may end: not between an equals sign and what belongs to it.
fn quoted_piece(body: &[u8]) -> usize {
    let Some(most) = body.get(..PIECE_BYTES) else { return body.len() };
    let is_end = |last: &[u8]| last[0] != b'=' && !matches!(last[1], b'=' | b' ' | b'\t' | b'\r');
    most.windows(2).rposition(is_end).map_or(body.len(), |at| at + 2)
}

/// Whether a body is not in the encoding that it claims.
pub(super) fn is_broken(encoding: Encoding, body: &[u8]) -> bool {
    match encoding {
        Encoding::Identity => false,
        Encoding::Unknown => true,
        Encoding::Base64 => {
            let is_known = |byte: u8| {
                byte.is_ascii_alphanumeric() | matches!(byte, b'+' | b'/' | b'=') | byte.is_ascii_whitespace()
            };
            // So many at once are a few instructions.
            body.chunks(64).any(|bytes| bytes.iter().fold(false, |broken, byte| broken | !is_known(*byte)))
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
fn quoted_printable(body: &[u8], decoded: &mut Vec<u8>) {
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
}

/// A whole text in base64.
pub(super) fn base64(body: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(body.len().div_ceil(4) * 3);
    let mut decoder = Base64::default();
    decoder.decode(body, &mut decoded);
    decoder.finish(&mut decoded);
    decoded
}

/// RFC 2045, section 6.8: characters outside the alphabet are ignored. Padding ends a group of four, not the body,
/// because some programs encode piece by piece.
#[derive(Default)]
struct Base64 {
    group: u32,
    /// Characters of the group.
    count: usize,
    /// There were characters outside the alphabet.
    is_broken: bool,
    is_ended: bool,
}

impl Base64 {
    /// Decodes a piece of a text.
    fn decode(&mut self, piece: &[u8], decoded: &mut Vec<u8>) {
        let mut rest = piece;
        while !self.is_ended {
            if self.count == 0 {
                rest = groups(rest, decoded);
            }
            let Some((&byte, after)) = rest.split_first() else { return };
            rest = after;
            match sextet(byte) {
                Some(value) => {
                    self.group = self.group << 6 | u32::from(value);
                    self.count += 1;
                }
                None if byte == b'=' || byte.is_ascii_whitespace() => {}
                // For mail-parser, which decoded this once, the byte 255 ends a text in which all was well before.
                None => (self.is_ended, self.is_broken) = (byte == u8::MAX && !self.is_broken, true),
            }
            if self.count == 4 || byte == b'=' {
                self.finish(decoded);
            }
        }
    }

    /// Ends a group.
    fn finish(&mut self, decoded: &mut Vec<u8>) {
        if self.count >= 2 {
            let aligned = self.group << (6 * (4 - self.count));
            decoded.extend_from_slice(&aligned.to_be_bytes()[1..self.count]);
        }
        (self.group, self.count) = (0, 0);
    }
}

/// Decodes the whole groups that a text begins with, and gives what is left.
fn groups<'a>(text: &'a [u8], decoded: &mut Vec<u8>) -> &'a [u8] {
    let group = |text: &[u8]| (0..4).fold(0, |group, at| group | GROUPS[at][usize::from(text[at])]);
    let mut rest = text;
    while let Some((eight, after)) = rest.split_first_chunk::<32>() {
        let (mut bytes, mut all) = ([0; 24], 0);
        for (text, three) in eight.as_chunks::<4>().0.iter().zip(bytes.as_chunks_mut::<3>().0) {
            let group = group(text);
            all |= group;
            three.copy_from_slice(&group.to_be_bytes()[1..]);
        }
        if all >= UNKNOWN {
            break;
        }
        decoded.extend_from_slice(&bytes);
        rest = after;
    }
    while let Some((four, after)) = rest.split_first_chunk::<4>() {
        let group = group(four);
        if group >= UNKNOWN {
            break;
        }
        decoded.extend_from_slice(&group.to_be_bytes()[1..]);
        rest = after;
    }
    rest
}

/// The bit of a group in which a character is none of the alphabet.
const UNKNOWN: u32 = 1 << 24;

/// What a character means at each place of a group.
static GROUPS: [[u32; 256]; 4] = {
    let mut groups = [[UNKNOWN; 256]; 4];
    let mut byte = 0;
    while byte < 128 {
        if let Some(value) = sextet(byte) {
            let mut at = 0;
            while at < 4 {
                groups[at][byte as usize] = (value as u32) << (6 * (3 - at));
                at += 1;
            }
        }
        byte += 1;
    }
    groups
};

/// The value of a character of base64 (RFC 4648, section 4).
pub(super) const fn sextet(byte: u8) -> Option<u8> {
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
        let decoded =
            |body: &str| String::from_utf8(transfer(Encoding::QuotedPrintable, body.as_bytes()).into_owned()).unwrap();
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

    #[test]
    fn a_byte_of_255_ends_base64_that_is_sound_so_far() {
        assert_eq!(base64(b"aGVs\xffbG8="), b"hel");
        assert_eq!(base64(b"aG!Vs\xffbG8="), b"hello");
    }

    #[test]
    fn in_pieces_a_body_is_the_same() {
        let lines = [
            &b"aGVsbG8gd29ybGQhISEhISEhISEhISEhISEhISEhISEhISEhISEhISEhISE=\r\n"[..],
            b"=3D a=\r\n",
            b"= =\t \n",
            b"=C3=A9",
            b"a!b\xff",
        ];
        let encodings = [Encoding::Base64, Encoding::QuotedPrintable, Encoding::Identity];
        for (line, encoding) in lines.iter().flat_map(|line| encodings.map(|encoding| (line, encoding))) {
            for offset in 0..8 {
                let body = [&line[offset.min(line.len())..], &line.repeat(200_000 / line.len())].concat();
                let (mut pieces, mut most) = (Vec::new(), 0);
                in_pieces(encoding, &body, |piece| {
                    pieces.extend_from_slice(piece);
                    most = most.max(piece.len());
                });
                assert!(pieces == *transfer(encoding, &body), "{line:?} {encoding:?}");
                assert!(encoding == Encoding::Identity || most <= PIECE_BYTES);
            }
        }
    }
}
