//! The net test: of the share of campaigns that flip, less the share that flips the other way.

use super::bets::{Bets, Gains};

/// The lowest part of the stake that is bet: for models that differ on a fifth of all mail in either direction.
const LOWEST: f64 = 0.01;

/// The highest, as a part of what a bet can be before a flip the other way takes all.
const HIGHEST_OF_POSSIBLE: f64 = 0.95;

/// Against the null hypothesis that, whatever came before, flips less flips the other way are at most `tolerance` per
/// campaign, on average. Betting the part l of the stake multiplies it by 1 + l (x - tolerance), where x is 1, -1 or 0
/// (Waudby-Smith and Ramdas, arXiv 2010.09686).
pub(super) fn bets(tolerance: f64) -> Bets {
    Bets::between(LOWEST, HIGHEST_OF_POSSIBLE / (1.0 + tolerance), |part| {
        let gain = |x: f64| (part * (x - tolerance)).ln_1p();
        Gains { flip: gain(1.0), opposite: gain(-1.0), same: gain(0.0) }
    })
}
