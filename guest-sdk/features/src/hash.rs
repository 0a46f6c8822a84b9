//! The feature hash: multiply-shift over blocks of eight bytes.
//!
//! Multiplying by an odd constant and keeping the top bits is universal enough for hashed features and
//! costs one multiplication (Dietzfelbinger, Hagerup, Katajainen, Penttonen: "A reliable randomized
//! algorithm for the closest-pair problem", Journal of Algorithms 25, 1997). It is not meant to resist
//! somebody who looks for collisions: hashed features are public anyway, with the weights.
//!
//! The whole of it in Python:
//!
//! ```python
//! K, M = 0x9FB21C651E98DF25, (1 << 64) - 1
//! def fold(h, block): return ((h ^ h >> 32 ^ block) * K) & M
//! def hash(kind, namespace, data):
//!     h = ((kind << 56 | len(data) << 32 | namespace) * K) & M
//!     for i in range(0, max(len(data), 1), 8):
//!         h = fold(h, int.from_bytes(data[i:i + 8], "little"))
//!     return h
//! def index(h, bits): return h >> (64 - bits)
//! def pair(first, second): return fold(first, second)
//! ```

/// The odd multiplier.
const K: u64 = 0x9FB2_1C65_1E98_DF25;

/// What a feature was made from, so that the word `free` and the 4-gram `free` are two features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A string that the model chose, taken as it is: [`FeatureSet::add_token`](super::FeatureSet::add_token).
    Token = 0,
    /// A word.
    Word = 1,
    /// What stands before the first word, as the first half of a pair of words.
    Start = 2,
    /// A character n-gram.
    Gram = 3,
}

/// Where in a message a feature was found, so that `free` in the subject and `free` in the body are two
/// features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Namespace(u32);

impl Namespace {
    /// The subject.
    pub const SUBJECT: Self = Self(1);
    /// The sender: display name and address.
    pub const SENDER: Self = Self(2);
    /// The text.
    pub const BODY: Self = Self(3);
    /// The targets of links, and the texts shown for them.
    pub const LINK: Self = Self(4);
    /// Where answers go: the domain of `Reply-To`.
    pub const REPLY_TO: Self = Self(5);
    /// What the message is made of: its header fields, parts and attachments.
    pub const STRUCTURE: Self = Self(6);

    /// A namespace of the model's own. The numbers below 256 are reserved for the constants above and
    /// those to come.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// Hashes bytes to 64 bits, of which the top ones are the best: see [`index_of`].
///
/// ```
/// use switchback_guest::features::{Kind, Namespace, hash, index_of};
///
/// assert_eq!(hash(Kind::Word, Namespace::BODY, b"viagra"), 0x8cc3_dde1_9e1b_e2e4);
/// assert_eq!(index_of(hash(Kind::Word, Namespace::BODY, b"viagra"), 16), 0x8cc3);
/// ```
pub fn hash(kind: Kind, namespace: Namespace, bytes: &[u8]) -> u64 {
    let start = start(kind, namespace, bytes.len());
    if bytes.is_empty() {
        return fold(start, 0);
    }
    let (blocks, rest) = bytes.as_chunks::<8>();
    let h = blocks.iter().fold(start, |h, block| fold(h, u64::from_le_bytes(*block)));
    if rest.is_empty() {
        return h;
    }
    let last = rest.iter().rev().fold(0, |block, byte| block << 8 | u64::from(*byte));
    fold(h, last)
}

/// Hashes two words that follow each other, given the hashes of each. The order matters.
#[inline(always)]
pub fn pair(first: u64, second: u64) -> u64 {
    fold(first, second)
}

/// The index of a feature among 2<sup>bits</sup>: the top `bits` of its hash, 1 to 32 of them.
#[inline(always)]
#[track_caller]
pub fn index_of(hash: u64, bits: u32) -> u32 {
    debug_assert!((1..=32).contains(&bits), "{bits} bits of index");
    (hash >> 64_u32.wrapping_sub(bits)) as u32
}

/// The hash of a feature before its first block. `length` is that of the whole feature in bytes.
#[inline(always)]
pub(super) fn start(kind: Kind, namespace: Namespace, length: usize) -> u64 {
    ((kind as u64) << 56 | (length as u64 & 0xFF_FFFF) << 32 | u64::from(namespace.0)).wrapping_mul(K)
}

/// Takes in one more block of eight bytes.
#[inline(always)]
pub(super) fn fold(h: u64, block: u64) -> u64 {
    mix(whiten(h), block)
}

/// The first half of [`fold`], for those who fold many blocks into the same hash.
#[inline(always)]
pub(super) fn whiten(h: u64) -> u64 {
    h ^ (h >> 32)
}

/// The second half of [`fold`].
#[inline(always)]
pub(super) fn mix(whitened: u64, block: u64) -> u64 {
    (whitened ^ block).wrapping_mul(K)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with the Python program at the head of this file.
    #[test]
    fn the_hash_is_the_documented_one() {
        let golden: [(Kind, u32, &str, u64); 12] = [
            (Kind::Token, 1, "", 0x229c_42b5_5942_f840),
            (Kind::Token, 4, "example.com", 0xfdcf_dcb6_247f_53e3),
            (Kind::Word, 1, "a", 0x7864_d08c_bbbe_c3c6),
            (Kind::Word, 3, "viagra", 0x8cc3_dde1_9e1b_e2e4),
            (Kind::Word, 3, "password", 0xa05d_1e5c_209a_7c68),
            (Kind::Word, 3, "passwords", 0xdbcb_0805_1eb8_712b),
            (Kind::Word, 3, "internationalization", 0xe914_1059_9a52_aac4),
            (Kind::Word, 3, "abcdefghijklmnopqrstuvwxyz000000", 0xe03e_cc42_23f8_080e),
            (Kind::Start, 3, "", 0xfb92_b8b8_5258_b140),
            (Kind::Gram, 2, " pay", 0xfc09_fd22_e517_1a84),
            (Kind::Gram, 2, "paypal", 0x5a63_dbd7_39b1_1f1a),
            (Kind::Word, 256, "é", 0x0546_bc1c_909c_58b7),
        ];
        for (kind, namespace, text, expected) in golden {
            let hash = hash(kind, Namespace::new(namespace), text.as_bytes());
            assert_eq!(hash, expected, "{kind:?} {text:?} in {namespace}");
        }
        let word = |word: &str| hash(Kind::Word, Namespace::BODY, word.as_bytes());
        assert_eq!(pair(word("click"), word("here")), 0xca3b_ae34_af1a_a388);
        let start = hash(Kind::Start, Namespace::BODY, b"");
        assert_eq!(pair(start, word("dear")), 0xbc08_f0f9_7bbb_5a50);
    }

    #[test]
    fn kinds_and_namespaces_are_kept_apart() {
        let word = hash(Kind::Word, Namespace::BODY, b"free");
        assert_ne!(word, hash(Kind::Gram, Namespace::BODY, b"free"));
        assert_ne!(word, hash(Kind::Word, Namespace::SUBJECT, b"free"));
        assert_ne!(word, hash(Kind::Word, Namespace::BODY, b"free\0"));
    }

    /// scikit-learn#19034 and vowpal_wabbit#450: the top bit alone, and all 32.
    #[test]
    fn an_index_is_within_its_table_whatever_the_hash() {
        for hash in [0, 1, 1 << 63, i64::MIN as u64 + 1, u64::MAX] {
            assert!((1..32).all(|bits| index_of(hash, bits) < 1 << bits), "{hash:x}");
            assert_eq!(index_of(hash, 32), (hash >> 32) as u32);
        }
    }

    /// With as many features as indices, a good hash leaves a share of 1/e of the indices empty; a bad one
    /// leaves more.
    #[test]
    fn similar_features_spread_as_evenly_as_random_numbers() {
        let bits = 16;
        let mut seen = vec![false; 1 << bits];
        for i in 0..1 << bits {
            let word = format!("word{i}");
            seen[index_of(hash(Kind::Word, Namespace::BODY, word.as_bytes()), bits) as usize] = true;
        }
        let empty = seen.iter().filter(|seen| !**seen).count() as f64 / seen.len() as f64;
        assert!((empty - (-1.0_f64).exp()).abs() < 0.02, "{empty} of the indices are empty");
    }
}
