//! What is counted of one segment, in one direction.

use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// Which way a candidate's action crosses the flag boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: there are two ways to cross a boundary.
pub enum Flip {
    /// The baseline lets the message pass, and the candidate flags it.
    Up,
    /// The baseline flags the message, and the candidate lets it pass.
    Down,
}

impl Flip {
    /// Its name, as in every text and record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// Three integers: everything that a test knows. They add across processes, in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Counts {
    /// Flips in the direction that is tested.
    pub flips: u64,
    /// Flips the other way.
    pub opposite: u64,
    /// Everything that was counted: both of them, and what did not flip.
    pub all: u64,
}

impl Counts {
    /// Flips in the direction that is tested, flips the other way, and everything that was counted, with both of them.
    pub const fn new(flips: u64, opposite: u64, all: u64) -> Self {
        Self { flips, opposite, all }
    }

    /// What is left where only so many of the flips were there: whoever added the others added nothing else.
    /// Never more than there are.
    pub fn with_flips(self, flips: u64) -> Self {
        let flips = flips.min(self.flips);
        // A record may say that more flipped than were counted.
        Self { flips, all: self.all.saturating_sub(self.flips - flips), ..self }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { flips: self.flips + other.flips, opposite: self.opposite + other.opposite, all: self.all + other.all }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flips_that_are_left_out_were_never_counted() {
        let counts = Counts { flips: 30, opposite: 2, all: 60 };
        assert_eq!(counts.with_flips(11), Counts { flips: 11, opposite: 2, all: 41 });
        assert_eq!([30, 31].map(|flips| counts.with_flips(flips)), [counts; 2]);
        let odd = Counts { flips: 30, opposite: 0, all: 5 };
        assert_eq!(odd.with_flips(0), Counts::default());
    }
}
