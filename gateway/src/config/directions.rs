//! What is done with mail, in each direction.

use serde::Deserialize;
use switchback::verdict::{Answer, Cause};
use switchback::{Action, FailurePolicy, Thresholds};

use super::{ConfigError, HeldConfig};
use crate::decision::{InvalidReply, Reply};

/// The longest name of a record or a queue id that is put into a reply.
pub(crate) const ID_MAX: usize = 64;

/// What is done with mail in one direction.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct DirectionConfig {
    /// The slot of the store that judges it. Default `inbound`, and `outbound` must be named.
    pub slot: String,
    /// The scores from which each action is taken.
    pub thresholds: Thresholds,
    /// What is done where the action is junk. Default [`Measure::Accept`]: it is stamped, and the mail store files it.
    pub junk: Measure,
    /// What is done where the action is quarantine. Default [`Measure::Held`].
    pub quarantine: Measure,
    /// What is done where the action is reject. Default [`Measure::Reject`].
    pub reject: Measure,
    /// What a client is told whose message is refused: one line of printable ASCII, in which `{id}` stands for the verdict's
    /// record, or else the mail server's name for the message. Default `Message refused as unwanted mail, reference {id}`.
    pub reject_text: String,
    /// What is done where nobody scored the message.
    pub failure: FailureAnswers,
}

impl Default for DirectionConfig {
    fn default() -> Self {
        Self {
            slot: "inbound".to_owned(),
            thresholds: Thresholds::default(),
            junk: Measure::Accept,
            quarantine: Measure::Held,
            reject: Measure::Reject,
            reject_text: "Message refused as unwanted mail, reference {id}".to_owned(),
            failure: FailureAnswers::default(),
        }
    }
}

/// What a mail server is told to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Deliver it, stamped.
    Accept,
    /// Put it into the mail server's own quarantine: Postfix's hold queue.
    MtaQuarantine,
    /// Hold it here: `switchback held` shows it and gives it back.
    Held,
    /// Refuse it for now.
    Tempfail,
    /// Refuse it.
    Reject,
}

/// What is done where the live release does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureAnswer {
    /// The previous release decides; where there is none, or it fails too, [`FailureAnswer::Neutral`].
    Previous,
    /// It is delivered, stamped as unscanned.
    Neutral,
    /// It is refused for now: the client tries again.
    Tempfail,
    /// What is done where the action is quarantine.
    Quarantine,
}

/// What is done where nobody scored the message, for each cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct FailureAnswers {
    /// The model trapped, exhausted a limit other than time, or broke the contract.
    pub trap: FailureAnswer,
    /// The model took longer than its deadline.
    pub deadline: FailureAnswer,
    /// More messages came than can be scored.
    pub overload: FailureAnswer,
    /// The slot scores no message of this size.
    pub too_big: FailureAnswer,
    /// The slot has no live release.
    pub no_release: FailureAnswer,
    /// The store could not be opened, and so no slot either.
    pub store_away: FailureAnswer,
    /// The model says that it cannot read this message.
    pub parse: FailureAnswer,
}

impl Default for FailureAnswers {
    fn default() -> Self {
        Self {
            trap: FailureAnswer::Previous,
            deadline: FailureAnswer::Previous,
            overload: FailureAnswer::Tempfail,
            too_big: FailureAnswer::Neutral,
            no_release: FailureAnswer::Neutral,
            store_away: FailureAnswer::Tempfail,
            parse: FailureAnswer::Previous,
        }
    }
}

impl FailureAnswers {
    /// The answer for a cause.
    pub fn answer(&self, cause: Cause) -> FailureAnswer {
        match cause {
            Cause::Trap => self.trap,
            Cause::Deadline => self.deadline,
            Cause::Overload => self.overload,
            Cause::TooBig => self.too_big,
            Cause::NoRelease => self.no_release,
            Cause::BadInput => self.parse,
            // A cause that is newer than this.
            _ => FailureAnswer::Neutral,
        }
    }

    /// What a slot is to answer. What its verdict cannot say, that the client is to try again, follows from its cause.
    pub fn policy(&self) -> FailurePolicy {
        Cause::ALL.into_iter().fold(FailurePolicy::default(), |policy, cause| {
            policy.on(
                cause,
                match self.answer(cause) {
                    FailureAnswer::Previous => Answer::Previous,
                    FailureAnswer::Neutral | FailureAnswer::Tempfail => Answer::Neutral,
                    FailureAnswer::Quarantine => Answer::Act(Action::Quarantine),
                },
            )
        })
    }
}

impl DirectionConfig {
    /// What is done for an action.
    pub fn measure(&self, action: Action) -> Measure {
        match action {
            Action::Deliver | Action::Tag => Measure::Accept,
            Action::Junk => self.junk,
            Action::Quarantine => self.quarantine,
            Action::Reject => self.reject,
        }
    }

    /// The reply to a client whose message is refused.
    pub(crate) fn refusal(&self, id: &str) -> Result<Reply, InvalidReply> {
        Reply::new(550, "5.7.1", &self.reject_text.replace("{id}", id))
    }

    pub(super) fn check(&self, section: &str, held: &HeldConfig) -> Result<(), ConfigError> {
        self.thresholds.validate().map_err(|error| ConfigError::value(format!("{section}.thresholds"), error))?;
        self.refusal(&"x".repeat(ID_MAX))
            .map_err(|error| ConfigError::value(format!("{section}.reject_text"), error))?;
        for (field, measure) in [("junk", self.junk), ("quarantine", self.quarantine), ("reject", self.reject)] {
            if measure == Measure::Held && held.dir.is_none() {
                return Err(ConfigError::value(
                    format!("{section}.{field}"),
                    "\"held\" needs a folder to hold mail in: set held.dir",
                ));
            }
        }
        Ok(())
    }
}
