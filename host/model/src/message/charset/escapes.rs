//! Seven-bit character sets that switch with escape sequences, rewritten as eight-bit ones that encoding_rs knows.
//!
//! WHATWG maps them to *replacement*, so that browsers show nothing. Mail programs decode them. Reading is lenient:
//! a sequence counts wherever it stands, and a line that ends while shifted ends the shift.

use encoding_rs::GB18030;

use super::cns;

const ESCAPE: u8 = 0x1B;
const SHIFT_OUT: u8 = 0x0E;
const SHIFT_IN: u8 = 0x0F;

/// A byte that has no meaning in GB18030: U+FFFD.
const NO_MEANING: u8 = 0xFF;

/// The eight-bit form of a byte that is half of a character.
fn high(byte: u8) -> u8 {
    if (0x21..=0x7E).contains(&byte) { byte | 0x80 } else { byte }
}

/// RFC 1557 -> EUC-KR.
pub(super) fn iso_2022_kr(bytes: &[u8]) -> Vec<u8> {
    let mut euc = Vec::with_capacity(bytes.len());
    let mut is_shifted = false;
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            // Which character set is shifted to: there is only one.
            ESCAPE if after.starts_with(b"$)C") => rest = &after[3..],
            SHIFT_OUT => is_shifted = true,
            SHIFT_IN => is_shifted = false,
            b'\n' => {
                is_shifted = false;
                euc.push(byte);
            }
            _ => euc.push(if is_shifted { high(byte) } else { byte }),
        }
    }
    euc
}

/// RFC 1922, both ISO-2022-CN and ISO-2022-CN-EXT -> GB18030, which has every character. GB 2312 and the first two planes
/// of CNS 11643 are decoded; characters of ISO-IR-165 and of other planes have no meaning here.
pub(super) fn iso_2022_cn(bytes: &[u8]) -> Vec<u8> {
    let mut gb = Vec::with_capacity(bytes.len());
    let (mut is_shifted, mut set) = (false, b'A');
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (ESCAPE, [b'$', b')', designated, after @ ..]) => {
                set = *designated;
                rest = after;
            }
            (ESCAPE, [b'$', b'*' | b'+', _, after @ ..]) => rest = after,
            // Single shifts: the next character is of the second or third set.
            (ESCAPE, [shift @ (b'N' | b'O'), first, second, after @ ..]) => {
                push(Some([*first, *second]).filter(|_| *shift == b'N').and_then(cns::plane_2), &mut gb);
                rest = after;
            }
            (SHIFT_OUT, _) => is_shifted = true,
            (SHIFT_IN, _) => is_shifted = false,
            (b'\n', _) => {
                is_shifted = false;
                gb.push(byte);
            }
            (0x21..=0x7E, [second, after @ ..]) if is_shifted && set != b'A' => {
                push(Some([byte, *second]).filter(|_| set == b'G').and_then(cns::plane_1), &mut gb);
                rest = after;
            }
            _ => gb.push(if is_shifted { high(byte) } else { byte }),
        }
    }
    gb
}

/// Adds a character, or that there is none.
fn push(character: Option<char>, gb: &mut Vec<u8>) {
    match character {
        Some(character) => gb.extend_from_slice(&GB18030.encode(character.encode_utf8(&mut [0; 4])).0),
        None => gb.push(NO_MEANING),
    }
}

/// RFC 1843 -> GB18030.
pub(super) fn hz(bytes: &[u8]) -> Vec<u8> {
    let mut gb = Vec::with_capacity(bytes.len());
    let mut is_shifted = false;
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'~', [b'{', after @ ..]) if !is_shifted => {
                is_shifted = true;
                rest = after;
            }
            (b'~', [b'}', after @ ..]) if is_shifted => {
                is_shifted = false;
                rest = after;
            }
            (b'~', [b'~', after @ ..]) if !is_shifted => {
                gb.push(b'~');
                rest = after;
            }
            // A line that goes on.
            (b'~', [b'\n', after @ ..] | [b'\r', b'\n', after @ ..]) if !is_shifted => rest = after,
            (b'\n', _) => {
                is_shifted = false;
                gb.push(byte);
            }
            // Both halves at once, or the second could be taken for the tilde of an escape sequence.
            (0x21..=0x7D, [second @ 0x21..=0x7E, after @ ..]) if is_shifted => {
                gb.extend([high(byte), high(*second)]);
                rest = after;
            }
            _ => gb.push(byte),
        }
    }
    gb
}
