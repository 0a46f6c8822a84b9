//! The bets of each test.

use super::bets::Bets;
use super::evidence::Test;
use super::{gross, net};

impl Test {
    /// Its bets against the null hypothesis that no more than this share flips: `tolerance` is above 0 and at most 0.5.
    pub fn bets(self, tolerance: f64) -> Bets {
        match self {
            Self::Gross => gross::bets(tolerance),
            Self::Net => net::bets(tolerance),
        }
    }
}
