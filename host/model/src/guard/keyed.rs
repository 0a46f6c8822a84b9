//! A hash of keys, which are hashes themselves.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Hashes keys for a map: a multiplication for each eight bytes. Each map has a number of its own that nobody outside
/// knows, so nobody can make up keys that meet in one place.
#[derive(Clone, Debug)]
pub(super) struct Keyed(u64);

impl Default for Keyed {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0))
    }
}

impl BuildHasher for Keyed {
    type Hasher = KeyHasher;

    fn build_hasher(&self) -> KeyHasher {
        KeyHasher(self.0)
    }
}

/// What has come of a key so far.
pub(super) struct KeyHasher(u64);

/// Odd, with as many ones as zeros: the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            let product = u128::from(self.0 ^ u64::from_le_bytes(word)) * u128::from(FACTOR);
            self.0 = product as u64 ^ (product >> 64) as u64;
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::first_key::FirstKey;
    use super::*;

    #[test]
    fn keys_that_differ_in_one_part_are_spread() {
        const KEYS: u64 = 10_000;
        let keyed = Keyed::default();
        let of = |low: u64, high: u64| FirstKey((u128::from(high) << 64 | u128::from(low)).to_le_bytes());
        let kinds: [&dyn Fn(u64) -> FirstKey; 3] =
            [&|number| of(number, 7), &|number| of(7, number), &|number| of(number, number)];
        for key in kinds {
            // What a map of 65,536 places goes by, and what it compares first.
            let places: HashSet<_> = (0..KEYS).map(|number| keyed.hash_one(key(number)) & 0xffff).collect();
            let tops: HashSet<_> = (0..KEYS).map(|number| keyed.hash_one(key(number)) >> 57).collect();
            assert!(places.len() > 8_000 && tops.len() == 128, "{} places, {} tops", places.len(), tops.len());
        }
        assert_ne!(Keyed::default().hash_one(1), keyed.hash_one(1));
    }
}
