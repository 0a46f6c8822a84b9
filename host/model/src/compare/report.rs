//! A comparison as it is read.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::answers::Answers;
use super::comparison::{Comparison, SideSums};
use super::differences::Difference;
use super::drift::Drift;
use super::flips::{Flips, Rates, Sums};
use super::latency::Latency;
use super::scores::{Band, Scores, bands};
use crate::release::ReleaseId;
use crate::verdict::{Action, Senders};

/// How two releases differ. Its JSON has the names that are here; no number in it is other than finite.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Report {
    /// The release that is compared with.
    pub before: ReleaseSummary,
    /// The release that is looked at.
    pub after: ReleaseSummary,
    /// The flips over all messages that both answered.
    pub flips: Flips,
    /// The shares that the flips are of these messages; none if there is none.
    pub rates: Option<Rates>,
    /// The second release's scores less the first's, on average; none if there is no message that both scored.
    pub mean_difference: Option<f64>,
    /// Messages that one of them or both did not answer; they are in no flip.
    pub unpaired: u64,
    /// Of these, messages that the second failed on and the first did not.
    pub newly_failed: u64,
    /// Messages that the first failed on and the second did not.
    pub no_longer_failed: u64,
    /// Messages that both scored, with the same score bit for bit.
    pub scored_alike: u64,
    /// How many messages for which the first takes the outer action and the second the inner one.
    pub actions: BTreeMap<Action, BTreeMap<Action, u64>>,
    /// Whether scores have drifted apart; none unless both have scores.
    pub drift: Option<Drift>,
    /// Both distributions of scores, from the lowest to the highest.
    pub distribution: Vec<Band>,
    /// Whose domain a message is counted under.
    pub senders: Senders,
    /// By provider, the most flips first. Those without a message are left out.
    pub providers: Vec<ProviderRow>,
    /// Domains that belong to no provider.
    pub other_providers: SegmentRow,
    /// By organisational domain, the most flips first.
    pub domains: Vec<DomainRow>,
    /// The domains that are counted one by one and not in that list; none if all are.
    pub other_domains: Option<OtherDomains>,
    /// The domains that were too many to be counted one by one; none if all were.
    pub pooled_domains: Option<PooledDomains>,
    /// Senders that were not authenticated, where that counts.
    pub unauthenticated: SegmentRow,
    /// Messages without a usable sender.
    pub without_sender: SegmentRow,
    /// The messages that differ most, the largest difference first.
    pub worst: Vec<Difference>,
}

/// What one release made of all messages.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ReleaseSummary {
    /// The release.
    pub release: ReleaseId,
    /// How often it answered.
    pub answers: Answers,
    /// How its scores are spread; none if it scored nothing.
    pub scores: Option<Scores>,
    /// How long it took; none if it was never asked.
    pub latency: Option<Latency>,
}

/// How two releases differ on the messages of some senders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SegmentRow {
    /// Across the flag boundary.
    #[serde(flatten)]
    pub flips: Flips,
    /// The shares that the flips are of these messages; none if there is none.
    pub rates: Option<Rates>,
    /// The second release's scores less the first's, on average; none if there is no message that both scored.
    pub mean_difference: Option<f64>,
}

/// The segment of a provider.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ProviderRow {
    /// The provider, as [`Providers`](super::Providers) has it.
    pub provider: Arc<str>,
    /// How they differ.
    #[serde(flatten)]
    pub segment: SegmentRow,
}

/// The segment of a domain.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DomainRow {
    /// The organisational domain.
    pub domain: Arc<str>,
    /// How they differ, on every message of this domain.
    #[serde(flatten)]
    pub segment: SegmentRow,
}

/// Domains that a list has no room for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OtherDomains {
    /// How many.
    pub domains: u64,
    /// How they differ, on all of them.
    #[serde(flatten)]
    pub segment: SegmentRow,
}

/// Domains that were too many to be counted one by one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PooledDomains {
    /// About how many: within 1 % up to ten million.
    pub domains_estimated: u64,
    /// How they differ, on all of them.
    #[serde(flatten)]
    pub segment: SegmentRow,
}

impl Comparison {
    /// The report, with at most `limit` domains and as many messages: the first release is `before`.
    #[must_use]
    pub fn report(&self, before: ReleaseId, after: ReleaseId, limit: usize) -> Report {
        let SegmentRow { flips, rates, mean_difference } = self.all.segment();
        let (domains, other_domains) = self.largest_domains(limit);
        Report {
            before: self.sides[0].report(before),
            after: self.sides[1].report(after),
            flips,
            rates,
            mean_difference,
            unpaired: self.unpaired,
            newly_failed: self.newly_failed,
            no_longer_failed: self.no_longer_failed,
            scored_alike: self.scored_alike,
            actions: self.named_actions(),
            drift: Drift::of(&self.sides[0].scores, &self.sides[1].scores),
            distribution: bands(&self.sides[0].scores, &self.sides[1].scores),
            senders: self.settings.senders,
            providers: self.of_providers(),
            other_providers: self.cohorts.other_providers.segment(),
            domains,
            other_domains,
            pooled_domains: self.domains.pooled().map(|pooled| PooledDomains {
                domains_estimated: pooled.domains_estimated(),
                segment: pooled.sums.segment(),
            }),
            unauthenticated: self.cohorts.unauthenticated.segment(),
            without_sender: self.cohorts.without_sender.segment(),
            worst: self.differences.largest(limit),
        }
    }

    fn named_actions(&self) -> BTreeMap<Action, BTreeMap<Action, u64>> {
        let row = |counts: &[u64]| Action::ALL.into_iter().zip(counts.iter().copied()).collect();
        Action::ALL.into_iter().zip(&self.actions).map(|(action, counts)| (action, row(counts))).collect()
    }

    fn of_providers(&self) -> Vec<ProviderRow> {
        let mut rows: Vec<_> = self.cohorts.providers.iter().collect();
        rows.sort_by_key(|(provider, sums)| rank(provider, sums));
        rows.into_iter()
            .map(|(provider, sums)| ProviderRow { provider: Arc::clone(provider), segment: sums.segment() })
            .collect()
    }

    fn largest_domains(&self, limit: usize) -> (Vec<DomainRow>, Option<OtherDomains>) {
        let mut rows: Vec<_> = self.domains.counted().collect();
        rows.sort_by_key(|(domain, sums)| rank(domain, sums));
        let others = rows.split_off(limit.min(rows.len()));
        let mut pooled = Sums::default();
        others.iter().for_each(|(_, sums)| pooled.merge(sums));
        let listed = rows
            .into_iter()
            .map(|(domain, sums)| DomainRow { domain: Arc::clone(domain), segment: sums.segment() })
            .collect();
        let others = OtherDomains { domains: others.len() as u64, segment: pooled.segment() };
        (listed, (others.domains > 0).then_some(others))
    }
}

impl Sums {
    fn segment(&self) -> SegmentRow {
        SegmentRow { flips: self.flips, rates: self.flips.rates(), mean_difference: self.mean_difference() }
    }
}

/// The most flips first, then the most messages, then by name.
fn rank(name: &Arc<str>, sums: &Sums) -> (Reverse<u64>, Reverse<u64>, Arc<str>) {
    (Reverse(sums.flips.flips()), Reverse(sums.flips.messages), Arc::clone(name))
}

impl SideSums {
    fn report(&self, release: ReleaseId) -> ReleaseSummary {
        ReleaseSummary {
            release,
            answers: self.answers.clone(),
            scores: self.scores.scores(),
            latency: self.times.latency(),
        }
    }
}
