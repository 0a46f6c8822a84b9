//! How good a model is.

use std::fmt;

pub use switchback_train::roc_auc;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_counts_at_the_threshold() {
        let quality =
            Quality::of(&[(1.0, true), (-1.0, true), (0.0, false), (-2.0, false), (-3.0, false), (4.0, true)]);
        assert_eq!(quality.precision, 2.0 / 3.0);
        assert_eq!(quality.recall, 2.0 / 3.0);
        assert_eq!(quality.false_positive_rate, 1.0 / 3.0);
    }
}
