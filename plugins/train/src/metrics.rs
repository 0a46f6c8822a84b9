//! How good a model is.

use std::fmt;

/// What a model does at its threshold, log-odds of 0, and how well it ranks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// How much of what is flagged is unwanted.
    pub precision: f64,
    /// How much of what is unwanted is flagged.
    pub recall: f64,
    /// How much of what is wanted is flagged.
    pub false_positive_rate: f64,
    /// How often an unwanted message scores above a wanted one.
    pub roc_auc: f64,
    /// How many messages it was measured on.
    pub count: usize,
}

impl Quality {
    /// Measures scores, each with whether its message is unwanted.
    pub fn of(scored: &[(f64, bool)]) -> Self {
        let count = |flagged: bool, unwanted: bool| {
            scored.iter().filter(|(score, truth)| (*score >= 0.0) == flagged && *truth == unwanted).count() as f64
        };
        let (hit, missed, wrong, right) =
            (count(true, true), count(false, true), count(true, false), count(false, false));
        Self {
            precision: hit / (hit + wrong),
            recall: hit / (hit + missed),
            false_positive_rate: wrong / (wrong + right),
            roc_auc: roc_auc(scored),
            count: scored.len(),
        }
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} messages: precision {:.4}, recall {:.4}, false positive rate {:.4}, ROC-AUC {:.4}",
            self.count, self.precision, self.recall, self.false_positive_rate, self.roc_auc
        )
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
    fn quality_counts_at_the_threshold() {
        let quality =
            Quality::of(&[(1.0, true), (-1.0, true), (0.0, false), (-2.0, false), (-3.0, false), (4.0, true)]);
        assert_eq!(quality.precision, 2.0 / 3.0);
        assert_eq!(quality.recall, 2.0 / 3.0);
        assert_eq!(quality.false_positive_rate, 1.0 / 3.0);
    }
}
