//! [`Merging`]: byte pair encoding. A word's characters are pieces, and those that follow each other are merged, in the order
//! of a list.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};

use super::add_bytes;
use super::vocabulary::Vocabulary;

/// How words become pieces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Merging {
    /// What is merged, the first of all first: two pieces, and what becomes of them.
    pub merges: Vec<(u32, u32, u32)>,
    /// The number of a character that has no piece; without one, it is left out.
    pub unknown: Option<u32>,
    /// Whether several of them are one.
    pub is_unknown_fused: bool,
    /// Whether the bytes of such a character are pieces, if all of them are known.
    pub are_bytes_known: bool,
    /// What a piece begins with that continues a word.
    pub prefix: String,
    /// What a piece ends with that ends a word.
    pub suffix: String,
    /// Whether a word that is a piece is not made of others.
    pub are_words_whole: bool,
}

/// [`Merging`] at work: what is merged, in the order of the two pieces, with its place in the list.
#[derive(Debug)]
pub(super) struct Merger {
    merges: Vec<((u32, u32), (u32, u32))>,
    /// Pieces of one character that continue a word or end one are looked up by other names.
    is_plain: bool,
}

/// What the piece at a place and the next one may become: first what is first in the list, then what is first in the word.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Proposal {
    rank: u32,
    place: usize,
    pair: (u32, u32),
    made: u32,
}

/// A piece of a word, and the places of those beside it.
struct Link {
    number: u32,
    before: Option<usize>,
    next: Option<usize>,
    is_gone: bool,
}

impl Merger {
    pub(super) fn new(of: &mut Merging) -> Self {
        let ranked = std::mem::take(&mut of.merges).into_iter().zip(0..);
        let mut merges: Vec<_> = ranked.map(|((left, right, made), rank)| ((left, right), (rank, made))).collect();
        // Of the same two, the last counts.
        merges.sort_unstable_by_key(|(pair, (rank, _))| (*pair, Reverse(*rank)));
        merges.dedup_by_key(|(pair, _)| *pair);
        Self { merges, is_plain: of.prefix.is_empty() && of.suffix.is_empty() }
    }

    pub(super) fn add_pieces(&self, of: &Merging, word: &str, vocabulary: &Vocabulary, to: &mut Vec<u32>) {
        if of.are_words_whole
            && let Some(number) = vocabulary.find(word)
        {
            to.push(number);
            return;
        }
        to.extend(self.merged(&self.characters(of, word, vocabulary)));
    }

    /// The pieces of a word's characters.
    fn characters(&self, of: &Merging, word: &str, vocabulary: &Vocabulary) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(word.len());
        let mut was_unknown = false;
        for (start, character) in word.char_indices() {
            let end = start + character.len_utf8();
            let number = if self.is_plain {
                vocabulary.find(&word[start..end])
            } else {
                let prefix = if start == 0 { "" } else { &of.prefix };
                let suffix = if end == word.len() { &of.suffix } else { "" };
                vocabulary.find(&[prefix, &word[start..end], suffix].concat())
            };
            let is_known =
                number.is_some() || (of.are_bytes_known && add_bytes(&word[start..end], vocabulary, &mut numbers));
            match (number, of.unknown) {
                (Some(number), _) => numbers.push(number),
                (None, Some(unknown)) if !(is_known || was_unknown && of.is_unknown_fused) => numbers.push(unknown),
                (None, _) => {}
            }
            was_unknown = !is_known;
        }
        numbers
    }

    /// Pieces, with all that is merged.
    fn merged(&self, numbers: &[u32]) -> Vec<u32> {
        let last = numbers.len().saturating_sub(1);
        let link = |(place, number): (usize, &u32)| Link {
            number: *number,
            before: place.checked_sub(1),
            next: (place < last).then_some(place + 1),
            is_gone: false,
        };
        let mut links: Vec<Link> = numbers.iter().enumerate().map(link).collect();
        let mut open = BinaryHeap::new();
        (0..numbers.len()).for_each(|place| self.propose(&links, place, &mut open));
        while let Some(Reverse(Proposal { place, pair: (left, right), made, .. })) = open.pop() {
            // One of the two may have become part of another since.
            let next = links[place].next.filter(|_| !links[place].is_gone && links[place].number == left);
            let Some(next) = next.filter(|next| links[*next].number == right) else { continue };
            links[next].is_gone = true;
            let behind = links[next].next;
            links[place].number = made;
            links[place].next = behind;
            if let Some(behind) = behind {
                links[behind].before = Some(place);
            }
            self.propose(&links, place, &mut open);
            if let Some(before) = links[place].before {
                self.propose(&links, before, &mut open);
            }
        }
        links.iter().filter(|link| !link.is_gone).map(|link| link.number).collect()
    }

    /// Adds what the piece at a place and the next one may become.
    fn propose(&self, links: &[Link], place: usize, open: &mut BinaryHeap<Reverse<Proposal>>) {
        let Some(next) = links[place].next else { return };
        let pair = (links[place].number, links[next].number);
        if let Ok(found) = self.merges.binary_search_by_key(&pair, |(pair, _)| *pair) {
            let (rank, made) = self.merges[found].1;
            open.push(Reverse(Proposal { rank, place, pair, made }));
        }
    }
}
