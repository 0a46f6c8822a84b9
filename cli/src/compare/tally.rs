//! Adding up how two releases differ.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Serialize;
use switchback::Thresholds;

use super::score;
use crate::judge::{Judged, Opinion};

/// Characters kept of a subject.
const SUBJECT_CHARS_MAX: usize = 200;

/// What both releases made of one message.
pub(super) struct Pair {
    pub(super) bytes: u64,
    domain: Option<String>,
    subject: String,
    opinions: [Opinion; 2],
    /// Whether each flags it; none if one of them failed.
    flagged: Option<[bool; 2]>,
}

impl Pair {
    pub(super) fn new(judged: Judged, thresholds: &Thresholds) -> Self {
        let mut opinions = judged.opinions.into_iter();
        // Two releases were loaded, so there are two; an opinion that is missing would be a failure.
        let mut next = || opinions.next().unwrap_or(Opinion::Failed("there is no opinion".to_owned()));
        let opinions = [next(), next()];
        let flagged = |opinion: &Opinion| opinion.action(thresholds).map(switchback::Action::is_flagged);
        Self {
            bytes: judged.message.len() as u64,
            domain: judged.message.sender_domain().map(str::to_owned),
            subject: judged.message.subject().chars().take(SUBJECT_CHARS_MAX).collect(),
            flagged: flagged(&opinions[0]).zip(flagged(&opinions[1])).map(|(a, b)| [a, b]),
            opinions,
        }
    }

    /// What went wrong with this message.
    pub(super) fn failures(&self) -> impl Iterator<Item = &str> {
        self.opinions.iter().filter_map(|opinion| match opinion {
            Opinion::Failed(why) => Some(why.as_str()),
            _ => None,
        })
    }
}

/// How two releases differ on some messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Flips {
    /// Messages that both answered for.
    pub(super) messages: u64,
    /// Those that the first flags.
    pub(super) flagged_before: u64,
    /// Those that the second flags.
    pub(super) flagged_after: u64,
    /// Those that only the second flags.
    pub(super) newly_flagged: u64,
    /// Those that only the first flags.
    pub(super) no_longer_flagged: u64,
}

impl Flips {
    /// In both directions.
    pub(super) fn flips(&self) -> u64 {
        self.newly_flagged + self.no_longer_flagged
    }

    fn add(&mut self, [before, after]: [bool; 2]) {
        self.messages += 1;
        self.flagged_before += u64::from(before);
        self.flagged_after += u64::from(after);
        self.newly_flagged += u64::from(!before && after);
        self.no_longer_flagged += u64::from(before && !after);
    }

    /// These messages and others.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            flagged_before: self.flagged_before + other.flagged_before,
            flagged_after: self.flagged_after + other.flagged_after,
            newly_flagged: self.newly_flagged + other.newly_flagged,
            no_longer_flagged: self.no_longer_flagged + other.no_longer_flagged,
        }
    }
}

/// A message with both scores.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Difference {
    pub(super) message: String,
    pub(super) subject: String,
    pub(super) before: f64,
    pub(super) after: f64,
    pub(super) flips: bool,
}

impl Difference {
    /// The largest difference first; of equal ones, the one that came first.
    fn worst_first(a: &Self, b: &Self) -> Ordering {
        (b.after - b.before).abs().total_cmp(&(a.after - a.before).abs())
    }
}

/// The flips of one domain.
pub(super) type OfDomain<'a> = (&'a Option<String>, &'a Flips);

/// Adds up pairs.
pub(super) struct Tally {
    thresholds: Thresholds,
    pub(super) limit: usize,
    pub(super) unreadable: u64,
    pub(super) failed: u64,
    pub(super) all: Flips,
    /// By organisational domain of the sender; under no domain, messages without a usable sender.
    pub(super) domains: BTreeMap<Option<String>, Flips>,
    /// Every score of each release.
    pub(super) scores: [Vec<f64>; 2],
    worst: Vec<Difference>,
}

impl Tally {
    pub(super) fn new(thresholds: Thresholds, limit: usize) -> Self {
        Self {
            thresholds,
            limit,
            unreadable: 0,
            failed: 0,
            all: Flips::default(),
            domains: BTreeMap::new(),
            scores: [Vec::new(), Vec::new()],
            worst: Vec::new(),
        }
    }

    pub(super) fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    pub(super) fn add(&mut self, name: String, pair: Pair) {
        for (scores, opinion) in self.scores.iter_mut().zip(&pair.opinions) {
            scores.extend(score(opinion));
        }
        let Some(flagged) = pair.flagged else {
            self.failed += 1;
            return;
        };
        self.all.add(flagged);
        self.domains.entry(pair.domain).or_default().add(flagged);
        if let (Some(before), Some(after)) = (score(&pair.opinions[0]), score(&pair.opinions[1]))
            && before.to_bits() != after.to_bits()
        {
            let flips = flagged[0] != flagged[1];
            self.worst.push(Difference { message: name, subject: pair.subject, before, after, flips });
            // Sorted now and then: a corpus may be larger than memory, what is kept of it is not.
            if self.worst.len() > 2 * self.limit + 1_000 {
                self.worst = self.worst();
            }
        }
    }

    /// The messages with the largest differences.
    pub(super) fn worst(&self) -> Vec<Difference> {
        let mut worst = self.worst.clone();
        worst.sort_by(Difference::worst_first);
        worst.truncate(self.limit);
        worst
    }

    /// The domains with the most flips, and all others together with their number.
    pub(super) fn worst_domains(&self) -> (Vec<OfDomain<'_>>, Option<(usize, Flips)>) {
        let mut domains: Vec<_> = self.domains.iter().collect();
        domains.sort_by_key(|(_, flips)| (std::cmp::Reverse(flips.flips()), std::cmp::Reverse(flips.messages)));
        let rest = domains.split_off(self.limit.min(domains.len()));
        let pooled = rest.iter().fold(Flips::default(), |sum, (_, flips)| sum.and(flips));
        (domains, (!rest.is_empty()).then_some((rest.len(), pooled)))
    }
}
