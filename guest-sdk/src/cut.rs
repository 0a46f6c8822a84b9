//! Texts no longer than the contract allows.

/// The most bytes of a note, and of the reason to abstain.
pub(crate) const NOTE_BYTES_MAX: usize = 256;

/// The most bytes of a log line, and of an error.
#[cfg(target_arch = "wasm32")]
pub(crate) const LINE_BYTES_MAX: usize = 1_024;

/// What a text ends with that was cut.
const MARK: char = '…';

/// The text or, where it has more than `bytes_max` bytes, as much of its beginning as fits with a mark, cut between
/// characters.
pub(crate) fn cut(mut text: String, bytes_max: usize) -> String {
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max - MARK.len_utf8()));
        text.push(MARK);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_says_so() {
        for (text, bytes_max, expected) in
            [("größer", 8, "größer"), ("größer", 7, "grö…"), ("größer", 6, "gr…"), ("abcd", 3, "…"), ("", 3, "")]
        {
            assert_eq!(cut(text.to_owned(), bytes_max), expected);
        }
        let long = cut("é".repeat(200_000), NOTE_BYTES_MAX);
        assert!(long.len() <= NOTE_BYTES_MAX && long.ends_with("é…"), "{long}");
    }
}
