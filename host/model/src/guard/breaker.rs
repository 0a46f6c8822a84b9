//! Failures that need no statistics.

mod failures;
#[cfg(test)]
mod tests;
mod window;

use jiff::Timestamp;

use super::evidence::{Breaker, BreakerEvidence};
use super::sender::Sender;
use super::settings::BreakerSettings;
use super::trial::Level;
use crate::compare::Side;
use crate::limits::BREAKER_SENDERS_MIN;
use crate::message::Fingerprint;
use crate::release::ReleaseId;
use crate::verdict::{Cause, Said};
use failures::{Failure, Failures};
use window::Window;

/// What a release made of one message.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Call {
    /// When.
    pub at: Timestamp,
    /// Who stands for the message ([`Trial::learn`](super::Trial::learn)).
    pub sender: Sender,
    /// The campaign that it belongs to.
    pub fingerprint: Fingerprint,
    /// What the release said, and how long that took.
    pub side: Side,
    /// The same of the baseline, where it was asked.
    pub baseline: Option<Side>,
}

impl Call {
    /// What a release said about a message of a campaign, and who stands for it. No baseline was asked.
    pub const fn new(at: Timestamp, sender: Sender, fingerprint: Fingerprint, side: Side) -> Self {
        Self { at, sender, fingerprint, side, baseline: None }
    }

    /// What the baseline said, where it was asked; none by default.
    #[must_use]
    pub const fn baseline(mut self, baseline: Option<Side>) -> Self {
        self.baseline = baseline;
        self
    }
}

/// A breaker that tripped.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Trip {
    /// What it is good for: to act if it is about eligible mail, else to tell somebody.
    pub level: Level,
    /// The numbers.
    pub evidence: BreakerEvidence,
}

/// The breakers of one release in one process: what it did in the last seconds, in whole ones.
///
/// A failure counts once per campaign, and not where the baseline failed on the same message. What is acted on are calls
/// for eligible mail alone, of one sender ten in a window at most, and failures of several senders: so nobody trips them
/// who owns one domain. A few failures suffice where the baseline answered the same messages; where nobody was asked beside
/// the release, they may be the machine's, and have to be a share of the calls as well. Failures on other mail only warn, and
/// so do scores of no use: a model that is merely surer than its baseline has them, too. Memory is bounded, by a megabyte.
#[derive(Clone, Debug)]
pub struct Breakers {
    settings: BreakerSettings,
    baseline: Option<ReleaseId>,
    /// The latest second that was seen.
    now: i64,
    calls: Window,
    /// Of eligible mail.
    failures: Failures,
    /// Of all mail.
    failures_any: Failures,
    tripped: Vec<(Breaker, Level)>,
}

impl Breakers {
    /// The breakers of a release that has this baseline, if it has one.
    #[must_use]
    pub fn new(settings: BreakerSettings, baseline: Option<ReleaseId>) -> Self {
        Self {
            calls: Window::new(u64::from(settings.slow_ms) * 1_000),
            settings,
            baseline,
            now: i64::MIN,
            failures: Failures::default(),
            failures_any: Failures::default(),
            tripped: Vec::new(),
        }
    }

    /// Counts a call, and says what it tripped: each breaker does so once, and once more if a warning becomes a reason to
    /// act.
    pub fn add(&mut self, call: &Call) -> Option<Trip> {
        if matches!(call.side.said, Said::Dropped(_)) {
            return None;
        }
        let second = call.at.as_second();
        if second < self.now.saturating_sub(i64::from(self.settings.window_s)) {
            // The clock was set back: what was counted before is of a time that is still to come.
            self.restart();
        }
        self.now = self.now.max(second);
        let since = self.now - i64::from(self.settings.window_s);
        self.calls.forget(since);
        self.failures.forget(since);
        self.failures_any.forget(since);

        let baseline = call.baseline.filter(|side| !matches!(side.said, Said::Dropped(_)));
        let eligible = call.sender.unit.filter(|_| call.sender.is_eligible);
        if has_failed(&call.side) && !baseline.as_ref().is_some_and(has_failed) {
            let failure =
                |sender| Failure { second, campaign: call.fingerprint, sender, is_compared: baseline.is_some() };
            self.failures_any.add(failure(eligible.unwrap_or(call.sender.address)));
            if let Some(sender) = eligible {
                self.failures.add(failure(sender));
            }
        }
        if let Some(sender) = eligible {
            self.calls.add(second, sender, &call.side, baseline.as_ref());
        }
        let act = self.failed(&self.failures, Level::Act).or_else(|| self.of_pairs());
        let trip = act.or_else(|| self.failed(&self.failures_any, Level::Warn))?;
        self.tripped.push((trip.evidence.breaker, trip.level));
        Some(trip)
    }

    fn restart(&mut self) {
        let tripped = std::mem::take(&mut self.tripped);
        *self = Self { tripped, ..Self::new(self.settings, self.baseline.clone()) };
    }

    /// Whether the failures suffice: so many, or so large a share of the calls, of so many senders.
    fn failed(&self, failures: &Failures, level: Level) -> Option<Trip> {
        let settings = &self.settings;
        let (bad, calls) = (failures.count(), self.calls.calls());
        let share = bad as f64 / calls.max(1) as f64;
        let are_the_releases = level == Level::Warn
            || failures.compared() >= u64::from(settings.failures)
            || share > settings.failures_share;
        let are_many =
            bad >= u64::from(settings.failures) && failures.senders() >= settings.failures as usize && are_the_releases;
        let is_large_share = level == Level::Act
            && calls >= u64::from(settings.calls_min)
            && share > settings.failures_share
            && failures.senders() >= settings.failures.min(BREAKER_SENDERS_MIN) as usize;
        if !(are_many || is_large_share) || self.has_tripped(Breaker::Failures, level) {
            return None;
        }
        let (measured, bound) =
            if are_many { (bad as f64, f64::from(settings.failures)) } else { (share, settings.failures_share) };
        let calls = if level == Level::Act { calls } else { bad.max(calls) };
        Some(self.trip(level, Breaker::Failures, [calls, bad], failures.senders(), measured, bound))
    }

    /// Whether the release is slow, or its scores are of no use, where the baseline's are.
    fn of_pairs(&self) -> Option<Trip> {
        let settings = &self.settings;
        let pairs = self.calls.pairs();
        if pairs.count < u64::from(settings.calls_min) {
            return None;
        }
        let part = |bad: u64| bad as f64 / pairs.count as f64;
        let [slow, slow_before] = pairs.slow.map(part);
        if slow > settings.failures_share && slow_before <= slow / 2.0 && !self.has_tripped(Breaker::Slow, Level::Act) {
            let senders = self.calls.slow_senders();
            if senders >= settings.failures.min(BREAKER_SENDERS_MIN) as usize {
                let counts = [pairs.count, pairs.slow[0]];
                return Some(self.trip(Level::Act, Breaker::Slow, counts, senders, slow, settings.failures_share));
            }
        }
        self.of_scores()
    }

    fn of_scores(&self) -> Option<Trip> {
        let settings = &self.settings;
        let scores = self.calls.scores();
        if scores.count < u64::from(settings.calls_min) {
            return None;
        }
        let senders = self.calls.senders();
        let part = |bad: u64| bad as f64 / scores.count as f64;
        let rise = part(scores.rails[0]) - part(scores.rails[1]);
        if rise > settings.rails_rise && !self.has_tripped(Breaker::Rails, Level::Warn) {
            let counts = [scores.count, scores.rails[0]];
            return Some(self.trip(Level::Warn, Breaker::Rails, counts, senders, rise, settings.rails_rise));
        }
        let [spread, spread_before] = scores.deviations();
        let rest = spread / spread_before;
        if spread_before > 0.0 && rest < settings.spread_min && !self.has_tripped(Breaker::Spread, Level::Warn) {
            let counts = [scores.count; 2];
            return Some(self.trip(Level::Warn, Breaker::Spread, counts, senders, rest, settings.spread_min));
        }
        None
    }

    /// Whether this was said before, at this level or, for a warning, at a higher one.
    fn has_tripped(&self, breaker: Breaker, level: Level) -> bool {
        self.tripped.iter().any(|(tripped, at)| *tripped == breaker && *at >= level)
    }

    fn trip(
        &self,
        level: Level,
        breaker: Breaker,
        [calls, bad]: [u64; 2],
        senders: usize,
        measured: f64,
        bound: f64,
    ) -> Trip {
        let evidence = BreakerEvidence {
            baseline: self.baseline.clone(),
            breaker,
            window_s: self.settings.window_s,
            calls,
            bad,
            // At most 16.
            senders: senders.min(16) as u8,
            measured,
            bound,
        };
        Trip { level, evidence }
    }
}

/// Whether a release is to blame for what it said. That there was no room, or no release, is not its fault.
fn has_failed(side: &Side) -> bool {
    matches!(side.said, Said::Failed(Cause::Trap | Cause::Deadline | Cause::BadInput))
}
