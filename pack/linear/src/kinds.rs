//! [`Kinds`]: which features a model reads.

/// A set of kinds of features. Words are always among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// Words alone.
    pub const WORDS: Self = Self(1);
    /// Words, and pairs of words that follow each other.
    pub const PAIRS: Self = Self(1 | 2);
    /// Words, and character n-grams of 5 bytes.
    pub const GRAMS: Self = Self(1 | 4);
    /// All of them.
    pub const ALL: Self = Self(1 | 2 | 4);

    /// Whether pairs are among them.
    pub const fn pairs(self) -> bool {
        self.0 & 2 != 0
    }

    /// Whether n-grams are.
    pub const fn grams(self) -> bool {
        self.0 & 4 != 0
    }

    pub(crate) const fn byte(self) -> u8 {
        self.0
    }

    pub(crate) fn of_byte(byte: u8) -> Option<Self> {
        [Self::WORDS, Self::PAIRS, Self::GRAMS, Self::ALL].into_iter().find(|kinds| kinds.0 == byte)
    }
}
