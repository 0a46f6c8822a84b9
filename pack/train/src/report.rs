//! [`Report`]: what was learned from, and what came of it.

use jiff::Timestamp;
use serde::Serialize;

use crate::calibrate::Bin;
use crate::carried::Carriers;
use crate::coverage::Coverage;
use crate::label::Label;
use crate::quality::{AtThreshold, Share};
use crate::segments::SegmentRow;
use crate::split::{Kept, Split};

/// What a training learned from, and how good its model is on mail that it did not learn from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Report {
    /// What became of the messages.
    pub mail: Kept,
    /// How what is measured on was chosen.
    pub split: Split,
    /// Wanted messages that carry others.
    pub carriers: Carriers,
    /// When the messages that were learned from were sent, without the first and the last hundredth; none without dates.
    pub period: Option<Period>,
    /// Header fields that nearly all messages of one folder have and nearly none of the other: nothing was learned from them.
    pub telling_fields: Vec<String>,
    /// The share of unwanted mail that probabilities are calibrated for, 0 to 1.
    pub prior: f64,
    /// The share of wanted messages flagged that was asked for.
    pub max_false_positives: f64,
    /// At the threshold chosen for that, by messages that were not learned from and are not held out.
    pub chosen: AtThreshold,
    /// At a score of 0.5, the default threshold of a slot.
    pub default: AtThreshold,
    /// How often an unwanted message scores above a wanted one.
    pub roc_auc: f64,
    /// Half the width of its 95 % interval.
    pub roc_auc_reach: f64,
    /// How far probabilities were right, by what they said.
    pub calibration: Vec<Bin>,
    /// How many of the unwanted messages are flagged when 150 words of wanted mail are appended to each.
    pub recall_with_good_words: Share,
    /// How well a model tells older from newer wanted mail, 0.5 to 1: near 1 the dates of mail show in its words, so a model that
    /// learned from two folders of different years may have learned the years. None with too few dates.
    pub age_probe: Option<f64>,
    /// How much of the wanted mail was sent within the period of the unwanted, 0 to 1; none without dates.
    pub dates_in_common: Option<f64>,
    /// False positives by who sent the mail: those with the most, then those with the most messages.
    pub segments: Vec<SegmentRow>,
    /// What the mail does and does not cover.
    pub coverage: Coverage,
    /// Messages that the model takes for the contrary of their label, not having learned from them: likely in the wrong folder.
    /// The surest first.
    pub disagreements: Vec<Judged>,
    /// The release before on the same held-out mail, where there is one.
    pub before: Option<Before>,
    /// What somebody should know before a release of this is used.
    pub warnings: Vec<String>,
}

/// From when to when.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Period {
    /// The first of them.
    pub from: Timestamp,
    /// The last.
    pub to: Timestamp,
}

/// What a model that has not seen a message makes of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Judged {
    /// What the message is called.
    pub message: String,
    /// What it was given as.
    pub label: Label,
    /// The score, 0 to 1.
    pub score: f64,
}

/// What the release before does with the same held-out mail.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Before {
    /// Held-out messages that it has an opinion of.
    pub messages: u64,
    /// At a score of 0.5.
    pub default: AtThreshold,
    /// How often an unwanted message scores above a wanted one.
    pub roc_auc: f64,
    /// Wanted messages that only the new one flags, at 0.5.
    pub newly_flagged_ham: u64,
    /// Wanted messages that only the release before flags.
    pub newly_passed_ham: u64,
    /// Unwanted messages that only the new one flags.
    pub newly_flagged_spam: u64,
    /// Unwanted messages that only the release before flags.
    pub newly_passed_spam: u64,
    /// The messages that only one of the two flags, at 0.5: those first on which they differ most, at most 20.
    pub moved: Vec<Moved>,
}

/// A message that moves when the new release takes the place of the one before.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Moved {
    /// What the message is called.
    pub message: String,
    /// What it was given as.
    pub label: Label,
    /// The score that the release before gives it, 0 to 1.
    pub before: f64,
    /// The score that the new one does.
    pub now: f64,
}
