//! How a verdict follows from what releases made of a message.

use smallvec::SmallVec;

use super::action::Action;
use super::assessment::Outcome;
use super::failure::{Answer, Cause};
use super::opinion::{Opinion, Opinions};
use super::role::Role;
use super::scl::Scl;
use super::thresholds::Thresholds;
use super::{DecidedBy, ReleaseLog, Verdict};
use crate::generation::Generation;
use crate::message::{Message, Reading};
use crate::release::ReleaseId;
use crate::timing::Timing;

/// A verdict, and what the releases that were asked for it made of the message.
#[derive(Debug)]
pub struct Judgement {
    /// What is answered.
    pub verdict: Verdict,
    /// What each release made of the message.
    pub opinions: Opinions,
}

/// A release that was asked for a verdict and did not answer.
#[derive(Debug)]
pub struct Failed {
    /// That it failed.
    pub opinion: Opinion,
    /// Which answer of the failure policy applies.
    pub cause: Cause,
    /// What happened.
    pub fault: String,
    /// What it logged before.
    pub log: Option<ReleaseLog>,
}

impl Verdict {
    /// The verdict of a release that answered, in a role, under a slot's thresholds.
    pub fn answered(
        message: &Message,
        generation: Generation,
        (release, role): (&ReleaseId, Role),
        outcome: Outcome,
        thresholds: &Thresholds,
    ) -> Self {
        let abstained = Self::unscored(message, generation, DecidedBy::Abstained, Some(release.clone()));
        match outcome {
            Outcome::Abstained(_) => abstained,
            Outcome::Scored(assessment) => Self {
                action: thresholds.action(assessment.score),
                score: Some(assessment.score),
                category: Some(assessment.category),
                scl: Some(Scl::of(assessment.score, assessment.category)),
                reasons: assessment.reasons,
                decided_by: match role {
                    Role::Canary => DecidedBy::Canary,
                    Role::Standby => DecidedBy::Previous,
                    Role::Live | Role::Shadow => DecidedBy::Live,
                },
                ..abstained
            },
        }
    }

    /// The verdict of a message that no release scored: what the failure policy answers, and why it had to.
    pub fn unscanned(
        message: &Message,
        generation: Generation,
        live: Option<&ReleaseId>,
        answer: Answer,
        (cause, why): (Cause, String),
    ) -> Self {
        Self {
            action: if let Answer::Act(action) = answer { action } else { Action::Deliver },
            fault: Some(why),
            cause: Some(cause),
            ..Self::unscored(message, generation, DecidedBy::Unscanned, live.cloned())
        }
    }

    fn unscored(message: &Message, generation: Generation, decided_by: DecidedBy, release: Option<ReleaseId>) -> Self {
        Self {
            id: None,
            action: Action::Deliver,
            score: None,
            category: None,
            scl: None,
            reasons: Vec::new(),
            decided_by,
            release,
            author: message.authorship(),
            generation,
            reading: Reading::CURRENT,
            fault: None,
            cause: None,
            log: Vec::new(),
            timing: Timing::default(),
        }
    }
}

impl Judgement {
    /// A release decided, and nobody else was asked.
    pub fn decided(verdict: Verdict, opinion: Opinion) -> Self {
        Self { verdict, opinions: Opinions { decider: Some(opinion), others: SmallVec::new() } }
    }

    /// No release decided.
    pub fn unscanned(verdict: Verdict) -> Self {
        Self { verdict, opinions: Opinions::default() }
    }

    /// This judgement of a standby, which did not stand in for a release that failed: a rule asked it.
    pub fn of_segment(mut self) -> Self {
        if self.verdict.decided_by == DecidedBy::Previous {
            self.verdict.decided_by = DecidedBy::Segment;
        }
        self
    }

    /// This judgement, made after a release had failed. Its fault says so already.
    pub fn noting(mut self, failed: Failed) -> Self {
        self.opinions.others.insert(0, failed.opinion);
        self.verdict.log.splice(..0, failed.log);
        self
    }

    /// This judgement, made because a release had failed that decides in the place of the live one.
    pub fn because_of(mut self, failed: Failed) -> Self {
        let Failed { opinion, fault, log, .. } = failed;
        self.opinions.others.push(opinion);
        self.verdict.fault = Some(match self.verdict.fault.take() {
            None => fault,
            Some(later) => format!("{fault}; {later}"),
        });
        self.verdict.log.splice(..0, log);
        self
    }
}
