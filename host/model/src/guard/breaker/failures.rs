//! Campaigns on which a release failed.

use std::collections::{HashSet, VecDeque};

use crate::guard::Key;
use crate::limits::BREAKER_FAILURES_MAX;
use crate::message::Fingerprint;

/// Campaigns on which a release failed within the window, each once; the last 1,024.
#[derive(Clone, Debug, Default)]
pub(super) struct Failures(VecDeque<Failure>);

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    pub(super) second: i64,
    pub(super) campaign: Fingerprint,
    pub(super) sender: Key,
    /// Whether the baseline answered the same message.
    pub(super) is_compared: bool,
}

impl Failures {
    pub(super) fn add(&mut self, failure: Failure) {
        if self.0.iter().any(|known| known.campaign == failure.campaign) {
            return;
        }
        if self.0.len() >= BREAKER_FAILURES_MAX as usize {
            self.0.pop_front();
        }
        self.0.push_back(failure);
    }

    /// Forgets what happened at this second and before.
    pub(super) fn forget(&mut self, until: i64) {
        while self.0.front().is_some_and(|failure| failure.second <= until) {
            self.0.pop_front();
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// On how many of them the baseline did not fail.
    pub(super) fn compared(&self) -> u64 {
        self.0.iter().filter(|failure| failure.is_compared).count() as u64
    }

    /// How many senders they are of.
    pub(super) fn senders(&self) -> usize {
        self.0.iter().map(|failure| failure.sender).collect::<HashSet<_>>().len()
    }
}
