//! Texts from outside, and numbers, as people read them.

/// A text from outside, safe for a terminal: control and invisible formatting characters are replaced, and
/// what is longer than `chars_max` is cut. A subject must not be able to move the cursor.
pub fn printable(text: &str, chars_max: usize) -> String {
    let mut shown: String = text.chars().take(chars_max).map(|c| if is_harmless(c) { c } else { '\u{fffd}' }).collect();
    if text.chars().nth(chars_max).is_some() {
        shown.push('…');
    }
    shown
}

fn is_harmless(c: char) -> bool {
    // Direction overrides and their like, and the zero-width characters: text that is not what it seems.
    let invisible =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !c.is_control() && !invisible
}

/// `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut shown = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// `1 release`, `3 releases`.
pub fn counted(n: u64, what: &str) -> String {
    format!("{} {what}{}", count(n), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_cannot_move_the_cursor() {
        assert_eq!(printable("a\x1b[2Jb\u{202e}c\nd", 80), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d");
        assert_eq!(printable("grüße", 5), "grüße");
        assert_eq!(printable("grüße!", 5), "grüße…");
    }

    #[test]
    fn numbers_have_groups_of_three_digits_and_words_their_plural() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(999), "999");
        assert_eq!((counted(1, "flip"), counted(0, "flip")), ("1 flip".to_owned(), "0 flips".to_owned()));
    }
}
