//! [`Cut`]: from a normal text to its words.

use regex_lite::Regex;
use serde::{Deserialize, Serialize};

use super::characters::{Class, class, is_of_word, is_punctuation, visible};
use crate::error::Error;

/// Something that is done with each piece of a text, of which the whole text is the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cut {
    /// It is cut where something stands in it.
    At(What, How),
    /// It is cut into what is made of letters, digits and marks, and what is made of other characters, without white space.
    Words,
    /// It is cut as GPT-2's expression does: letters, digits or others, each with a space before it, English endings such as
    /// `'ll`, and white space.
    Gpt2,
    /// A space comes before it, unless it begins with one.
    Spaced,
    /// Each of its bytes becomes a character that can be seen, as GPT-2's table says.
    Bytes,
    /// A character in the place of each space, and before it.
    Spaces {
        /// The character.
        by: char,
        /// Before which pieces; before none that begins with it.
        prepend: Prepend,
    },
}

/// Where a piece is cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// At each character of white space.
    WhiteSpace,
    /// At each punctuation mark.
    Punctuation,
    /// At each digit, or what else is a number.
    Digit,
    /// At a text.
    Text(String),
    /// At what an expression matches.
    Expression(String),
}

/// What becomes of what is cut at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// It is removed.
    Removed,
    /// It is a piece.
    Isolated,
    /// It belongs to what is before it.
    ToPrevious,
    /// It belongs to what is behind it.
    ToNext,
    /// All that follow each other are one piece.
    Contiguous,
}

/// Before which pieces a character comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prepend {
    /// Before each.
    Each,
    /// Before the one that the text begins with.
    First,
    /// Before none.
    None,
}

/// A piece of a text.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) text: String,
    /// Whether it is where the text begins.
    pub(super) is_at_start: bool,
}

/// [`Cut`] at work.
#[derive(Debug)]
pub(super) struct Cutter(Cut, Option<Regex>);

/// A part of a piece, and whether it is what is cut at.
type Part<'a> = (&'a str, bool);

impl Cutter {
    pub(super) fn new(of: &Cut) -> Result<Self, Error> {
        let Cut::At(What::Expression(expression), _) = of else { return Ok(Self(of.clone(), None)) };
        let refusal = |why: String| Error::Expression { expression: expression.clone(), why };
        // Classes of characters and `.` are not the same in all languages of expressions.
        let is_class = |pair: &[u8]| pair[0] == b'\\' && pair[1].is_ascii_alphabetic() && !b"nrt".contains(&pair[1]);
        if expression.as_bytes().windows(2).any(is_class) || expression.contains("(?") || expression.contains('.') {
            return Err(refusal("only characters, sets of them and repetitions are known".into()));
        }
        let regex = Regex::new(expression).map_err(|error| refusal(error.to_string()))?;
        Ok(Self(of.clone(), Some(regex)))
    }

    pub(super) fn cut(&self, piece: Piece) -> Vec<Piece> {
        let text = &*piece.text;
        let parts: Vec<&str> = match &self.0 {
            Cut::At(what, how) => how.join(text, &self.parts(what, text)),
            Cut::Words => runs(text).into_iter().filter(|run| !run.starts_with(char::is_whitespace)).collect(),
            Cut::Gpt2 => gpt2(text),
            Cut::Spaced if text.is_empty() || text.starts_with(' ') => return vec![piece],
            Cut::Spaced => return vec![Piece { text: [" ", text].concat(), ..piece }],
            Cut::Bytes => return vec![Piece { text: text.bytes().map(visible).collect(), ..piece }],
            Cut::Spaces { by, prepend } => {
                let mut text = text.replace(' ', by.encode_utf8(&mut [0; 4]));
                let is_wanted = match prepend {
                    Prepend::Each => true,
                    Prepend::First => piece.is_at_start,
                    Prepend::None => false,
                };
                if is_wanted && !text.is_empty() && !text.starts_with(*by) {
                    text.insert(0, *by);
                }
                return vec![Piece { text, ..piece }];
            }
        };
        let is_at_start = |part: &str| piece.is_at_start && part.as_ptr() == text.as_ptr();
        parts.iter().map(|part| Piece { text: (*part).to_owned(), is_at_start: is_at_start(part) }).collect()
    }

    /// What a piece is made of: what is cut at, and what is between it.
    fn parts<'a>(&self, what: &What, text: &'a str) -> Vec<Part<'a>> {
        match what {
            What::WhiteSpace => around(text, text.matches(char::is_whitespace)),
            What::Punctuation => around(text, text.matches(is_punctuation)),
            What::Digit => around(text, text.matches(char::is_numeric)),
            What::Text(found) => around(text, text.matches(&**found)),
            What::Expression(_) => {
                let found = self.1.iter().flat_map(|regex| regex.find_iter(text)).map(|found| found.as_str());
                around(text, found.filter(|found| !found.is_empty()))
            }
        }
    }
}

/// Parts of a text, and what is between them.
fn around<'a>(text: &'a str, found: impl Iterator<Item = &'a str>) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let mut end = 0;
    for part in found {
        let start = part.as_ptr() as usize - text.as_ptr() as usize;
        parts.extend((start > end).then(|| (&text[end..start], false)));
        parts.push((part, true));
        end = start + part.len();
    }
    parts.extend((end < text.len()).then(|| (&text[end..], false)));
    parts
}

impl How {
    /// The pieces that a text's parts become.
    fn join<'a>(self, text: &'a str, parts: &[Part<'a>]) -> Vec<&'a str> {
        // As many bytes of the text are in each piece.
        let mut lengths: Vec<(usize, bool)> = Vec::new();
        let mut add = |part: &Part<'_>, previous: Option<bool>| match (lengths.last_mut(), self) {
            (Some((length, _)), Self::ToPrevious | Self::ToNext) if part.1 && previous == Some(false) => {
                *length += part.0.len();
            }
            (Some((length, _)), Self::Contiguous) if previous == Some(part.1) => *length += part.0.len(),
            _ => lengths.push((part.0.len(), part.1)),
        };
        let mut previous = None;
        let mut visit = |part: &Part<'_>| add(part, previous.replace(part.1));
        if self == Self::ToNext {
            parts.iter().rev().for_each(&mut visit);
            lengths.reverse();
        } else {
            parts.iter().for_each(&mut visit);
        }
        let mut rest = text;
        let pieces = lengths.into_iter().map(|(length, is_cut_at)| {
            let (piece, behind) = rest.split_at(length);
            rest = behind;
            (piece, is_cut_at)
        });
        pieces.filter(|(_, is_cut_at)| !(self == Self::Removed && *is_cut_at)).map(|(piece, _)| piece).collect()
    }
}

/// The length of what a text has of one class at its beginning.
fn length(text: &str, of: Class) -> usize {
    text.find(|c| class(c) != of).unwrap_or(text.len())
}

/// What GPT-2's expression finds, one behind the other, without a gap:
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
fn gpt2(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let ending = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].into_iter().find(|end| rest.starts_with(end));
        let space = usize::from(first == ' ');
        let behind = rest[space..].chars().next().map(class).filter(|class| *class != Class::Space);
        let end = match (ending, behind) {
            (Some(ending), _) => ending.len(),
            // A letter, digit or other character, with or without a space.
            (None, Some(behind)) if space == 1 || class(first) != Class::Space => {
                space + length(&rest[space..], behind)
            }
            _ => {
                let run = length(rest, Class::Space);
                let last = rest[..run].char_indices().next_back().map_or(0, |(start, _)| start);
                // The last one of several belongs to what follows.
                if run < rest.len() && last > 0 { last } else { run }
            }
        };
        let (piece, behind) = rest.split_at(end);
        found.push(piece);
        rest = behind;
    }
    found
}

/// Runs of white space, of what words are made of, and of others.
fn runs(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        _ if c.is_whitespace() => Class::Space,
        _ if is_of_word(c) => Class::Letter,
        _ => Class::Other,
    };
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| class(c) != class(first)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        runs.push(run);
        rest = behind;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(cut: Cut, text: &str) -> Vec<String> {
        let pieces = Cutter::new(&cut).unwrap().cut(Piece { text: text.to_owned(), is_at_start: true });
        pieces.into_iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn what_is_cut_at_goes_where_it_is_said_to() {
        for (how, expected) in [
            (How::Removed, &["a", "b"][..]),
            (How::Isolated, &["-", "a", "-", "-", "b", "-"]),
            (How::ToPrevious, &["-", "a-", "-", "b-"]),
            (How::ToNext, &["-a", "-", "-b", "-"]),
            (How::Contiguous, &["-", "a", "--", "b", "-"]),
        ] {
            assert_eq!(cut(Cut::At(What::Punctuation, how), "-a--b-"), expected, "{how:?}");
        }
        let expression = |text: &str| Cut::At(What::Expression(text.into()), How::Isolated);
        assert_eq!(cut(expression("-+"), "a--b"), ["a", "--", "b"]);
        assert_eq!(cut(expression("-*"), "a-b"), ["a", "-", "b"], "what is empty cuts nothing");
    }

    #[test]
    fn white_space_of_several_leaves_its_last_to_the_word_behind_it() {
        for (text, expected) in [
            ("I'll  go\n\n now ", &["I", "'ll", " ", " go", "\n\n", " now", " "][..]),
            ("a\nb12 ++c", &["a", "\n", "b", "12", " ++", "c"]),
            ("'s' \u{a0}x", &["'s", "'", " ", "\u{a0}", "x"]),
        ] {
            assert_eq!(cut(Cut::Gpt2, text), expected);
        }
    }

    #[test]
    fn a_character_comes_before_the_pieces_that_it_is_to_come_before() {
        let spaces = |prepend, text: &str, is_at_start| {
            let piece = Piece { text: text.to_owned(), is_at_start };
            Cutter::new(&Cut::Spaces { by: '_', prepend }).unwrap().cut(piece).remove(0).text
        };
        for (prepend, expected) in
            [(Prepend::Each, ["_a_b", "_a"]), (Prepend::First, ["_a_b", "a"]), (Prepend::None, ["a_b", "a"])]
        {
            assert_eq!([spaces(prepend, "a b", true), spaces(prepend, "a", false)], expected, "{prepend:?}");
            assert_eq!([spaces(prepend, " a", true), spaces(prepend, "", true)], ["_a", ""], "{prepend:?}");
        }
    }

    #[test]
    fn the_first_piece_of_what_a_text_begins_with_is_where_it_begins() {
        let at_start = |is_at_start| {
            let pieces = Cutter::new(&Cut::At(What::WhiteSpace, How::Removed)).unwrap();
            let pieces = pieces.cut(Piece { text: "a b".to_owned(), is_at_start });
            pieces.into_iter().map(|piece| piece.is_at_start).collect::<Vec<_>>()
        };
        assert_eq!((at_start(true), at_start(false)), (vec![true, false], vec![false, false]));
    }

    #[test]
    fn an_expression_that_languages_disagree_on_is_refused() {
        for expression in [r"\w+", r"\p{L}", "a.b", "(?i:a)", "(?!a)", "["] {
            let error = Cutter::new(&Cut::At(What::Expression(expression.into()), How::Isolated)).unwrap_err();
            assert!(matches!(error, Error::Expression { .. }), "{expression}");
        }
    }
}
