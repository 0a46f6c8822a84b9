//! UTF-7 (RFC 2152).

use memchr::memchr;

use super::Decoded;
use crate::message::decode::sextet;

pub(super) fn decode(bytes: &[u8]) -> Decoded {
    let mut decoded = Decoded { text: String::with_capacity(bytes.len()), is_lossy: false };
    let mut rest = bytes;
    while let Some(plus) = memchr(b'+', rest) {
        direct(&rest[..plus], &mut decoded);
        let shifted = &rest[plus + 1..];
        // The shift ends before the first other byte, or with the text.
        let end = shifted.iter().position(|byte| sextet(*byte).is_none()).unwrap_or(shifted.len());
        let (encoded, after) = shifted.split_at(end);
        rest = after.strip_prefix(b"-").unwrap_or(after);
        match units(encoded) {
            // `+-` is a plus sign. So is one that begins no shift, and what follows stands for itself.
            units if units.is_empty() => {
                decoded.text.push('+');
                direct(encoded, &mut decoded);
            }
            units => decoded.text.extend(char::decode_utf16(units).map(|unit| {
                decoded.is_lossy |= unit.is_err();
                unit.unwrap_or(char::REPLACEMENT_CHARACTER)
            })),
        }
    }
    direct(rest, &mut decoded);
    decoded
}

/// Adds bytes that stand for themselves: those of ASCII.
fn direct(bytes: &[u8], decoded: &mut Decoded) {
    let text = String::from_utf8_lossy(bytes);
    decoded.is_lossy |= matches!(text, std::borrow::Cow::Owned(_));
    decoded.text.push_str(&text);
}

/// The units of UTF-16 that a shift encodes, without bits that fill up the last sextet.
fn units(encoded: &[u8]) -> Vec<u16> {
    let (mut units, mut bits, mut count) = (Vec::with_capacity(encoded.len() * 3 / 8), 0_u32, 0);
    for value in encoded.iter().filter_map(|byte| sextet(*byte)) {
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 16 {
            count -= 16;
            // The highest 16 bits of those that are left.
            units.push((bits >> count & 0xFFFF) as u16);
        }
    }
    units
}
