//! How good a model is, and how sure that is.

use serde::Serialize;
use switchback::compare::Rate;

/// Of so many messages so many, with the 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Share {
    /// How many.
    pub part: u64,
    /// Of how many.
    pub whole: u64,
    /// The share, and what it may be of all such mail; none of nothing.
    pub rate: Option<Rate>,
}

impl Share {
    /// A share.
    pub fn of(part: u64, whole: u64) -> Self {
        Self { part, whole, rate: Rate::of(part, whole) }
    }

    /// The share as a number; 0 of nothing.
    pub fn value(&self) -> f64 {
        self.rate.map_or(0.0, |rate| rate.share)
    }
}

/// What a model does at a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AtThreshold {
    /// From this score on mail is flagged, 0 to 1.
    pub threshold: f64,
    /// Of the unwanted messages those that are flagged.
    pub recall: Share,
    /// Of the wanted messages those that are flagged.
    pub false_positives: Share,
    /// Of the flagged messages those that are unwanted.
    pub precision: Share,
}

impl AtThreshold {
    /// Measures log-odds, each with whether its message is unwanted, at a threshold in log-odds.
    pub(crate) fn of(scored: &[(f64, bool)], threshold: f64, score: f64) -> Self {
        let count = |is_spam: bool, is_flagged: bool| {
            scored.iter().filter(|(odds, truth)| *truth == is_spam && (*odds >= threshold) == is_flagged).count() as u64
        };
        let (hit, missed, wrong, right) =
            (count(true, true), count(true, false), count(false, true), count(false, false));
        Self {
            threshold: score,
            recall: Share::of(hit, hit + missed),
            false_positives: Share::of(wrong, wrong + right),
            precision: Share::of(hit, hit + wrong),
        }
    }
}

/// The area under the ROC curve: the probability that an unwanted message scores above a wanted one, a
/// tie counting one half (Mann and Whitney, 1947). NaN if either kind is missing.
pub fn roc_auc(scored: &[(f64, bool)]) -> f64 {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut ranks, mut below) = (0.0, 0);
    for ties in sorted.chunk_by(|a, b| a.0 == b.0) {
        let unwanted = ties.iter().filter(|(_, truth)| *truth).count();
        ranks += unwanted as f64 * (below as f64 + (ties.len() as f64 + 1.0) / 2.0);
        below += ties.len();
    }
    let unwanted = scored.iter().filter(|(_, truth)| *truth).count() as f64;
    let wanted = scored.len() as f64 - unwanted;
    (ranks - unwanted * (unwanted + 1.0) / 2.0) / (unwanted * wanted)
}

/// Half the width of the 95 % interval of an area (Hanley and McNeil, The meaning and use of the area under a ROC curve,
/// Radiology 143, 1982).
pub(crate) fn auc_reach(auc: f64, unwanted: f64, wanted: f64) -> f64 {
    let (q1, q2) = (auc / (2.0 - auc), 2.0 * auc * auc / (1.0 + auc));
    let square = auc * (1.0 - auc) + (unwanted - 1.0) * (q1 - auc * auc) + (wanted - 1.0) * (q2 - auc * auc);
    1.96 * (square.max(0.0) / (unwanted * wanted)).sqrt()
}

/// The lowest threshold at which no more than a share of the wanted messages is flagged, given log-odds that are not of
/// messages learned from. Between two scores it is in their middle, so that neither decides by its last bit.
pub(crate) fn threshold(scored: &[(f64, bool)], share_max: f64) -> f64 {
    let mut ham: Vec<f64> = scored.iter().filter(|(_, is_spam)| !is_spam).map(|(odds, _)| *odds).collect();
    ham.sort_by(|a, b| b.total_cmp(a));
    let flagged = (share_max * ham.len() as f64) as usize;
    let Some(&below) = ham.get(flagged) else { return f64::NEG_INFINITY };
    let all = scored.iter().map(|(odds, _)| *odds).filter(|odds| *odds > below);
    match all.min_by(f64::total_cmp) {
        Some(above) => below.midpoint(above),
        None => below + 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        assert_eq!(roc_auc(&[(1.0, false), (2.0, true)]), 1.0);
        assert_eq!(roc_auc(&[(2.0, false), (1.0, true)]), 0.0);
        assert_eq!(roc_auc(&[(1.0, false), (1.0, true)]), 0.5);
        assert_eq!(roc_auc(&[(1.0, false), (3.0, true), (2.0, false), (1.5, true)]), 0.75);
    }

    #[test]
    fn a_threshold_flags_as_much_wanted_mail_as_it_may_and_no_more() {
        let ham = (0..100).map(|i| (f64::from(i) / 10.0, false));
        let spam = (0..50).map(|i| (8.0 + f64::from(i) / 7.0, true));
        let scored: Vec<_> = ham.chain(spam).collect();
        for (share, flagged) in [(0.0, 0), (0.01, 1), (0.05, 5), (0.059, 5), (1.0, 100)] {
            let at = AtThreshold::of(&scored, threshold(&scored, share), 0.5);
            assert_eq!(at.false_positives.part, flagged, "{share}");
        }
        assert_eq!(threshold(&[(3.0, false)], 0.0), 4.0);
    }

    #[test]
    fn quality_counts_at_the_threshold() {
        let scored = [(1.0, true), (-1.0, true), (0.0, false), (-2.0, false), (-3.0, false), (4.0, true)];
        let at = AtThreshold::of(&scored, 0.0, 0.5);
        assert_eq!((at.precision.part, at.precision.whole), (2, 3));
        assert_eq!((at.recall.part, at.recall.whole), (2, 3));
        assert_eq!((at.false_positives.part, at.false_positives.whole), (1, 3));
    }

    #[test]
    fn the_interval_of_an_area_is_that_of_the_paper() {
        // Hanley and McNeil's example: an area of 0.893 of 51 abnormal and 58 normal cases has a standard error of 0.032.
        assert!((auc_reach(0.893, 51.0, 58.0) / 1.96 - 0.032).abs() < 0.001);
    }
}
