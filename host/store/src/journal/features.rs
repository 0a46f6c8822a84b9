//! The features of messages, as a journal keeps them: hashed words, pairs of words and structure, and facts; no text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use switchback_model::message::{Facts, FeatureKind, Features, Message, Structure};
use switchback_model::route::BASIS_POINTS;

/// What a journal keeps of a message for releases that read nothing but features and facts.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordedFeatures {
    /// The words of each field.
    pub words: Features,
    /// The pairs of words of each field.
    pub pairs: Features,
    /// What the message is made of.
    pub structure: Structure,
    /// The facts.
    pub facts: Facts,
}

impl RecordedFeatures {
    /// Those of a message. Computes what nobody has asked for yet.
    pub fn of(message: &Message) -> Self {
        Self {
            words: message.features(FeatureKind::Words).clone(),
            pairs: message.features(FeatureKind::Pairs).clone(),
            structure: message.structure().clone(),
            facts: *message.facts(),
        }
    }

    /// The message as far as it is known: [`Message::from_features`].
    pub fn into_message(self) -> Message {
        Message::from_features(self.words, self.pairs, self.structure, self.facts)
    }
}

/// Of which messages a journal keeps the features: a share of all campaigns, in hundredths of a percent.
///
/// Written `off`, `all`, or a share such as `10 %`. Which messages a share is of depends on the fingerprint and the
/// journal's key: copies of one content are in the sample or they are not, in every process of the folder, and who sends
/// mail cannot tell. The share of the *messages* is therefore less even than that of the campaigns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FeatureSample(u16);

impl FeatureSample {
    /// Of none. The default.
    pub const OFF: Self = Self(0);
    /// Of all.
    pub const ALL: Self = Self(BASIS_POINTS);

    /// Of so many of 10,000 campaigns; none of more than that.
    pub fn of_basis_points(share_bp: u16) -> Option<Self> {
        (share_bp <= BASIS_POINTS).then_some(Self(share_bp))
    }

    /// Whether there is none at all.
    pub fn is_off(self) -> bool {
        self == Self::OFF
    }

    /// Whether a campaign is in the sample, by a number that its fingerprint was hashed to.
    pub(super) fn contains(self, number: u64) -> bool {
        // Below 10,000; 2^64 is so much larger that no number is visibly likelier.
        number % u64::from(BASIS_POINTS) < u64::from(self.0)
    }
}

impl fmt::Display for FeatureSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::OFF => f.write_str("off"),
            Self::ALL => f.write_str("all"),
            Self(share_bp) => write!(f, "{} %", f64::from(share_bp) / 100.0),
        }
    }
}

impl FromStr for FeatureSample {
    type Err = InvalidFeatureSample;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidFeatureSample(text.to_owned());
        match text {
            "off" => return Ok(Self::OFF),
            "all" => return Ok(Self::ALL),
            _ => {}
        }
        let percent: f64 = text.strip_suffix('%').ok_or_else(invalid)?.trim().parse().map_err(|_| invalid())?;
        let share_bp = (percent * 100.0).round();
        let is_one = (1.0..=f64::from(BASIS_POINTS)).contains(&share_bp) && (percent * 100.0 - share_bp).abs() < 1e-6;
        // Within its range, so it fits.
        is_one.then_some(Self(share_bp as u16)).ok_or_else(invalid)
    }
}

impl TryFrom<String> for FeatureSample {
    type Error = InvalidFeatureSample;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<FeatureSample> for String {
    fn from(sample: FeatureSample) -> Self {
        sample.to_string()
    }
}

/// A text that is not a sample.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid sample: `off`, `all` and shares from `0.01 %` to `100 %` are")]
pub struct InvalidFeatureSample(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_written_as_people_do() {
        for (text, share_bp, again) in [
            ("off", 0, "off"),
            ("all", 10_000, "all"),
            ("10 %", 1_000, "10 %"),
            ("0.01%", 1, "0.01 %"),
            ("100%", 10_000, "all"),
        ] {
            let sample: FeatureSample = text.parse().unwrap();
            assert_eq!((sample, sample.to_string().as_str()), (FeatureSample(share_bp), again), "{text}");
        }
        for text in ["", "10", "0 %", "101 %", "nan %", "-1 %", "0.015 %", "half"] {
            assert!(text.parse::<FeatureSample>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_share_of_all_numbers_is_in_the_sample() {
        let sample = FeatureSample::of_basis_points(1_000).unwrap();
        assert_eq!((0..100_000).filter(|number| sample.contains(*number)).count(), 10_000);
        assert!((0..100).all(|number| FeatureSample::ALL.contains(number) && !FeatureSample::OFF.contains(number)));
    }
}
