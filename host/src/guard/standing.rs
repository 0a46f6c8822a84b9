//! What a trial says about a segment: that it is harmed, that it is not, or nothing yet.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::bets::{Bets, Gains};
use super::counts::{Counts, Flip};
use super::mail_counts::MailCounts;
use super::segment::Segment;
use super::tally::Tally;
use super::trial::Trial;

/// What is known of a segment, for whoever decides about a promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// With 95 % confidence fewer campaigns flip up than `proof_rate`.
    Proven,
    /// Too little was seen to say so.
    Unproven,
    /// The evidence for harm suffices at least for a warning, on eligible mail alone.
    Harmed,
}

impl Standing {
    /// Its name, as in every text and record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Unproven => "unproven",
            Self::Harmed => "harmed",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What is known about a candidate as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialEvidence {
    /// Segments that are harmed.
    pub harmed: Vec<Segment>,
    /// What is known about all senders together.
    pub everything: Standing,
    /// How many eligible campaigns both releases scored.
    pub campaigns: u64,
    /// All pairs that both releases scored, and how many of them can be acted on.
    pub pairs: MailCounts,
}

/// A standing, with its numbers. Counted are eligible campaigns, of each sender as many a day as the settings say.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Proof {
    /// What follows.
    pub standing: Standing,
    /// Campaigns that flipped up.
    pub flips: u64,
    /// All campaigns.
    pub campaigns: u64,
    /// The share of campaigns that flip up is below this, with 95 % confidence, however often one looks; 1 where nothing
    /// was seen.
    pub share_at_most: f64,
}

impl Trial {
    /// What is known of a segment by now.
    pub fn proof(&self, tally: &Tally) -> Proof {
        let Counts { flips, all: campaigns, .. } = tally.up.eligible;
        let is_harmed = |flip| self.is_warned_by_eligible(tally.direction(flip), flip, tally.weight);
        let standing = if is_harmed(Flip::Up) || is_harmed(Flip::Down) {
            Standing::Harmed
        } else if is_below(self.settings().proof_rate, flips, campaigns) {
            Standing::Proven
        } else {
            Standing::Unproven
        };
        Proof { standing, flips, campaigns, share_at_most: share_at_most(flips, campaigns) }
    }
}

/// Of the confidence: 1 in 20 is wrong.
const ERROR: f64 = 0.05;

/// The shares that the bets are on, as parts of the one that is to be refuted. With them 177, 356, 713 and 3,571
/// campaigns without a flip prove a share below 2, 1, 0.5 and 0.1 %.
const PARTS: [f64; 2] = [0.02, 0.83];

/// Whether the share of flips is below `rate`: bets against the null hypothesis that, whatever came before, a campaign
/// flips with at least this probability.
fn is_below(rate: f64, flips: u64, campaigns: u64) -> bool {
    let [low, high] = PARTS;
    let bets = Bets::between(low, high, |part| {
        let other = (-part * rate).ln_1p() - (-rate).ln_1p();
        Gains { flip: part.ln(), opposite: other, same: other }
    });
    bets.log_e(Counts { flips, opposite: 0, all: campaigns }) >= -ERROR.ln()
}

/// The lowest rate that the share is below. The higher a rate, the more there is against it, so it is found by halving.
fn share_at_most(flips: u64, campaigns: u64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if is_below(middle, flips, campaigns) { high = middle } else { low = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_campaigns_without_a_flip_prove_a_share() {
        for (rate, needed) in [(0.02, 177), (0.01, 356), (0.005, 713), (0.001, 3_571)] {
            assert!(is_below(rate, 0, needed) && !is_below(rate, 0, needed - 1), "{rate}");
            assert!((share_at_most(0, needed) / rate - 1.0).abs() < 0.01, "{rate}: {}", share_at_most(0, needed));
        }
    }

    #[test]
    fn a_bound_lies_above_the_share_that_was_seen() {
        for (flips, campaigns) in [(0, 0), (0, 1), (1, 1), (1, 100), (50, 1_000), (500, 1_000), (1_000, 1_000)] {
            let bound = share_at_most(flips, campaigns);
            assert!(bound >= flips as f64 / f64::max(1.0, campaigns as f64), "{flips} of {campaigns}: {bound}");
            assert!(bound <= share_at_most(flips + 1, campaigns + 1) + 1e-9, "{flips} of {campaigns}: {bound}");
        }
        assert!((share_at_most(0, 0) - 1.0).abs() < 1e-9);
        assert!(share_at_most(50, 1_000) < 0.09, "{}", share_at_most(50, 1_000));
    }
}
