//! Metrics, by the facade of the crate `metrics`: a filter that installs a recorder has them, another one pays next to
//! nothing, and without the feature `metrics` there are none.
//!
//! No label has unbounded values: slots are a filter's configuration, releases are those that it loads, everything
//! else is an enum.

#[cfg(feature = "metrics")]
mod describe;
#[cfg(feature = "journal")]
mod journal;
mod release;
#[cfg(feature = "store")]
mod store;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::metric::{Counter, Gauge, Histogram, counter, gauge, histogram};
use arc_swap::ArcSwap;
use switchback_model::message::{Authorship, Reading};
use switchback_model::release::{Digest, ReleaseId};
use switchback_model::route::Generation;
use switchback_model::verdict::{Action, DecidedBy, Opinion, Role, Verdict};

#[cfg(feature = "journal")]
pub(super) use journal::JournalMeters;
pub(super) use release::ReleaseMeters;
#[cfg(feature = "store")]
pub(super) use store::StoreMeters;

/// The metrics of one slot.
pub(super) struct Meters {
    slot: Arc<str>,
    generation: Gauge,
    reading: Gauge,
    answer_seconds: Histogram,
    allowed: Counter,
    blocked: Counter,
    /// Messages by what is known of their author.
    authors: [Counter; Authorship::NAMES.len()],
    /// Answers that no release stands for.
    unscanned: [Counter; Action::ALL.len()],
    releases: Registered<(Digest, Role), ReleaseMeters>,
    pairs: Registered<(Digest, Digest), PairMeters>,
}

/// What two releases made of the same messages.
struct PairMeters {
    pairs: Counter,
    up: Counter,
    down: Counter,
}

impl Meters {
    pub(super) fn new(slot: Arc<str>) -> Self {
        #[cfg(feature = "metrics")]
        describe::describe();
        let overridden =
            |effect| counter!("switchback_override_hits_total", "slot" => Arc::clone(&slot), "effect" => effect);
        Self {
            generation: gauge!("switchback_generation", "slot" => Arc::clone(&slot)),
            reading: gauge!("switchback_reading", "slot" => Arc::clone(&slot)),
            answer_seconds: histogram!("switchback_answer_seconds", "slot" => Arc::clone(&slot)),
            allowed: overridden("allow"),
            blocked: overridden("block"),
            authors: Authorship::NAMES.map(|author| {
                let labels = [("slot", Arc::clone(&slot)), ("author", author.into())];
                counter!("switchback_authors_total", &labels)
            }),
            unscanned: Action::ALL.map(|action| {
                let labels = [("slot", Arc::clone(&slot)), ("action", action.name().into())];
                counter!("switchback_unscanned_total", &labels)
            }),
            releases: Registered::default(),
            pairs: Registered::default(),
            slot,
        }
    }

    /// The route changed.
    pub(super) fn generation(&self, generation: Generation) {
        self.generation.set(generation.get() as f64);
        self.reading.set(f64::from(Reading::CURRENT.number()));
    }

    /// A message was answered; `opinion` is that of the release that the verdict names.
    pub(super) fn answered(&self, verdict: &Verdict, opinion: Option<&Opinion>) {
        self.answer_seconds.record(verdict.timing.total);
        self.authors[verdict.author.index()].increment(1);
        match verdict.decided_by {
            DecidedBy::Allowed { .. } => self.allowed.increment(1),
            DecidedBy::Blocked { .. } => self.blocked.increment(1),
            _ => {}
        }
        match opinion {
            _ if verdict.decided_by == DecidedBy::Unscanned => self.unscanned[verdict.action as usize].increment(1),
            Some(opinion) if opinion.action().is_some() => {
                self.of(&opinion.release, opinion.role, |release| release.decided(verdict.action));
            }
            // Nobody scored it, and a rule decided.
            _ => {}
        }
    }

    /// Tells the metrics of a release in a role.
    pub(super) fn of(&self, release: &ReleaseId, role: Role, tell: impl FnOnce(&ReleaseMeters)) {
        self.releases.tell((release.digest, role), || ReleaseMeters::new(&self.slot, release, role), tell);
    }

    /// Two releases scored the same message.
    pub(super) fn pair(&self, baseline: &Opinion, candidate: &Opinion) {
        let (Some(before), Some(after)) = (baseline.action(), candidate.action()) else { return };
        let key = (baseline.release.digest, candidate.release.digest);
        let register = || PairMeters::new(&self.slot, &baseline.release, &candidate.release);
        self.pairs.tell(key, register, |pair| {
            pair.pairs.increment(1);
            match (before.is_flagged(), after.is_flagged()) {
                (false, true) => pair.up.increment(1),
                (true, false) => pair.down.increment(1),
                _ => {}
            }
        });
    }
}

impl PairMeters {
    fn new(slot: &Arc<str>, baseline: &ReleaseId, candidate: &ReleaseId) -> Self {
        let labels = [
            ("slot", Arc::clone(slot)),
            ("release", candidate.to_string().into()),
            ("against", baseline.to_string().into()),
        ];
        let [slot, release, against] = labels.clone();
        let flips = |direction: &str| {
            let direction = ("direction", direction.into());
            counter!("switchback_flips_total", &[slot.clone(), release.clone(), against.clone(), direction])
        };
        Self { pairs: counter!("switchback_pairs_total", &labels), up: flips("up"), down: flips("down") }
    }
}

/// Metrics that are registered when they are first needed. Looking one up waits for nobody.
struct Registered<K, M> {
    known: ArcSwap<HashMap<K, Arc<M>>>,
    registering: Mutex<()>,
}

impl<K, M> Default for Registered<K, M> {
    fn default() -> Self {
        Self { known: ArcSwap::from_pointee(HashMap::new()), registering: Mutex::new(()) }
    }
}

impl<K: Copy + Eq + std::hash::Hash, M> Registered<K, M> {
    fn tell(&self, key: K, register: impl FnOnce() -> M, tell: impl FnOnce(&M)) {
        // Not by a handle of its own: all threads would count it in one place, message for message.
        if let Some(known) = self.known.load().get(&key) {
            return tell(known);
        }
        let _registering = self.registering.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = HashMap::clone(&self.known.load());
        tell(all.entry(key).or_insert_with(|| Arc::new(register())));
        self.known.store(Arc::new(all));
    }
}
