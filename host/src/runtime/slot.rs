//! The place in a filter where one model's verdict is used.

mod asks;
mod config;
mod failures;
mod fresh;
mod pairs;
mod reverted;
mod shared;

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use smallvec::{SmallVec, smallvec};
use switchback_model::compare::Report;
use switchback_model::gone::RuntimeGone;
use switchback_model::guard::{Evidence, Segment};
use switchback_model::message::{Message, Reading};
use switchback_model::release::ReleaseId;
use switchback_model::route::{Roles, Route, RouteError, Salt, Share, Switch};
use switchback_model::timing::Timing;
use switchback_model::verdict::{
    Action, Answer, Cause, DecidedBy, Opinion, Outcome, Overrides, ReleaseLog, Role, Said, Scl, Verdict,
};
use switchback_sandbox::{Loaded, ScoreError};
use switchback_store::control::{GuardAction, Note, SlotState};
use switchback_system::clock;

pub use config::SlotConfig;
pub(super) use pairs::of as pairs_of;
pub use reverted::Reverted;
pub(super) use shared::SlotShared;

use super::beside::{Beside, Judged, micros};
use super::core::Releases;
use super::follow::StoreLink;
use super::guard::{Inbox, is_plain};
use crate::life::Life;

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
    life: Arc<Life>,
}

impl Slot {
    /// The configuration was validated.
    pub(super) fn new(
        config: SlotConfig,
        releases: Arc<Releases>,
        overrides: Arc<ArcSwap<Overrides>>,
        (beside, inbox, life): (Arc<Beside>, Arc<Inbox>, Arc<Life>),
        store: Option<Arc<StoreLink>>,
    ) -> Self {
        Self {
            shared: Arc::new(SlotShared::new(config, inbox)),
            switch: Switch::new(),
            releases,
            overrides,
            beside,
            store,
            life,
        }
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
    /// If the release is not loaded, or live already, or the guard found it harmful, or the slot follows a store.
    pub fn promote(&self, release: &ReleaseId) -> Result<u64, RouteError> {
        let cool_off = Duration::from_secs(self.config().cool_off_s);
        let until = (!cool_off.is_zero()).then(|| clock::now().checked_add(cool_off).unwrap_or(Timestamp::MAX));
        self.check_harmless(release)?;
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
    /// If the release is not loaded, or live, or the guard found it harmful, or there is no such share, or nothing is live,
    /// or the slot follows a store.
    pub fn canary(&self, release: &ReleaseId, share: Share) -> Result<u64, RouteError> {
        let salt = Salt::new(self.name(), release.digest.as_bytes(), self.generation() + 1);
        self.check_harmless(release)?;
        self.changing(release, |roles, loaded| roles.trying(loaded, share, salt))
    }

    fn changing(
        &self,
        release: &ReleaseId,
        change: impl FnOnce(Roles<Arc<Loaded>>, Arc<Loaded>) -> Result<Roles<Arc<Loaded>>, RouteError>,
    ) -> Result<u64, RouteError> {
        self.check_own()?;
        // The change before this one may have ended roles, and with them trials.
        self.refresh();
        // Held across the change: the release cannot be unloaded before it has its role.
        let _held = self.releases.hold();
        let loaded = self.releases.get(release).ok_or_else(|| RouteError::NotLoaded(release.clone()))?;
        let generation = self.switch.change(|roles| change(roles, loaded))?;
        self.shared.meters().generation(generation);
        Ok(generation)
    }

    /// Puts the previous release back in charge. One pointer is stored;
    /// nothing is compiled, loaded or allocated. What was live stays loaded, without a role.
    ///
    /// In a slot that follows a store this takes effect here at once, whether the store can be reached or not. It
    /// is written into the ledger as soon as that is possible, wins over what the ledger says by then, and every
    /// other process obeys it. Until the ledger has it ([`Reverted::is_recorded`]), it is lost with this process: who ends the
    /// process next waits for that first ([`Reverted::wait_recorded`], [`Runtime::flush`](crate::Runtime::flush),
    /// [`Runtime::shutdown`](crate::Runtime::shutdown)).
    ///
    /// # Errors
    /// If there is no previous release.
    pub fn revert(&self) -> Result<Reverted, RouteError> {
        self.reverting(|step| self.switch.revert(step))
    }

    /// Reverts to a given standby. Those promoted after it lose their role. With a store as [`Slot::revert`].
    ///
    /// # Errors
    /// If the release is no standby of this slot.
    pub fn revert_to(&self, release: &ReleaseId) -> Result<Reverted, RouteError> {
        self.reverting(|step| self.switch.revert_to(release, step))
    }

    fn reverting(
        &self,
        revert: impl FnOnce(u64) -> Result<Arc<Route<Loaded>>, RouteError>,
    ) -> Result<Reverted, RouteError> {
        let _inside = self.life.enter()?;
        let generation = match &self.store {
            None => revert(1)?.generation(),
            Some(store) => store.revert(self.name(), || revert(store.step()))?,
        };
        self.shared.meters().generation(generation);
        Ok(Reverted { generation, slot: Arc::clone(self.shared.name()), store: self.store.clone() })
    }

    /// Takes the role canary, shadow or standby from a release, so that it can be unloaded.
    ///
    /// # Errors
    /// If the release has no such role in this slot, or the slot follows a store.
    pub fn withdraw(&self, release: &ReleaseId) -> Result<u64, RouteError> {
        self.changing_roles(|roles| roles.withdrawing(release))
    }

    /// Puts the mail of one segment back to the first standby, while the live release goes on deciding for the rest, and
    /// returns the new generation. It ends with the next promotion or revert of the slot.
    ///
    /// # Errors
    /// If there is no standby, or no mail can be of the segment or be told to be, or eight segments are back already, or the
    /// slot follows a store.
    pub fn revert_segment(&self, segment: &Segment) -> Result<u64, RouteError> {
        segment.validate().map_err(RouteError::Segment)?;
        let domains = self.state().guard.domains_of(segment);
        self.changing_roles(|roles| roles.reverting_segment(segment, &domains, None))
    }

    /// Lets the live release decide for a segment again, and returns the new generation.
    ///
    /// # Errors
    /// If the segment is not back at a standby, or the slot follows a store.
    pub fn restore_segment(&self, segment: &Segment) -> Result<u64, RouteError> {
        self.changing_roles(|roles| roles.restoring_segment(segment))
    }

    fn changing_roles(
        &self,
        change: impl FnOnce(Roles<Arc<Loaded>>) -> Result<Roles<Arc<Loaded>>, RouteError>,
    ) -> Result<u64, RouteError> {
        self.check_own()?;
        self.refresh();
        let generation = self.switch.change(change)?;
        self.shared.meters().generation(generation);
        Ok(generation)
    }

    /// Lets a release have roles again that the guard found harmful here, and took back, in a slot that follows no store.
    /// It has none until it is given one. Until the runtime ends, that is: what the guard found is not kept without a
    /// store.
    ///
    /// # Errors
    /// If the slot follows a store.
    pub fn pardon(&self, release: &ReleaseId) -> Result<(), RouteError> {
        self.check_own()?;
        self.shared.change_state(|state| drop(state.harmful.remove(&release.digest)));
        Ok(())
    }

    /// Does what the guard decided, in a slot that follows no store. The release may decide nothing here until it is
    /// [pardoned](Slot::pardon). Its other roles in other slots stay: each slot has a guard of its own.
    pub(super) fn take_back(
        &self,
        release: &ReleaseId,
        action: GuardAction,
        evidence: &Evidence,
    ) -> Result<u64, RouteError> {
        self.check_own()?;
        self.refresh();
        let target = evidence.baseline().filter(|baseline| self.standbys().contains(baseline));
        let generation = match (action, evidence) {
            (GuardAction::Block, _) => self.generation(),
            (GuardAction::Withdraw, _) => self.withdraw(release)?,
            (GuardAction::RevertSegment, Evidence::Flips(flips)) => {
                let domains = self.state().guard.domains_of(&flips.segment);
                let baseline = Some(&flips.baseline);
                return self.changing_roles(|roles| roles.reverting_segment(&flips.segment, &domains, baseline));
            }
            (GuardAction::Revert | GuardAction::RevertSegment, _) => match target {
                Some(target) => self.revert_to(target)?.generation,
                None => self.revert()?.generation,
            },
        };
        let note =
            Note { sequence: generation, at: clock::now(), author: "guard".to_owned(), reason: evidence.cause() };
        self.shared.change_state(|state| drop(state.harmful.insert(release.digest, note)));
        Ok(generation)
    }

    fn check_harmless(&self, release: &ReleaseId) -> Result<(), RouteError> {
        let is_harmful = self.store.is_none() && self.state().harmful.contains_key(&release.digest);
        if is_harmful { Err(RouteError::Harmful(release.clone())) } else { Ok(()) }
    }

    /// Brings what the guard goes by up to date, in a slot that follows no store. A change leaves that to the next one, and
    /// to whoever looks: it allocates, and a promotion should not take longer for it.
    pub(super) fn refresh(&self) {
        if self.store.is_none() && self.shared.state().generation != self.generation() {
            self.shared.change_state(|state| {
                // Of two changes at once the later one is seen here.
                let route = self.switch.read();
                state.advance(route.generation(), route.roles().filter_map(|release| Some(release.id().clone())));
            });
        }
    }

    /// Takes over the roles that a store says.
    pub(super) fn install(&self, generation: u64, roles: Roles<Arc<Loaded>>) {
        self.switch.install(generation, roles);
        self.shared.meters().generation(generation);
    }

    /// Takes over what a store says about the slot, for the guard.
    pub(super) fn obey(&self, state: &SlotState) {
        if *self.state() != *state {
            self.shared.change_state(|current| current.clone_from(state));
        }
    }

    /// What the guard goes by.
    pub(super) fn state(&self) -> Arc<SlotState> {
        self.refresh();
        self.shared.state()
    }

    /// What is shared with the work beside the answers.
    pub(super) fn shared(&self) -> Arc<SlotShared> {
        Arc::clone(&self.shared)
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
        self.life.enter()?;
        if self.store.is_some() { Err(RouteError::FollowsStore) } else { Ok(()) }
    }

    /// Judges a message. Never fails: where the release that is to decide does not answer, another one does or the
    /// slot's [`FailurePolicy`](crate::FailurePolicy), and the verdict says so. Where an operator's override matches, it decides; the
    /// verdict names it, and keeps what the model said.
    pub fn score(&self, message: &Message) -> Verdict {
        let start = Instant::now();
        let route = self.switch.read();
        let _inside = match self.life.enter() {
            Ok(inside) => inside,
            Err(gone) => return self.unanswered(&route, message, gone),
        };
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
        overrides.apply(message, self.name(), clock::now(), verdict)
    }

    /// Hands over what is done beside the answer.
    fn pass_on(&self, route: &Route<Loaded>, message: &Message, verdict: &mut Verdict, opinions: Opinions) {
        let is_recorded = self.beside.journal().is_some();
        let asks = self.shared.asks(route.roles(), message, &opinions);
        let is_alone = asks.is_empty() && !is_recorded && opinions.len() < 2;
        if is_alone && (!self.shared.is_guarded() || is_plain(&opinions)) {
            // Another thread would take longer to be woken than this takes.
            self.shared.tell_plain(verdict.generation, opinions, message);
            return;
        }
        let id = clock::new_record_id();
        verdict.id = is_recorded.then_some(id);
        let judged = Judged {
            id,
            at: clock::now(),
            slot: Arc::clone(&self.shared),
            generation: verdict.generation,
            is_fresh: self.shared.is_fresh(verdict.generation, &asks),
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
        if let Some(standby) = route.rule_for(|| message.sender_domain().filter(|_| message.is_sender_authenticated()))
        {
            return match self.scored(route, standby, Role::Standby, message) {
                Ok(judgement) => judgement.of_segment(),
                // The live release decides for everybody else, so it does.
                Err(failed) => self.judge_live(route, live, message).after(*failed),
            };
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
            judgement.verdict.log.splice(..0, ReleaseLog::of(&error.release, error.log));
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
            self.shared.failures().failed(self.name(), role, &error);
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
            author: message.authorship(),
            generation: route.generation(),
            reading: Reading::CURRENT,
            fault: None,
            log: ReleaseLog::of(release.id(), scored.log).into_iter().collect(),
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
        let (mut opinions, mut log) = (Opinions::new(), Vec::new());
        if let (Answer::Previous, Some(previous)) = (answer, route.standbys().first()) {
            match self.scored(route, previous, Role::Standby, message) {
                Ok(mut judgement) => {
                    judgement.verdict.fault = Some(why);
                    return judgement;
                }
                Err(failed) => {
                    opinions.push(failed.opinion);
                    log.extend(ReleaseLog::of(&failed.error.release, failed.error.log));
                }
            }
        }
        Judgement { verdict: Verdict { log, ..unscanned(route, message, answer, why) }, opinions }
    }

    /// The verdict when there is nobody any more who could score.
    fn unanswered(&self, route: &Route<Loaded>, message: &Message, gone: RuntimeGone) -> Verdict {
        self.life.tell(gone);
        unscanned(route, message, self.config().failure.answer(Cause::NoRelease), gone.to_string())
    }
}

/// The verdict of a message that no release scored.
fn unscanned(route: &Route<Loaded>, message: &Message, answer: Answer, why: String) -> Verdict {
    Verdict {
        id: None,
        action: if let Answer::Act(action) = answer { action } else { Action::Deliver },
        score: None,
        category: None,
        scl: None,
        reasons: Vec::new(),
        decided_by: DecidedBy::Unscanned,
        release: route.live().map(|live| live.id().clone()),
        author: message.authorship(),
        generation: route.generation(),
        reading: Reading::CURRENT,
        fault: Some(why),
        log: Vec::new(),
        timing: Timing::default(),
    }
}

/// What releases made of a message; the first is the one whose verdict it is.
pub(super) type Opinions = SmallVec<[Opinion; 4]>;

/// Whether two of them can be compared.
pub(super) fn has_pair(opinions: &[Opinion]) -> bool {
    pairs_of(opinions).any(|(baseline, candidate)| baseline.action().is_some() && candidate.action().is_some())
}

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
    /// This judgement of a standby, which nobody failed before, but a rule asked.
    fn of_segment(mut self) -> Self {
        if self.verdict.decided_by == DecidedBy::Previous {
            self.verdict.decided_by = DecidedBy::Segment;
        }
        self
    }

    /// This judgement, made because another release had failed.
    fn after(mut self, failed: Failed) -> Self {
        let Failed { opinion, error } = failed;
        self.opinions.push(opinion);
        let fault = self.verdict.fault.take();
        self.verdict.fault = Some(fault.map_or_else(|| error.to_string(), |fault| format!("{error}; {fault}")));
        self.verdict.log.splice(..0, ReleaseLog::of(&error.release, error.log));
        self
    }
}

fn decider(role: Role) -> DecidedBy {
    match role {
        Role::Canary => DecidedBy::Canary,
        Role::Standby => DecidedBy::Previous,
        _ => DecidedBy::Live,
    }
}
