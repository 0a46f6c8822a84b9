//! [`FeatureSet`]: indices of features, each once.

use super::hash::{Kind, Namespace, hash, index_of};

/// The most bits of index that a set has room for: 2<sup>24</sup> features, a bitmap of 2 MiB.
pub const BITS_MAX: u32 = 24;

/// The indices that a set has room for at first: about what a message of 4 KiB has. It grows.
const CAPACITY: usize = 4096;

/// The features that one message has: indices below 2<sup>bits</sup>, each once, in the order in which
/// they were first seen.
///
/// Make one when the model is prepared, and [`clear`](Self::clear) it for every message: that costs as
/// much as the last message had features. It takes 2<sup>bits</sup> / 8 bytes for a bitmap, and four
/// bytes per feature.
///
/// ```
/// use switchback_guest::features::{FeatureSet, Namespace, Text};
///
/// let mut text = Text::new();
/// let mut features = FeatureSet::new(18);
/// text.normalise("free, free, FREE!");
/// features.add_words(&text, Namespace::SUBJECT);
/// assert_eq!(features.len(), 1);
/// ```
#[derive(Debug, Clone)]
pub struct FeatureSet {
    bits: u32,
    /// One bit per index: whether it is in the set.
    seen: Vec<u64>,
    /// The first `len` are the set.
    indices: Vec<u32>,
    len: usize,
}

impl FeatureSet {
    /// An empty set of indices below 2<sup>bits</sup>.
    ///
    /// # Panics
    /// Unless `bits` is between 1 and [`BITS_MAX`].
    #[track_caller]
    pub fn new(bits: u32) -> Self {
        assert!((1..=BITS_MAX).contains(&bits), "a feature set has 1 to {BITS_MAX} bits, not {bits}");
        Self { bits, seen: vec![0; (1_usize << bits).div_ceil(64)], indices: vec![0; CAPACITY], len: 0 }
    }

    /// How many bits an index has.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// The indices, in the order in which they were first added. The features of one field are those
    /// from the length before it was added to the length after.
    pub fn indices(&self) -> &[u32] {
        &self.indices[..self.len]
    }

    /// How many features there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Removes all features and keeps the memory.
    pub fn clear(&mut self) {
        for &index in &self.indices[..self.len] {
            self.seen[index as usize / 64] = 0;
        }
        self.len = 0;
    }

    /// Adds a feature by its index, for models that number some of them by hand.
    ///
    /// # Panics
    /// If `index` is not below 2<sup>bits</sup>.
    #[track_caller]
    pub fn insert(&mut self, index: u32) {
        assert!(index >> self.bits == 0, "index {index} has more than {} bits", self.bits);
        self.insert_up_to::<1>(|slots| slots.insert(index));
    }

    /// Adds one feature for a string as it is, whatever its length: a host name, the name of a header
    /// field, the result of a check.
    pub fn add_token(&mut self, token: &str, namespace: Namespace) {
        let index = index_of(hash(Kind::Token, namespace, token.as_bytes()), self.bits);
        self.insert_up_to::<1>(|slots| slots.insert(index));
    }

    /// Lets `add` insert up to `N` indices, a power of two.
    #[inline(always)]
    pub(super) fn insert_up_to<const N: usize>(&mut self, add: impl FnOnce(&mut Slots<'_, N>)) {
        if self.indices.len() - self.len < N {
            self.grow(N);
        }
        let Some(next) = self.indices[self.len..].first_chunk_mut() else { return };
        let mut slots = Slots { seen: &mut self.seen, next, used: 0 };
        add(&mut slots);
        self.len += slots.used.min(N);
    }

    #[cold]
    fn grow(&mut self, count: usize) {
        let len = (self.indices.len() * 2).max(self.len + count);
        self.indices.resize(len, 0);
    }
}

/// Room for the next `N` indices of a [`FeatureSet`], a power of two. Everything it needs stays in
/// registers while it is filled.
pub(super) struct Slots<'a, const N: usize> {
    seen: &'a mut [u64],
    next: &'a mut [u32; N],
    used: usize,
}

impl<const N: usize> Slots<'_, N> {
    /// Adds an index below 2<sup>bits</sup>.
    #[inline(always)]
    pub(super) fn insert(&mut self, index: u32) {
        self.insert_if(true, index);
    }

    /// Adds an index below 2<sup>bits</sup> on a condition. The index is always written and the number
    /// grows by 0 or 1: whether a feature is new cannot be predicted, and a wrong guess costs more.
    #[inline(always)]
    pub(super) fn insert_if(&mut self, condition: bool, index: u32) {
        const { assert!(N.is_power_of_two()) };
        let bit = u64::from(condition) << (index & 63);
        let word = &mut self.seen[(index >> 6) as usize];
        let new = bit & !*word != 0;
        *word |= bit;
        // The mask changes nothing while at most N are added, and saves a check.
        self.next[self.used & (N - 1)] = index;
        self.used = self.used.wrapping_add(usize::from(new));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_kept_once_and_in_its_order() {
        let mut set = FeatureSet::new(8);
        for index in [200, 3, 200, 0, 3, 255] {
            set.insert(index);
        }
        assert_eq!(set.indices(), [200, 3, 0, 255]);
    }

    #[test]
    fn a_cleared_set_takes_everything_again() {
        let mut set = FeatureSet::new(10);
        (0..1024).for_each(|index| set.insert(index));
        assert_eq!(set.len(), 1024);
        set.clear();
        assert!(set.is_empty());
        (0..1024).rev().for_each(|index| set.insert(index));
        assert_eq!(set.len(), 1024);
        assert_eq!(set.indices()[0], 1023);
    }

    #[test]
    fn a_set_grows_beyond_its_first_room() {
        let mut set = FeatureSet::new(16);
        (0..50_000).for_each(|index| set.insert(index));
        assert!(set.indices().iter().copied().eq(0..50_000));
    }

    #[test]
    fn a_set_of_one_bit_works() {
        let mut set = FeatureSet::new(1);
        set.add_token("a", Namespace::BODY);
        set.insert(0);
        set.insert(1);
        assert_eq!(set.len(), 2);
    }

    #[test]
    #[should_panic(expected = "has more than 8 bits")]
    fn an_index_that_is_too_large_is_refused() {
        FeatureSet::new(8).insert(256);
    }

    #[test]
    #[should_panic(expected = "1 to 24 bits, not 25")]
    fn too_many_bits_are_refused() {
        FeatureSet::new(25);
    }
}
