//! A filter with a release that does no harm and one that does, and mail of people whom it knows.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use switchback::control::{Event, GuardAction, Operation, PromoteError, Promotion, Readiness, Request};
use switchback::guard::GuardStore;
use switchback::guard::{Evidence, GuardSettings, Sighting};
use switchback::runtime::WithStore;
use switchback::{
    AuthResult, Authentication, Envelope, Message, ReleaseId, Runtime, RuntimeBuilder, SlotConfig, Thresholds,
};

use crate::control::support::{PATIENCE, Store};
use crate::support::shared_cache;

pub(super) const GMAIL: &str = "gmail.com";

/// Under these thresholds `empty` (0.5) is delivered and `stateful` (0.73) is junk.
pub(super) fn harmful_slot() -> SlotConfig {
    SlotConfig::new("inbound").thresholds(Thresholds::default().junk(0.6))
}

/// A runtime without bound on what is scored in the background.
pub(super) fn guarded(slot: SlotConfig) -> RuntimeBuilder {
    Runtime::builder().slot(slot).instances(16).shadow_cpu_share(1.0)
}

/// Mail of one of many people, to one of seven, each of other content.
pub(super) fn mail(number: u32, domain: &str) -> Message {
    let from = format!("From: person{number}@{domain}\r\n");
    let mut authentication = Authentication::default();
    authentication.dmarc = AuthResult::Pass;
    authentication.dmarc_domain = Some(domain.into());
    let envelope = Envelope::new().recipient(&format!("user{}@here.example", number % 7));
    Message::builder(text(number, &from)).authentication(authentication).envelope(envelope).build()
}

/// Mail that says it is from somebody.
pub(super) fn forged(number: u32) -> Message {
    Message::parse(text(number, &format!("From: person{number}@{GMAIL}\r\n")))
}

fn text(number: u32, from: &str) -> Vec<u8> {
    let rest = crate::side_by_side::mail(number as usize);
    let body = String::from_utf8_lossy(rest.bytes()).split_once("\r\n").unwrap().1.to_owned();
    format!("{from}{body}").into_bytes()
}

/// A store with a live release, and one that is to be tried.
pub(super) struct Filter {
    pub(super) store: Store,
    pub(super) good: ReleaseId,
    pub(super) bad: ReleaseId,
}

impl Filter {
    pub(super) fn with(cases: &[&str; 2]) -> Self {
        let (store, releases) = Store::with(cases);
        let [good, bad] = releases.try_into().unwrap();
        store.control.promote(crate::control::support::promote(&good)).unwrap();
        Self { store, good, bad }
    }

    /// The second release flags what the first one lets pass.
    pub(super) fn harmful() -> Self {
        Self::with(&["empty", "stateful"])
    }

    pub(super) fn builder(&self) -> RuntimeBuilder<WithStore> {
        guarded(harmful_slot()).store_dir(self.store.path()).cache_dir(shared_cache())
    }

    /// A process, as far as a process is one: threads of its own, and its own number.
    pub(super) fn process(&self) -> Runtime {
        self.builder().build().unwrap()
    }

    /// So many people have written on three days, two weeks and more ago.
    pub(super) fn teach(&self, people: u32) {
        let messages: Vec<_> = (0..people).map(|number| mail(number, GMAIL)).collect();
        let days = [15, 16, 17].map(|days| Timestamp::now() - SignedDuration::from_hours(24 * days));
        let seen = messages.iter().flat_map(|message| days.map(|day| Sighting::of(message, day)));
        GuardStore::open(self.store.path()).unwrap().learn(&GuardSettings::default(), seen).unwrap();
    }

    pub(super) fn set(&self, settings: GuardSettings) {
        let settings = Box::new(settings);
        self.store.control.commit(Request::SetGuard { slot: "inbound".to_owned(), settings }).unwrap();
    }

    pub(super) fn patiently(&self) -> Readiness {
        Readiness::Wait(PATIENCE)
    }

    pub(super) fn promote(&self, release: &ReleaseId, readiness: Readiness) -> Result<Event, PromoteError> {
        let promotion = Promotion::new("inbound", release.clone(), readiness).cool_off(Duration::from_secs(3_600));
        self.store.control.promote(promotion).map(|committed| committed.event)
    }

    /// Promotes the second release, and waits until every process obeys.
    pub(super) fn promote_bad(&self) {
        let event = self.promote(&self.bad, self.patiently()).unwrap();
        assert!(self.store.control.acknowledgements(&event, PATIENCE).unwrap().silent.is_empty());
    }

    /// What the guard did first.
    pub(super) fn acted(&self) -> Option<(Event, GuardAction, Evidence)> {
        let history = self.store.control.history().unwrap();
        history.into_iter().find_map(|event| match event.operation.clone() {
            Operation::Guard { action, evidence, .. } => Some((event, action, *evidence)),
            _ => None,
        })
    }

    pub(super) fn count_of_guard_events(&self) -> usize {
        let history = self.store.control.history().unwrap();
        history.iter().filter(|event| matches!(event.operation, Operation::Guard { .. })).count()
    }
}
