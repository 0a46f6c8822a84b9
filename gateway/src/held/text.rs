//! The line ends of a message.

use std::borrow::Cow;

/// The message as SMTP carries it: every line ends with CRLF. A CR or LF that stands alone, which SMTP forbids (RFC 5321,
/// section 2.3.8) and which servers take for a line's end or not, becomes CRLF: so nobody can smuggle a command in.
pub(super) fn with_crlf(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_alone = |(at, byte): (usize, &u8)| match byte {
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        b'\n' => at == 0 || bytes[at - 1] != b'\r',
        _ => false,
    };
    if !bytes.iter().enumerate().any(is_alone) {
        return Cow::Borrowed(bytes);
    }
    let mut text = Vec::with_capacity(bytes.len() + bytes.len() / 32);
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'\r' | b'\n' if is_alone((at, &byte)) => text.extend_from_slice(b"\r\n"),
            _ => text.push(byte),
        }
    }
    Cow::Owned(text)
}

/// The message as programs of this system take it: lines end with LF.
pub(super) fn with_lf(bytes: &[u8]) -> Vec<u8> {
    let mut text = with_crlf(bytes).into_owned();
    text.retain(|byte| *byte != b'\r');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_end_that_stands_alone_is_one() {
        for (bytes, text) in [
            (&b"a\r\nb\r\n"[..], &b"a\r\nb\r\n"[..]),
            (b"a\nb\r\n", b"a\r\nb\r\n"),
            (b"a\rb", b"a\r\nb"),
            (b"a\r\r\n.\r\n", b"a\r\n\r\n.\r\n"),
            (b"\n.\n", b"\r\n.\r\n"),
            (b"a\n\r", b"a\r\n\r\n"),
            (b"", b""),
        ] {
            assert_eq!(with_crlf(bytes), text, "{bytes:?}");
            assert_eq!(with_lf(bytes), text.iter().copied().filter(|b| *b != b'\r').collect::<Vec<_>>());
        }
        assert!(matches!(with_crlf(b"as it came\r\n"), Cow::Borrowed(_)));
    }
}
