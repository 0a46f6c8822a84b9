//! Metrics, by the facade of the crate `metrics`: a filter that installs a recorder has them, another one pays next to
//! nothing.
//!
//! No label has unbounded values: slots are a filter's configuration, releases are those that it loads, everything
//! else is an enum.

mod journal;
mod release;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use switchback_model::message::{Authorship, Reading};
use switchback_model::release::{Digest, ReleaseId};
use switchback_model::verdict::{Action, DecidedBy, Opinion, Role, Verdict};

pub(super) use journal::JournalMeters;
pub(super) use release::ReleaseMeters;

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

/// How a process follows its store.
pub(super) struct StoreMeters {
    stopped: Gauge,
    silent: Gauge,
}

impl StoreMeters {
    /// Nothing is wrong: also where there is no store.
    pub(super) fn new() -> Self {
        let is = |kind| gauge!("switchback_store_trouble", "kind" => kind);
        let meters = Self { stopped: is("stopped"), silent: is("silent") };
        meters.trouble(false, false);
        meters
    }

    /// Whether the store is not followed, and whether it cannot be told so.
    pub(super) fn trouble(&self, is_stopped: bool, is_silent: bool) {
        self.stopped.set(f64::from(u8::from(is_stopped)));
        self.silent.set(f64::from(u8::from(is_silent)));
    }
}

/// What two releases made of the same messages.
struct PairMeters {
    pairs: Counter,
    up: Counter,
    down: Counter,
}

impl Meters {
    pub(super) fn new(slot: Arc<str>) -> Self {
        describe();
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
    pub(super) fn generation(&self, generation: u64) {
        self.generation.set(generation as f64);
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
                self.of(&opinion.release, opinion.role).decided(verdict.action);
            }
            // Nobody scored it, and a rule decided.
            _ => {}
        }
    }

    /// The metrics of a release in a role.
    pub(super) fn of(&self, release: &ReleaseId, role: Role) -> Arc<ReleaseMeters> {
        self.releases.get((release.digest, role), || ReleaseMeters::new(&self.slot, release, role))
    }

    /// Two releases scored the same message.
    pub(super) fn pair(&self, baseline: &Opinion, candidate: &Opinion) {
        let (Some(before), Some(after)) = (baseline.action(), candidate.action()) else { return };
        let key = (baseline.release.digest, candidate.release.digest);
        let pair = self.pairs.get(key, || PairMeters::new(&self.slot, &baseline.release, &candidate.release));
        pair.pairs.increment(1);
        match (before.is_flagged(), after.is_flagged()) {
            (false, true) => pair.up.increment(1),
            (true, false) => pair.down.increment(1),
            _ => {}
        }
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
    fn get(&self, key: K, register: impl FnOnce() -> M) -> Arc<M> {
        if let Some(known) = self.known.load().get(&key) {
            return Arc::clone(known);
        }
        let _registering = self.registering.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = HashMap::clone(&self.known.load());
        let meters = Arc::clone(all.entry(key).or_insert_with(|| Arc::new(register())));
        self.known.store(Arc::new(all));
        meters
    }
}

/// Says what each metric is, in the recorder that is installed.
fn describe() {
    use metrics::Unit::{Count, Seconds};
    use metrics::{describe_counter, describe_gauge, describe_histogram};

    describe_gauge!(
        "switchback_store_trouble",
        Count,
        "1 while the store is not followed (stopped), or followed and cannot be told so (silent)"
    );
    describe_gauge!("switchback_generation", Count, "generation of the slot's route");
    describe_gauge!(
        "switchback_reading",
        Count,
        "how messages are read: models of two readings may see different text"
    );
    describe_histogram!("switchback_answer_seconds", Seconds, "time for one answer, overrides included");
    describe_histogram!("switchback_score_seconds", Seconds, "time for one release to score one message");
    describe_counter!("switchback_verdicts_total", Count, "messages answered, by the release that the verdict names");
    describe_counter!("switchback_authors_total", Count, "messages answered, by what is known of their author");
    describe_counter!("switchback_unscanned_total", Count, "messages answered by the failure policy");
    describe_counter!("switchback_override_hits_total", Count, "messages that an override decided");
    describe_counter!("switchback_faults_total", Count, "messages that a release did not answer for, by cause");
    describe_counter!("switchback_shadow_drops_total", Count, "scores in the background that were given up, by reason");
    describe_counter!("switchback_journal_records_total", Count, "records of messages, by what became of them");
    describe_counter!(
        "switchback_guard_drops_total",
        Count,
        "messages that the guard did not look at, by what is missed"
    );
    describe_counter!("switchback_clock_jumps_total", Count, "times that the clock was set, or the machine slept");
    describe_counter!("switchback_alerts_total", Count, "alerts that this process raised, by kind");
    describe_counter!("switchback_pairs_total", Count, "messages that two releases both have an action for");
    describe_counter!("switchback_flips_total", Count, "pairs of which one release flags the message and one does not");
}
