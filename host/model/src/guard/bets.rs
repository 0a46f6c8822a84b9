//! A mean over bets: evidence in closed form, from three integers.

use super::counts::Counts;

/// Bets that a test spreads its stake over: enough that no true share lies far from one of them. Each costs a twelfth,
/// which is a delay of a few flips.
pub(super) const BETS: usize = 12;

/// What each bet gains, as a natural logarithm, by a flip, by a flip the other way and by a campaign that did not flip.
///
/// The mean of what all of them come to is an E-value: as long as the null hypothesis holds, nobody can expect to gain
/// by it, so it ever reaches 1 / alpha with probability alpha at most (Ville), however often it is looked at.
#[derive(Clone, Debug)]
pub struct Bets([Gains; BETS]);

/// What one bet gains.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gains {
    pub(super) flip: f64,
    pub(super) opposite: f64,
    pub(super) same: f64,
}

impl Bets {
    /// Bets at so many points, at equal ratios from the lowest to the highest.
    pub(super) fn between(low: f64, high: f64, gains: impl Fn(f64) -> Gains) -> Self {
        let step = (high / low).powf(1.0 / (BETS - 1) as f64);
        Self(std::array::from_fn(|bet| gains(low * step.powi(bet as i32))))
    }

    /// The natural logarithm of the E-value.
    pub fn log_e(&self, counts: Counts) -> f64 {
        let logs = self.logs(counts);
        let max = largest(&logs);
        max + (logs.iter().map(|log| (log - max).exp()).sum::<f64>() / BETS as f64).ln()
    }

    /// The same if it reaches a threshold. A mean is at most its largest part, so this mostly needs no exponentials.
    pub fn log_e_from(&self, threshold: f64, counts: Counts) -> Option<f64> {
        (largest(&self.logs(counts)) >= threshold).then(|| self.log_e(counts)).filter(|log_e| *log_e >= threshold)
    }

    fn logs(&self, counts: Counts) -> [f64; BETS] {
        let [flips, opposite, all] = [counts.flips, counts.opposite, counts.all].map(|count| count as f64);
        let same = all - flips - opposite;
        self.0.map(|gains| gains.flip * flips + gains.opposite * opposite + gains.same * same)
    }
}

fn largest(logs: &[f64; BETS]) -> f64 {
    logs.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}
