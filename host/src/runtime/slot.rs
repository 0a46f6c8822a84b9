//! The place in a filter where one model's verdict is used.

mod asks;
mod pairs;
mod shared;

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};

pub(super) use shared::SlotShared;

use super::beside::{Beside, Judged, micros};
use super::core::Releases;
use super::error::BuildError;
use super::follow::StoreLink;
use crate::compare::Report;
use crate::journal::RecordId;
use crate::limits::{COOL_OFF_DEFAULT, SLOT_NAME_BYTES_MAX};
use crate::message::Message;
use crate::release::ReleaseId;
use crate::route::{Roles, Route, RouteError, Salt, Share, Switch, Warm};
use crate::sandbox::{Loaded, ScoreError};
use crate::timing::Timing;
use crate::verdict::{
    Action, Answer, Cause, DecidedBy, FailurePolicy, Opinion, Outcome, Overrides, Role, Said, Scl, Thresholds, Verdict,
};

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
    /// For how many seconds the predecessor of a promoted release goes on scoring, in reverse shadow; 0 for not at
    /// all. Default 24 hours. In a slot that follows a store each promotion says it.
    #[serde(default = "default_cool_off_s")]
    pub cool_off_s: u64,
}

fn default_message_bytes_max() -> u64 {
    50 << 20
}

fn default_cool_off_s() -> u64 {
    COOL_OFF_DEFAULT.as_secs()
}

impl SlotConfig {
    /// A slot with the default thresholds and failure policy.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            thresholds: Thresholds::default(),
            failure: FailurePolicy::default(),
            message_bytes_max: default_message_bytes_max(),
            cool_off_s: default_cool_off_s(),
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

    /// Sets for how long the predecessor of a promoted release goes on scoring, to the second.
    pub fn cool_off(mut self, cool_off: Duration) -> Self {
        self.cool_off_s = cool_off.as_secs();
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

/// The place in a filter where one model's verdict is used. Obtained from
/// [`Runtime::slot`](crate::Runtime::slot).
pub struct Slot {
    shared: Arc<SlotShared>,
    switch: Switch<Loaded>,
    releases: Arc<Releases>,
    /// Those of the runtime: all slots look at one pointer.
    overrides: Arc<ArcSwap<Overrides>>,
    beside: Arc<Beside>,
    /// Present if the route is a store's.
    store: Option<Arc<StoreLink>>,
}

impl Slot {
    pub(super) fn new(
        config: SlotConfig,
        releases: Arc<Releases>,
        overrides: Arc<ArcSwap<Overrides>>,
        beside: Arc<Beside>,
        store: Option<Arc<StoreLink>>,
    ) -> Result<Self, BuildError> {
        config.validate()?;
        Ok(Self {
            shared: Arc::new(SlotShared::new(config)),
            switch: Switch::new(),
            releases,
            overrides,
            beside,
            store,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.shared.name()
    }

    /// How it turns scores into verdicts.
    pub fn config(&self) -> &SlotConfig {
        self.shared.config()
    }

    /// The generation of its route: 0 while it never had a release, one more with each change.
    pub fn generation(&self) -> u64 {
        self.switch.read().generation()
    }

    /// The release that decides, where no canary does.
    pub fn live(&self) -> Option<ReleaseId> {
        self.switch.read().live().map(|live| live.id().clone())
    }

    /// The targets of reverts, the next one first; at most 8.
    pub fn standbys(&self) -> Vec<ReleaseId> {
        self.switch.read().standbys().iter().map(|standby| standby.id().clone()).collect()
    }

    /// What a release does here, if anything: of several roles the one that decides most.
    pub fn role(&self, release: &ReleaseId) -> Option<Role> {
        self.switch.read().roles().role(release)
    }

    /// Puts a loaded release in charge and returns the new generation. What was live becomes the first
    /// standby, and goes on scoring in reverse shadow for the slot's [cool-off](SlotConfig::cool_off). Messages that
    /// are being scored keep the route that they have read.
    ///
    /// # Errors
    /// If the release is not loaded, or live already, or the slot follows a store.
    pub fn promote(&self, release: &ReleaseId) -> Result<u64, RouteError> {
        let cool_off = Duration::from_secs(self.config().cool_off_s);
        let until = (!cool_off.is_zero()).then(|| Timestamp::now().checked_add(cool_off).unwrap_or(Timestamp::MAX));
        self.changing(release, |roles, loaded| roles.promoting(loaded, until))
    }

    /// Lets a loaded release score a share of the messages, in basis points, beside the answers and without
    /// deciding. Returns the new generation.
    ///
    /// # Errors
    /// If the release is not loaded, or live, or the share is none, or the slot follows a store.
    pub fn shadow(&self, release: &ReleaseId, rate_bp: u16) -> Result<u64, RouteError> {
        self.changing(release, |roles, loaded| roles.shadowing(loaded, rate_bp))
    }

    /// Lets a loaded release decide for a share of the messages, or changes the share of one that does. Returns the
    /// new generation. The live release scores the messages of the share too, beside the answers.
    ///
    /// # Errors
    /// If the release is not loaded, or live, or there is no such share, or nothing is live, or the slot follows a store.
    pub fn canary(&self, release: &ReleaseId, share: Share) -> Result<u64, RouteError> {
        let salt = Salt::new(self.name(), release.digest.as_bytes(), self.generation() + 1);
        self.changing(release, |roles, loaded| roles.trying(loaded, share, salt))
    }

    fn changing(
        &self,
        release: &ReleaseId,
        change: impl FnOnce(Roles<Arc<Loaded>>, Arc<Loaded>) -> Result<Roles<Arc<Loaded>>, RouteError>,
    ) -> Result<u64, RouteError> {
        self.check_own()?;
        // Held across the change: the release cannot be unloaded before it has its role.
        let _held = self.releases.hold();
        let loaded = self.releases.get(release).ok_or_else(|| RouteError::NotLoaded(release.clone()))?;
        let generation = self.switch.change(|roles| change(roles, loaded))?;
        self.shared.meters().generation(generation);
        Ok(generation)
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
        let generation = match &self.store {
            None => revert(1)?.generation(),
            Some(store) => store.revert(self.name(), || revert(store.step()))?,
        };
        self.shared.meters().generation(generation);
        Ok(generation)
    }

    /// Takes the role canary, shadow or standby from a release, so that it can be unloaded.
    ///
    /// # Errors
    /// If the release has no such role in this slot, or the slot follows a store.
    pub fn withdraw(&self, release: &ReleaseId) -> Result<u64, RouteError> {
        self.check_own()?;
        let generation = self.switch.change(|roles| roles.withdrawing(release))?;
        self.shared.meters().generation(generation);
        Ok(generation)
    }

    /// Takes over the roles that a store says.
    pub(super) fn install(&self, generation: u64, roles: Roles<Arc<Loaded>>) {
        self.switch.install(generation, roles);
        self.shared.meters().generation(generation);
    }

    /// How two releases differ on the messages of this process, since it started: those that both scored, because one
    /// was a canary, a shadow or in reverse shadow beside the other. The baseline is the release that is live, or the
    /// predecessor of one in its cool-off. At most `limit` rows of each list. None if they did not meet. The journal
    /// knows it of all processes, and for longer.
    pub fn comparison(&self, baseline: &ReleaseId, candidate: &ReleaseId, limit: usize) -> Option<Report> {
        self.shared.pairs().report(baseline, candidate, limit)
    }

    /// Takes every role but that of the live release from releases that the store gives none any more.
    pub(super) fn retain(&self, is_wanted: impl Fn(&ReleaseId) -> bool) {
        let route = self.switch.read();
        let is_live = |release: &Arc<Loaded>| route.live().is_some_and(|live| live.id() == release.id());
        let kept = |release: &Arc<Loaded>| (is_live(release) || is_wanted(release.id())).then(|| Arc::clone(release));
        self.switch.install(route.generation(), route.roles().filter_map(kept));
    }

    fn check_own(&self) -> Result<(), RouteError> {
        if self.store.is_some() { Err(RouteError::FollowsStore) } else { Ok(()) }
    }

    /// Judges a message. Never fails: where the release that is to decide does not answer, another one does or the
    /// slot's [`FailurePolicy`], and the verdict says so. Where an operator's override matches, it decides; the
    /// verdict names it, and keeps what the model said.
    pub fn score(&self, message: &Message) -> Verdict {
        let start = Instant::now();
        let route = self.switch.read();
        let Judgement { verdict, opinions } = self.judge(&route, message);
        let mut verdict = self.overruled(message, verdict);
        verdict.timing.total = start.elapsed();
        self.shared.meters().answered(&verdict, opinions.first());
        self.pass_on(&route, message, &mut verdict, opinions);
        verdict
    }

    /// The verdict after the overrides of this instant. They are read once per message, too.
    fn overruled(&self, message: &Message, verdict: Verdict) -> Verdict {
        let overrides = self.overrides.load();
        if overrides.is_empty() {
            return verdict;
        }
        overrides.apply(message, self.name(), Timestamp::now(), verdict)
    }

    /// Hands over what is done beside the answer.
    fn pass_on(&self, route: &Route<Loaded>, message: &Message, verdict: &mut Verdict, opinions: Opinions) {
        let is_recorded = self.beside.journal().is_some();
        let asks = self.shared.asks(route.roles(), message, &opinions);
        if asks.is_empty() && !is_recorded && opinions.len() < 2 {
            return;
        }
        let id = RecordId::new();
        verdict.id = is_recorded.then_some(id);
        let judged = Judged {
            id,
            at: Timestamp::now(),
            slot: Arc::clone(&self.shared),
            generation: verdict.generation,
            action: verdict.action,
            scl: verdict.scl,
            category: verdict.category,
            decided_by: verdict.decided_by,
            timing: verdict.timing,
            opinions,
        };
        self.beside.take(message, judged, asks);
    }

    fn judge(&self, route: &Route<Loaded>, message: &Message) -> Judgement {
        let Some(live) = route.live() else {
            return self.fail(route, message, Cause::NoRelease, "the slot has no live release".to_owned());
        };
        if message.len() as u64 > self.config().message_bytes_max {
            let why = format!("the message has more than {} bytes", self.config().message_bytes_max);
            return self.fail(route, message, Cause::TooBig, why);
        }
        let canary = route.canary_of(|key, salt| key.bucket(salt, message));
        let tried = canary.map(|canary| self.scored(route, &canary.release, Role::Canary, message));
        match tried {
            Some(Ok(judgement)) => judgement,
            // The live release would have decided without the canary, so it does.
            Some(Err(failed)) => self.judge_live(route, live, message).after(*failed),
            None => self.judge_live(route, live, message),
        }
    }

    fn judge_live(&self, route: &Route<Loaded>, live: &Loaded, message: &Message) -> Judgement {
        self.scored(route, live, Role::Live, message).unwrap_or_else(|failed| {
            let Failed { opinion, error } = *failed;
            let mut judgement = self.fail(route, message, error.fault.cause(), error.to_string());
            // First comes the release that the verdict names.
            let place = if judgement.verdict.decided_by == DecidedBy::Unscanned { 0 } else { judgement.opinions.len() };
            judgement.opinions.insert(place, opinion);
            judgement
        })
    }

    /// The verdict when a release answers.
    fn scored(
        &self,
        route: &Route<Loaded>,
        release: &Loaded,
        role: Role,
        message: &Message,
    ) -> Result<Judgement, Box<Failed>> {
        let thresholds = &self.config().thresholds;
        let opinion = |said, took| Opinion { release: release.id().clone(), role, said, took_us: micros(took) };
        let start = Instant::now();
        let scored = release.score(message).map_err(|error| {
            let opinion = opinion(Said::Failed(error.fault.cause()), start.elapsed());
            self.shared.meters().of(release.id(), role).said(&opinion);
            Box::new(Failed { opinion, error })
        })?;
        let opinion = opinion(Said::of(&scored.outcome, thresholds), scored.timing.total);
        self.shared.meters().of(release.id(), role).said(&opinion);
        let unscored = Verdict {
            id: None,
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
        let verdict = match scored.outcome {
            Outcome::Abstained(_) => unscored,
            Outcome::Scored(assessment) => Verdict {
                action: thresholds.action(assessment.score),
                score: Some(assessment.score),
                category: Some(assessment.category),
                scl: Some(Scl::of(assessment.score, assessment.category)),
                reasons: assessment.reasons,
                decided_by: decider(role),
                ..unscored
            },
        };
        Ok(Judgement { verdict, opinions: smallvec![opinion] })
    }

    /// The verdict when the live release does not answer.
    fn fail(&self, route: &Route<Loaded>, message: &Message, cause: Cause, why: String) -> Judgement {
        let answer = self.config().failure.answer(cause);
        let mut opinions = Opinions::new();
        if let (Answer::Previous, Some(previous)) = (answer, route.standbys().first()) {
            match self.scored(route, previous, Role::Standby, message) {
                Ok(mut judgement) => {
                    judgement.verdict.fault = Some(why);
                    return judgement;
                }
                Err(failed) => opinions.push(failed.opinion),
            }
        }
        let verdict = Verdict {
            id: None,
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
        };
        Judgement { verdict, opinions }
    }
}

/// What releases made of a message; the first is the one whose verdict it is.
pub(super) type Opinions = SmallVec<[Opinion; 4]>;

/// A verdict, and what the releases that were asked for it made of the message.
struct Judgement {
    verdict: Verdict,
    opinions: Opinions,
}

/// A release that was asked for a verdict and did not answer.
struct Failed {
    opinion: Opinion,
    error: ScoreError,
}

impl Judgement {
    /// This judgement, made because another release had failed.
    fn after(mut self, failed: Failed) -> Self {
        let Failed { opinion, error } = failed;
        self.opinions.push(opinion);
        let fault = self.verdict.fault.take();
        self.verdict.fault = Some(fault.map_or_else(|| error.to_string(), |fault| format!("{error}; {fault}")));
        self
    }
}

fn decider(role: Role) -> DecidedBy {
    match role {
        Role::Canary => DecidedBy::Canary,
        Role::Standby => DecidedBy::Previous,
        Role::Live | Role::Shadow => DecidedBy::Live,
    }
}

impl Warm for Loaded {
    fn id(&self) -> &ReleaseId {
        Self::id(self)
    }
}
