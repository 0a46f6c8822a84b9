//! Texts of others in messages: no longer than a person reads.

/// The first characters of a text, and a sign that there are more.
pub(crate) fn beginning(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}

/// Characters of an error of a parser or a compiler, which may quote what it was given.
pub(crate) const ERROR_CHARS_MAX: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_says_so() {
        assert_eq!(beginning("größer", 6), "größer");
        assert_eq!(beginning("größer", 3), "grö…");
        assert_eq!(beginning("", 0), "");
        assert_eq!(beginning("x", 0), "…");
    }
}
