//! Long values of header fields, in lines.

/// The longest line, in columns, its field name included (RFC 5322, section 2.1.1).
const COLUMNS_MAX: usize = 77;

/// The words of a value, one space between them, in lines of at most 77 columns where the words allow it: a word is never cut.
/// A line ends with LF, and the next begins with a space.
pub(crate) fn fold<'a>(name: &str, words: impl IntoIterator<Item = &'a str>) -> String {
    let mut value = String::new();
    // The field's name, the colon and the space after it.
    let mut column = name.len() + 2;
    for word in words {
        if value.is_empty() {
            column += word.len();
        } else if column + 1 + word.len() > COLUMNS_MAX {
            value.push_str("\n ");
            column = 1 + word.len();
        } else {
            value.push(' ');
            column += 1 + word.len();
        }
        value.push_str(word);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_short_and_words_are_whole() {
        let words: Vec<String> = (1..60).map(|length| "x".repeat(length)).collect();
        let value = fold("X-Switchback-Status", words.iter().map(String::as_str));
        let field = format!("X-Switchback-Status: {value}");
        assert!(field.split('\n').all(|line| line.len() <= 77), "{field}");
        assert!(field.split('\n').skip(1).all(|line| line.starts_with(' ')));
        assert_eq!(value.split_ascii_whitespace().collect::<Vec<_>>(), words);
        assert_eq!(fold("A", [&*"y".repeat(100), "z"]), format!("{}\n z", "y".repeat(100)));
        assert_eq!(fold("A", []), "");
    }
}
