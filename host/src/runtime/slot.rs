//! The place in a filter where one model's verdict is used.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::core::Releases;
use super::error::BuildError;
use super::follow::StoreLink;
use crate::limits::SLOT_NAME_BYTES_MAX;
use crate::message::Message;
use crate::release::ReleaseId;
use crate::route::{Route, RouteError, Switch, Warm};
use crate::sandbox::{Loaded, ScoreError};
use crate::timing::Timing;
use crate::verdict::{Action, Answer, Cause, DecidedBy, FailurePolicy, Outcome, Overrides, Scl, Thresholds, Verdict};

/// How a slot turns scores into verdicts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "give it to `RuntimeBuilder::slot`"]
pub struct SlotConfig {
    /// The slot's name: 1 to 64 bytes.
    pub name: String,
    /// The score from which each action is taken.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// What to answer when the live release does not.
    #[serde(default)]
    pub failure: FailurePolicy,
    /// The largest message that is scored, in bytes. Default 50 MiB, above what mail servers accept.
    #[serde(default = "default_message_bytes_max")]
    pub message_bytes_max: u64,
}

fn default_message_bytes_max() -> u64 {
    50 << 20
}

impl SlotConfig {
    /// A slot with the default thresholds and failure policy.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            thresholds: Thresholds::default(),
            failure: FailurePolicy::default(),
            message_bytes_max: default_message_bytes_max(),
        }
    }

    /// Sets the score from which each action is taken.
    pub fn thresholds(mut self, thresholds: Thresholds) -> Self {
        self.thresholds = thresholds;
        self
    }

    /// Sets what to answer when the live release does not.
    pub fn failure(mut self, failure: FailurePolicy) -> Self {
        self.failure = failure;
        self
    }

    /// Sets the largest message that is scored, in bytes.
    pub fn message_bytes_max(mut self, bytes: u64) -> Self {
        self.message_bytes_max = bytes;
        self
    }

    fn validate(&self) -> Result<(), BuildError> {
        let refuse = |why: String| BuildError::Slot { slot: self.name.clone(), why };
        if self.name.is_empty() || self.name.len() > SLOT_NAME_BYTES_MAX {
            return Err(refuse("a slot's name has 1 to 64 bytes".to_owned()));
        }
        self.thresholds.validate().map_err(|e| refuse(e.to_string()))
    }
}

/// What a release does in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// It decides.
    Live,
    /// It is warm: the target of a revert.
    Standby,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Live => "live",
            Self::Standby => "standby",
        })
    }
}

/// The place in a filter where one model's verdict is used. Obtained from
/// [`Runtime::slot`](crate::Runtime::slot).
pub struct Slot {
    config: SlotConfig,
    switch: Switch<Loaded>,
    releases: Arc<Releases>,
    /// Those of the runtime: all slots look at one pointer.
    overrides: Arc<ArcSwap<Overrides>>,
    /// Present if the route is a store's.
    store: Option<Arc<StoreLink>>,
}

impl Slot {
    pub(super) fn new(
        config: SlotConfig,
        releases: Arc<Releases>,
        overrides: Arc<ArcSwap<Overrides>>,
        store: Option<Arc<StoreLink>>,
    ) -> Result<Self, BuildError> {
        config.validate()?;
        Ok(Self { config, switch: Switch::new(), releases, overrides, store })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// How it turns scores into verdicts.
    pub fn config(&self) -> &SlotConfig {
        &self.config
    }

    /// The generation of its route: 0 while it never had a release, one more with each change.
    pub fn generation(&self) -> u64 {
        self.switch.read().generation()
    }

    /// The release that decides.
    pub fn live(&self) -> Option<ReleaseId> {
        self.switch.read().live().map(|live| live.id().clone())
    }

    /// The targets of reverts, the next one first; at most 8.
    pub fn standbys(&self) -> Vec<ReleaseId> {
        self.switch.read().standbys().iter().map(|standby| standby.id().clone()).collect()
    }

    /// What a release does here, if anything.
    pub fn role(&self, release: &ReleaseId) -> Option<Role> {
        let route = self.switch.read();
        match route.live() {
            Some(live) if live.id() == release => Some(Role::Live),
            _ => route.uses(release).then_some(Role::Standby),
        }
    }

    /// Puts a loaded release in charge and returns the new generation. What was live becomes the first
    /// standby. Messages that are being scored keep the route that they have read.
    ///
    /// # Errors
    /// If the release is not loaded, or live already, or the slot follows a store.
    pub fn promote(&self, release: &ReleaseId) -> Result<u64, RouteError> {
        self.check_own()?;
        // Held across the change: the release cannot be unloaded before it has its role.
        let _held = self.releases.hold();
        let loaded = self.releases.get(release).ok_or_else(|| RouteError::NotLoaded(release.clone()))?;
        self.switch.promote(&loaded)
    }

    /// Puts the previous release back in charge and returns the new generation. One pointer is stored;
    /// nothing is compiled, loaded or allocated. What was live stays loaded, without a role.
    ///
    /// In a slot that follows a store this takes effect here at once, whether the store can be reached or not. It
    /// is written into the ledger as soon as that is possible, wins over what the ledger says by then, and every
    /// other process obeys it.
    ///
    /// # Errors
    /// If there is no previous release.
    pub fn revert(&self) -> Result<u64, RouteError> {
        self.reverting(|step| self.switch.revert(step))
    }

    /// Reverts to a given standby. Those promoted after it lose their role. With a store as [`Slot::revert`].
    ///
    /// # Errors
    /// If the release is no standby of this slot.
    pub fn revert_to(&self, release: &ReleaseId) -> Result<u64, RouteError> {
        self.reverting(|step| self.switch.revert_to(release, step))
    }

    fn reverting(&self, revert: impl FnOnce(u64) -> Result<Arc<Route<Loaded>>, RouteError>) -> Result<u64, RouteError> {
        let Some(store) = &self.store else { return Ok(revert(1)?.generation()) };
        store.revert(self.name(), || revert(store.step()))
    }

    /// Takes the standby role from a release, so that it can be unloaded.
    ///
    /// # Errors
    /// If the release is no standby of this slot, or the slot follows a store.
    pub fn dismiss(&self, release: &ReleaseId) -> Result<u64, RouteError> {
        self.check_own()?;
        self.switch.dismiss(release)
    }

    /// Takes over the roles that a store says.
    pub(super) fn install(&self, generation: u64, live: Option<&Arc<Loaded>>, standbys: Vec<Arc<Loaded>>) {
        self.switch.install(generation, live, standbys);
    }

    fn check_own(&self) -> Result<(), RouteError> {
        if self.store.is_some() { Err(RouteError::FollowsStore) } else { Ok(()) }
    }

    /// Judges a message. Never fails: where the live release does not answer, the slot's
    /// [`FailurePolicy`] does, and the verdict says so. Where an operator's override matches, it decides; the
    /// verdict names it, and keeps what the model said.
    pub fn score(&self, message: &Message) -> Verdict {
        let start = Instant::now();
        let route = self.switch.read();
        let mut verdict = self.overruled(message, self.judge(&route, message));
        verdict.timing.total = start.elapsed();
        verdict
    }

    /// The verdict after the overrides of this instant. They are read once per message, too.
    fn overruled(&self, message: &Message, verdict: Verdict) -> Verdict {
        let overrides = self.overrides.load();
        if overrides.is_empty() {
            return verdict;
        }
        overrides.apply(message, &self.config.name, Timestamp::now(), verdict)
    }

    fn judge(&self, route: &Route<Loaded>, message: &Message) -> Verdict {
        let Some(live) = route.live() else {
            return self.fail(route, message, Cause::NoRelease, "the slot has no live release".to_owned());
        };
        if message.len() as u64 > self.config.message_bytes_max {
            let why = format!("the message has more than {} bytes", self.config.message_bytes_max);
            return self.fail(route, message, Cause::TooBig, why);
        }
        match self.scored(route, live, message, DecidedBy::Live) {
            Ok(verdict) => verdict,
            Err(error) => self.fail(route, message, error.fault.cause(), error.to_string()),
        }
    }

    /// The verdict when a release answers.
    fn scored(
        &self,
        route: &Route<Loaded>,
        release: &Loaded,
        message: &Message,
        decided_by: DecidedBy,
    ) -> Result<Verdict, ScoreError> {
        let scored = release.score(message)?;
        let unscored = Verdict {
            action: Action::Deliver,
            score: None,
            category: None,
            scl: None,
            reasons: Vec::new(),
            decided_by: DecidedBy::Abstained,
            release: Some(release.id().clone()),
            generation: route.generation(),
            fault: None,
            timing: scored.timing,
        };
        Ok(match scored.outcome {
            Outcome::Abstained(_) => unscored,
            Outcome::Scored(assessment) => Verdict {
                action: self.config.thresholds.action(assessment.score),
                score: Some(assessment.score),
                category: Some(assessment.category),
                scl: Some(Scl::of(assessment.score, assessment.category)),
                reasons: assessment.reasons,
                decided_by,
                ..unscored
            },
        })
    }

    /// The verdict when the live release does not answer.
    fn fail(&self, route: &Route<Loaded>, message: &Message, cause: Cause, why: String) -> Verdict {
        let answer = self.config.failure.answer(cause);
        if let (Answer::Previous, Some(previous)) = (answer, route.standbys().first())
            && let Ok(verdict) = self.scored(route, previous, message, DecidedBy::Previous)
        {
            return Verdict { fault: Some(why), ..verdict };
        }
        Verdict {
            action: if let Answer::Act(action) = answer { action } else { Action::Deliver },
            score: None,
            category: None,
            scl: None,
            reasons: Vec::new(),
            decided_by: DecidedBy::Unscanned,
            release: route.live().map(|live| live.id().clone()),
            generation: route.generation(),
            fault: Some(why),
            timing: Timing::default(),
        }
    }
}

impl Warm for Loaded {
    fn id(&self) -> &ReleaseId {
        Self::id(self)
    }
}
