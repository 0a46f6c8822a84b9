//! What a trial says about a segment: that it is harmed, that it is not, or nothing yet.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::bets::{Bets, Gains};
use super::counts::{Counts, Flip};
use super::mail_counts::MailCounts;
use super::segment::Segment;
use super::settings::GuardSettings;
use super::tally::Tally;
use super::trial::Trial;

/// What is known of a segment, for whoever decides about a promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: a claim is proven, refuted or open.
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

crate::display_by_name!(Standing);

/// What is known about a candidate as a whole.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TrialEvidence {
    /// Segments that are harmed.
    pub harmed: Vec<Segment>,
    /// What is known about all senders together.
    pub everything: Proof,
    /// All pairs that both releases scored, and how many of them can be acted on.
    pub pairs: MailCounts,
}

impl TrialEvidence {
    /// What is known before anything was compared.
    #[doc(hidden)]
    pub fn none(settings: &GuardSettings) -> Self {
        Self { harmed: Vec::new(), everything: Proof::of(settings.proof_rate, 0, 0), pairs: MailCounts::default() }
    }
}

/// A standing, with its numbers. Counted are eligible campaigns, of each sender as many a day as the settings say.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
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
    /// What it has to be below to be proven: the setting `proof_rate`.
    pub rate: f64,
    /// How many campaigns prove that if no more than those flip that have.
    pub campaigns_needed: u64,
}

impl Proof {
    /// What so many flips in so many campaigns prove of a rate. Whether a segment is harmed they do not say.
    #[doc(hidden)]
    pub fn of(rate: f64, flips: u64, campaigns: u64) -> Self {
        let standing = if is_below(rate, flips, campaigns) { Standing::Proven } else { Standing::Unproven };
        let (share_at_most, campaigns_needed) = (share_at_most(flips, campaigns), campaigns_needed(rate, flips));
        Self { standing, flips, campaigns, share_at_most, rate, campaigns_needed }
    }
}

/// `of the 177 campaigns of authenticated, known senders that it takes 9 were compared, 0 of them newly flagged; so with 95 %
/// confidence fewer than 32.31 % flip, and it takes fewer than 2 %`.
impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { flips, campaigns, share_at_most, rate, campaigns_needed, .. } = self;
        let rate = (rate * 1e6).round() / 1e4;
        write!(
            f,
            "of the {campaigns_needed} campaigns of authenticated, known senders that it takes {campaigns} were compared, \
             {flips} of them newly flagged; so with 95 % confidence fewer than {:.2} % flip, and it takes fewer than {rate} %",
            // What is not enough is not shown as enough.
            (share_at_most * 1e4).ceil() / 1e2
        )
    }
}

impl Trial {
    /// What is known of a segment by now.
    pub fn proof(&self, tally: &Tally) -> Proof {
        let Counts { flips, all: campaigns, .. } = tally.up.eligible;
        let is_harmed = |flip| self.is_warned_by_eligible(tally.direction(flip), flip, tally.weight);
        let proof = Proof::of(self.settings().proof_rate, flips, campaigns);
        match is_harmed(Flip::Up) || is_harmed(Flip::Down) {
            true => Proof { standing: Standing::Harmed, ..proof },
            false => proof,
        }
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

/// The fewest campaigns of which so many flips prove that the share is below `rate`. The more there are, the more speaks for
/// it: so it is found by doubling, and then by halving.
fn campaigns_needed(rate: f64, flips: u64) -> u64 {
    let suffices = |campaigns: u64| is_below(rate, flips, campaigns);
    let mut enough = flips.max(1);
    while !suffices(enough) && enough < CAMPAIGNS_COUNTABLE {
        enough *= 2;
    }
    let mut few = enough / 2;
    while enough - few > 1 {
        let middle = few.midpoint(enough);
        if suffices(middle) { enough = middle } else { few = middle }
    }
    enough
}

/// More than any filter sees, and few enough for a number to hold twice as many.
const CAMPAIGNS_COUNTABLE: u64 = 1 << 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_proves_the_share_and_one_less_does_not() {
        for (rate, flips) in [(0.02, 0), (0.02, 1), (0.02, 40), (0.001, 0), (0.5, 3), (0.9, 0)] {
            let needed = campaigns_needed(rate, flips);
            assert!(is_below(rate, flips, needed) && !is_below(rate, flips, needed - 1), "{flips} at {rate}: {needed}");
        }
        assert_eq!(campaigns_needed(0.02, 0), 177);
    }

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
