//! The numbers that made the guard act, as the ledger keeps them.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::counts::{Counts, Flip};
use super::requirement::{Found, Requirements};
use super::segment::Segment;
use super::settings::Floor;
use crate::release::ReleaseId;

/// Why the guard did something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "by", rename_all = "kebab-case", deny_unknown_fields)]
// Exhaustive: whoever explains a decision has to know each kind.
pub enum Evidence {
    /// Too many verdicts of a segment flipped.
    Flips(FlipEvidence),
    /// The release failed.
    Breaker(BreakerEvidence),
}

impl Evidence {
    /// What it is about, in a word or two: `gmail.com`, `failures`.
    pub fn cause(&self) -> String {
        match self {
            Self::Flips(flips) => flips.segment.to_string(),
            Self::Breaker(breaker) => breaker.breaker.to_string(),
        }
    }

    /// The flips, if it is about flips.
    pub const fn flips(&self) -> Option<&FlipEvidence> {
        match self {
            Self::Flips(flips) => Some(flips),
            Self::Breaker(_) => None,
        }
    }

    /// What the release was compared with, where it was compared.
    pub fn baseline(&self) -> Option<&ReleaseId> {
        match self {
            Self::Flips(flips) => Some(&flips.baseline),
            Self::Breaker(breaker) => breaker.baseline.as_ref(),
        }
    }
}

/// Which test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: their error probabilities add up to that of the guard.
pub enum Test {
    /// Of the share that flips one way. Fast.
    Gross,
    /// Of that share less the share that flips the other way. Robust where models merely differ.
    Net,
}

impl Test {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Gross, Self::Net];

    /// Its name, as in every text and record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gross => "gross",
            Self::Net => "net",
        }
    }
}

/// Flips in a segment, beyond what a harmless candidate makes. Whoever has this can compute `log_e` and `log_threshold`
/// again ([`FlipEvidence::recompute`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FlipEvidence {
    /// What the release was compared with.
    pub baseline: ReleaseId,
    /// When the two began to be compared.
    pub began_at: Timestamp,
    /// The cohort.
    pub segment: Segment,
    /// Which way its verdicts flipped.
    pub flip: Flip,
    /// The test that was decisive.
    pub test: Test,
    /// What was counted.
    pub counts: Counts,
    /// The share that the test tolerates.
    pub tolerance: f64,
    /// The error probability of that test, for the whole rollout.
    pub alpha: f64,
    /// The segment's part of it.
    pub weight: f64,
    /// The natural logarithm of the evidence against a harmless candidate, the E-value.
    pub log_e: f64,
    /// What that had to reach: the logarithm of 1 / (alpha * weight).
    pub log_threshold: f64,
    /// Senders whose eligible messages flipped, as accounts; counted up to 255.
    pub senders: u8,
    /// Recipients of those; counted up to 255.
    pub recipients: u8,
    /// How many of the flips remain without one sender fewer than the floor asks for, who may be an adversary's; the test has
    /// to be sure of these, too. Where few are known, all. None in records of before this was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others: Option<u64>,
    /// Every segment that is harmed at that time, by e-BH at the level of warnings; at most 32, the clearest first. Only
    /// where the evidence suffices to act; a warning names its own segment alone.
    pub harmed: Vec<Segment>,
}

impl FlipEvidence {
    /// Computes the logarithm of the E-value and of its threshold again, from the counts and what was tolerated.
    pub fn recompute(&self) -> (f64, f64) {
        (self.test.bets(self.tolerance).log_e(self.counts), log_threshold(self.alpha, self.weight))
    }

    /// Whether what is recorded is what is computed again, within a relative error of 1e-9: another processor may
    /// round a logarithm differently.
    pub fn agrees(&self) -> bool {
        let is_near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
        let (log_e, log_threshold) = self.recompute();
        is_near(log_e, self.log_e) && is_near(log_threshold, self.log_threshold)
    }

    /// What it took to act under a floor, and what there was of it, computed again. Of what was decided on eligible mail: a
    /// warning counts all mail, and its senders and recipients are those of eligible mail alone.
    pub fn requirements(&self, floor: &Floor) -> Requirements {
        let (log_e, log_threshold) = self.recompute();
        let Self { counts, senders, recipients, .. } = *self;
        // Of what was decided before it was recorded, all flips counted once there were enough senders.
        let all_or_none = if senders < floor.senders { 0 } else { counts.flips };
        let others = self.others.unwrap_or(all_or_none);
        let log_e_of_others = self.test.bets(self.tolerance).log_e(counts.with_flips(others));
        let flips = counts.flips;
        Requirements::of(floor, Found { flips, senders, recipients, others, log_e, log_e_of_others, log_threshold })
    }

    /// Whether the counts suffice, computed again. On a record that agrees this is what was decided, floors aside.
    pub fn is_sufficient(&self) -> bool {
        let (log_e, log_threshold) = self.recompute();
        log_e >= log_threshold
    }
}

/// The natural logarithm that the E-value of a segment has to reach, by the error probability of the test and the
/// segment's part of it.
pub fn log_threshold(alpha: f64, weight: f64) -> f64 {
    -(alpha * weight).ln()
}

/// What a breaker counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: whoever explains a decision has to know each kind.
pub enum Breaker {
    /// Traps, deadlines, exhausted limits, results outside the contract.
    Failures,
    /// Slow calls.
    Slow,
    /// Scores at the rails.
    Rails,
    /// Scores that hardly differ from each other.
    Spread,
}

impl fmt::Display for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Failures => "failures",
            Self::Slow => "slow calls",
            Self::Rails => "scores at the rails",
            Self::Spread => "scores without spread",
        })
    }
}

/// A release that failed, within one process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BreakerEvidence {
    /// What it was compared with, where it was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<ReleaseId>,
    /// What was counted.
    pub breaker: Breaker,
    /// Over how many seconds.
    pub window_s: u32,
    /// The calls in that time.
    pub calls: u64,
    /// Those of them that count against the release.
    pub bad: u64,
    /// The senders of those; counted up to 16.
    pub senders: u8,
    /// What was measured: a share, or for the spread a part of the baseline's.
    pub measured: f64,
    /// The bound that it broke.
    pub bound: f64,
}
