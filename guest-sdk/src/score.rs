//! [`Score`]: an opinion of a message, made of its reasons.

use crate::cut::{NOTE_BYTES_MAX, cut};
use std::borrow::Cow;

/// The most reasons that an assessment has.
pub const REASONS_MAX: usize = 64;

/// The most bytes that a reason's name has.
const NAME_BYTES_MAX: usize = 64;

/// The largest weight of a reason, either way.
const WEIGHT_MAX: f64 = 1e6;

/// What kind of mail a message is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// Wanted mail.
    Ham,
    /// Bulk mail that was asked for, or that can be unsubscribed from.
    Bulk,
    /// Unsolicited advertising.
    Spam,
    /// An attempt to obtain credentials, money or data by deceit.
    Phish,
    /// A sender that pretends to be another.
    Spoof,
    /// A harmful attachment, or a link to one.
    Malware,
}

/// One reason for a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// A stable name: `A` to `Z`, `0` to `9` and `_`, 1 to 64 bytes.
    pub name: String,
    /// What it adds, on the scale of the score.
    pub weight: f64,
    /// For a person to read; may be empty. At most 256 bytes, the last of them `…` where it was cut.
    pub note: String,
}

/// What the host is told: a score and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// The probability that the message is unwanted, 0 to 1.
    pub score: f64,
    /// What kind of mail it is.
    pub category: Category,
    /// At most [`REASONS_MAX`]. On the scale `probability` their weights add up to the score; on the scale
    /// `log-odds` the score is the logistic function of their sum.
    pub reasons: Vec<Reason>,
}

/// A score in the making: the sum of its reasons, on the scale that the manifest states as `scale`.
///
/// The score follows from the reasons, so they always explain it. The contract's bounds are kept by
/// construction: names are made upper case with `_` for what may not stand in them, notes are cut, and
/// beyond [`REASONS_MAX`] reasons the smallest are added up as one of the name `OTHER`.
///
/// ```
/// use switchback_guest::{Category, Score};
///
/// let score = Score::log_odds()
///     .reason("BIAS", -2.0, "")
///     .reason("from-mismatch", 5.0, "the sender's name is a domain that is not the sender's")
///     .category(Category::Spoof);
/// let assessment = score.into_assessment();
/// assert!((assessment.score - 0.952_574).abs() < 1e-6, "1 / (1 + exp(-3))");
/// assert_eq!(assessment.reasons[1].name, "FROM_MISMATCH");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Score(Inner);

#[derive(Debug, Clone, PartialEq)]
enum Inner {
    Sum { scale: Scale, category: Option<Category>, reasons: Vec<Reason> },
    Raw(Assessment),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    LogOdds,
    Probability,
}

impl Score {
    /// A score whose reasons add up to the logarithm of the odds that the message is unwanted: 0 is even,
    /// +2.2 is nine to one, -4.6 is one to a hundred. Contributions of independent evidence are added on
    /// this scale, and nowhere else.
    pub fn log_odds() -> Self {
        Self::on(Scale::LogOdds)
    }

    /// A score whose reasons add up to the probability itself. A sum outside of 0 to 1 is brought back to
    /// the nearer end by a reason of the name `CLAMPED`.
    pub fn probability() -> Self {
        Self::on(Scale::Probability)
    }

    fn on(scale: Scale) -> Self {
        Self(Inner::Sum { scale, category: None, reasons: Vec::new() })
    }

    /// A score that is reported as it is. Only for guests that test how a host refuses bad ones.
    #[doc(hidden)]
    pub fn raw(assessment: Assessment) -> Self {
        Self(Inner::Raw(assessment))
    }

    /// Adds a reason: see [`add`](Self::add).
    ///
    /// # Panics
    /// As [`add`](Self::add).
    #[must_use]
    #[track_caller]
    pub fn reason(mut self, name: &str, weight: f64, note: impl Into<Cow<'static, str>>) -> Self {
        self.add(name, weight, note);
        self
    }

    /// Adds a reason, with a weight on the scale of the score and a note for a person to read. A weight beyond a million
    /// either way counts as a million: sums stay exact enough for the host to add them up again.
    ///
    /// # Panics
    /// If the weight is not finite: a model that computed nonsense has no opinion, and the host is to know.
    #[track_caller]
    pub fn add(&mut self, name: &str, weight: f64, note: impl Into<Cow<'static, str>>) {
        assert!(weight.is_finite(), "the reason {name} has the weight {weight}");
        if let Inner::Sum { reasons, .. } = &mut self.0 {
            let note = cut(note.into().into_owned(), NOTE_BYTES_MAX);
            reasons.push(Reason { name: clean_name(name), weight: weight.clamp(-WEIGHT_MAX, WEIGHT_MAX), note });
        }
    }

    /// Says what kind of mail the message is, should it be unwanted. Without it, the category is `Spam` for
    /// a score of at least one half; below one half it is `Ham` in any case, unless it is `Bulk`.
    #[must_use]
    pub fn category(mut self, kind: Category) -> Self {
        if let Inner::Sum { category, .. } = &mut self.0 {
            *category = Some(kind);
        }
        self
    }

    /// What the host will be told.
    pub fn into_assessment(self) -> Assessment {
        let (scale, category, mut reasons) = match self.0 {
            Inner::Raw(assessment) => return assessment,
            Inner::Sum { scale, category, reasons } => (scale, category, reasons),
        };
        let is_outside = scale == Scale::Probability && !(0.0..=1.0).contains(&total(&reasons));
        fold_smallest(&mut reasons, REASONS_MAX - usize::from(is_outside));
        if is_outside {
            let sum = total(&reasons);
            let weight = sum.clamp(0.0, 1.0) - sum;
            reasons.push(Reason { name: "CLAMPED".to_owned(), weight, note: String::new() });
        }
        let score = match scale {
            Scale::LogOdds => logistic(total(&reasons)),
            Scale::Probability => total(&reasons).clamp(0.0, 1.0),
        };
        let category = match category {
            Some(Category::Bulk) => Category::Bulk,
            _ if score < 0.5 => Category::Ham,
            Some(Category::Ham) | None => Category::Spam,
            Some(category) => category,
        };
        Assessment { score, category, reasons }
    }
}

/// The sum of the weights, in the order of the reasons: the host adds them up in the same order.
fn total(reasons: &[Reason]) -> f64 {
    // Not `sum`, which is -0 where there is none.
    reasons.iter().fold(0.0, |sum, reason| sum + reason.weight)
}

/// Leaves at most `max` reasons, the smallest being added up as `OTHER`.
fn fold_smallest(reasons: &mut Vec<Reason>, max: usize) {
    if reasons.len() <= max {
        return;
    }
    reasons.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    let folded = reasons.split_off(max - 1);
    let note = format!("{} smaller reasons", folded.len());
    reasons.push(Reason { name: "OTHER".to_owned(), weight: total(&folded), note });
}

/// The logistic function. Its exponential is computed in software: the platform's own differs between
/// platforms in the last bit.
fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-log_odds))
}

fn clean_name(name: &str) -> String {
    let clean = |byte: u8| if byte.is_ascii_alphanumeric() { byte.to_ascii_uppercase() } else { b'_' };
    let name: String = name.bytes().take(NAME_BYTES_MAX).map(|byte| char::from(clean(byte))).collect();
    if name.is_empty() { "UNNAMED".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_sum_is_even_odds() {
        assert_eq!(Score::log_odds().into_assessment().score, 0.5);
        assert_eq!(Score::probability().into_assessment().score.to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn the_score_is_the_logistic_function_of_the_reported_weights() {
        let mut score = Score::log_odds();
        for i in 0..100 {
            score.add("N", f64::from(i % 7) * 0.3 - 0.9, "");
        }
        let assessment = score.into_assessment();
        let sum: f64 = assessment.reasons.iter().map(|reason| reason.weight).sum();
        assert_eq!(assessment.score, logistic(sum));
    }

    #[test]
    fn the_largest_reasons_are_kept_and_the_others_added_up() {
        let mut score = Score::log_odds();
        for i in 0..1000 {
            score.add(&format!("R{i}"), if i < 63 { -2.0 } else { 0.001 }, "");
        }
        let reasons = score.into_assessment().reasons;
        assert_eq!(reasons.len(), REASONS_MAX);
        assert!(reasons[..63].iter().all(|reason| reason.weight == -2.0));
        assert_eq!(reasons[63].name, "OTHER");
        assert!((reasons[63].weight - 0.937).abs() < 1e-9);
    }

    #[test]
    fn sixty_four_reasons_are_not_too_many() {
        let score = (0..64).fold(Score::log_odds(), |score, _| score.reason("A", 0.1, ""));
        assert!(score.into_assessment().reasons.iter().all(|reason| reason.name == "A"));
    }

    #[test]
    fn extreme_sums_stay_probabilities() {
        for (weight, expected) in [(1e308, 1.0), (-1e308, 0.0), (800.0, 1.0), (-800.0, 0.0)] {
            assert_eq!(Score::log_odds().reason("A", weight, "").into_assessment().score, expected);
        }
    }

    #[test]
    fn a_probability_beyond_its_bounds_is_brought_back_by_a_reason() {
        for (weights, expected) in [([0.75, 0.5], 1.0), ([-0.5, 0.25], 0.0), ([1e308, 0.5], 1.0), ([-1e308, 1.0], 0.0)]
        {
            let score = weights.iter().fold(Score::probability(), |score, w| score.reason("A", *w, ""));
            let assessment = score.into_assessment();
            assert_eq!(assessment.score, expected);
            assert_eq!(total(&assessment.reasons), expected);
            assert_eq!(assessment.reasons[2].name, "CLAMPED");
        }
    }

    #[test]
    fn what_is_folded_and_brought_back_is_folded_once() {
        let score = (0..100).fold(Score::probability(), |score, _| score.reason("A", 0.02, ""));
        let assessment = score.into_assessment();
        let last: Vec<_> = assessment.reasons[61..].iter().map(|reason| reason.name.as_str()).collect();
        assert_eq!((assessment.score, last), (1.0, vec!["A", "OTHER", "CLAMPED"]));
    }

    #[test]
    fn names_and_notes_are_made_to_fit() {
        let score = Score::log_odds().reason("Größe 1", 0.0, "é".repeat(200)).reason("", 0.0, "");
        let reasons = score.into_assessment().reasons;
        assert_eq!(reasons[0].name, "GR____E_1");
        assert_eq!(reasons[0].note, "é".repeat(126) + "…");
        assert_eq!(reasons[1].name, "UNNAMED");
    }

    #[test]
    fn the_category_of_wanted_mail_is_ham_or_bulk() {
        let category =
            |weight, category| Score::log_odds().reason("A", weight, "").category(category).into_assessment().category;
        assert_eq!(category(-1.0, Category::Phish), Category::Ham);
        assert_eq!(category(1.0, Category::Phish), Category::Phish);
        assert_eq!(category(-1.0, Category::Bulk), Category::Bulk);
        assert_eq!(category(1.0, Category::Ham), Category::Spam, "what is unwanted is no wanted mail");
    }

    #[test]
    #[should_panic(expected = "the reason A has the weight NaN")]
    fn a_weight_that_is_no_number_is_refused() {
        Score::log_odds().add("A", f64::NAN, "");
    }
}
