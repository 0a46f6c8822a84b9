//! Texts of others in messages and logs: no longer than a person reads, and on one line.

use std::borrow::Cow;

/// The first characters of a text on one line, and a sign that there are more.
pub fn beginning(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => on_one_line(text.get(..end).unwrap_or_default()) + "…",
        None => on_one_line(text),
    }
}

/// The text or, where it has more than `bytes_max` bytes, as much of its beginning as fits with a sign that there are more.
pub fn within(text: &str, bytes_max: usize) -> Cow<'_, str> {
    if text.len() <= bytes_max {
        return text.into();
    }
    let end = text.floor_char_boundary(bytes_max.saturating_sub("…".len()));
    (text.get(..end).unwrap_or_default().to_owned() + "…").into()
}

/// A text whose line breaks, control characters and invisible characters are escaped: in a log it is no line of its own,
/// and at a terminal it is what it seems.
pub fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() || is_invisible(c) {
            true => line.extend(c.escape_default()),
            false => line.push(c),
        }
    }
    line
}

/// Direction overrides and their like, the zero-width characters, and what separates lines and paragraphs.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Characters of an error of a parser or a compiler, which may quote what it was given.
pub const ERROR_CHARS_MAX: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_says_so() {
        assert_eq!(beginning("größer", 6), "größer");
        assert_eq!(beginning("größer", 3), "grö…");
        assert_eq!(beginning("", 0), "");
        assert_eq!(beginning("x", 0), "…");
        assert_eq!(beginning("a\nb", 2), "a\\n…");
    }

    #[test]
    fn a_text_of_so_many_bytes_is_whole_and_a_longer_one_says_so() {
        for (text, bytes_max, expected) in [("größer", 8, "größer"), ("größer", 7, "grö…"), ("größer", 6, "gr…")]
        {
            assert_eq!(within(text, bytes_max), expected);
        }
        assert_eq!(within("", 0), "");
    }

    #[test]
    fn a_text_of_others_is_no_line_of_its_own() {
        for (text, line) in [
            ("x\nswitchback: all is well", "x\\nswitchback: all is well"),
            ("a\r\n\tb", "a\\r\\n\\tb"),
            ("\x1b[2J\0\u{85}", "\\u{1b}[2J\\u{0}\\u{85}"),
            ("\u{2028}\u{202e}\u{200b}", "\\u{2028}\\u{202e}\\u{200b}"),
            ("größer: \\n 'x' \"y\"", "größer: \\n 'x' \"y\""),
        ] {
            assert_eq!(on_one_line(text), line);
            assert_eq!(on_one_line(line), line);
        }
    }
}
