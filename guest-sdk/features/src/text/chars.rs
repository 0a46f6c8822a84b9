//! Normalising characters beyond ASCII.

/// Appends a character beyond ASCII, normalised: nothing, one character or more.
pub(super) fn append(out: &mut Vec<u8>, character: char) {
    match character {
        // The commonest first: Cyrillic, then scripts that have neither case nor digits.
        'а'..='я' => push(out, character),
        'А'..='Я' => push(out, shifted(character, 'А', 'а')),
        '\u{3040}'..='\u{3163}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' => {
            push(out, character);
        }
        'à'..='ö' | 'ø'..='ÿ' | 'ß' => push(out, character),
        'À'..='Ö' | 'Ø'..='Þ' => push(out, shifted(character, 'À', 'à')),
        _ if is_invisible(character) => {}
        _ => match ascii_of(character) {
            Some(byte) => out.push(byte),
            None => character.to_lowercase().for_each(|lower| push(out, lower)),
        },
    }
}

/// A character as far from `to` as it is from `from`.
fn shifted(character: char, from: char, to: char) -> char {
    let offset = u32::from(to) - u32::from(from);
    char::from_u32(u32::from(character) + offset).unwrap_or(character)
}

/// Appends a character as it is. Four bytes are always copied and the surplus is taken back: a copy of a
/// fixed length is one instruction.
fn push(out: &mut Vec<u8>, character: char) {
    let mut bytes = [0; 4];
    let surplus = 4 - character.encode_utf8(&mut bytes).len();
    out.extend_from_slice(&bytes);
    out.truncate(out.len() - surplus);
}

/// Whether a character shows nothing and takes no room, so that it can break up a word unseen: Unicode's
/// `Default_Ignorable_Code_Point` (`DerivedCoreProperties.txt`) and the blank Hangul fillers in it.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// The ASCII byte, normalised, that a character stands for; none if it stands for itself.
fn ascii_of(character: char) -> Option<u8> {
    let code = u32::from(character);
    match character {
        '\u{2018}'..='\u{201B}' | '\u{2032}' | 'ʼ' | '´' => Some(b'\''),
        '\u{201C}'..='\u{201F}' | '\u{2033}' | '«' | '»' => Some(b'"'),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some(b'-'),
        '…' | '·' | '•' | '、' | '。' => Some(b'.'),
        '\u{80}'..='\u{9F}' => Some(b' '),
        // Full-width forms: ASCII moved up.
        '\u{FF01}'..='\u{FF5E}' => Some(super::fold_ascii((code - 0xFF01) as u8 + b'!')),
        // Mathematical letters: thirteen alphabets of 26 capitals and 26 small letters.
        '\u{1D400}'..='\u{1D6A3}' => Some(b'a' + ((code - 0x1D400) % 26) as u8),
        // Circled letters, capitals and small; squared and circled white on black capitals.
        'Ⓐ'..='ⓩ' => Some(b'a' + ((code - 0x24B6) % 26) as u8),
        '\u{1F130}'..='\u{1F149}' => Some(b'a' + (code - 0x1F130) as u8),
        '\u{1F150}'..='\u{1F169}' => Some(b'a' + (code - 0x1F150) as u8),
        '\u{1F170}'..='\u{1F189}' => Some(b'a' + (code - 0x1F170) as u8),
        _ if character.is_whitespace() => Some(b' '),
        _ if character.is_numeric() => Some(b'0'),
        _ => None,
    }
}
