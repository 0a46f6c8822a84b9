//! The gross test: of the share of campaigns that flip.

use super::bets::{Bets, Gains};

/// How many times the tolerated share the lowest bet is. What is nearer to it takes thousands of campaigns to tell.
const LOWEST_OF_TOLERANCE: f64 = 1.5;

/// The highest bet: a segment in which nearly everything flips. Above it a single campaign that does not costs too much.
const HIGHEST: f64 = 0.95;

/// Against the null hypothesis that, whatever came before, a campaign flips with a probability of at most `tolerance`.
/// A bet on the share p multiplies the stake by p / tolerance for a flip, else by (1 - p) / (1 - tolerance).
pub(super) fn bets(tolerance: f64) -> Bets {
    Bets::between(LOWEST_OF_TOLERANCE * tolerance, HIGHEST, |share| {
        let other = (-share).ln_1p() - (-tolerance).ln_1p();
        Gains { flip: (share / tolerance).ln(), opposite: other, same: other }
    })
}
