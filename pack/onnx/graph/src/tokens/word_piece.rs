//! [`WordPiece`]: the longest piece first, as BERT's tokenizer has it.

use serde::{Deserialize, Serialize};

use super::vocabulary::Vocabulary;

/// How words become pieces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WordPiece {
    /// What a piece begins with that continues a word: `##`.
    pub prefix: String,
    /// The number of a word that has no pieces.
    pub unknown: u32,
    /// The most characters of a word that is looked up.
    pub word_chars_max: usize,
}

impl WordPiece {
    /// Adds the numbers of the longest pieces that a word is made of or, if it is made of none, that of what is unknown.
    pub(super) fn add_pieces(&self, word: &str, vocabulary: &Vocabulary, to: &mut Vec<u32>) {
        if word.chars().nth(self.word_chars_max).is_some() {
            to.push(self.unknown);
            return;
        }
        let known = to.len();
        let (mut rest, mut prefix) = (word.to_owned(), 0);
        while rest.len() > prefix {
            let longest = vocabulary.prefixes(rest.as_bytes()).last().filter(|(length, _)| *length > prefix);
            let Some((length, number)) = longest else {
                to.truncate(known);
                to.push(self.unknown);
                return;
            };
            to.push(number);
            rest = [&*self.prefix, &rest[length..]].concat();
            prefix = self.prefix.len();
        }
    }
}
