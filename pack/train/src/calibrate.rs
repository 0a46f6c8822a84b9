//! From sums of weights to probabilities that mean what they say.

use serde::Serialize;

use crate::fit::logistic;

/// A straight line from a sum to log-odds: `bias + scale * sum`. It rises, so no verdict changes by it where the threshold is
/// moved along.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sigmoid {
    /// What is added.
    pub bias: f64,
    /// What a sum is multiplied by.
    pub scale: f64,
}

impl Sigmoid {
    /// Log-odds of a sum.
    pub fn log_odds(&self, sum: f64) -> f64 {
        self.bias + self.scale * sum
    }

    /// Chooses bias and scale by sums of messages that the weights were not fitted on, each with 1 for unwanted mail and 0 for
    /// wanted (Platt, Probabilistic outputs for support vector machines, 1999; Newton's method on two parameters, a step being
    /// halved until it helps). `self` is where it begins.
    #[must_use]
    pub fn fitted(mut self, sums: &[(f64, f64)]) -> Self {
        for _ in 0..50 {
            let (bias, scale) = newton_step(sums, self);
            let now = loss(sums, self);
            let better = (0..20)
                .map(|halvings| 0.5_f64.powi(halvings))
                .map(|part| Self { bias: self.bias - part * bias, scale: self.scale - part * scale })
                .find(|other| loss(sums, *other) < now);
            let Some(better) = better else { break };
            self = better;
        }
        self
    }

    /// The same with so much more in all log-odds: of mail of which another share is unwanted (Elkan, The foundations of cost-sensitive
    /// learning, IJCAI 2001, theorem 2).
    pub(crate) fn moved(self, log_odds: f64) -> Self {
        Self { bias: self.bias + log_odds, ..self }
    }

    /// The same with what Platt puts in the place of 0 and 1, so that no number of messages makes anything certain.
    pub(crate) fn of(sums: &[(f64, bool)]) -> Self {
        let spam = sums.iter().filter(|(_, is_spam)| *is_spam).count() as f64;
        let ham = sums.len() as f64 - spam;
        let target = |is_spam: bool| if is_spam { (spam + 1.0) / (spam + 2.0) } else { 1.0 / (ham + 2.0) };
        // Of large sums every probability would be 0 or 1 at first, and no step would help.
        let unit = sums.iter().fold(1.0_f64, |largest, (sum, _)| largest.max(sum.abs()));
        let softened: Vec<_> = sums.iter().map(|(sum, is_spam)| (sum / unit, target(*is_spam))).collect();
        let fitted = Self { bias: 0.0, scale: 1.0 }.fitted(&softened);
        // Sums that tell nothing, or the contrary: the order of scores stays that of the sums.
        Self { scale: fitted.scale.max(SCALE_MIN) / unit, ..fitted }
    }
}

/// The log-odds of a probability.
pub(crate) fn log_odds_of(probability: f64) -> f64 {
    libm::log(probability / (1.0 - probability))
}

/// The least slope that is taken for one, over sums between -1 and 1.
const SCALE_MIN: f64 = 1e-3;

fn loss(sums: &[(f64, f64)], at: Sigmoid) -> f64 {
    let softplus = |x: f64| x.max(0.0) + libm::log1p(libm::exp(-x.abs()));
    // Of a target between 0 and 1 both losses, in these parts.
    let of = |(sum, target): &(f64, f64)| {
        let odds = at.log_odds(*sum);
        target * softplus(-odds) + (1.0 - target) * softplus(odds)
    };
    sums.iter().map(of).sum()
}

fn newton_step(sums: &[(f64, f64)], at: Sigmoid) -> (f64, f64) {
    let (mut g0, mut g1, mut h00, mut h01, mut h11) = (0.0, 0.0, 1e-6, 0.0, 1e-6);
    for (sum, target) in sums {
        let p = logistic(at.log_odds(*sum));
        let (error, curve) = (p - target, p * (1.0 - p));
        g0 += error;
        g1 += error * sum;
        h00 += curve;
        h01 += curve * sum;
        h11 += curve * sum * sum;
    }
    let determinant = h00 * h11 - h01 * h01;
    ((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant)
}

/// Messages with about the same probability, and how many of them were unwanted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Bin {
    /// Where the bin begins, 0 to 0.9; each is a tenth wide.
    pub from: f64,
    /// Messages in it.
    pub messages: u64,
    /// The mean of their probabilities.
    pub said: f64,
    /// How many of them were unwanted, 0 to 1.
    pub was: f64,
}

/// Ten bins of equal width, without empty ones.
pub(crate) fn bins(scored: &[(f64, bool)]) -> Vec<Bin> {
    let mut sums = [(0_u64, 0.0, 0.0); 10];
    for (log_odds, is_spam) in scored {
        let probability = logistic(*log_odds);
        let (count, said, was) = &mut sums[((probability * 10.0) as usize).min(9)];
        *count += 1;
        *said += probability;
        *was += f64::from(u8::from(*is_spam));
    }
    let bin = |(place, (messages, said, was)): (usize, (u64, f64, f64))| {
        let count = messages as f64;
        (messages > 0).then(|| Bin { from: place as f64 / 10.0, messages, said: said / count, was: was / count })
    };
    sums.into_iter().enumerate().filter_map(bin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calibration_finds_the_odds() {
        // Of those with the first sum one half is unwanted, of those with the second one in ten.
        let sums: Vec<(f64, f64)> = (0..400)
            .map(|i| {
                (
                    if i % 2 == 0 { 0.3 } else { -0.2 },
                    u8::from(if i % 2 == 0 { i % 4 == 0 } else { i % 20 == 1 }).into(),
                )
            })
            .collect();
        let sigmoid = Sigmoid { bias: 3.0, scale: 1.0 }.fitted(&sums);
        let probability = |sum: f64| logistic(sigmoid.log_odds(sum));
        assert!((probability(0.3) - 0.5).abs() < 1e-6 && (probability(-0.2) - 0.1).abs() < 1e-6, "{sigmoid:?}");
    }

    #[test]
    fn what_is_told_apart_without_an_error_is_not_certain() {
        let sums: Vec<_> = (0..40).map(|i| (f64::from(i) - 19.5, i >= 20)).collect();
        let sigmoid = Sigmoid::of(&sums);
        assert!(sigmoid.scale.is_finite() && logistic(sigmoid.log_odds(20.0)) < 0.999_999, "{sigmoid:?}");
        let contrary: Vec<_> = sums.iter().map(|(sum, is_spam)| (-sum, *is_spam)).collect();
        assert_eq!(Sigmoid::of(&contrary).scale, SCALE_MIN / 19.5);
    }

    #[test]
    fn sums_of_any_size_are_calibrated() {
        for size in [1e-3, 1.0, 1e5, 1e9] {
            let sums: Vec<_> =
                (0..100).map(|i| (size * (f64::from(i) - 49.5) / 50.0, (i >= 50) != (i % 10 == 0))).collect();
            let sigmoid = Sigmoid::of(&sums);
            let odds = [-1.0, 1.0].map(|sum| sigmoid.log_odds(sum * size));
            assert!((-6.0..-1.0).contains(&odds[0]) && (1.0..6.0).contains(&odds[1]), "{size}: {odds:?}");
        }
    }

    #[test]
    fn bins_say_what_was_said_and_what_was() {
        let scored = [(-9.0, false), (-9.0, false), (0.0, true), (0.1, false), (f64::INFINITY, true)];
        let bins = bins(&scored);
        let shown: Vec<_> = bins.iter().map(|bin| (bin.from, bin.messages, bin.was)).collect();
        assert_eq!(shown, [(0.0, 2, 0.0), (0.5, 2, 0.5), (0.9, 1, 1.0)]);
    }
}
