//! The messages that two releases differ on most.

use crate::unsaid::Unsaid;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fmt;

use serde::Serialize;

/// What to call a message in a report.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageName {
    /// What finds it again: a file's name, a record's.
    pub message: String,
    /// Its subject, where whoever compares has one. Kept as it is: whoever shows it makes it harmless, and bounds it.
    pub subject: Option<String>,
}

impl MessageName {
    /// What finds the message again, without its subject.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), subject: None }
    }

    /// Its subject.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }
}

/// Without the subject, which belongs in no log.
impl fmt::Debug for MessageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Name")
            .field("message", &self.message)
            .field("subject", &self.subject.as_deref().map(Unsaid))
            .finish()
    }
}

/// A message with both scores.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Difference {
    /// What finds it again.
    pub message: String,
    /// Its subject.
    pub subject: Option<String>,
    /// The first release's score.
    pub before: f64,
    /// The second's.
    pub after: f64,
    /// Whether one flags it and the other does not.
    pub flips: bool,
}

impl Difference {
    fn size(&self) -> f64 {
        (self.after - self.before).abs()
    }

    /// The largest first; of equal ones by name, so that no two orders of the same messages give another list.
    fn largest_first(&self, other: &Self) -> Ordering {
        let scores = || self.before.total_cmp(&other.before).then(self.after.total_cmp(&other.after));
        other
            .size()
            .total_cmp(&self.size())
            .then_with(|| self.message.cmp(&other.message))
            .then_with(|| self.subject.cmp(&other.subject))
            .then_with(scores)
            .then(self.flips.cmp(&other.flips))
    }
}

/// A difference in its rank: the greatest is the first to go.
#[derive(Clone, Debug)]
struct Ranked(Difference);

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.largest_first(&other.0)
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

/// The largest differences, of which so many are kept.
#[derive(Clone, Debug)]
pub(super) struct Differences {
    max: usize,
    kept: BinaryHeap<Ranked>,
}

impl Differences {
    pub(super) fn new(max: usize) -> Self {
        Self { max, kept: BinaryHeap::new() }
    }

    /// Keeps a message if it is among the largest. It is named only then.
    pub(super) fn add(&mut self, [before, after]: [f64; 2], flips: bool, name: impl FnOnce() -> MessageName) {
        let size = (after - before).abs();
        let is_smaller = self.kept.peek().is_some_and(|smallest| size < smallest.0.size());
        if self.max == 0 || (self.kept.len() >= self.max && is_smaller) {
            return;
        }
        let MessageName { message, subject } = name();
        self.keep(Ranked(Difference { message, subject, before, after, flips }));
    }

    pub(super) fn merge(&mut self, other: Self) {
        other.kept.into_iter().for_each(|ranked| self.keep(ranked));
    }

    fn keep(&mut self, ranked: Ranked) {
        self.kept.push(ranked);
        if self.kept.len() > self.max {
            self.kept.pop();
        }
    }

    /// The largest first.
    pub(super) fn largest(&self, limit: usize) -> Vec<Difference> {
        let mut all: Vec<_> = self.kept.iter().collect();
        all.sort_unstable();
        all.into_iter().take(limit).map(|ranked| ranked.0.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(message: &str) -> impl FnOnce() -> MessageName {
        let message = message.to_owned();
        || MessageName { message, subject: None }
    }

    #[test]
    fn the_largest_are_kept_and_equal_ones_by_name() {
        let mut kept = Differences::new(3);
        for (message, after) in [("c", 0.5), ("a", 0.5), ("small", 0.1), ("b", 0.5), ("large", 0.9)] {
            kept.add([0.0, after], false, name(message));
        }
        let names: Vec<_> = kept.largest(10).into_iter().map(|found| found.message).collect();
        assert_eq!(names, ["large", "a", "b"]);
        assert_eq!(kept.largest(1).len(), 1);
    }

    #[test]
    fn what_is_too_small_is_not_even_named() {
        let mut kept = Differences::new(1);
        kept.add([0.0, 0.5], false, name("large"));
        kept.add([0.0, 0.4], false, || unreachable!("it cannot be among the largest"));
        Differences::new(0).add([0.0, 1.0], true, || unreachable!("none is kept"));
    }
}
