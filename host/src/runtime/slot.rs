//! The place in a filter where one model's verdict is used.

mod config;
mod failures;
#[cfg(feature = "store")]
mod followed;
mod fresh;
#[cfg(feature = "store")]
mod guarded;
#[cfg(not(feature = "store"))]
#[path = "slot/unguarded.rs"]
mod guarded;
mod job;
mod judging;
mod local;
mod observer;
mod pairs;
mod reverted;
mod shadow_calls;
mod shared;
mod unknown;

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Instant;

use arc_swap::ArcSwap;
use switchback_model::compare::Report;
use switchback_model::message::Message;
use switchback_model::release::ReleaseId;
use switchback_model::route::{Generation, Route, RouteError, Switch, Warm};
use switchback_model::verdict::{Cause, Judged, Judgement, Opinions, Overrides, Role, Verdict};
use switchback_sandbox::Loaded;
use switchback_system::clock;

pub use config::SlotConfig;
#[cfg(feature = "store")]
pub(super) use guarded::GuardedSlot;
pub(super) use job::{Background, Job, Recorder};
pub use local::LocalSlot;
pub(super) use observer::Observer;
pub(super) use reverted::RevertLog;
pub use reverted::Reverted;
pub use unknown::UnknownSlot;

use self::judging::Judging;
use self::shared::SlotShared;
use super::releases::Releases;
use crate::life::Life;

/// The place in a filter where one model's verdict is used. Obtained from
/// [`Runtime::slot`](crate::Runtime::slot).
///
/// This is a handle: a clone is the same slot, and each thread can have its own. A slot does not keep its runtime: once the
/// last [`Runtime`](crate::Runtime) is dropped it answers as after [`Runtime::shutdown`](crate::Runtime::shutdown).
#[derive(Clone)]
pub struct Slot(Arc<Inner>);

struct Inner {
    shared: Arc<SlotShared>,
    switch: Switch<Loaded>,
    releases: Arc<Releases>,
    /// Those of the runtime: all slots look at one pointer.
    overrides: Arc<ArcSwap<Overrides>>,
    /// There while the runtime lives, whose end waits for whoever scores.
    background: Weak<dyn Background>,
    /// Whether messages are recorded there.
    is_recording: bool,
    /// Present if the route is a store's.
    store: Option<Arc<dyn RevertLog>>,
    life: Arc<Life>,
}

/// What the slots of a runtime share with it.
pub(super) struct Surroundings {
    pub(super) releases: Arc<Releases>,
    pub(super) overrides: Arc<ArcSwap<Overrides>>,
    pub(super) background: Weak<dyn Background>,
    /// Present if there is a guard.
    pub(super) guard: Option<Arc<dyn Observer>>,
    /// Present if the runtime follows a store.
    pub(super) store: Option<Arc<dyn RevertLog>>,
    pub(super) life: Arc<Life>,
}

impl Slot {
    /// The configuration was validated.
    pub(super) fn new(config: SlotConfig, around: &Surroundings) -> Self {
        Self(Arc::new(Inner {
            shared: Arc::new(SlotShared::new(config, around.guard.clone())),
            switch: Switch::new(),
            releases: Arc::clone(&around.releases),
            overrides: Arc::clone(&around.overrides),
            is_recording: around.background.upgrade().is_some_and(|background| background.is_recording()),
            background: Weak::clone(&around.background),
            store: around.store.clone(),
            life: Arc::clone(&around.life),
        }))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.shared.name()
    }

    /// How it turns scores into verdicts.
    pub fn config(&self) -> &SlotConfig {
        self.0.shared.config()
    }

    /// The generation of its route: 0 while it never had a release, one more with each change.
    pub fn generation(&self) -> Generation {
        self.0.switch.read().generation()
    }

    /// The release that decides, where no canary does.
    pub fn live(&self) -> Option<ReleaseId> {
        self.0.switch.read().live().map(|live| live.id().clone())
    }

    /// The targets of reverts, the next one first; at most 8.
    pub fn standbys(&self) -> Vec<ReleaseId> {
        self.0.switch.read().standbys().iter().map(|standby| standby.id().clone()).collect()
    }

    /// What a release does here, if anything: of several roles the one that decides most.
    pub fn role(&self, release: &ReleaseId) -> Option<Role> {
        self.0.switch.read().roles().role(release)
    }

    /// How two releases differ on the messages of this process, since it started: those that both scored, because one
    /// was a canary, a shadow or in reverse shadow beside the other. The baseline is the release that is live, or the
    /// predecessor of one in its cool-off. At most `limit` rows of each list. None if they did not meet. The journal
    /// knows it of all processes, and for longer.
    pub fn comparison(&self, baseline: &ReleaseId, candidate: &ReleaseId, limit: usize) -> Option<Report> {
        self.0.shared.pairs().report(baseline, candidate, limit)
    }

    /// Judges a message. Never fails: where the release that is to decide does not answer, another one does or the
    /// slot's [`FailurePolicy`](crate::FailurePolicy), and the verdict says so. Where an operator's override matches, it decides; the
    /// verdict names it, and keeps what the model said.
    pub fn score(&self, message: &Message) -> Verdict {
        let start = Instant::now();
        let Inner { shared, switch, life, .. } = &*self.0;
        let route = switch.read();
        let _inside = match life.enter() {
            Ok(inside) => inside,
            Err(gone) => {
                life.tell(gone);
                let (live, answer) =
                    (route.live().map(|live| live.id()), self.config().failure.answer(Cause::NoRelease));
                let why = (Cause::NoRelease, gone.to_string());
                return Verdict::unscanned(message, route.generation(), live, answer, why);
            }
        };
        let Judgement { verdict, opinions } = Judging { slot: shared, route: &route, message }.judge();
        let mut verdict = self.overruled(message, verdict);
        verdict.timing.total = start.elapsed();
        shared.meters().answered(&verdict, opinions.decider.as_ref());
        self.pass_on(&route, message, &mut verdict, opinions);
        verdict
    }

    /// The verdict after the overrides of this instant. They are read once per message, too.
    fn overruled(&self, message: &Message, verdict: Verdict) -> Verdict {
        let overrides = self.0.overrides.load();
        if overrides.is_empty() {
            return verdict;
        }
        overrides.apply(message, self.name(), clock::now(), verdict)
    }

    /// Hands over what remains to be done in the background.
    fn pass_on(&self, route: &Route<Loaded>, message: &Message, verdict: &mut Verdict, opinions: Opinions) {
        let Inner { shared, is_recording, .. } = &*self.0;
        let calls = shared.shadow_calls(route.roles(), message, &opinions);
        let is_alone = calls.is_empty() && !is_recording && opinions.iter().nth(1).is_none();
        if is_alone && (!shared.guarded().is_guarded() || opinions.is_plain()) {
            // Another thread would take longer to be woken than this takes.
            return shared.plain(verdict.generation, opinions, message);
        }
        let Some(background) = self.0.background.upgrade() else { return };
        let id = clock::new_record_id();
        verdict.id = is_recording.then_some(id);
        let judged = Judged {
            id,
            at: clock::now(),
            generation: verdict.generation,
            is_fresh: shared.is_fresh(verdict.generation, &calls),
            action: verdict.action,
            scl: verdict.scl,
            category: verdict.category,
            decided_by: verdict.decided_by,
            timing: verdict.timing,
            opinions,
        };
        background.take(Job { slot: Arc::clone(shared), message: message.clone(), judged, calls });
    }

    /// Makes the previous release live again. One pointer is stored; nothing is compiled, loaded or allocated. The release
    /// that was live stays loaded, without a role.
    ///
    /// In a slot that follows a store this takes effect here at once, whether the store can be reached or not. It is written
    /// into the ledger as soon as possible, wins over what the ledger says by then, and every other process obeys it. Until
    /// the ledger has it ([`Reverted::is_recorded`]), it is lost if this process ends: wait for it before you end the process
    /// ([`Reverted::wait_recorded`], [`Runtime::flush`](crate::Runtime::flush),
    /// [`Runtime::shutdown`](crate::Runtime::shutdown)).
    ///
    /// # Errors
    /// If there is no previous release.
    pub fn revert(&self) -> Result<Reverted, RouteError> {
        self.reverting(|step| self.0.switch.revert(step))
    }

    /// Reverts to a given standby. Those promoted after it lose their role. With a store as [`Slot::revert`].
    ///
    /// # Errors
    /// If the release is not a standby of this slot.
    pub fn revert_to(&self, release: &ReleaseId) -> Result<Reverted, RouteError> {
        self.reverting(|step| self.0.switch.revert_to(release, step))
    }

    fn reverting(
        &self,
        revert: impl Fn(u64) -> Result<Arc<Route<Loaded>>, RouteError>,
    ) -> Result<Reverted, RouteError> {
        let Inner { shared, store, life, .. } = &*self.0;
        let _inside = life.enter()?;
        let generation = match store {
            None => revert(1)?.generation(),
            Some(store) => store.revert(self.name(), &revert)?,
        };
        shared.meters().generation(generation);
        Ok(Reverted { generation, slot: Arc::clone(shared.name()), store: store.clone() })
    }

    /// Brings what the guard goes by up to date, in a slot that follows no store. A change leaves that to the next one, and
    /// to whoever looks: it allocates, and a promotion should not take longer for it.
    pub(super) fn refresh(&self) {
        let Inner { shared, switch, store, .. } = &*self.0;
        if store.is_none() {
            shared.guarded().advance(switch);
        }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("name", &self.name())
            .field("generation", &self.generation())
            .finish_non_exhaustive()
    }
}
