//! Character n-grams.

use super::classes::{BLOCK, continuations, spaces};
use super::hash::{Kind, Namespace, index_of, mix, start, whiten};
use super::set::FeatureSet;
use super::text::Text;

/// The n-grams taken from one block: all whose eight bytes lie within it.
const STEP: usize = BLOCK - 8;

impl FeatureSet {
    /// Adds every n-gram of `N` bytes, 2 to 8, punctuation and spaces included, as if one space stood
    /// before the text and one after it. An n-gram starts at a character (and may end within one), and
    /// has no two spaces side by side, so that wide gaps make no features.
    ///
    /// ```compile_fail
    /// # use switchback_guest::features::{FeatureSet, Namespace, Text};
    /// FeatureSet::new(16).add_grams::<9>(&Text::new(), Namespace::BODY); // does not compile
    /// ```
    pub fn add_grams<const N: usize>(&mut self, text: &Text, namespace: Namespace) {
        const { assert!(N >= 2 && N <= 8, "n-grams have 2 to 8 bytes") };
        add::<N>(self, text, namespace);
    }
}

/// Adds the n-grams of a text, eight to a turn of the inner loop.
fn add<const N: usize>(set: &mut FeatureSet, text: &Text, namespace: Namespace) {
    let bits = set.bits();
    let (state, keep) = (whiten(start(Kind::Gram, namespace, N)), keep(N));
    each_eight::<N>(text, |window, wanted| {
        set.insert_up_to::<8>(|slots| {
            eight(window, |i, gram| {
                slots.insert_if(wanted >> i & 1 == 1, index_of(mix(state, gram & keep), bits));
            });
        });
    });
}

/// Calls with the hash of each n-gram of a text.
#[cfg(not(target_arch = "wasm32"))]
#[inline(always)]
pub(super) fn each<const N: usize>(text: &Text, namespace: Namespace, mut call: impl FnMut(u64)) {
    let (state, keep) = (whiten(start(Kind::Gram, namespace, N)), keep(N));
    each_eight::<N>(text, |window, wanted| {
        eight(window, |i, gram| {
            if wanted >> i & 1 == 1 {
                call(mix(state, gram & keep));
            }
        });
    });
}

/// A mask of the bytes of a block that are in an n-gram of `n` bytes, 2 to 8.
#[inline(always)]
const fn keep(n: usize) -> u64 {
    u64::MAX >> (64 - 8 * n)
}

/// Calls with windows of eight places, and a bit for each place at which an n-gram starts.
#[inline(always)]
fn each_eight<const N: usize>(text: &Text, mut call: impl FnMut(&[u8; 16], u64)) {
    let last = text.grams_end(N);
    for (base, block) in text.blocks::<STEP>() {
        let mut wanted = starts::<N>(block) & first_bits(last.saturating_sub(base).min(STEP));
        let mut windows = block.as_slice();
        while wanted != 0 {
            if let Some(window) = windows.first_chunk::<16>() {
                call(window, wanted);
            }
            wanted >>= 8;
            windows = windows.get(8..).unwrap_or_default();
        }
    }
}

/// Calls with the eight blocks of eight bytes that start at the first eight bytes of a window.
#[inline(always)]
fn eight(window: &[u8; 16], mut call: impl FnMut(u32, u64)) {
    let both = u128::from_le_bytes(*window);
    for i in 0..8 {
        call(i, (both >> (8 * i)) as u64);
    }
}

/// Marks where n-grams start: at a character, with no two spaces side by side within `N` bytes.
#[inline(always)]
fn starts<const N: usize>(block: &[u8; BLOCK]) -> u64 {
    let space = spaces(block);
    let gap = space & space >> 1;
    let mut wide = 0;
    for i in 0..N - 1 {
        wide |= gap >> i;
    }
    !(wide | continuations(block))
}

/// A mask of the first `count` places, of at most 63.
#[inline(always)]
fn first_bits(count: usize) -> u64 {
    (1_u64 << count).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash;
    use crate::samples;

    /// The n-grams of a text as the documentation defines them, one place at a time.
    fn grams<const N: usize>(text: &Text) -> Vec<Vec<u8>> {
        let spaced = [b" ", text.as_bytes(), b" "].concat();
        let is_wanted = |gram: &&[u8]| {
            let gap = gram.windows(2).any(|two| two == b"  ");
            gram[0] & 0xC0 != 0x80 && !gap
        };
        spaced.windows(N).filter(is_wanted).map(<[u8]>::to_vec).collect()
    }

    fn check<const N: usize>() {
        let mut text = Text::new();
        for sample in samples::texts() {
            let mut set = FeatureSet::new(20);
            text.normalise(&sample);
            set.add_grams::<N>(&text, Namespace::BODY);

            let mut expected = FeatureSet::new(20);
            for gram in grams::<N>(&text) {
                expected.insert(index_of(hash(Kind::Gram, Namespace::BODY, &gram), 20));
            }
            assert_eq!(set.indices(), expected.indices(), "{N}-grams of {sample:?}");
        }
    }

    #[test]
    fn the_grams_are_those_of_the_definition() {
        check::<2>();
        check::<3>();
        check::<4>();
        check::<5>();
        check::<8>();
    }

    #[test]
    fn a_text_without_gaps_has_one_gram_per_place() {
        let mut text = Text::new();
        let mut set = FeatureSet::new(20);
        text.normalise("abc");
        set.add_grams::<4>(&text, Namespace::BODY);
        let index = |gram: &[u8]| index_of(hash(Kind::Gram, Namespace::BODY, gram), 20);
        assert_eq!(set.indices(), [index(b" abc"), index(b"abc ")]);
    }
}
