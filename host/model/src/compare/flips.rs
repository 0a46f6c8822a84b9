//! Flips: messages that one release flags and the other does not.

use serde::Serialize;

use super::pair::Pair;
use super::scores::{SCORE_UNIT, fixed};
use crate::rate::Rate;
use crate::verdict::Action;

/// How two releases differ across the flag boundary on some messages. Only messages that both answered count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Flips {
    /// Messages that both answered.
    pub messages: u64,
    /// Those that the first flags.
    pub flagged_before: u64,
    /// Those that the second flags.
    pub flagged_after: u64,
    /// Those that only the second flags: flips up.
    pub newly_flagged: u64,
    /// Those that only the first flags: flips down.
    pub no_longer_flagged: u64,
}

impl Flips {
    /// Flips in both directions.
    pub fn flips(&self) -> u64 {
        self.newly_flagged + self.no_longer_flagged
    }

    /// The shares that these are of the messages; none of no message.
    pub fn rates(&self) -> Option<Rates> {
        let of = |part| Rate::of(part, self.messages);
        Some(Rates {
            flagged_before: of(self.flagged_before)?,
            flagged_after: of(self.flagged_after)?,
            newly_flagged: of(self.newly_flagged)?,
            no_longer_flagged: of(self.no_longer_flagged)?,
        })
    }

    /// These messages and others.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            flagged_before: self.flagged_before + other.flagged_before,
            flagged_after: self.flagged_after + other.flagged_after,
            newly_flagged: self.newly_flagged + other.newly_flagged,
            no_longer_flagged: self.no_longer_flagged + other.no_longer_flagged,
        }
    }

    fn add(&mut self, before: bool, after: bool) {
        self.messages += 1;
        self.flagged_before += u64::from(before);
        self.flagged_after += u64::from(after);
        self.newly_flagged += u64::from(!before && after);
        self.no_longer_flagged += u64::from(before && !after);
    }
}

/// Shares of the messages that both answered, with their 95 % intervals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rates {
    /// Of those that the first flags.
    pub flagged_before: Rate,
    /// Of those that the second flags.
    pub flagged_after: Rate,
    /// Of flips up.
    pub newly_flagged: Rate,
    /// Of flips down.
    pub no_longer_flagged: Rate,
}

/// What is added up for a segment. Whole numbers throughout, so that the order of the messages never shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) flips: Flips,
    /// Messages that both scored.
    scored: u64,
    /// The sum over those of the second score less the first, in units of [`SCORE_UNIT`].
    difference: i128,
}

impl Sums {
    /// Adds a message that both answered with an action.
    pub(super) fn add(&mut self, pair: &Pair<'_>, [before, after]: [Action; 2]) {
        self.flips.add(before.is_flagged(), after.is_flagged());
        if let (Some(before), Some(after)) = (pair.before.said.score(), pair.after.said.score()) {
            self.scored += 1;
            self.difference += fixed(after) - fixed(before);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.flips = self.flips.and(&other.flips);
        self.scored += other.scored;
        self.difference += other.difference;
    }

    /// The second score less the first, on average; none where nothing was scored.
    pub(super) fn mean_difference(&self) -> Option<f64> {
        (self.scored > 0).then(|| self.difference as f64 * SCORE_UNIT / self.scored as f64)
    }
}
