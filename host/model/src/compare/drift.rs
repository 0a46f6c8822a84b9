//! Whether two distributions of scores differ by more than chance.
//!
//! The *population stability index* over the baseline's deciles is sum((p - q) ln(p / q)) of the shares p and q of the
//! two samples in each bin. Between two independent samples of n and m scores of one distribution it is about
//! chi-squared with B - 1 degrees of freedom, times 1/n + 1/m (B bins): so that is what chance makes of it, whatever
//! the customary limits of 0.1 and 0.25 say (B. Yurdakul and J. Naranjo, Statistical properties of the population
//! stability index, Journal of Risk Model Validation 14(4), 2020; A. Z. Lin, Examining Distributional Shift by Using
//! Population Stability Index (PSI) for Model Validation and Diagnosis, 2017). *KS* is the largest distance between the
//! two distribution functions (Kolmogorov and Smirnov).
//!
//! The two samples here are scores of the same messages, which vary together: chance makes less of both figures than of
//! independent samples. What is said to be beyond chance is so all the more; what is within it may be a small shift.

use serde::Serialize;

use super::scores::Histogram;

/// How often chance stays below a limit that is said to be chance's.
const CONFIDENCE: f64 = 0.95;

/// What chi-squared with 0, 1, 2, ... degrees of freedom does not exceed in 95 of 100 cases (M. Abramowitz and I. A.
/// Stegun, Handbook of Mathematical Functions, 1964, table 26.8, to more digits): there are at most ten bins.
const CHI_SQUARED_P95: [f64; 10] = [
    0.0,
    3.841_458_820_694_125,
    5.991_464_547_107_982,
    7.814_727_903_251_179,
    9.487_729_036_781_156,
    11.070_497_693_516_353,
    12.591_587_243_743_978,
    14.067_140_449_340_167,
    15.507_313_055_865_453,
    16.918_977_604_620_448,
];

/// The customary limits of the index (N. Siddiqi, Credit Risk Scorecards, 2006): below the first a shift is small,
/// from the second on it is large.
const PSI_LIMITS: [f64; 2] = [0.1, 0.25];

/// The distances of two normal distributions for which the index has the customary limits: a model that gives few
/// different scores has too few bins for the index.
const KS_LIMITS: [f64; 2] = [0.125, 0.2];

/// How far the scores of two releases have drifted apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Drift {
    /// The population stability index.
    pub psi: f64,
    /// Its bins: ten, less where many messages have one score.
    pub psi_bins: u64,
    /// What chance makes of it on average, between independent samples of one distribution.
    pub psi_by_chance_mean: f64,
    /// What chance does not exceed in 95 of 100 such pairs of samples.
    pub psi_by_chance_p95: f64,
    /// The largest distance between the distribution functions, 0 to 1. Scores in one cell (1/16 of log-odds) count as
    /// equal, so it can be too small by the largest share in one cell.
    pub ks: f64,
    /// What chance does not exceed in 95 of 100 such pairs of samples.
    pub ks_by_chance_p95: f64,
    /// What that amounts to.
    pub reading: DriftReading,
}

/// What a drift amounts to, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: a scale with fixed bounds.
pub enum DriftReading {
    /// No more than chance makes of it.
    WithinChance,
    /// More than chance, and less than what is customarily looked at: an index below 0.1.
    Small,
    /// An index from 0.1 on.
    Moderate,
    /// An index from 0.25 on: the scores mean something else now.
    Large,
}

impl Drift {
    /// None unless both have scores.
    pub(super) fn of(before: &Histogram, after: &Histogram) -> Option<Self> {
        let counts = [before.count() as f64, after.count() as f64];
        if counts.contains(&0.0) {
            return None;
        }
        let [n, m] = counts;
        let spread = 1.0 / n + 1.0 / m;
        let bins = bins(before, after);
        let degrees = bins.len() - 1;
        let mut drift = Self {
            psi: psi(&bins, counts),
            psi_bins: bins.len() as u64,
            psi_by_chance_mean: degrees as f64 * spread,
            psi_by_chance_p95: CHI_SQUARED_P95[degrees] * spread,
            ks: ks(before, after),
            ks_by_chance_p95: ((-((1.0 - CONFIDENCE) / 2.0).ln() / 2.0) * spread).sqrt().min(1.0),
            reading: DriftReading::WithinChance,
        };
        drift.reading = drift.read();
        Some(drift)
    }

    fn read(&self) -> DriftReading {
        if self.psi <= self.psi_by_chance_p95 && self.ks <= self.ks_by_chance_p95 {
            return DriftReading::WithinChance;
        }
        let reaches = |limit: usize| self.psi >= PSI_LIMITS[limit] || self.ks >= KS_LIMITS[limit];
        match (reaches(0), reaches(1)) {
            (_, true) => DriftReading::Large,
            (true, false) => DriftReading::Moderate,
            (false, false) => DriftReading::Small,
        }
    }
}

/// The counts of both samples between the deciles of the first. Equal scores are never parted, so there are fewer than
/// ten bins where a tenth of the messages has one score, and at least one.
fn bins(before: &Histogram, after: &Histogram) -> Vec<[u64; 2]> {
    let count = u128::from(before.count());
    let (mut bins, mut bin, mut seen, mut decile) = (Vec::new(), [0, 0], 0, 1);
    for (before, after) in before.cells().iter().zip(after.cells()) {
        bin[0] += before;
        bin[1] += after;
        seen += u128::from(*before);
        // The last bin has no end: whatever the second sample has above the first is in it.
        if decile < 10 && seen * 10 >= count * decile {
            bins.push(std::mem::take(&mut bin));
            decile = seen * 10 / count + 1;
        }
    }
    if bin != [0, 0] || bins.is_empty() {
        bins.push(bin);
    }
    bins
}

fn psi(bins: &[[u64; 2]], [n, m]: [f64; 2]) -> f64 {
    // An empty bin counts as half a message, so that there is a logarithm.
    let share = |count: u64, of: f64| (count as f64).max(0.5) / of;
    let term = |[before, after]: &[u64; 2]| {
        let (p, q) = (share(*after, m), share(*before, n));
        (p - q) * (p / q).ln()
    };
    bins.iter().map(term).sum()
}

fn ks(before: &Histogram, after: &Histogram) -> f64 {
    let (n, m) = (before.count() as f64, after.count() as f64);
    let (mut below, mut distance) = ([0, 0], 0.0_f64);
    for (before, after) in before.cells().iter().zip(after.cells()) {
        below = [below[0] + before, below[1] + after];
        distance = distance.max((below[0] as f64 / n - below[1] as f64 / m).abs());
    }
    distance
}

#[cfg(test)]
mod tests {
    use rand::{Rng as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn histogram(scores: &[f64]) -> Histogram {
        let mut histogram = Histogram::default();
        scores.iter().for_each(|score| histogram.add(*score));
        histogram
    }

    fn repeated(counts: &[(f64, usize)]) -> Histogram {
        histogram(&counts.iter().flat_map(|(score, count)| vec![*score; *count]).collect::<Vec<_>>())
    }

    fn drift(before: &[(f64, usize)], after: &[(f64, usize)]) -> Drift {
        Drift::of(&repeated(before), &repeated(after)).unwrap()
    }

    #[track_caller]
    fn assert_near(found: f64, exact: f64) {
        assert!((found - exact).abs() < 1e-6, "{found} for {exact}");
    }

    #[test]
    fn the_index_is_as_by_hand() {
        // Two bins, at 0.2 and at 0.8: shares 0.5, 0.5 and then 0.25, 0.75.
        let found = drift(&[(0.2, 50), (0.8, 50)], &[(0.2, 25), (0.8, 75)]);
        // -0.25 ln(0.5) + 0.25 ln(1.5)
        assert_near(found.psi, 0.274_653_072);
        assert_eq!(found.psi_bins, 2);
        // One degree of freedom: 1 and 3.841459, times 1/100 + 1/100.
        assert_near(found.psi_by_chance_mean, 0.02);
        assert_near(found.psi_by_chance_p95, 0.076_829_177);
        assert_near(found.ks, 0.25);
        // sqrt(-ln(0.025) / 2 * 0.02)
        assert_near(found.ks_by_chance_p95, 0.192_064_559);
        assert_eq!(found.reading, DriftReading::Large);
    }

    #[test]
    fn chi_squared_exceeds_its_limits_in_five_of_100_cases() {
        // The upper tail of an even number of degrees is a sum of Poisson's (Abramowitz and Stegun, 26.4.21).
        for degrees in [2, 4, 6, 8] {
            let half = CHI_SQUARED_P95[degrees] / 2.0;
            let terms = (1..degrees / 2).scan(1.0, |term, k| {
                *term *= half / k as f64;
                Some(*term)
            });
            assert_near((1.0 + terms.sum::<f64>()) * (-half).exp(), 1.0 - CONFIDENCE);
        }
        // All of them are as the table prints them.
        let printed = [0.0, 3.84146, 5.99147, 7.81473, 9.48773, 11.0705, 12.5916, 14.0671, 15.5073, 16.9190];
        for (limit, printed) in CHI_SQUARED_P95.into_iter().zip(printed) {
            assert!((limit - printed).abs() < 1e-4, "{limit} for {printed}");
        }
    }

    #[test]
    fn an_empty_bin_counts_as_half_a_message() {
        // (1 - 0.005) ln(200) twice over: 0.5 of 100 in the bin that is empty.
        let found = drift(&[(0.2, 50), (0.8, 50)], &[(0.8, 100)]);
        let (p, q) = (0.005_f64, 0.5_f64);
        assert_near(found.psi, (p - q) * (p / q).ln() + (1.0 - q) * (1.0 / q).ln());
        assert!(found.psi.is_finite());
    }

    #[test]
    fn a_model_with_one_score_drifts_when_it_leaves_it() {
        let same = drift(&[(0.2, 100)], &[(0.2, 100)]);
        assert_eq!((same.psi, same.psi_bins, same.ks, same.reading), (0.0, 1, 0.0, DriftReading::WithinChance));
        for after in [0.1, 0.9] {
            let moved = drift(&[(0.2, 100)], &[(after, 100)]);
            assert_eq!((moved.ks, moved.reading), (1.0, DriftReading::Large), "{after}");
        }
    }

    #[test]
    fn without_scores_there_is_no_drift() {
        assert_eq!(Drift::of(&repeated(&[(0.5, 3)]), &repeated(&[])), None);
        assert_eq!(Drift::of(&repeated(&[]), &repeated(&[(0.5, 3)])), None);
    }

    /// Scores on the grid's own cells, so that the reference may sort them as they are.
    fn sample(random: &mut ChaCha8Rng, count: usize, shift: f64) -> Vec<f64> {
        let log_odds = |random: &mut ChaCha8Rng| {
            // A sum of uniform numbers is bell-shaped enough.
            let sum: f64 = (0..12).map(|_| random.random::<f64>()).sum();
            ((sum - 6.0) * 3.0 + shift).clamp(-15.9, 15.9)
        };
        let on_grid = |value: f64| (value * 16.0).floor() / 16.0 + 1.0 / 32.0;
        (0..count).map(|_| 1.0 / (1.0 + (-on_grid(log_odds(random))).exp())).collect()
    }

    /// KS from the definition: at every score, the share of each sample that does not exceed it.
    fn slow_ks(before: &[f64], after: &[f64]) -> f64 {
        let share = |sample: &[f64], at: f64| {
            sample.iter().filter(|score| **score <= at * (1.0 + 1e-9)).count() as f64 / sample.len() as f64
        };
        let distances = before.iter().chain(after).map(|at| (share(before, *at) - share(after, *at)).abs());
        distances.fold(0.0, f64::max)
    }

    /// The index from the definition: bins end at the scores of the baseline's deciles.
    fn slow_psi(before: &[f64], after: &[f64]) -> (f64, usize) {
        let mut sorted = before.to_vec();
        sorted.sort_by(f64::total_cmp);
        let mut ends: Vec<f64> =
            (1..10).map(|decile| sorted[(sorted.len() * decile).div_ceil(10) - 1] * (1.0 + 1e-9)).collect();
        ends.dedup();
        let bin = |score: f64| ends.iter().filter(|end| score > **end).count();
        let count = |sample: &[f64], index: usize| sample.iter().filter(|score| bin(**score) == index).count();
        let mut sum = 0.0;
        let mut bins = 0;
        for index in 0..=ends.len() {
            let (b, a) = (count(before, index), count(after, index));
            if (b, a) == (0, 0) {
                continue;
            }
            bins += 1;
            let q = (b as f64).max(0.5) / before.len() as f64;
            let p = (a as f64).max(0.5) / after.len() as f64;
            sum += (p - q) * (p / q).ln();
        }
        (sum, bins)
    }

    #[test]
    fn both_figures_are_those_of_the_definition() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for round in 0..200 {
            let shift = f64::from(round % 5) * 0.4;
            let (n, m) = (random.random_range(1..400), random.random_range(1..400));
            let (before, after) = (sample(&mut random, n, 0.0), sample(&mut random, m, shift));
            let found = Drift::of(&histogram(&before), &histogram(&after)).unwrap();
            let (psi, bins) = slow_psi(&before, &after);
            assert_near(found.ks, slow_ks(&before, &after));
            assert_near(found.psi, psi);
            assert_eq!(found.psi_bins, bins as u64, "round {round}");
        }
    }

    #[test]
    fn chance_exceeds_its_limits_as_often_as_they_say() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let rounds = 1_000;
        let (mut mean, mut above_psi, mut above_ks) = (0.0, 0, 0);
        for _ in 0..rounds {
            let [before, after] = [800, 600].map(|count| histogram(&sample(&mut random, count, 0.0)));
            let found = Drift::of(&before, &after).unwrap();
            mean += found.psi / found.psi_by_chance_mean / f64::from(rounds);
            above_psi += u32::from(found.psi > found.psi_by_chance_p95);
            above_ks += u32::from(found.ks > found.ks_by_chance_p95);
        }
        assert!((0.95..1.05).contains(&mean), "{mean} of what chance is said to make of it");
        assert!((30..=75).contains(&above_psi), "{above_psi} of {rounds}, where 50 are expected");
        // Equal scores in one cell make KS smaller than the limit for scores that all differ.
        assert!(above_ks <= 65, "{above_ks} of {rounds}, where at most 50 are expected");
    }

    #[test]
    fn a_shift_is_read_by_its_size() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        // The spread is 3 in log-odds.
        for (shift, reading) in [
            (0.0, DriftReading::WithinChance),
            (0.3, DriftReading::Small),
            (1.2, DriftReading::Moderate),
            (3.0, DriftReading::Large),
        ] {
            let [before, after] = [0.0, shift].map(|shift| histogram(&sample(&mut random, 20_000, shift)));
            assert_eq!(Drift::of(&before, &after).unwrap().reading, reading, "{shift}");
        }
    }
}
