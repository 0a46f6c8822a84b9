//! What characters are.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// What expressions tell apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Space,
    Letter,
    Number,
    Other,
}

/// As GPT-2's expression has it: `\s`, `\p{L}` and `\p{N}`.
pub(super) fn class(c: char) -> Class {
    match c {
        _ if c.is_whitespace() => return Class::Space,
        'a'..='z' | 'A'..='Z' => return Class::Letter,
        _ => {}
    }
    match c.general_category_group() {
        GeneralCategoryGroup::Letter => Class::Letter,
        GeneralCategoryGroup::Number => Class::Number,
        _ => Class::Other,
    }
}

/// `\w`, as Unicode has it (UTS #18, Annex C).
pub(super) fn is_of_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    let is_joiner = matches!(c, '\u{200c}' | '\u{200d}');
    let category = || c.general_category();
    let is_other = || matches!(category(), GeneralCategory::DecimalNumber | GeneralCategory::ConnectorPunctuation);
    c.is_alphabetic() || is_joiner || c.general_category_group() == GeneralCategoryGroup::Mark || is_other()
}

pub(super) fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || !c.is_ascii() && c.general_category_group() == GeneralCategoryGroup::Punctuation
}

/// The character that stands for a byte: itself, if it can be seen, else one of those behind the first 256.
pub(super) fn visible(byte: u8) -> char {
    let behind = match byte {
        b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff => return char::from(byte),
        0..=b' ' => u32::from(byte),
        0x7f..=0xa0 => u32::from(byte) - 0x7f + 33,
        0xad => 67,
    };
    char::from_u32(256 + behind).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_letters_marks_joiners_and_digits_and_no_other_numbers() {
        let of_word: String = "aé_7٣\u{301}\u{200d}‿½Ⅷ-".chars().filter(|c| is_of_word(*c)).collect();
        assert_eq!(of_word, "aé_7٣\u{301}\u{200d}‿Ⅷ");
        assert!(class('½') == Class::Number && class('é') == Class::Letter && class('-') == Class::Other);
    }

    #[test]
    fn every_byte_has_a_character_of_its_own_that_can_be_seen() {
        let mut all: Vec<char> = (0..=255).map(visible).collect();
        assert!(all.iter().all(|c| !c.is_whitespace() && !c.is_control()));
        assert_eq!((visible(b' '), visible(b'\n'), visible(0xad)), ('Ġ', 'Ċ', 'Ń'));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 256);
    }
}
