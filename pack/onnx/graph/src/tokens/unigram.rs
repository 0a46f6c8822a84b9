//! [`Unigram`]: the pieces whose scores add up to the most, as SentencePiece has it.

use serde::{Deserialize, Serialize};

use super::add_bytes;
use super::vocabulary::Vocabulary;

/// How words become pieces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unigram {
    /// The logarithm of each piece's probability, by its number.
    pub scores: Vec<f64>,
    /// That of a character that has no piece.
    pub unknown_score: f64,
    /// The number of characters that have none: all that follow each other are one.
    pub unknown: u32,
    /// Whether the bytes of such characters are pieces, if all of them are known.
    pub are_bytes_known: bool,
}

/// The best way to a place in a word.
#[derive(Clone, Copy)]
struct Way {
    score: f64,
    /// Where its last piece begins.
    from: usize,
    /// Its number; `None` of a character that has none.
    number: Option<u32>,
}

impl Unigram {
    /// Adds the numbers of a word's pieces.
    pub(super) fn add_pieces(&self, word: &str, vocabulary: &Vocabulary, to: &mut Vec<u32>) {
        let ways = self.ways(word, vocabulary);
        let mut found: Vec<(usize, usize, Option<u32>)> = Vec::new();
        let mut end = word.len();
        while let Some(way) = ways[end].filter(|_| end > 0) {
            match found.last_mut() {
                Some((from, _, None)) if way.number.is_none() => *from = way.from,
                _ => found.push((way.from, end, way.number)),
            }
            end = way.from;
        }
        for (from, end, number) in found.into_iter().rev() {
            match number {
                Some(number) => to.push(number),
                None if self.are_bytes_known && add_bytes(&word[from..end], vocabulary, to) => {}
                None => to.push(self.unknown),
            }
        }
    }

    /// The best way to each place of a word that one leads to; of equal ones, that whose last piece is the longest.
    fn ways(&self, word: &str, vocabulary: &Vocabulary) -> Vec<Option<Way>> {
        let mut ways: Vec<Option<Way>> = vec![None; word.len() + 1];
        ways[0] = Some(Way { score: 0.0, from: 0, number: None });
        for (from, character) in word.char_indices() {
            let Some(Way { score: so_far, .. }) = ways[from] else { continue };
            let mut add = |length: usize, score: f64, number: Option<u32>| {
                let way = &mut ways[from + length];
                if way.is_none_or(|best| so_far + score > best.score) {
                    *way = Some(Way { score: so_far + score, from, number });
                }
            };
            let mut is_character_known = false;
            for (length, number) in vocabulary.prefixes(&word.as_bytes()[from..]) {
                is_character_known |= length == character.len_utf8();
                let score = self.scores.get(number as usize).copied().unwrap_or(self.unknown_score);
                add(length, score, Some(number));
            }
            if !is_character_known {
                add(character.len_utf8(), self.unknown_score, None);
            }
        }
        ways
    }
}
