//! [`WordPiece`]: from a text to the numbers of its pieces, as BERT's tokenizer finds them and Hugging Face's `tokenizers`
//! computes them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// A tokenizer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WordPiece {
    /// The pieces, by their numbers.
    pub pieces: Vec<String>,
    /// What a piece begins with that continues a word: `##`.
    pub prefix: String,
    /// The number of a word that has no pieces.
    pub unknown: u32,
    /// The most characters of a word that is looked up.
    pub word_chars_max: usize,
    /// Whether control characters are removed, and all white space is a space.
    pub is_cleaned: bool,
    /// Whether each Chinese character is a word.
    pub are_chinese_characters_words: bool,
    /// Whether accents are removed.
    pub are_accents_removed: bool,
    /// Whether letters become small ones.
    pub is_lower_case: bool,
    /// The numbers that come before the pieces of each text.
    pub before: Vec<u32>,
    /// The numbers that come behind them.
    pub after: Vec<u32>,
    /// How many numbers there are in all: what is longer is cut, with `after` kept, and what is shorter is filled.
    pub length: usize,
    /// The number that it is filled with.
    pub filling: u32,
}

/// One of the inputs that a model takes of a tokenizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// The numbers.
    Numbers,
    /// 1 for each number that is one of the text, 0 for what it is filled with.
    Mask,
    /// 0 for each number: there is one text.
    Types,
}

/// [`WordPiece`] at work.
#[derive(Debug)]
pub(crate) struct Tokenizer {
    of: WordPiece,
    numbers: HashMap<String, u32>,
}

/// The numbers of a text.
#[derive(Debug)]
pub(crate) struct Tokens {
    numbers: Vec<i64>,
    /// How many of them are of the text.
    count: usize,
}

impl Tokens {
    pub(crate) fn part(&self, part: Part) -> Vec<i64> {
        let length = self.numbers.len();
        match part {
            Part::Numbers => self.numbers.clone(),
            Part::Mask => (0..length).map(|place| i64::from(place < self.count)).collect(),
            Part::Types => vec![0; length],
        }
    }
}

impl Tokenizer {
    pub(crate) fn new(mut of: WordPiece) -> Self {
        let numbers = std::mem::take(&mut of.pieces).into_iter().zip(0..).collect();
        Self { of, numbers }
    }

    pub(crate) fn tokens(&self, text: &str) -> Tokens {
        let room = self.of.length.saturating_sub(self.of.before.len() + self.of.after.len());
        let mut pieces = Vec::with_capacity(room);
        let mut normal = String::new();
        self.normalize(text, &mut normal);
        for word in words(&normal) {
            // What does not fit need not be looked up.
            if pieces.len() >= room {
                break;
            }
            self.add_pieces(word, &mut pieces);
        }
        pieces.truncate(room);
        let all = self.of.before.iter().chain(&pieces).chain(&self.of.after);
        let mut numbers: Vec<i64> = all.map(|number| i64::from(*number)).collect();
        let count = numbers.len();
        numbers.resize(self.of.length.max(count), i64::from(self.of.filling));
        Tokens { numbers, count }
    }

    /// Adds the numbers of the longest pieces that a word is made of or, if it is made of none, that of what is unknown.
    fn add_pieces(&self, word: &str, pieces: &mut Vec<u32>) {
        if word.chars().nth(self.of.word_chars_max).is_some() {
            pieces.push(self.of.unknown);
            return;
        }
        let known = pieces.len();
        let mut rest = word;
        while !rest.is_empty() {
            let is_first = rest.len() == word.len();
            let mut ends = rest.char_indices().map(|(start, character)| start + character.len_utf8()).rev();
            let Some((end, number)) = ends.find_map(|end| Some((end, self.number(&rest[..end], is_first)?))) else {
                pieces.truncate(known);
                pieces.push(self.of.unknown);
                return;
            };
            pieces.push(number);
            rest = &rest[end..];
        }
    }

    fn number(&self, piece: &str, is_first: bool) -> Option<u32> {
        if is_first {
            return self.numbers.get(piece).copied();
        }
        self.numbers.get(&[&*self.of.prefix, piece].concat()).copied()
    }

    fn normalize(&self, text: &str, to: &mut String) {
        let cleaned = text.chars().filter(|c| !(self.of.is_cleaned && is_removed(*c)));
        let cleaned = cleaned.map(|c| if self.of.is_cleaned && is_space(c) { ' ' } else { c });
        let parted = cleaned.flat_map(|c| {
            let is_word = self.of.are_chinese_characters_words && is_chinese(c);
            let space = is_word.then_some(' ');
            space.into_iter().chain([c]).chain(space)
        });
        let mut add = |c: char| match self.of.is_lower_case {
            true => to.extend(c.to_lowercase()),
            false => to.push(c),
        };
        match self.of.are_accents_removed {
            true => parted.nfd().filter(|c| c.general_category() != GeneralCategory::NonspacingMark).for_each(&mut add),
            false => parted.for_each(&mut add),
        }
    }
}

/// Words, and each punctuation mark.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(char::is_whitespace).flat_map(|part| part.split_inclusive(is_punctuation)).flat_map(|part| {
        let mark = part.chars().next_back().filter(|c| is_punctuation(*c)).map_or(0, char::len_utf8);
        let (word, mark) = part.split_at(part.len() - mark);
        [word, mark].into_iter().filter(|part| !part.is_empty())
    })
}

/// What tells nothing: NUL, what stands for undecodable bytes, and what controls and is no white space.
fn is_removed(c: char) -> bool {
    let is_control = c.general_category_group() == GeneralCategoryGroup::Other;
    c == '\0' || c == char::REPLACEMENT_CHARACTER || (is_control && !matches!(c, '\t' | '\n' | '\r'))
}

fn is_space(c: char) -> bool {
    c.is_whitespace()
}

fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || c.general_category_group() == GeneralCategoryGroup::Punctuation
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

    fn tokenizer(length: usize) -> Tokenizer {
        let pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##want", "##ed", "mail", "!", "e", "中", "##e"];
        Tokenizer::new(WordPiece {
            pieces: pieces.map(String::from).into(),
            prefix: "##".into(),
            unknown: 1,
            word_chars_max: 10,
            is_cleaned: true,
            are_chinese_characters_words: true,
            are_accents_removed: true,
            is_lower_case: true,
            before: vec![2],
            after: vec![3],
            length,
            filling: 0,
        })
    }

    #[test]
    fn words_become_their_longest_pieces_between_the_special_ones() {
        for (text, expected) in [
            ("", &[2, 3, 0, 0, 0, 0, 0, 0][..]),
            ("Unwanted MAIL!", &[2, 4, 5, 6, 7, 8, 3, 0]),
            ("mail\u{0}\tmail", &[2, 7, 7, 3, 0, 0, 0, 0]),
            ("é e\u{301}", &[2, 9, 9, 3, 0, 0, 0, 0]),
            ("e中e", &[2, 9, 10, 9, 3, 0, 0, 0]),
            ("other eeeeeeeeeee", &[2, 1, 1, 3, 0, 0, 0, 0]),
            ("mail mail mail mail mail mail mail mail", &[2, 7, 7, 7, 7, 7, 7, 3]),
        ] {
            let tokens = tokenizer(8).tokens(text);
            assert_eq!(tokens.part(Part::Numbers), expected, "{text}");
            let count = expected.iter().rposition(|number| *number == 3).unwrap() as i64 + 1;
            assert_eq!(tokens.part(Part::Mask).iter().sum::<i64>(), count, "{text}");
        }
    }
}
