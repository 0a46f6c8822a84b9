//! The spam confidence level.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::assessment::Category;

/// The spam confidence level on Microsoft's scale ("Spam confidence level (SCL) in EOP"): -1 passed over
/// by a rule, 0 and 1 clean, 5 and 6 spam, 8 and 9 high confidence spam. 2, 3, 4 and 7 are never stamped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Scl(i8);

impl Scl {
    /// Let through by an override, whatever a model said.
    pub const ALLOWED: Self = Self(-1);
    /// Clean beyond doubt.
    pub const CLEAN: Self = Self(0);
    /// Clean.
    pub const PROBABLY_CLEAN: Self = Self(1);
    /// Spam.
    pub const SPAM: Self = Self(5);
    /// Bulk mail.
    pub const BULK: Self = Self(6);
    /// High confidence spam.
    pub const HIGH_CONFIDENCE: Self = Self(8);
    /// High confidence spam, the highest level.
    pub const HIGHEST: Self = Self(9);

    /// The level of a score in 0..=1. From 0.5 on a message is spam, as a probability says; the other
    /// steps divide what is left: below 0.1 clean beyond doubt, from 0.9 on high confidence, from 0.99 on
    /// the highest.
    pub fn of(score: f64, category: Category) -> Self {
        match score {
            s if s < 0.1 => Self::CLEAN,
            s if s < 0.5 => Self::PROBABLY_CLEAN,
            s if s < 0.9 && category == Category::Bulk => Self::BULK,
            s if s < 0.9 => Self::SPAM,
            s if s < 0.99 => Self::HIGH_CONFIDENCE,
            _ => Self::HIGHEST,
        }
    }

    /// The level that a record has.
    #[doc(hidden)]
    pub const fn recorded(level: i8) -> Self {
        Self(level)
    }

    /// The level as a number.
    pub const fn level(self) -> i8 {
        self.0
    }
}

impl fmt::Display for Scl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_levels_rise_with_the_score_and_skip_those_that_are_never_stamped() {
        let levels: Vec<i8> = (0..=1000).map(|i| Scl::of(f64::from(i) / 1000.0, Category::Spam).level()).collect();
        assert!(levels.is_sorted());
        let mut distinct = levels;
        distinct.dedup();
        assert_eq!(distinct, [0, 1, 5, 8, 9]);
    }

    #[test]
    fn bulk_mail_has_a_level_of_its_own() {
        assert_eq!(Scl::of(0.7, Category::Bulk), Scl::BULK);
        assert_eq!(Scl::of(0.95, Category::Bulk), Scl::HIGH_CONFIDENCE);
    }
}
