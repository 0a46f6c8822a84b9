//! [`Normal`]: what is done with a text before it is cut.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::charsmap::Charsmap;
use crate::error::Error;

/// A step of what is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Normal {
    /// BERT's.
    Bert {
        /// Whether control characters are removed, and all white space is a space.
        is_cleaned: bool,
        /// Whether each Chinese character is a word.
        are_chinese_characters_words: bool,
        /// Whether accents are removed.
        are_accents_removed: bool,
        /// Whether letters become small ones.
        is_lower_case: bool,
    },
    /// One of Unicode's forms.
    Form(Form),
    /// Letters become small ones.
    LowerCase,
    /// Marks that belong to another character are removed.
    NoMarks,
    /// White space is removed at one end or both.
    Trimmed {
        /// At the beginning.
        start: bool,
        /// At the end.
        end: bool,
    },
    /// A text in the place of another one.
    Replaced {
        /// Which.
        text: String,
        /// What becomes of it.
        by: String,
    },
    /// A text in the place of several spaces: as many as this, or more.
    Spaces {
        /// The least.
        count: usize,
        /// What becomes of them.
        by: String,
    },
    /// A text before one that is not empty.
    Begun(String),
    /// SentencePiece's table of characters.
    Charsmap(Vec<u8>),
}

/// Unicode's forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the form of that name")]
pub enum Form {
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
}

impl Normal {
    /// The table, ready to be used.
    pub(super) fn charsmap(&self) -> Result<Option<Charsmap>, Error> {
        match self {
            Self::Charsmap(bytes) => Charsmap::new(bytes).map(Some),
            _ => Ok(None),
        }
    }

    pub(super) fn apply(&self, text: String, map: Option<&Charsmap>) -> String {
        match self {
            &Self::Bert { is_cleaned, are_chinese_characters_words, are_accents_removed, is_lower_case } => {
                let cleaned = text.chars().filter(|c| !(is_cleaned && is_removed(*c)));
                let cleaned = cleaned.map(|c| if is_cleaned && c.is_whitespace() { ' ' } else { c });
                let parted = cleaned.flat_map(|c| {
                    let space = (are_chinese_characters_words && is_chinese(c)).then_some(' ');
                    space.into_iter().chain([c]).chain(space)
                });
                let mut to = String::with_capacity(text.len());
                let mut add = |c: char| match is_lower_case {
                    true => to.extend(c.to_lowercase()),
                    false => to.push(c),
                };
                match are_accents_removed {
                    true => parted.nfd().filter(|c| !is_accent(*c)).for_each(&mut add),
                    false => parted.for_each(&mut add),
                }
                to
            }
            Self::Form(Form::Nfc) => text.nfc().collect(),
            Self::Form(Form::Nfd) => text.nfd().collect(),
            Self::Form(Form::Nfkc) => text.nfkc().collect(),
            Self::Form(Form::Nfkd) => text.nfkd().collect(),
            Self::LowerCase => text.chars().flat_map(char::to_lowercase).collect(),
            Self::NoMarks => {
                text.chars().filter(|c| c.general_category_group() != GeneralCategoryGroup::Mark).collect()
            }
            &Self::Trimmed { start, end } => {
                let text = if start { text.trim_start() } else { &text };
                (if end { text.trim_end() } else { text }).to_owned()
            }
            Self::Replaced { text: from, by } => text.replace(from, by),
            Self::Spaces { count, by } => with_spaces(&text, *count, by),
            Self::Begun(_) if text.is_empty() => text,
            Self::Begun(by) => [by, &*text].concat(),
            Self::Charsmap(_) => map.map_or_else(|| text.clone(), |map| map.apply(&text)),
        }
    }
}

/// A text with something in the place of so many spaces or more.
fn with_spaces(text: &str, count: usize, by: &str) -> String {
    let mut to = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(' ') {
        let length = rest[start..].bytes().take_while(|byte| *byte == b' ').count();
        to.push_str(&rest[..start]);
        to.push_str(if length >= count { by } else { &rest[start..start + length] });
        rest = &rest[start + length..];
    }
    to + rest
}

/// What tells nothing: NUL, what stands for undecodable bytes, and what controls and is no white space.
fn is_removed(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r');
    }
    c == char::REPLACEMENT_CHARACTER || c.general_category_group() == GeneralCategoryGroup::Other
}

fn is_accent(c: char) -> bool {
    !c.is_ascii() && c.general_category() == GeneralCategory::NonspacingMark
}

/// The blocks of Chinese characters, as BERT has them: those of Japanese and Korean scripts are none.
fn is_chinese(c: char) -> bool {
    matches!(
        u32::from(c),
        0x4E00..=0x9FFF
            | 0x3400..=0x4DBF
            | 0x20000..=0x2A6DF
            | 0x2A700..=0x2B73F
            | 0x2B740..=0x2B81F
            | 0x2B920..=0x2CEAF
            | 0xF900..=0xFAFF
            | 0x2F800..=0x2FA1F
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_nothing_goes_and_each_chinese_character_is_a_word() {
        let bert = Normal::Bert {
            is_cleaned: true,
            are_chinese_characters_words: true,
            are_accents_removed: false,
            is_lower_case: false,
        };
        for (text, expected) in [
            ("a\u{fffd}\u{200b}\u{7f}b", "ab"),
            ("a\tb\u{a0}c", "a b c"),
            ("x\u{f900}\u{20000}y", "x \u{f900}  \u{20000} y"),
            ("あ한É", "あ한É"),
        ] {
            assert_eq!(bert.apply(text.to_owned(), None), expected);
        }
    }

    #[test]
    fn each_step_does_what_it_is_called() {
        let spaces = |count| Normal::Spaces { count, by: "_".into() };
        for (step, text, expected) in [
            (Normal::Form(Form::Nfc), "e\u{301}", "é"),
            (Normal::Form(Form::Nfd), "é", "e\u{301}"),
            (Normal::Form(Form::Nfkc), "ﬁ", "fi"),
            (Normal::Form(Form::Nfkd), "é①", "e\u{301}1"),
            (Normal::LowerCase, "ÄΣİ", "äσi\u{307}"),
            (Normal::NoMarks, "e\u{301}\u{20dd}x", "ex"),
            (Normal::Trimmed { start: true, end: false }, "\u{3000}a ", "a "),
            (Normal::Trimmed { start: false, end: true }, " a\n", " a"),
            (Normal::Replaced { text: " ".into(), by: "▁".into() }, "a b", "a▁b"),
            (spaces(2), "a  b c    d", "a_b c_d"),
            (spaces(1), " a ", "_a_"),
            (Normal::Begun("▁".into()), "a", "▁a"),
            (Normal::Begun("▁".into()), "", ""),
        ] {
            assert_eq!(step.apply(text.to_owned(), None), expected, "{step:?}");
        }
    }
}
