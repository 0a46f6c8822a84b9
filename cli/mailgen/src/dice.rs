//! The only source of randomness.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A seeded source of choices.
///
/// Choices are made from raw words here rather than with `rand`'s distributions, so that a newer
/// `rand` never changes what a seed stands for.
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    words: ChaCha8Rng,
}

impl Dice {
    /// The choices of message `index` of the traffic that `seed` stands for: every message has a
    /// stream of its own and does not depend on those before it.
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        let mut words = ChaCha8Rng::seed_from_u64(seed);
        words.set_stream(index);
        Self { words }
    }

    /// A number from 0 up to but not including `bound`; 0 if `bound` is 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.words.next_u32()) * u64::from(bound)) >> 32) as u32
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// True in `per_mille` of 1,000 cases.
    pub(crate) fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    /// One of `items`, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }

    /// One of `words`, which must not be empty.
    pub(crate) fn word<'a>(&mut self, words: &[&'a str]) -> &'a str {
        self.pick::<&'a str>(words)
    }

    /// An index into `weights`, each as likely as its weight; 0 if all are 0.
    pub(crate) fn weighted(&mut self, weights: impl IntoIterator<Item = u32> + Clone) -> usize {
        let mut left = self.below(weights.clone().into_iter().sum());
        for (index, weight) in weights.into_iter().enumerate() {
            if left < weight {
                return index;
            }
            left -= weight;
        }
        0
    }

    /// `length` characters of `alphabet`, which is ASCII and has at most 256 characters.
    pub(crate) fn characters(&mut self, alphabet: &[u8], length: usize) -> String {
        let mut text = String::with_capacity(length);
        let mut bytes = [0; 64];
        while text.len() < length {
            self.words.fill_bytes(&mut bytes);
            for byte in bytes.iter().take(length - text.len()) {
                text.push(char::from(alphabet[usize::from(*byte) * alphabet.len() / 256]));
            }
        }
        text
    }

    /// Fills `bytes` with noise.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        self.words.fill_bytes(bytes);
    }
}

/// The alphabets that identifiers are made of.
pub(crate) mod alphabet {
    pub(crate) const DIGITS: &[u8] = b"0123456789";
    pub(crate) const HEX: &[u8] = b"0123456789abcdef";
    pub(crate) const UPPER_HEX: &[u8] = b"0123456789ABCDEF";
    pub(crate) const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    pub(crate) const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
    pub(crate) const LOWER_DIGITS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    pub(crate) const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    pub(crate) const BASE64_URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_of_nothing_is_never_drawn() {
        let mut dice = Dice::new(1, 0);
        assert!((0..1000).all(|_| dice.weighted([0, 3, 0, 1]) % 2 == 1));
    }

    #[test]
    fn streams_differ_and_repeat() {
        let draw = |index| {
            let mut dice = Dice::new(7, index);
            [dice.below(1 << 30), dice.below(1 << 30)]
        };
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }
}
