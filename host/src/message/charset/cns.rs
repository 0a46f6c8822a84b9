//! CNS 11643, the character sets of Taiwan, by way of Big5, which has the same characters in almost the same order.
//!
//! A range of one is a range of the other: the tables have the first code of each, and zero where there is nothing in
//! Big5. They were made by comparing glibc's EUC-TW with Big5, character by character.

use encoding_rs::BIG5;

/// Plane 1, which `ESC $ ) G` designates: symbols and the usual ideographs.
const PLANE_1: &[(u16, u16)] = &[
    (0x2121, 0xA140),
    (0x2126, 0x0000),
    (0x2127, 0xA146),
    (0x212F, 0x0000),
    (0x2130, 0xA14F),
    (0x2136, 0xA157),
    (0x2138, 0x0000),
    (0x2139, 0xA156),
    (0x213A, 0x0000),
    (0x213E, 0xA15D),
    (0x216A, 0xA1AC),
    (0x216B, 0xA1AB),
    (0x216C, 0xA1AD),
    (0x2224, 0x0000),
    (0x2225, 0xA1C4),
    (0x2226, 0x0000),
    (0x2227, 0xA1C6),
    (0x2242, 0xA1E2),
    (0x2243, 0xA1E1),
    (0x2244, 0xA1E3),
    (0x2257, 0xA1F7),
    (0x2258, 0xA1F6),
    (0x2259, 0xA1F8),
    (0x225D, 0x0000),
    (0x225E, 0xA155),
    (0x225F, 0xA1FE),
    (0x2261, 0x0000),
    (0x2263, 0xA243),
    (0x2264, 0x0000),
    (0x2265, 0xA245),
    (0x2266, 0x0000),
    (0x2268, 0xA248),
    (0x234F, 0x0000),
    (0x2421, 0xA2AF),
    (0x243E, 0x0000),
    (0x243F, 0xA2CD),
    (0x2440, 0x0000),
    (0x2441, 0xA2CF),
    (0x2571, 0x0000),
    (0x2621, 0xC7E9),
    (0x2635, 0x0000),
    (0x4421, 0xA440),
    (0x4432, 0xA2CC),
    (0x4433, 0xA452),
    (0x452B, 0xA2CE),
    (0x452C, 0xA4CB),
    (0x5323, 0xAD40),
    (0x5753, 0xACFE),
    (0x5754, 0xAFD0),
    (0x6B50, 0xBE52),
    (0x6B51, 0xBBC8),
    (0x6F5C, 0xBE53),
];

/// Plane 2, which `ESC $ * H` designates: rarer ideographs.
const PLANE_2: &[(u16, u16)] = &[
    (0x2121, 0xC940),
    (0x212B, 0xC94B),
    (0x214C, 0xC9BE),
    (0x214D, 0xC96C),
    (0x217D, 0xC9BF),
    (0x224D, 0xCAF7),
    (0x224E, 0xC9ED),
    (0x2439, 0xCAF8),
    (0x376F, 0xDADF),
    (0x3770, 0xD6CD),
    (0x387E, 0xD77B),
    (0x3E63, 0xD6CC),
    (0x3E64, 0xDAE0),
    (0x3F6A, 0xD77A),
    (0x3F6B, 0xDBA7),
    (0x4424, 0xDDFD),
    (0x554B, 0xEBF1),
    (0x554C, 0xE8A3),
    (0x5722, 0xECDE),
    (0x5723, 0xE976),
    (0x5A28, 0xF0CB),
    (0x5A29, 0xEB5B),
    (0x5B3F, 0xEBF2),
    (0x5C6A, 0xECDF),
    (0x5D74, 0xF056),
    (0x5D75, 0xEDAA),
    (0x6039, 0xEEEC),
    (0x6243, 0xF057),
    (0x6337, 0xF0CC),
    (0x642F, 0xEEEB),
    (0x6430, 0xF163),
    (0x6438, 0xF16C),
    (0x6573, 0xF269),
    (0x664D, 0xF4B5),
    (0x664E, 0xF2C3),
    (0x6761, 0xF16B),
    (0x6762, 0xF375),
    (0x6934, 0xF268),
    (0x6935, 0xF466),
    (0x6962, 0xF4B6),
    (0x6A4B, 0xF663),
    (0x6A4C, 0xF4FD),
    (0x6C52, 0xF664),
    (0x7166, 0xF9C4),
    (0x7167, 0xF977),
    (0x7234, 0xF9C5),
    (0x7235, 0xF9C7),
    (0x7240, 0xF9C6),
    (0x7241, 0xF9D2),
    (0x7245, 0x0000),
];

/// The character of a code of plane 1.
pub(super) fn plane_1(code: [u8; 2]) -> Option<char> {
    character(PLANE_1, code)
}

/// The character of a code of plane 2.
pub(super) fn plane_2(code: [u8; 2]) -> Option<char> {
    character(PLANE_2, code)
}

fn character(ranges: &[(u16, u16)], code: [u8; 2]) -> Option<char> {
    let code = u16::from_be_bytes(code);
    let at = ranges.partition_point(|(start, _)| *start <= code).checked_sub(1)?;
    let (start, big5) = ranges[at];
    if big5 == 0 {
        return None;
    }
    let [lead, trail] = big5_at(big5_index(big5) + (cns_index(code) - cns_index(start)));
    let pair = [u8::try_from(lead).ok()?, u8::try_from(trail).ok()?];
    let (text, is_lossy) = BIG5.decode_without_bom_handling(&pair);
    text.chars().next().filter(|_| !is_lossy)
}

/// Which of a plane's 94 times 94 codes it is.
fn cns_index(code: u16) -> u16 {
    (code >> 8) * 94 + (code & 0xFF)
}

/// Which of Big5's codes it is: 157 for each first byte, 63 of them before the gap from 0x7F to 0xA0.
fn big5_index(code: u16) -> u16 {
    let trail = code & 0xFF;
    (code >> 8) * 157 + if trail < 0x7F { trail - 0x40 } else { trail - 0xA1 + 63 }
}

fn big5_at(index: u16) -> [u16; 2] {
    let trail = index % 157;
    [index / 157, if trail < 63 { trail + 0x40 } else { trail - 63 + 0xA1 }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_planes_are_those_of_glibc() {
        // iconv -f EUC-TW
        for (code, expected) in [
            ([0x21, 0x22], '，'),
            ([0x44, 0x21], '一'),
            ([0x44, 0x42], '兀'),
            ([0x57, 0x53], '耄'),
            ([0x7D, 0x4B], '籲'),
        ] {
            assert_eq!(plane_1(code), Some(expected), "{code:x?}");
        }
        for (code, expected) in [([0x21, 0x21], '乂'), ([0x44, 0x24], '毻'), ([0x72, 0x44], '龘')] {
            assert_eq!(plane_2(code), Some(expected), "{code:x?}");
        }
        assert_eq!((plane_1([0x7D, 0x4C]), plane_2([0x72, 0x45]), plane_1([0x20, 0x20])), (None, None, None));
    }
}
