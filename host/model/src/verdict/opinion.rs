//! What each release made of a message, whoever decided.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::action::Action;
use super::assessment::Outcome;
use super::failure::Cause;
use super::role::Role;
use super::thresholds::Thresholds;
use crate::release::ReleaseId;

/// What one release made of one message in a slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Opinion {
    /// The release.
    pub release: ReleaseId,
    /// Its role in the slot when it was asked. A standby that scores does so in reverse shadow after a promotion,
    /// or for a live release that failed.
    pub role: Role,
    /// What it said.
    pub said: Said,
    /// How long it took, in microseconds, without what the host reads of the message meanwhile; 0 where it was not asked.
    pub took_us: u32,
}

/// What a release said about a message.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Said {
    /// It scored it.
    Scored {
        /// The score, 0 to 1.
        score: f64,
        /// The action that the slot's thresholds make of that score alone, whatever an override decided.
        action: Action,
    },
    /// It had no opinion.
    Abstained,
    /// It did not answer.
    Failed(Cause),
    /// It was to score the message in the background, and there was no room: nobody asked it.
    Dropped(Dropped),
}

/// Why a release was not asked in the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Dropped {
    /// What is scored in the background had used its share of the CPU.
    Budget,
    /// Too many messages were waiting already.
    Queue,
    /// The filter was ending.
    Shutdown,
}

impl Dropped {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Budget, Self::Queue, Self::Shutdown];

    /// Its name, as in every text, metric and record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Queue => "queue",
            Self::Shutdown => "shutdown",
        }
    }
}

impl Said {
    /// What an outcome amounts to under a slot's thresholds.
    #[doc(hidden)]
    pub fn of(outcome: &Outcome, thresholds: &Thresholds) -> Self {
        match outcome.score() {
            Some(score) => Self::Scored { score, action: thresholds.action(score) },
            None => Self::Abstained,
        }
    }

    /// Its name, as in every record: `scored`, `abstained`, `failed` or `dropped`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Scored { .. } => "scored",
            Self::Abstained => "abstained",
            Self::Failed(_) => "failed",
            Self::Dropped(_) => "dropped",
        }
    }

    /// The score, unless it abstained, failed or was not asked.
    pub const fn score(&self) -> Option<f64> {
        if let Self::Scored { score, .. } = self { Some(*score) } else { None }
    }

    /// What would be done with the message if this release alone decided. A message that it has no opinion on is
    /// delivered; none where it failed or was not asked.
    pub const fn action(&self) -> Option<Action> {
        match self {
            Self::Scored { action, .. } => Some(*action),
            Self::Abstained => Some(Action::Deliver),
            Self::Failed(_) | Self::Dropped(_) => None,
        }
    }
}

impl Opinion {
    /// What a release that was asked said.
    pub fn new(release: &ReleaseId, role: Role, said: Said, took: Duration) -> Self {
        let took_us = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        Self { release: release.clone(), role, said, took_us }
    }

    /// A release was to be asked, and was not.
    pub fn dropped(release: &ReleaseId, role: Role, why: Dropped) -> Self {
        Self { release: release.clone(), role, said: Said::Dropped(why), took_us: 0 }
    }

    /// The score, unless it abstained, failed or was not asked.
    pub fn score(&self) -> Option<f64> {
        self.said.score()
    }

    /// What would be done with the message if this release alone decided: [`Said::action`].
    pub fn action(&self) -> Option<Action> {
        self.said.action()
    }
}

/// What the releases that were to score one message made of it.
#[derive(Clone, Debug, Default)]
pub struct Opinions {
    /// That of the release that decided; none where no release did.
    pub decider: Option<Opinion>,
    /// Those of the others: first who was asked for the answer, then who scored it in the background.
    pub others: SmallVec<[Opinion; 3]>,
}

impl Opinions {
    /// All of them, the decider's first.
    pub fn iter(&self) -> impl Iterator<Item = &Opinion> {
        self.decider.iter().chain(&self.others)
    }

    /// All of them, as a record has them.
    pub fn into_vec(self) -> Vec<Opinion> {
        self.decider.into_iter().chain(self.others).collect()
    }

    /// The pairs to compare, baseline first: each candidate with the live release, which is itself the candidate where its
    /// predecessor goes on in reverse shadow.
    pub fn pairs(&self) -> impl Iterator<Item = (&Opinion, &Opinion)> {
        let live = self.iter().find(|opinion| opinion.role == Role::Live);
        self.iter().filter_map(move |other| match other.role {
            Role::Live => None,
            Role::Standby => Some((other, live?)),
            Role::Canary | Role::Shadow => Some((live?, other)),
        })
    }

    /// Whether two of them can be compared.
    pub fn has_pair(&self) -> bool {
        self.pairs().any(|(baseline, candidate)| baseline.action().is_some() && candidate.action().is_some())
    }

    /// Whether no two releases scored the message, and none failed on it.
    pub fn is_plain(&self) -> bool {
        !self.has_pair() && !self.iter().any(|opinion| matches!(opinion.said, Said::Failed(_)))
    }
}
