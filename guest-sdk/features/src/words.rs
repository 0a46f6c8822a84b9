//! Words and pairs of words.

use super::classes::{BLOCK, word_bytes};
use super::hash::{Kind, Namespace, fold, hash, index_of, pair, start};
use super::set::FeatureSet;
use super::text::Text;

/// The bytes of a word that count: four blocks of eight, so that hashing one needs no loop.
const WORD_BYTES_MAX: usize = 32;

impl FeatureSet {
    /// Adds every word: a run of letters, digits, `$`, `%` and characters beyond ASCII. Of a word longer
    /// than 32 bytes the first 32 count.
    pub fn add_words(&mut self, text: &Text, namespace: Namespace) {
        add::<false>(self, text, namespace);
    }

    /// Adds every word, and every pair of words that follow each other, whatever stands between them. The
    /// first word makes a pair with the start of the text.
    pub fn add_words_and_pairs(&mut self, text: &Text, namespace: Namespace) {
        add::<true>(self, text, namespace);
    }
}

/// Adds the words of a text, with `PAIRS` also each pair of neighbours.
fn add<const PAIRS: bool>(set: &mut FeatureSet, text: &Text, namespace: Namespace) {
    let bits = set.bits();
    each(text, namespace, |last, word| {
        set.insert_up_to::<2>(|slots| {
            slots.insert(index_of(word, bits));
            if PAIRS {
                slots.insert(index_of(pair(last, word), bits));
            }
        });
    });
}

/// Calls with the hash of each word of a text, and with that of the word before it; before the first word stands the
/// start of the text.
///
/// The start and the end of every word in a block come out of its bitmask; a turn of the inner loop is a
/// word, not a byte. A word that began in an earlier block is carried over in `from`.
#[inline(always)]
pub(super) fn each(text: &Text, namespace: Namespace, mut call: impl FnMut(u64, u64)) {
    let mut last = hash(Kind::Start, namespace, &[]);
    let mut inside = 0;
    let mut from = 0;
    for (base, block) in text.blocks::<BLOCK>() {
        let word = word_bytes(block);
        let before = word << 1 | inside;
        let mut starts = Positions { mask: word & !before, base };
        let mut ends = Positions { mask: before & !word, base };
        if inside == 0 {
            from = starts.pop();
        }
        inside = word >> 63;

        while ends.mask != 0 {
            let hash = hash_word(text.padded(), from, ends.pop(), namespace);
            call(last, hash);
            last = hash;
            from = starts.pop();
        }
    }
}

/// Places in the text: the bits of a mask, from a base on.
struct Positions {
    mask: u64,
    base: usize,
}

impl Positions {
    /// Takes the lowest; what it returns when there is none has no meaning.
    #[inline(always)]
    fn pop(&mut self) -> usize {
        let position = self.base.wrapping_add(self.mask.trailing_zeros() as usize);
        self.mask &= self.mask.wrapping_sub(1);
        position
    }
}

/// The same as [`hash`] of the word's first 32 bytes, read from a text that goes on
/// for at least so many bytes.
#[inline(always)]
fn hash_word(bytes: &[u8], from: usize, to: usize, namespace: Namespace) -> u64 {
    let length = to.wrapping_sub(from).min(WORD_BYTES_MAX);
    let window = &bytes[from..from.wrapping_add(WORD_BYTES_MAX)];
    let (blocks, _) = window.as_chunks::<8>();
    let block = |i: usize| u64::from_le_bytes(blocks[i]) & low_bytes(length.wrapping_sub(8 * i));
    let mut h = fold(start(Kind::Word, namespace, length), block(0));
    if length > 8 {
        h = fold(h, block(1));
        if length > 16 {
            h = fold(h, block(2));
            if length > 24 {
                h = fold(h, block(3));
            }
        }
    }
    h
}

/// A mask of the first `count` bytes of a block, all of them if there are more than eight. `count` is
/// at least 1.
#[inline(always)]
fn low_bytes(count: usize) -> u64 {
    let unused = 8_usize.saturating_sub(count) as u32;
    u64::MAX >> (8 * unused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    /// The words of a text as the documentation defines them, one byte at a time.
    fn words(text: &Text) -> Vec<&[u8]> {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"$%".contains(byte) || !byte.is_ascii();
        text.as_bytes()
            .split(|byte| !is_word(byte))
            .filter(|word| !word.is_empty())
            .map(|word| &word[..word.len().min(32)])
            .collect()
    }

    #[test]
    fn the_words_are_those_of_the_definition() {
        let mut text = Text::new();
        for sample in samples::texts() {
            let mut set = FeatureSet::new(20);
            text.normalise(&sample);
            set.add_words(&text, Namespace::BODY);

            let mut expected = FeatureSet::new(20);
            for word in words(&text) {
                expected.insert(index_of(hash(Kind::Word, Namespace::BODY, word), 20));
            }
            assert_eq!(set.indices(), expected.indices(), "{sample:?}");
        }
    }

    #[test]
    fn the_pairs_are_those_of_the_definition() {
        let mut text = Text::new();
        for sample in samples::texts() {
            let mut set = FeatureSet::new(20);
            text.normalise(&sample);
            set.add_words_and_pairs(&text, Namespace::LINK);

            let mut expected = FeatureSet::new(20);
            let mut last = hash(Kind::Start, Namespace::LINK, b"");
            for word in words(&text) {
                let word = hash(Kind::Word, Namespace::LINK, word);
                expected.insert(index_of(word, 20));
                expected.insert(index_of(pair(last, word), 20));
                last = word;
            }
            assert_eq!(set.indices(), expected.indices(), "{sample:?}");
        }
    }

    #[test]
    fn the_order_of_a_pair_matters() {
        let mut text = Text::new();
        let mut sets = [FeatureSet::new(20), FeatureSet::new(20)];
        for (set, sample) in sets.iter_mut().zip(["pay now", "now pay"]) {
            text.normalise(sample);
            set.add_words_and_pairs(&text, Namespace::SUBJECT);
        }
        let shared = sets[0].indices().iter().filter(|index| sets[1].indices().contains(index));
        assert_eq!(shared.count(), 2, "the two words, no pair");
    }
}
