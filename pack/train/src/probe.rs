//! Whether the age of mail shows in its words: a model that is to tell older from newer wanted mail.

use std::io;

use crate::fit::{Fit, Target};
use crate::label::Label;
use crate::quality::roc_auc;
use crate::trainer::Learning;

/// The most messages that it learns from: it has to see a trend, not to find the last of it.
const MESSAGES_MAX: usize = 20_000;

/// The fewest for it to mean anything.
const MESSAGES_MIN: usize = 200;

/// As all models, but not as far.
const FIT: Fit = Fit { cost: 100.0, epochs: 5, tolerance: 0.1 };

impl Learning<'_> {
    /// The area under the curve of such a model on a fold that it has not seen.
    pub(crate) fn age_probe(&self) -> io::Result<Option<f64>> {
        let date = |at: usize| self.mail.index[at].date.filter(|_| self.mail.index[at].label == Label::Ham);
        let chosen: Vec<_> = self.learned.iter().filter_map(|one| date(one.at)).take(MESSAGES_MAX).collect();
        if chosen.len() < MESSAGES_MIN {
            return Ok(None);
        }
        let mut sorted = chosen;
        sorted.sort_unstable();
        let median = sorted[sorted.len() / 2];
        let mut left = sorted.len();
        let mut targets = Vec::new();
        let mut measured = Vec::new();
        for one in self.learned {
            let date = date(one.at).filter(|_| left > 0);
            left -= usize::from(date.is_some());
            let is_measured = one.fold == Some(0);
            let is_spam = date.is_some_and(|date| date > median);
            targets.push(Target { is_spam, weight: date.filter(|_| !is_measured).map(|_| 1.0) });
            measured.push(date.is_some() && is_measured);
        }
        let weights = FIT.fit(self.rows, &targets, self.columns, || {})?;
        let mut scored = Vec::new();
        self.rows.each(|number, row| {
            if measured[number] {
                scored.push((weights.sum(row), targets[number].is_spam));
            }
        })?;
        Ok(Some(roc_auc(&scored)).filter(|area| area.is_finite()))
    }
}
