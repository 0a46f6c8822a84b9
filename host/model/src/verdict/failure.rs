//! What a slot answers when its live release does not.

use serde::{Deserialize, Serialize};

use super::action::Action;

/// Why the live release did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cause {
    /// The model trapped, exhausted a limit other than time, or broke the contract.
    Trap,
    /// The model took longer than its deadline.
    Deadline,
    /// No instance was free.
    Overload,
    /// The message is larger than the slot scores.
    TooBig,
    /// The slot has no live release.
    NoRelease,
    /// The model says that it cannot score this message.
    BadInput,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 6] =
        [Self::Trap, Self::Deadline, Self::Overload, Self::TooBig, Self::NoRelease, Self::BadInput];

    /// Its name, as in every text, metric and record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Deadline => "deadline",
            Self::Overload => "overload",
            Self::TooBig => "too-big",
            Self::NoRelease => "no-release",
            Self::BadInput => "bad-input",
        }
    }
}

/// What to answer when the live release did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Answer {
    /// The previous release's verdict; where there is none, or it fails too, [`Answer::Neutral`].
    Previous,
    /// Deliver, marked [`Unscanned`](super::DecidedBy::Unscanned).
    Neutral,
    /// This action, marked [`Unscanned`](super::DecidedBy::Unscanned).
    Act(Action),
}

/// What to answer for each cause. The default is [`Answer::Previous`], except where another release
/// could do no better (overload, too big, no release): [`Answer::Neutral`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct FailurePolicy {
    /// For [`Cause::Trap`].
    pub trap: Answer,
    /// For [`Cause::Deadline`].
    pub deadline: Answer,
    /// For [`Cause::Overload`].
    pub overload: Answer,
    /// For [`Cause::TooBig`].
    pub too_big: Answer,
    /// For [`Cause::NoRelease`].
    pub no_release: Answer,
    /// For [`Cause::BadInput`].
    pub bad_input: Answer,
}

impl Default for FailurePolicy {
    fn default() -> Self {
        Self {
            trap: Answer::Previous,
            deadline: Answer::Previous,
            overload: Answer::Neutral,
            too_big: Answer::Neutral,
            no_release: Answer::Neutral,
            bad_input: Answer::Previous,
        }
    }
}

impl FailurePolicy {
    /// Sets the answer for a cause.
    #[must_use]
    pub fn on(mut self, cause: Cause, answer: Answer) -> Self {
        *match cause {
            Cause::Trap => &mut self.trap,
            Cause::Deadline => &mut self.deadline,
            Cause::Overload => &mut self.overload,
            Cause::TooBig => &mut self.too_big,
            Cause::NoRelease => &mut self.no_release,
            Cause::BadInput => &mut self.bad_input,
        } = answer;
        self
    }

    /// The answer for a cause.
    pub fn answer(&self, cause: Cause) -> Answer {
        match cause {
            Cause::Trap => self.trap,
            Cause::Deadline => self.deadline,
            Cause::Overload => self.overload,
            Cause::TooBig => self.too_big,
            Cause::NoRelease => self.no_release,
            Cause::BadInput => self.bad_input,
        }
    }
}
