//! The queue of what the guard is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::metric::{Counter, counter};
use crossbeam_channel::{Receiver, Sender, bounded};
use jiff::Timestamp;
use switchback_model::guard::{Key, Sighting};
use switchback_model::message::{Fingerprint, Message, organisational_domain};
use switchback_model::route::Generation;
use switchback_model::verdict::{Judged, Opinion, Opinions, RecordId, Said};

use crate::limits::store::GUARD_QUEUE_MAX;
use crate::runtime::slot::{GuardedSlot, Observer};

/// A message that was answered, and what releases made of it.
pub(in crate::runtime) struct Observation {
    pub(super) slot: Arc<GuardedSlot>,
    pub(super) opinions: Opinions,
    pub(super) at: Timestamp,
    /// That of the route by which it was judged.
    pub(super) generation: Generation,
    /// Whether a release was compared that just came to decide.
    pub(super) is_fresh: bool,
    /// The record of a journal that has it, if one is kept; only of a message that was handed over.
    pub(super) record: Option<RecordId>,
    /// Whether the filter said who receives it.
    pub(super) is_addressed: bool,
    /// Only of a message that was compared, or that a release failed on: it takes time to find out.
    fingerprint: Option<Fingerprint>,
    /// Of the sender's address; what somebody registered of it is found out later, and so is the key.
    sender_domain: Option<Arc<str>>,
    sender: Option<Arc<str>>,
    is_authenticated: bool,
    recipient: Option<Key>,
}

impl Observation {
    /// What the guard needs of a message of which nothing is counted by campaign: cheap enough to be done while the
    /// filter waits for the answer.
    fn plain(
        slot: &Arc<GuardedSlot>,
        at: Timestamp,
        generation: Generation,
        opinions: Opinions,
        message: &Message,
    ) -> Self {
        let author = message.author().mailbox();
        Self {
            slot: Arc::clone(slot),
            opinions,
            at,
            generation,
            is_fresh: false,
            record: None,
            is_addressed: message.envelope().is_some_and(|envelope| !envelope.recipients.is_empty()),
            fingerprint: None,
            sender_domain: author.map(|mailbox| Arc::clone(&mailbox.domain)),
            sender: author.map(|mailbox| Arc::clone(&mailbox.address)),
            is_authenticated: message.is_sender_authenticated(),
            recipient: None,
        }
    }

    fn of(slot: &Arc<GuardedSlot>, judged: &Judged, message: &Message) -> Self {
        let Judged { id, at, generation, is_fresh, opinions, .. } = judged;
        let plain = Self::plain(slot, *at, *generation, opinions.clone(), message);
        let plain = Self { record: Some(*id), is_fresh: *is_fresh, ..plain };
        if opinions.is_plain() {
            return plain;
        }
        let recipients = message.envelope().map(|envelope| &*envelope.recipients).unwrap_or_default();
        let recipients = if opinions.has_pair() { recipients } else { &[] };
        Self {
            fingerprint: Some(message.fingerprint()),
            recipient: recipients.iter().map(|recipient| Key::of(recipient)).min(),
            ..plain
        }
    }

    /// Who sent it to whom, and when.
    pub(super) fn sighting(&self) -> Sighting<'_> {
        // Of one that was not compared, and that nobody failed on, nothing is counted by campaign.
        Sighting::new(self.at, self.fingerprint.unwrap_or_else(|| [0; 16].into()))
            .sender_domain(self.sender_domain.as_deref().map(organisational_domain))
            .sender(self.sender.as_deref().map(Key::of_sender))
            .is_authenticated(self.is_authenticated)
            .recipient(self.recipient)
    }
}

/// The queue of what the guard is told, bounded: nobody waits here.
pub(in crate::runtime) struct ObservationQueue {
    queue: Sender<Observation>,
    dropped: [AtomicU64; 2],
    /// Pairs that were to be compared, and those of them of which one release was not asked.
    asked: AtomicU64,
    lost: AtomicU64,
    meters: [Counter; 2],
}

/// Pairs since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PairCounts {
    /// Those that were to be compared.
    pub(super) asked: u64,
    /// Those of them that never were, because in the background there was no time or no room.
    pub(super) lost: u64,
}

impl PairCounts {
    fn of(opinions: &Opinions) -> Self {
        let is_dropped = |opinion: &Opinion| matches!(opinion.said, Said::Dropped(_));
        opinions.pairs().fold(Self::default(), |Self { asked, lost }, (baseline, candidate)| {
            let is_lost = is_dropped(baseline) || is_dropped(candidate);
            Self { asked: asked + 1, lost: lost + u64::from(is_lost) }
        })
    }
}

/// What was dropped.
#[derive(Clone, Copy)]
enum What {
    /// A message that two releases scored: evidence.
    Pair,
    /// Another one: who is known, how a release fares.
    Message,
}

impl ObservationQueue {
    /// A queue, and what comes out of it.
    pub(in crate::runtime) fn new() -> (Arc<Self>, Receiver<Observation>) {
        let (queue, observations) = bounded(GUARD_QUEUE_MAX);
        let meter = |what: &'static str| counter!("switchback_guard_drops_total", "what" => what);
        let (asked, lost, meters) = (AtomicU64::new(0), AtomicU64::new(0), [meter("pair"), meter("message")]);
        (Arc::new(Self { queue, dropped: Default::default(), asked, lost, meters }), observations)
    }

    fn offer(&self, what: What, observation: impl FnOnce() -> Observation) {
        // Before it is looked into: that would be for nothing.
        if self.queue.is_full() || self.queue.try_send(observation()).is_err() {
            self.drop_one(what);
        }
    }

    fn count(&self, pairs: PairCounts) {
        self.asked.fetch_add(pairs.asked, Ordering::Relaxed);
        self.lost.fetch_add(pairs.lost, Ordering::Relaxed);
    }

    /// How many pairs were to be compared since the start, and how many never were.
    pub(super) fn pairs(&self) -> PairCounts {
        PairCounts { asked: self.asked.load(Ordering::Relaxed), lost: self.lost.load(Ordering::Relaxed) }
    }

    fn drop_one(&self, what: What) {
        self.dropped[what as usize].fetch_add(1, Ordering::Relaxed);
        self.meters[what as usize].increment(1);
    }

    /// How many pairs were dropped since the start.
    pub(super) fn dropped_pairs(&self) -> u64 {
        self.dropped[What::Pair as usize].load(Ordering::Relaxed)
    }

    /// How many messages were dropped since the start, with and without a pair.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

impl Observer for ObservationQueue {
    fn judged(&self, slot: &Arc<GuardedSlot>, judged: &Judged, message: &Message) {
        if slot.is_guarded() {
            self.count(PairCounts::of(&judged.opinions));
            let what = if judged.opinions.has_pair() { What::Pair } else { What::Message };
            self.offer(what, || Observation::of(slot, judged, message));
        }
    }

    fn missed(&self, slot: &GuardedSlot, judged: &Judged) {
        if slot.is_guarded() {
            let PairCounts { asked, .. } = PairCounts::of(&judged.opinions);
            self.count(PairCounts { asked, lost: asked });
            self.drop_one(What::Message);
        }
    }

    fn plain(&self, slot: &Arc<GuardedSlot>, generation: Generation, opinions: Opinions, message: &Message) {
        if slot.is_guarded() {
            self.offer(What::Message, || Observation::plain(slot, Timestamp::now(), generation, opinions, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_model::release::{Digest, ReleaseId};
    use switchback_model::verdict::{Dropped, Role};

    #[test]
    fn a_pair_of_which_one_was_never_asked_is_lost() {
        let opinion = |role, said| {
            let version = semver::Version::new(2, 0, 0);
            let release = ReleaseId::new("phish".parse().unwrap(), version, Digest::of(b""));
            Opinion::new(&release, role, said, std::time::Duration::ZERO)
        };
        let dropped = || Said::Dropped(Dropped::Budget);
        let failed = || Said::Failed(switchback_model::verdict::Cause::Trap);
        let live = opinion(Role::Live, failed());
        let of =
            |decider, others: Vec<Opinion>| PairCounts::of(&Opinions { decider: Some(decider), others: others.into() });
        assert_eq!(of(live.clone(), vec![]), PairCounts { asked: 0, lost: 0 });
        for role in [Role::Canary, Role::Shadow, Role::Standby] {
            assert_eq!(of(live.clone(), vec![opinion(role, failed())]), PairCounts { asked: 1, lost: 0 }, "{role:?}");
            assert_eq!(of(live.clone(), vec![opinion(role, dropped())]), PairCounts { asked: 1, lost: 1 }, "{role:?}");
        }
        let canary = opinion(Role::Canary, failed());
        assert_eq!(of(canary, vec![opinion(Role::Live, dropped())]), PairCounts { asked: 1, lost: 1 });
    }
}
