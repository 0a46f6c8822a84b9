//! [`Tokenizer`]: from a text to the numbers of its pieces, as Hugging Face's `tokenizers` computes them: the text is made
//! normal, cut into words, and each word becomes pieces of a vocabulary.

mod characters;
mod charsmap;
mod cut;
mod merging;
mod normal;
mod unigram;
mod vocabulary;
mod word_piece;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use charsmap::Charsmap;
use cut::{Cutter, Piece};
use merging::Merger;
use vocabulary::Vocabulary;

pub use cut::{Cut, How, Prepend, What};
pub use merging::Merging;
pub use normal::{Form, Normal};
pub use unigram::Unigram;
pub use word_piece::WordPiece;

/// A tokenizer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tokenizer {
    /// What is done with a text first, in order.
    pub normal: Vec<Normal>,
    /// Pieces that are found in the normal text before anything else, the longest first, and their numbers.
    pub added: Vec<(String, u32)>,
    /// What is done with the text between them, in order.
    pub cuts: Vec<Cut>,
    /// The pieces, by their numbers; an empty one is never found.
    pub pieces: Vec<String>,
    /// How a word becomes pieces.
    pub algorithm: Algorithm,
    /// The numbers that come before the pieces of each text.
    pub before: Vec<u32>,
    /// The numbers that come behind them.
    pub after: Vec<u32>,
    /// How many numbers there are in all: what is longer is cut, with `after` kept, and what is shorter is filled.
    pub length: usize,
    /// The number that it is filled with.
    pub filling: u32,
    /// Whether it is filled at its beginning, not at its end.
    pub is_filled_before: bool,
}

/// How a word becomes pieces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Algorithm {
    /// The longest piece first.
    WordPiece(WordPiece),
    /// Byte pair encoding: pieces that follow each other are merged, in the order of a list.
    Merging(Merging),
    /// The pieces whose scores add up to the most.
    Unigram(Unigram),
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

/// [`Tokenizer`] at work.
#[derive(Debug)]
pub(crate) struct Encoder {
    of: Tokenizer,
    charsmaps: Vec<Option<Charsmap>>,
    cutters: Vec<Cutter>,
    added: Vocabulary,
    vocabulary: Vocabulary,
    merger: Option<Merger>,
}

/// The numbers of a text.
#[derive(Debug)]
pub(crate) struct Tokens {
    numbers: Vec<i64>,
    /// Which of them are of the text.
    text: std::ops::Range<usize>,
}

impl Tokens {
    pub(crate) fn part(&self, part: Part) -> Vec<i64> {
        let length = self.numbers.len();
        match part {
            Part::Numbers => self.numbers.clone(),
            Part::Mask => (0..length).map(|place| i64::from(self.text.contains(&place))).collect(),
            Part::Types => vec![0; length],
        }
    }
}

impl Tokenizer {
    /// Checks what a text is done to before a model is packed.
    ///
    /// # Errors
    /// If an expression or a map of characters is none.
    pub fn check(&self) -> Result<(), Error> {
        Encoder::new(self.clone()).map(drop)
    }
}

impl Encoder {
    pub(crate) fn new(mut of: Tokenizer) -> Result<Self, Error> {
        let charsmaps = of.normal.iter().map(Normal::charsmap).collect::<Result<_, _>>()?;
        let cutters = of.cuts.iter().map(Cutter::new).collect::<Result<_, _>>()?;
        let vocabulary = Vocabulary::new(std::mem::take(&mut of.pieces).into_iter().zip(0..).collect());
        let merger = match &mut of.algorithm {
            Algorithm::Merging(merging) => Some(Merger::new(merging)),
            Algorithm::WordPiece(_) | Algorithm::Unigram(_) => None,
        };
        let added = Vocabulary::new(Vec::new());
        let mut encoder = Self { of, charsmaps, cutters, added, vocabulary, merger };
        let added = std::mem::take(&mut encoder.of.added);
        let added = added.into_iter().map(|(piece, number)| (encoder.normalized(piece), number));
        encoder.added = Vocabulary::new(added.collect());
        Ok(encoder)
    }

    pub(crate) fn tokens(&self, text: &str) -> Tokens {
        let room = self.of.length.saturating_sub(self.of.before.len() + self.of.after.len());
        let mut pieces = Vec::with_capacity(room);
        let normal = self.normalized(text.to_owned());
        let mut rest = &*normal;
        // What does not fit need not be looked up.
        while !rest.is_empty() && pieces.len() < room {
            let (start, found) = self.next_added(rest);
            let is_at_start = rest.len() == normal.len();
            self.add_words(Piece { text: rest[..start].to_owned(), is_at_start }, room, &mut pieces);
            let length = found.map_or(0, |(length, number)| {
                pieces.push(number);
                length
            });
            rest = &rest[start + length..];
        }
        pieces.truncate(room);
        let all = self.of.before.iter().chain(&pieces).chain(&self.of.after);
        let mut numbers: Vec<i64> = all.map(|number| i64::from(*number)).collect();
        let count = numbers.len();
        let filled = self.of.length.saturating_sub(count);
        numbers.resize(count + filled, i64::from(self.of.filling));
        if !self.of.is_filled_before {
            return Tokens { numbers, text: 0..count };
        }
        numbers.rotate_right(filled);
        Tokens { numbers, text: filled..filled + count }
    }

    fn normalized(&self, text: String) -> String {
        self.of.normal.iter().zip(&self.charsmaps).fold(text, |text, (step, map)| step.apply(text, map.as_ref()))
    }

    /// Where the next of the added pieces begins, with its length and number; the end of the text, if there is none.
    fn next_added(&self, text: &str) -> (usize, Option<(usize, u32)>) {
        if self.added.is_empty() {
            return (text.len(), None);
        }
        let longest = |start: usize| self.added.prefixes(&text.as_bytes()[start..]).last();
        let found = text.char_indices().find_map(|(start, _)| Some((start, Some(longest(start)?))));
        found.unwrap_or((text.len(), None))
    }

    /// Adds the numbers of a text's words, until there is no more room.
    fn add_words(&self, text: Piece, room: usize, to: &mut Vec<u32>) {
        let mut words = vec![text];
        for cutter in &self.cutters {
            words = words.into_iter().flat_map(|word| cutter.cut(word)).collect();
        }
        for word in words.iter().map(|word| &*word.text).filter(|word| !word.is_empty()) {
            if to.len() >= room {
                break;
            }
            match &self.of.algorithm {
                Algorithm::WordPiece(of) => of.add_pieces(word, &self.vocabulary, to),
                Algorithm::Unigram(of) => of.add_pieces(word, &self.vocabulary, to),
                Algorithm::Merging(of) => {
                    if let Some(merger) = &self.merger {
                        merger.add_pieces(of, word, &self.vocabulary, to);
                    }
                }
            }
        }
    }
}

/// Adds the numbers of a text's bytes, each of which has a piece such as `<0x0A>`. Returns whether all have.
fn add_bytes(text: &str, vocabulary: &Vocabulary, to: &mut Vec<u32>) -> bool {
    let numbers: Option<Vec<u32>> = text.bytes().map(|byte| vocabulary.find(&format!("<0x{byte:02X}>"))).collect();
    let all = numbers.is_some();
    to.extend(numbers.unwrap_or_default());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokenizer(length: usize) -> Tokenizer {
        let pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##want", "##ed", "mail", "!", "e", "中", "##e"];
        Tokenizer {
            normal: vec![Normal::Bert {
                is_cleaned: true,
                are_chinese_characters_words: true,
                are_accents_removed: true,
                is_lower_case: true,
            }],
            added: vec![("!!".into(), 20)],
            cuts: vec![Cut::At(What::WhiteSpace, How::Removed), Cut::At(What::Punctuation, How::Isolated)],
            pieces: pieces.map(String::from).into(),
            algorithm: Algorithm::WordPiece(WordPiece { prefix: "##".into(), unknown: 1, word_chars_max: 10 }),
            before: vec![2],
            after: vec![3],
            length,
            filling: 0,
            is_filled_before: false,
        }
    }

    fn numbers(of: Tokenizer, text: &str) -> Vec<i64> {
        Encoder::new(of).unwrap().tokens(text).part(Part::Numbers)
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
            ("mail!!!e", &[2, 7, 20, 8, 9, 3, 0, 0]),
            ("mail mail mail mail mail mail mail mail", &[2, 7, 7, 7, 7, 7, 7, 3]),
        ] {
            let tokens = Encoder::new(tokenizer(8)).unwrap().tokens(text);
            assert_eq!(tokens.part(Part::Numbers), expected, "{text}");
            let count = expected.iter().rposition(|number| *number == 3).unwrap() as i64 + 1;
            assert_eq!(tokens.part(Part::Mask).iter().sum::<i64>(), count, "{text}");
        }
    }

    #[test]
    fn what_is_filled_at_its_beginning_has_its_mask_there() {
        let of = Tokenizer { is_filled_before: true, ..tokenizer(6) };
        let tokens = Encoder::new(of).unwrap().tokens("mail");
        assert_eq!(tokens.part(Part::Numbers), [0, 0, 0, 2, 7, 3]);
        assert_eq!(tokens.part(Part::Mask), [0, 0, 0, 1, 1, 1]);
    }

    fn merging(merges: Vec<(u32, u32, u32)>) -> Tokenizer {
        let pieces = ["a", "b", "ab", "aa", "aab", "<0xC3>", "<0xA9>", "<0x21>"].map(String::from).into();
        let algorithm = Algorithm::Merging(Merging {
            merges,
            unknown: Some(9),
            is_unknown_fused: true,
            are_bytes_known: true,
            prefix: String::new(),
            suffix: String::new(),
            are_words_whole: false,
        });
        Tokenizer { normal: vec![], cuts: vec![], pieces, algorithm, before: vec![], after: vec![], ..tokenizer(3) }
    }

    #[test]
    fn what_is_first_in_the_list_is_merged_first_and_then_what_is_first_in_the_word() {
        assert_eq!(numbers(merging(vec![(0, 1, 2), (0, 0, 3)]), "aab"), [0, 2, 0]);
        assert_eq!(numbers(merging(vec![(0, 0, 3), (0, 1, 2), (3, 1, 4)]), "aab"), [4, 0, 0]);
        assert_eq!(numbers(merging(vec![(0, 0, 3)]), "aaa"), [3, 0, 0]);
        // The bytes of what has no piece and, of what has not all bytes, the one that is unknown.
        assert_eq!(numbers(merging(vec![]), "é!"), [5, 6, 7]);
        assert_eq!(numbers(merging(vec![]), "aüö"), [0, 9, 0]);
    }

    #[test]
    fn the_longest_of_the_added_pieces_is_found() {
        let of = Tokenizer { added: vec![("!!".into(), 20), ("!!!".into(), 21), ("!".into(), 22)], ..tokenizer(6) };
        assert_eq!(numbers(of, "!!!!!!"), [2, 21, 21, 3, 0, 0]);
    }

    #[test]
    fn a_merging_tokenizer_has_ways_of_its_own() {
        let with = |change: fn(&mut Merging), merges| {
            let mut of = merging(merges);
            let Algorithm::Merging(of_words) = &mut of.algorithm else { unreachable!("it is one") };
            change(of_words);
            of
        };
        assert_eq!(numbers(with(|of| of.are_words_whole = true, vec![]), "aab"), [4, 0, 0], "a word that is a piece");
        assert_eq!(numbers(with(|of| of.are_words_whole = true, vec![]), "ba"), [1, 0, 0]);
        assert_eq!(numbers(with(|of| of.is_unknown_fused = false, vec![]), "üöa"), [9, 9, 0]);
        assert_eq!(numbers(with(|of| of.unknown = None, vec![]), "üöa"), [0, 0, 0]);
        // The same two twice: what the last says, and when.
        assert_eq!(numbers(merging(vec![(0, 1, 3), (0, 0, 3), (0, 1, 2)]), "aab"), [3, 1, 0]);
        let mut of = with(|of| (of.prefix, of.suffix) = ("##".into(), "</w>".into()), vec![]);
        of.pieces = ["a", "##a", "##a</w>", "a</w>"].map(String::from).into();
        assert_eq!(numbers(of.clone(), "aaa"), [0, 1, 2]);
        assert_eq!(numbers(of, "a"), [3, 0, 0]);
    }

    #[test]
    fn a_long_word_is_merged_in_no_long_time() {
        let of = Tokenizer { length: 40_000, ..merging(vec![(0, 0, 3), (3, 1, 4)]) };
        let numbers = numbers(of, &"aab".repeat(20_000));
        assert_eq!(numbers[..20_000], [4; 20_000]);
    }

    #[test]
    fn the_pieces_with_the_highest_scores_are_those_of_a_word() {
        let pieces = ["<unk>", "a", "b", "ab", "abc", "c", "<0xC3>", "<0xA9>"].map(String::from).to_vec();
        let of = |scores: [f64; 8], are_bytes_known| {
            let algorithm = Algorithm::Unigram(Unigram {
                scores: scores.into(),
                unknown_score: -20.0,
                unknown: 0,
                are_bytes_known,
            });
            Tokenizer { pieces: pieces.clone(), algorithm, ..merging(vec![]) }
        };
        let scores = [0.0, -1.0, -1.0, -1.5, -9.0, -2.0, -9.0, -9.0];
        assert_eq!(numbers(of(scores, false), "abc"), [3, 5, 0]);
        assert_eq!(numbers(of([0.0, -1.0, -1.0, -3.0, -9.0, -2.0, -9.0, -9.0], false), "abc"), [1, 2, 5]);
        assert_eq!(numbers(of(scores, false), "aéüb"), [1, 0, 2], "what is unknown is one");
        // Of two ways that are alike, the one whose last piece is the longest.
        assert_eq!(numbers(of([0.0, -1.0, -1.0, -2.0, -9.0, -2.0, -9.0, -9.0], false), "ab"), [3, 0, 0]);
        assert_eq!(numbers(of(scores, true), "aéb"), [1, 6, 7]);
    }
}
