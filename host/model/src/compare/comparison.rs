//! Adding up pairs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answers::Answers;
use super::differences::{Differences, MessageName};
use super::domains::Domains;
use super::flips::{Flips, Sums};
use super::latency::Times;
use super::pair::{Pair, Side};
use super::providers::Providers;
use super::scores::Histogram;
use crate::limits::DOMAIN_BYTES_MAX;
use crate::verdict::{Action, Said, Senders};

/// Actions that there are.
pub(super) const ACTIONS: usize = Action::ALL.len();

/// How pairs are added up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ComparisonSettings {
    /// Whose domain a message is counted under. [`Senders::Authenticated`], the default: only a sender's that was
    /// authenticated, and the others together. [`Senders::Anyone`]: whoever says to be the sender, for mail that nobody
    /// authenticated, as in a corpus; anybody can say so.
    pub senders: Senders,
    /// Which domains belong to one provider.
    pub providers: Providers,
    /// The most domains that are counted one by one, and at least half as many once there are more: those with the most
    /// messages; the others are pooled. Default 8,192, with up to 4 MiB of names and counts, and 2 MiB for the pool.
    pub domains_max: usize,
    /// How many of the messages that differ most are kept. Default 100.
    pub differences_max: usize,
}

impl Default for ComparisonSettings {
    fn default() -> Self {
        Self {
            senders: Senders::Authenticated,
            providers: Providers::default(),
            domains_max: 8_192,
            differences_max: 100,
        }
    }
}

impl ComparisonSettings {
    crate::setters! {
        /// Sets whose domain a message is counted under.
        pub senders: Senders;

        /// Sets which domains belong to one provider.
        pub providers: Providers;

        /// Sets how many domains are counted one by one.
        pub domains_max: usize;

        /// Sets how many of the messages that differ most are kept.
        pub differences_max: usize;
    }
}

/// What one release made of all messages.
#[derive(Clone, Debug, Default)]
pub(super) struct SideSums {
    pub(super) answers: Answers,
    pub(super) scores: Histogram,
    pub(super) times: Times,
}

impl SideSums {
    fn add(&mut self, side: &Side) {
        self.answers.add(&side.said);
        if let Some(score) = side.said.score() {
            self.scores.add(score);
        }
        if !matches!(side.said, Said::Dropped(_)) {
            self.times.add(side.took_us);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.answers.merge(&other.answers);
        self.scores.merge(&other.scores);
        self.times.merge(&other.times);
    }
}

/// Senders that are counted together.
#[derive(Clone, Debug, Default)]
pub(super) struct Cohorts {
    /// By provider.
    pub(super) providers: BTreeMap<Arc<str>, Sums>,
    /// Domains that belong to no provider.
    pub(super) other_providers: Sums,
    /// Senders with a domain that was not authenticated, where that counts.
    pub(super) unauthenticated: Sums,
    /// Messages without a usable sender.
    pub(super) without_sender: Sums,
}

impl Cohorts {
    fn merge(&mut self, other: Self) {
        for (provider, sums) in other.providers {
            self.providers.entry(provider).or_default().merge(&sums);
        }
        self.other_providers.merge(&other.other_providers);
        self.unauthenticated.merge(&other.unauthenticated);
        self.without_sender.merge(&other.without_sender);
    }
}

/// Adds up how two releases differ on pairs of answers.
///
/// Memory is bounded, whatever the number of messages: with the default [`ComparisonSettings`] by 8 MiB and what the names of the
/// messages that differ most take. Comparisons of parts of the messages add up ([`Comparison::merge`]); neither the
/// parts nor the order of the messages show in the report, unless there are more domains than are counted one by one:
/// then they may decide which domains are pooled.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub(super) settings: ComparisonSettings,
    pub(super) all: Sums,
    /// Messages that one of them or both did not answer.
    pub(super) unpaired: u64,
    /// Messages that only the second failed on.
    pub(super) newly_failed: u64,
    /// Messages that only the first failed on.
    pub(super) no_longer_failed: u64,
    /// Messages that both scored, with the same score bit for bit.
    pub(super) scored_alike: u64,
    /// The first release's action, then the second's.
    pub(super) actions: [[u64; ACTIONS]; ACTIONS],
    pub(super) sides: [SideSums; 2],
    pub(super) cohorts: Cohorts,
    pub(super) domains: Domains,
    pub(super) differences: Differences,
}

impl Comparison {
    /// A comparison of no messages yet.
    #[must_use]
    pub fn new(settings: ComparisonSettings) -> Self {
        Self {
            all: Sums::default(),
            unpaired: 0,
            newly_failed: 0,
            no_longer_failed: 0,
            scored_alike: 0,
            actions: [[0; ACTIONS]; ACTIONS],
            sides: Default::default(),
            cohorts: Cohorts::default(),
            domains: Domains::new(settings.domains_max),
            differences: Differences::new(settings.differences_max),
            settings,
        }
    }

    /// Adds a message. It is named only if it is among those that differ most so far. A message that not both
    /// releases answered counts for the releases and in no flip.
    pub fn add(&mut self, pair: &Pair<'_>, name: impl FnOnce() -> MessageName) {
        let pair = Pair {
            before: Side { said: pair.before.said(), ..pair.before },
            after: Side { said: pair.after.said(), ..pair.after },
            ..*pair
        };
        self.sides[0].add(&pair.before);
        self.sides[1].add(&pair.after);
        let Some((before, after)) = pair.before.said.action().zip(pair.after.said.action()) else {
            self.unpaired += 1;
            let has_failed = [pair.before, pair.after].map(|side| matches!(side.said, Said::Failed(_)));
            self.newly_failed += u64::from(has_failed == [false, true]);
            self.no_longer_failed += u64::from(has_failed == [true, false]);
            return;
        };
        self.actions[before as usize][after as usize] += 1;
        let mut sums = Sums::default();
        sums.add(&pair, [before, after]);
        self.all.merge(&sums);
        self.add_to_segments(&pair, &sums);
        if let Some((a, b)) = pair.before.said.score().zip(pair.after.said.score()) {
            if a.to_bits() == b.to_bits() {
                self.scored_alike += 1;
            } else {
                self.differences.add([a, b], before.is_flagged() != after.is_flagged(), name);
            }
        }
    }

    fn add_to_segments(&mut self, pair: &Pair<'_>, sums: &Sums) {
        // What is longer is no domain, and would have no bound.
        let Some(domain) = pair.sender_domain.filter(|domain| domain.len() <= DOMAIN_BYTES_MAX) else {
            return self.cohorts.without_sender.merge(sums);
        };
        if !pair.is_authenticated && self.settings.senders == Senders::Authenticated {
            return self.cohorts.unauthenticated.merge(sums);
        }
        match self.settings.providers.shared(domain) {
            Some(provider) => self.cohorts.providers.entry(Arc::clone(provider)).or_default().merge(sums),
            None => self.cohorts.other_providers.merge(sums),
        }
        self.domains.add(domain, sums);
    }

    /// Adds what another comparison of the same two releases, with the same settings, was of other messages.
    pub fn merge(&mut self, other: Self) {
        self.all.merge(&other.all);
        self.unpaired += other.unpaired;
        self.newly_failed += other.newly_failed;
        self.no_longer_failed += other.no_longer_failed;
        self.scored_alike += other.scored_alike;
        let actions = self.actions.iter_mut().flatten().zip(other.actions.iter().flatten());
        actions.for_each(|(all, more)| *all += more);
        self.sides.iter_mut().zip(&other.sides).for_each(|(all, more)| all.merge(more));
        self.cohorts.merge(other.cohorts);
        self.domains.merge(other.domains);
        self.differences.merge(other.differences);
    }

    /// The flips over all messages so far.
    pub fn flips(&self) -> Flips {
        self.all.flips
    }
}
