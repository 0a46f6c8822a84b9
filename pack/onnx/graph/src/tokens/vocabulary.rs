//! [`Vocabulary`]: pieces that are found by what a text begins with.

use std::ops::Range;

/// Pieces in order, in one block of memory: a vocabulary has a quarter of a million, and none has an allocation of its own.
#[derive(Debug)]
pub(super) struct Vocabulary {
    bytes: Vec<u8>,
    /// Where each piece begins, and where the last one ends.
    starts: Vec<usize>,
    numbers: Vec<u32>,
}

impl Vocabulary {
    /// Takes pieces and their numbers; an empty piece is left out.
    pub(super) fn new(mut pieces: Vec<(String, u32)>) -> Self {
        pieces.retain(|(piece, _)| !piece.is_empty());
        pieces.sort_unstable();
        let mut vocabulary = Self { bytes: Vec::new(), starts: vec![0], numbers: Vec::with_capacity(pieces.len()) };
        for (piece, number) in pieces {
            vocabulary.bytes.extend_from_slice(piece.as_bytes());
            vocabulary.starts.push(vocabulary.bytes.len());
            vocabulary.numbers.push(number);
        }
        vocabulary
    }

    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The number of a piece.
    pub(super) fn find(&self, piece: &str) -> Option<u32> {
        let (length, number) = self.prefixes(piece.as_bytes()).last()?;
        (length == piece.len()).then_some(number)
    }

    /// The pieces that a text begins with, the shortest first: their lengths in bytes, and their numbers.
    pub(super) fn prefixes<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = (usize, u32)> + 'a {
        let mut range = 0..self.numbers.len();
        let begun = text.iter().enumerate().map_while(move |(depth, byte)| {
            range = self.with_byte(range.clone(), depth, *byte);
            // Of those that begin alike, the shortest is the first.
            let first = range.clone().next()?;
            let is_whole = self.starts[first + 1] - self.starts[first] == depth + 1;
            Some(is_whole.then(|| (depth + 1, self.numbers[first])))
        });
        begun.flatten()
    }

    /// Those of some pieces, alike in all bytes before, that have this one at a place.
    fn with_byte(&self, range: Range<usize>, depth: usize, byte: u8) -> Range<usize> {
        let at = |piece: usize| self.bytes[self.starts[piece]..self.starts[piece + 1]].get(depth).copied();
        let start = partition_point(range.clone(), |piece| at(piece) < Some(byte));
        start..partition_point(start..range.end, |piece| at(piece) == Some(byte))
    }
}

/// The first of some numbers for which something does not hold, where it holds for all before.
fn partition_point(range: Range<usize>, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_that_a_text_begins_with_are_found_the_shortest_first() {
        let pieces = ["", "b", "an", "a", "ana", "é", "anx"];
        let vocabulary = Vocabulary::new(pieces.map(String::from).into_iter().zip(0..).collect());
        let found = |text: &str| vocabulary.prefixes(text.as_bytes()).collect::<Vec<_>>();
        assert_eq!(found("anab"), [(1, 3), (2, 2), (3, 4)]);
        assert_eq!(found("éa"), [(2, 5)]);
        assert_eq!(found("xa"), []);
        assert_eq!((vocabulary.find("an"), vocabulary.find("anab"), vocabulary.find("")), (Some(2), None, None));
    }
}
