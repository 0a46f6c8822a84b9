//! What a model answered, once it was checked.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::REASON_NAME_BYTES_MAX;
use crate::release::Scale;
use crate::unsaid::Unsaid;

/// What kind of mail a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
// Exhaustive: the categories of the scoring contract.
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

impl Category {
    /// Every category.
    pub const ALL: [Self; 6] = [Self::Ham, Self::Bulk, Self::Spam, Self::Phish, Self::Spoof, Self::Malware];

    /// Its name, as in every text, table and record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ham => "ham",
            Self::Bulk => "bulk",
            Self::Spam => "spam",
            Self::Phish => "phish",
            Self::Spoof => "spoof",
            Self::Malware => "malware",
        }
    }
}

crate::display_by_name!(Category);

/// One reason for a score.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Reason {
    /// A stable name: `[A-Z0-9_]`, 1 to 64 bytes.
    pub name: String,
    /// What it adds, on the release's scale.
    pub weight: f64,
    /// For a person to read: at most 256 bytes of the model's, and on one line; may be empty. Line breaks and other control
    /// characters are escaped.
    pub note: String,
}

crate::debug! {
    /// Without its text, which belongs in no log.
    Reason { name, weight, note: unsaid }
}

/// A model's opinion of a message, within the contract's ranges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Assessment {
    /// The probability that the message is unwanted: finite, 0 to 1.
    pub score: f64,
    /// What kind of mail it is.
    pub category: Category,
    /// At most 64 reasons.
    pub reasons: Vec<Reason>,
}

impl Assessment {
    /// A probability that the message is unwanted, 0 to 1, the kind of mail, and at most 64 reasons. Nothing is checked here.
    pub fn new(score: f64, category: Category, reasons: Vec<Reason>) -> Self {
        Self { score, category, reasons }
    }

    /// Checks ranges, names, and that the reasons explain the score. What a guest returns is data, never
    /// trusted.
    #[doc(hidden)]
    pub fn validate(&self, reasons_max: usize, scale: Scale) -> Result<(), InvalidAssessment> {
        if !(0.0..=1.0).contains(&self.score) {
            return Err(InvalidAssessment(format!("the score {} is not in 0..=1", self.score)));
        }
        if self.reasons.len() > reasons_max {
            return Err(InvalidAssessment(format!(
                "{} reasons, at most {reasons_max} are allowed",
                self.reasons.len()
            )));
        }
        self.reasons.iter().try_for_each(Reason::validate)?;
        self.check_sum(scale)
    }

    /// Checks that the reasons explain the score on the manifest's scale.
    fn check_sum(&self, scale: Scale) -> Result<(), InvalidAssessment> {
        let sum = self.reasons.iter().map(|reason| reason.weight).sum();
        let explains = |scale: Scale| (scale.score_of(sum) - self.score).abs() <= Scale::TOLERANCE;
        if explains(scale) {
            return Ok(());
        }
        let (explained, score) = (scale.score_of(sum), self.score);
        let other = scale.other();
        Err(InvalidAssessment(match explains(other) {
            true => format!(
                "its score {score} is what its reasons add up to on the scale `{other}`, and its manifest says \
                 `scale = \"{scale}\"`: state `scale = \"{other}\"`, or make the score with `Score::{}()`",
                scale.name().replace('-', "_")
            ),
            false => format!("on the scale `{scale}` its reasons add up to {explained}, not to its score {score}"),
        }))
    }
}

impl Reason {
    /// A reason with its stable name, what it adds on the release's scale, and a note for a person, which may be empty.
    /// Nothing is checked here.
    pub fn new(name: impl Into<String>, weight: f64, note: impl Into<String>) -> Self {
        Self { name: name.into(), weight, note: note.into() }
    }

    fn validate(&self) -> Result<(), InvalidAssessment> {
        let well_formed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        if self.name.is_empty() || self.name.len() > REASON_NAME_BYTES_MAX || !self.name.bytes().all(well_formed) {
            let shown: String = self.name.chars().take(80).collect();
            return Err(InvalidAssessment(format!("the reason name {shown:?} is not 1 to 64 of A-Z, 0-9 and _")));
        }
        if !self.weight.is_finite() {
            return Err(InvalidAssessment(format!("the weight of reason {} is {}", self.name, self.weight)));
        }
        Ok(())
    }
}

/// What scoring a message came to.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
// Exhaustive: the answers of the scoring contract.
pub enum Outcome {
    /// The model has an opinion.
    Scored(Assessment),
    /// The model has none, and says why, on one line.
    Abstained(String),
}

/// Without its text, which belongs in no log.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scored(assessment) => f.debug_tuple("Scored").field(assessment).finish(),
            Self::Abstained(why) => f.debug_tuple("Abstained").field(&Unsaid(why)).finish(),
        }
    }
}

impl Outcome {
    /// The score, unless the model abstained.
    pub fn score(&self) -> Option<f64> {
        match self {
            Self::Scored(assessment) => Some(assessment.score),
            Self::Abstained(_) => None,
        }
    }
}

/// Why an assessment is outside the contract.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidAssessment(pub(crate) String);

/// Without its text, which may quote the model: that belongs in no log.
impl fmt::Debug for InvalidAssessment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InvalidAssessment").field(&Unsaid(&self.0)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assessment(score: f64, reason: &str, weight: f64) -> Assessment {
        let reason = Reason { name: reason.into(), weight, note: String::new() };
        Assessment { score, category: Category::Ham, reasons: vec![reason] }
    }

    fn is_valid(assessment: &Assessment) -> bool {
        assessment.validate(64, Scale::Probability).is_ok()
    }

    #[test]
    fn what_is_outside_the_contract_is_refused() {
        assert!(is_valid(&assessment(0.5, "A_1", 0.5)));
        for score in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
            assert!(!is_valid(&assessment(score, "A", score)), "{score}");
        }
        for name in ["", "lower", "SPA CE", &"A".repeat(65)] {
            assert!(!is_valid(&assessment(0.5, name, 0.5)), "{name}");
        }
        assert!(!is_valid(&assessment(0.5, "A", f64::NAN)));
        assert!(assessment(0.5, "A", 0.5).validate(0, Scale::Probability).is_err());
    }

    #[test]
    fn reasons_add_up_to_the_score_on_the_scale() {
        let odds = assessment(0.75, "A", 3.0_f64.ln());
        assert!(odds.validate(64, Scale::LogOdds).is_ok());
        assert!(odds.validate(64, Scale::Probability).is_err());
        assert!(assessment(0.75, "A", 0.7).validate(64, Scale::Probability).is_err());
    }

    #[test]
    fn a_score_on_the_other_scale_is_told_so() {
        let why = |score, weight, scale| assessment(score, "A", weight).validate(64, scale).unwrap_err().to_string();
        let odds = why(0.75, 3.0_f64.ln(), Scale::Probability);
        assert!(odds.contains("`scale = \"probability\"`: state `scale = \"log-odds\"`"), "{odds}");
        assert!(odds.ends_with("`Score::probability()`"), "{odds}");
        let probability = why(0.75, 0.75, Scale::LogOdds);
        assert!(probability.contains("`scale = \"log-odds\"`: state `scale = \"probability\"`"), "{probability}");
        assert!(probability.ends_with("`Score::log_odds()`"), "{probability}");
        let neither = why(0.75, 0.5, Scale::LogOdds);
        assert!(neither.contains("scale `log-odds`") && !neither.contains("probability"), "{neither}");
    }
}
