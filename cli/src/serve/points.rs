//! A verdict in points, as users of SpamAssassin and Rspamd know them.
//!
//! Points are ten times the probability that a message is unwanted, and what is required are ten times the lowest threshold from
//! which on the slot flags a message: with the default thresholds 5 of 10, as SpamAssassin has it. Clients compare the two
//! numbers themselves, so they always say what was decided: where a rule or the failure policy flagged a message, it has the
//! points required, or more, and where a rule let it pass, it has fewer.

use switchback::verdict::DecidedBy;
use switchback::{Thresholds, Verdict};

/// Points are counted in hundredths.
const UNIT: f64 = 100.0;

/// What a probability of 1 is in points.
const WHOLE: f64 = 10.0;

/// The points of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Points {
    score: i64,
    required: i64,
    reject: i64,
}

impl Points {
    /// The points of a verdict, if there is one, given whether the message is to be flagged.
    pub(super) fn new(verdict: Option<&Verdict>, is_flagged: bool, thresholds: &Thresholds) -> Self {
        let required = flagged_from(thresholds).unwrap_or(1.0);
        let required = ((required * WHOLE * UNIT).round() as i64).max(1);
        let score = match verdict.map(|verdict| verdict.decided_by) {
            Some(DecidedBy::Allowed { .. }) | None => 0.0,
            Some(DecidedBy::Blocked { .. }) => 1.0,
            Some(_) => verdict.and_then(|verdict| verdict.score).unwrap_or(0.0),
        };
        let score = (score * WHOLE * UNIT).floor() as i64;
        let score = if is_flagged { score.max(required) } else { score.min(required - 1) };
        let reject = ((thresholds.reject.unwrap_or(1.0) * WHOLE * UNIT).round() as i64).max(required);
        Self { score, required, reject }
    }

    /// The points it has.
    pub(super) fn score(self) -> f64 {
        self.score as f64 / UNIT
    }

    /// The points from which on a message is flagged.
    pub(super) fn required(self) -> f64 {
        self.required as f64 / UNIT
    }

    /// The points from which on it is refused, or all that there are.
    pub(super) fn reject(self) -> f64 {
        self.reject as f64 / UNIT
    }

    /// Whether it is flagged.
    pub(super) fn is_spam(self) -> bool {
        self.score >= self.required
    }
}

/// The lowest score that is flagged.
fn flagged_from(thresholds: &Thresholds) -> Option<f64> {
    thresholds.junk.or(thresholds.quarantine).or(thresholds.reject)
}

#[cfg(test)]
mod tests {
    use switchback::route::Generation;
    use switchback::verdict::{Answer, Cause};
    use switchback::{Action, Message};

    use super::*;

    fn verdict(score: Option<f64>, decided_by: DecidedBy) -> Verdict {
        let why = (Cause::NoRelease, String::new());
        let mut verdict =
            Verdict::unscanned(&Message::parse(""), Generation::default(), None, Answer::Act(Action::Deliver), why);
        (verdict.score, verdict.decided_by) = (score, decided_by);
        verdict
    }

    #[test]
    fn the_two_numbers_say_what_was_decided() {
        let default = Thresholds::default();
        let odd = Thresholds::default().junk(0.123_456_7);
        let late = Thresholds::default().junk(None).quarantine(None).reject(None);
        for (score, decided_by, is_flagged, thresholds, shown) in [
            (Some(0.5), DecidedBy::Live, true, default, (5.0, 5.0)),
            (Some(0.499_999_9), DecidedBy::Live, false, default, (4.99, 5.0)),
            (Some(1.0), DecidedBy::Live, true, default, (10.0, 5.0)),
            (Some(0.123_456_6), DecidedBy::Live, false, odd, (1.22, 1.23)),
            (Some(0.123_456_7), DecidedBy::Live, true, odd, (1.23, 1.23)),
            (Some(0.99), DecidedBy::Allowed { rule: 1 }, false, default, (0.0, 5.0)),
            (Some(0.01), DecidedBy::Blocked { rule: 1 }, true, default, (10.0, 5.0)),
            (None, DecidedBy::Unscanned, false, default, (0.0, 5.0)),
            (None, DecidedBy::Unscanned, true, default, (5.0, 5.0)),
            (Some(1.0), DecidedBy::Live, false, late, (9.99, 10.0)),
        ] {
            let points = Points::new(Some(&verdict(score, decided_by)), is_flagged, &thresholds);
            assert_eq!((points.score(), points.required()), shown, "{score:?} {decided_by}");
            assert_eq!(points.is_spam(), is_flagged);
        }
        assert!(!Points::new(None, false, &Thresholds::default().junk(0.0)).is_spam());
    }
}
