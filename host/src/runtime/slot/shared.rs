//! What a slot and its background work share.

use std::sync::Arc;

use switchback_model::message::Message;
use switchback_model::route::{Generation, Roles};
use switchback_model::verdict::{Judged, Opinion, Opinions, Role, Said};
use switchback_sandbox::{Loaded, ScoreError, Scored};

use super::config::SlotConfig;
use super::failures::Failures;
use super::fresh::Fresh;
use super::guarded::GuardedSlot;
use super::observer::Observer;
use super::pairs::Pairs;
use super::shadow_calls::{Sampler, ShadowCalls, shadow_calls};
use crate::runtime::meters::Meters;
use crate::runtime::stopwatch::Stopwatch;

/// What a slot and its background work share.
pub(in crate::runtime) struct SlotShared {
    config: SlotConfig,
    guarded: Arc<GuardedSlot>,
    sampler: Sampler,
    fresh: Fresh,
    meters: Meters,
    failures: Failures,
    pairs: Pairs,
    /// Present if there is a guard.
    guard: Option<Arc<dyn Observer>>,
}

impl SlotShared {
    pub(super) fn new(config: SlotConfig, guard: Option<Arc<dyn Observer>>) -> Self {
        let name: Arc<str> = config.name.as_str().into();
        Self {
            meters: Meters::new(Arc::clone(&name)),
            guarded: Arc::new(GuardedSlot::new(name, config.guard.clone())),
            config,
            guard,
            sampler: Sampler::default(),
            fresh: Fresh::default(),
            failures: Failures::default(),
            pairs: Pairs::default(),
        }
    }

    pub(super) fn name(&self) -> &Arc<str> {
        self.guarded.name()
    }

    pub(super) fn config(&self) -> &SlotConfig {
        &self.config
    }

    pub(super) fn meters(&self) -> &Meters {
        &self.meters
    }

    /// The slot as its guard sees it.
    pub(super) fn guarded(&self) -> &Arc<GuardedSlot> {
        &self.guarded
    }

    /// How releases differ on the messages of this process.
    pub(super) fn pairs(&self) -> &Pairs {
        &self.pairs
    }

    /// Asks a release about a message, and counts and logs what became of it.
    pub(super) fn ask(&self, release: &Loaded, role: Role, message: &Message) -> (Opinion, Result<Scored, ScoreError>) {
        let watch = Stopwatch::start();
        let scored = release.score(message);
        let took = watch.took();
        let said = match &scored {
            Ok(scored) => Said::of(&scored.outcome, &self.config.thresholds),
            Err(error) => Said::Failed(error.fault.cause()),
        };
        let opinion = Opinion::new(release.id(), role, said, took);
        self.meters.of(release.id(), role, |release| release.said(&opinion));
        if let Err(error) = &scored {
            self.failures.failed(self.name(), role, error);
        }
        (opinion, scored)
    }

    /// Who is to score a message in the background. One that is too large for the slot is scored by nobody.
    pub(super) fn shadow_calls(
        &self,
        roles: &Roles<Arc<Loaded>>,
        message: &Message,
        opinions: &Opinions,
    ) -> ShadowCalls {
        if message.len() as u64 > self.config.message_bytes_max {
            return ShadowCalls::new();
        }
        shadow_calls(roles, &self.sampler, opinions)
    }

    /// Whether a message with these calls is one of the first under a route that changed who decides.
    pub(super) fn is_fresh(&self, generation: Generation, calls: &ShadowCalls) -> bool {
        let compares_decider = calls.iter().any(|call| matches!(call.role, Role::Standby | Role::Live));
        compares_decider && self.fresh.take(generation)
    }

    /// Counts what releases made of one message, and tells the guard.
    pub(super) fn judged(&self, judged: &Judged, message: &Message) {
        judged.opinions.pairs().for_each(|(baseline, candidate)| self.meters.pair(baseline, candidate));
        self.pairs.add(judged, message);
        self.guard.iter().for_each(|guard| guard.judged(&self.guarded, judged, message));
    }

    /// What releases made of one message gets lost: there is no room for it.
    pub(super) fn missed(&self, judged: &Judged) {
        self.guard.iter().for_each(|guard| guard.missed(&self.guarded, judged));
    }

    /// Tells the guard of a message that is [plain](Opinions::is_plain), and of which nothing else remains to be done.
    pub(super) fn plain(&self, generation: Generation, opinions: Opinions, message: &Message) {
        if let Some(guard) = &self.guard {
            guard.plain(&self.guarded, generation, opinions, message);
        }
    }
}
