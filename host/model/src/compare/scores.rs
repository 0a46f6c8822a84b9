//! How a release's scores are spread: counts on a fixed grid.

use serde::Serialize;

/// How far the grid reaches, in log-odds (natural logarithm) either side of 0: to a score of one in nine million.
const LOG_ODDS_MAX: f64 = 16.0;

/// Cells in one unit of log-odds. One is 1.6 % of a score's odds: finer than any two releases agree.
const CELLS_PER_UNIT: f64 = 16.0;

/// Cells of the grid, and one at either end for what lies beyond it.
pub(super) const CELLS: usize = 2 * 16 * 16 + 2;

/// Cells that are shown as one band: half a unit.
const CELLS_PER_BAND: usize = 8;

/// What a sum of scores counts in: a score is a multiple of it but for rounding that no sum shows.
pub(super) const SCORE_UNIT: f64 = 1.0 / (1_u64 << 60) as f64;

/// A score in units of [`SCORE_UNIT`].
pub(super) fn fixed(score: f64) -> i128 {
    (score / SCORE_UNIT).round() as i128
}

/// Counts the scores of one release. Two histograms add up to the same one whatever the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Histogram {
    cells: Vec<u64>,
    count: u64,
    sum: i128,
}

/// How the scores of a release are spread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Scores {
    /// Messages that it scored.
    pub count: u64,
    /// Their mean score.
    pub mean: f64,
    /// The score that a tenth of the messages do not exceed. Like the others it is read from cells of 1/16 of
    /// log-odds, and at most half a cell off: 0.8 % in a score of 0.5, less elsewhere.
    pub p10: f64,
    /// The median.
    pub p50: f64,
    /// The score that nine tenths do not exceed.
    pub p90: f64,
    /// The score that 99 of 100 do not exceed.
    pub p99: f64,
}

/// Scores in a band of log-odds, ln(score / (1 - score)), and how many each release gave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Band {
    /// Where it begins; none for the band below all others.
    pub log_odds_from: Option<f64>,
    /// Where it ends, exclusively; none for the band above all others.
    pub log_odds_to: Option<f64>,
    /// Scores of the first release in it.
    pub before: u64,
    /// Scores of the second.
    pub after: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { cells: vec![0; CELLS], count: 0, sum: 0 }
    }
}

impl Histogram {
    /// Counts a score, which is in 0..=1.
    pub(super) fn add(&mut self, score: f64) {
        self.cells[cell(score)] += 1;
        self.count += 1;
        self.sum += fixed(score);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.cells.iter_mut().zip(&other.cells).for_each(|(all, more)| *all += more);
        self.count += other.count;
        self.sum += other.sum;
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The counts, from the lowest scores to the highest.
    pub(super) fn cells(&self) -> &[u64] {
        &self.cells
    }

    /// How they are spread; none if there are none.
    pub(super) fn scores(&self) -> Option<Scores> {
        Some(Scores {
            count: self.count,
            mean: self.mean()?,
            p10: self.percentile(10)?,
            p50: self.percentile(50)?,
            p90: self.percentile(90)?,
            p99: self.percentile(99)?,
        })
    }

    fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 * SCORE_UNIT / self.count as f64)
    }

    /// The cell of the nearest rank, as the score in its middle.
    fn percentile(&self, percent: u64) -> Option<f64> {
        let rank = (u128::from(self.count) * u128::from(percent)).div_ceil(100);
        let mut seen = 0;
        let found = self.cells.iter().position(|count| {
            seen += u128::from(*count);
            seen >= rank
        });
        found.filter(|_| self.count > 0).map(middle)
    }
}

/// Both distributions in bands that are wide enough to draw.
pub(super) fn bands(before: &Histogram, after: &Histogram) -> Vec<Band> {
    let (low, high) = (log_odds_from(1), log_odds_from(CELLS - 1));
    let pairs: Vec<_> = before.cells.iter().copied().zip(after.cells.iter().copied()).collect();
    let (inner, last) = pairs[1..].split_at(CELLS - 2);
    let band = |from, to, counts: &[(u64, u64)]| Band {
        log_odds_from: from,
        log_odds_to: to,
        before: counts.iter().map(|(before, _)| before).sum(),
        after: counts.iter().map(|(_, after)| after).sum(),
    };
    let between = inner.chunks(CELLS_PER_BAND).enumerate().map(|(index, counts)| {
        let first = 1 + index * CELLS_PER_BAND;
        band(Some(log_odds_from(first)), Some(log_odds_from(first + CELLS_PER_BAND)), counts)
    });
    let mut bands = vec![band(None, Some(low), &pairs[..1])];
    bands.extend(between);
    bands.push(band(Some(high), None, last));
    bands
}

/// The cell that a score is counted in.
fn cell(score: f64) -> usize {
    // Infinite for 0 and 1, which lie beyond the grid like their neighbours.
    let log_odds = (score / (1.0 - score)).ln();
    // Multiplied first, which is exact: a score just below 0.5 stays below it.
    let cells = (log_odds * CELLS_PER_UNIT).floor() + LOG_ODDS_MAX * CELLS_PER_UNIT;
    match cells {
        below if below < 0.0 => 0,
        // A conversion to an integer saturates.
        inner => (inner as usize).saturating_add(1).min(CELLS - 1),
    }
}

/// Where a cell other than the first begins.
fn log_odds_from(cell: usize) -> f64 {
    (cell as f64 - 1.0) / CELLS_PER_UNIT - LOG_ODDS_MAX
}

/// The score in the middle of a cell; beyond the grid the certainty that it is next to.
fn middle(cell: usize) -> f64 {
    match cell {
        0 => 0.0,
        last if last == CELLS - 1 => 1.0,
        inner => 1.0 / (1.0 + (-(log_odds_from(inner) + 0.5 / CELLS_PER_UNIT)).exp()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(scores: impl IntoIterator<Item = f64>) -> Histogram {
        let mut histogram = Histogram::default();
        scores.into_iter().for_each(|score| histogram.add(score));
        histogram
    }

    #[test]
    fn every_score_has_a_cell_and_cells_rise_with_scores() {
        let mut scores = vec![0.0, f64::MIN_POSITIVE, 1e-12, 1.0 - f64::EPSILON, 1.0];
        scores.extend((1..1_000).map(|i| f64::from(i) / 1_000.0));
        scores.sort_by(f64::total_cmp);
        let cells: Vec<_> = scores.iter().map(|score| cell(*score)).collect();
        assert!(cells.is_sorted(), "{cells:?}");
        assert_eq!((cells[0], cells[cells.len() - 1]), (0, CELLS - 1));
        // The usual flag boundary lies between two cells, not in one.
        assert_eq!(cell(0.5), cell(0.5_f64.next_down()) + 1);
    }

    #[test]
    fn percentiles_are_at_most_half_a_cell_off() {
        let spread = histogram((1..=1_000).map(|i| f64::from(i) / 1_001.0)).scores().unwrap();
        let log_odds = |score: f64| (score / (1.0 - score)).ln();
        for (found, exact) in [(spread.p10, 100.0), (spread.p50, 500.0), (spread.p90, 900.0), (spread.p99, 990.0)] {
            let off = (log_odds(found) - log_odds(exact / 1_001.0)).abs();
            assert!(off <= 1.0 / 32.0 + 1e-9, "{found} is {off} off");
        }
        assert!((spread.mean - 0.5).abs() < 1e-12, "{}", spread.mean);
        assert_eq!(histogram([]).scores(), None);
    }

    #[test]
    fn certainty_is_shown_as_such() {
        let spread = histogram([0.0, 1.0]).scores().unwrap();
        assert_eq!((spread.p10, spread.p99), (0.0, 1.0));
    }

    #[test]
    fn bands_hold_every_score_once_and_join_without_a_gap() {
        let all: Vec<_> = (0..=500).map(|i| f64::from(i) / 500.0).collect();
        let bands = bands(&histogram(all.iter().copied()), &histogram([0.5]));
        assert_eq!(bands.iter().map(|band| band.before).sum::<u64>(), 501);
        assert!(bands.windows(2).all(|pair| pair[0].log_odds_to == pair[1].log_odds_from), "{bands:?}");
        let at_half = bands.iter().find(|band| band.after == 1).unwrap();
        assert_eq!((at_half.log_odds_from, at_half.log_odds_to), (Some(0.0), Some(0.5)));
    }
}
