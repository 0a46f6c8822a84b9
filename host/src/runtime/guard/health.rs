//! How the guard of this process is.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use switchback_store::guard_store::{Full, HealthStatus};

use super::observations::PairCounts;
use crate::limits::store::{
    GUARD_BEHIND_FELT, GUARD_NEWS_INTERVAL, GUARD_PAIRS_MIN, GUARD_PAIRS_PART_MIN, GUARD_PAIRS_WINDOW, GUARD_PANIC_FELT,
};

/// What the guard needs its store for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    /// Counting messages.
    Count,
    /// Asking what is known about a rollout.
    Ask,
    /// Looking what is due, and noting that it is done.
    Due,
    /// Forgetting what is over.
    Tidy,
    /// Saying how it is.
    Say,
}

/// How the guard of this process is, as far as it knows.
#[derive(Default)]
pub(super) struct GuardHealth {
    /// What it cannot do with its store, and why. Each ends when just that was done again: that something small can be
    /// written says nothing about the rest.
    away: BTreeMap<Task, String>,
    panicked: Option<(Instant, String)>,
    /// When a pair was dropped last, and how many were dropped by then.
    dropped: Option<Instant>,
    dropped_pairs: u64,
    /// When there was no room for what counts once: of eligible mail, and of other mail.
    full: [Option<Instant>; 2],
    /// What was to be compared, and what was lost, in the course of the last minute.
    pairs: VecDeque<(Instant, PairCounts)>,
    /// What was said last.
    said: Option<Fault>,
    /// When each kind of trouble was said last.
    troubles: Vec<(Fault, Instant)>,
}

/// What is wrong, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Away,
    Panicked,
    Full,
    Dropping,
    Uncompared,
    Crowded,
    None,
}

impl GuardHealth {
    /// It cannot do this.
    pub(super) fn is_away(&mut self, task: Task, why: String) {
        self.away.insert(task, why);
    }

    /// It has done this.
    pub(super) fn is_back(&mut self, task: Task) {
        self.away.remove(&task);
    }

    /// It panicked, and nothing of what it was looking at counts.
    pub(super) fn panicked(&mut self, why: String) {
        self.panicked = Some((Instant::now(), why));
    }

    /// So many pairs were dropped by now.
    pub(super) fn dropped_pairs(&mut self, count: u64) {
        if count > self.dropped_pairs {
            (self.dropped_pairs, self.dropped) = (count, Some(Instant::now()));
        }
    }

    /// Something was not counted for lack of room.
    pub(super) fn full(&mut self, full: Full) {
        for (felt, is_full) in self.full.iter_mut().zip([full.eligible, full.others]) {
            if is_full {
                *felt = Some(Instant::now());
            }
        }
    }

    /// So much was to be compared by now, and so much of it lost.
    pub(super) fn pairs(&mut self, now: Instant, pairs: PairCounts) {
        self.pairs.push_back((now, pairs));
        while self.pairs.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > GUARD_PAIRS_WINDOW) {
            self.pairs.pop_front();
        }
    }

    /// What was to be compared in the last minute, and how much of it was.
    fn compared(&self) -> (u64, u64) {
        let (Some((_, first)), Some((_, last))) = (self.pairs.front(), self.pairs.back()) else { return (0, 0) };
        let asked = last.asked.saturating_sub(first.asked);
        (asked, asked.saturating_sub(last.lost.saturating_sub(first.lost)))
    }

    fn fault(&self) -> Fault {
        let is_felt = |at: &Option<Instant>| at.is_some_and(|at| at.elapsed() < GUARD_BEHIND_FELT);
        let (asked, compared) = self.compared();
        let is_panic_felt = self.panicked.as_ref().is_some_and(|(at, _)| at.elapsed() < GUARD_PANIC_FELT);
        let [is_full, is_crowded] = [is_felt(&self.full[0]), is_felt(&self.full[1])];
        let is_uncompared = asked >= GUARD_PAIRS_MIN && compared.saturating_mul(GUARD_PAIRS_PART_MIN) < asked;
        let all = [
            (!self.away.is_empty(), Fault::Away),
            (is_panic_felt, Fault::Panicked),
            (is_full, Fault::Full),
            (is_felt(&self.dropped), Fault::Dropping),
            (is_uncompared, Fault::Uncompared),
            (is_crowded, Fault::Crowded),
        ];
        all.into_iter().find_map(|(is_so, fault)| is_so.then_some(fault)).unwrap_or(Fault::None)
    }

    /// How it is.
    pub(super) fn status(&self) -> HealthStatus {
        let behind = |why: &str| HealthStatus::Behind { why: why.to_owned() };
        match self.fault() {
            Fault::Away => HealthStatus::Away { why: self.away.values().next().cloned().unwrap_or_default() },
            Fault::Panicked => {
                HealthStatus::Panicked { why: self.panicked.iter().map(|(_, why)| why.clone()).collect() }
            }
            Fault::Full => behind("there is more mail of known senders than it can count once, so it counts no more"),
            Fault::Uncompared => {
                let (asked, compared) = self.compared();
                let why = format!("of {asked} pairs in the last minute only {compared} were scored by both releases");
                HealthStatus::Starved { why }
            }
            Fault::Dropping => behind("too many pairs wait"),
            Fault::Crowded => HealthStatus::Crowded,
            Fault::None => HealthStatus::Well,
        }
    }

    /// What is new, if anything is. Why it cannot remember may change from one attempt to the next: one alert is enough.
    /// Trouble that comes again soon is no news before it has lasted, or it is later.
    pub(super) fn news(&mut self) -> Option<HealthStatus> {
        let now = self.fault();
        if self.said == Some(now) {
            return None;
        }
        if now != Fault::None {
            self.troubles.retain(|(_, at)| at.elapsed() < GUARD_NEWS_INTERVAL);
            if self.troubles.iter().any(|(said, _)| *said == now) {
                return None;
            }
            self.troubles.push((now, Instant::now()));
        }
        let is_news = self.said.is_some() || now != Fault::None;
        self.said = Some(now);
        is_news.then(|| self.status())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_news_once_and_so_is_that_it_is_over() {
        let mut health = GuardHealth::default();
        assert_eq!(health.news(), None, "who begins well has nothing to tell");
        health.is_away(Task::Count, "no room".to_owned());
        assert_eq!(health.news(), Some(HealthStatus::Away { why: "no room".to_owned() }));
        health.is_away(Task::Count, "locked".to_owned());
        assert_eq!(health.news(), None);
        health.is_back(Task::Count);
        assert_eq!(health.news(), Some(HealthStatus::Well));
    }

    #[test]
    fn trouble_that_comes_and_goes_is_said_once_in_ten_minutes() {
        let mut health = GuardHealth::default();
        for first in [true, false, false] {
            health.is_away(Task::Count, "no room".to_owned());
            assert_eq!(health.news().is_some(), first);
            health.is_back(Task::Count);
            health.news();
        }
        health.panicked("oh".to_owned());
        assert!(health.news().is_some(), "another kind is news");
        health.is_away(Task::Count, "no room".to_owned());
        assert_eq!(health.news(), None);
        for (_, at) in &mut health.troubles {
            *at = at.checked_sub(GUARD_NEWS_INTERVAL).unwrap();
        }
        assert!(health.news().is_some(), "it is still so");
    }

    #[test]
    fn a_pair_that_was_dropped_is_felt_for_a_while() {
        let mut health = GuardHealth::default();
        health.dropped_pairs(0);
        assert_eq!(health.status(), HealthStatus::Well);
        health.dropped_pairs(1);
        assert_eq!(health.news(), Some(HealthStatus::Behind { why: "too many pairs wait".to_owned() }));
        health.dropped = health.dropped.and_then(|at| at.checked_sub(GUARD_BEHIND_FELT));
        health.dropped_pairs(1);
        assert_eq!(health.news(), Some(HealthStatus::Well));
    }

    #[test]
    fn a_panic_weighs_more_than_a_backlog_and_less_than_a_store_that_is_away() {
        let mut health = GuardHealth::default();
        health.dropped_pairs(1);
        health.panicked("oh".to_owned());
        assert_eq!(health.status(), HealthStatus::Panicked { why: "oh".to_owned() });
        health.is_away(Task::Count, "no room".to_owned());
        assert!(matches!(health.status(), HealthStatus::Away { .. }));
    }

    #[test]
    fn what_cannot_be_done_ends_when_just_that_is_done() {
        let mut health = GuardHealth::default();
        health.is_away(Task::Count, "a row".to_owned());
        health.is_back(Task::Say);
        health.is_back(Task::Due);
        assert!(matches!(health.status(), HealthStatus::Away { .. }));
        health.is_back(Task::Count);
        assert_eq!(health.status(), HealthStatus::Well);
    }

    #[test]
    fn a_budget_that_is_used_up_is_said_and_that_of_strangers_stops_no_promotion() {
        let trouble = |eligible, others| {
            let mut health = GuardHealth::default();
            health.news();
            health.full(Full { eligible, others });
            let status = health.news().unwrap();
            let at = jiff::Timestamp::now();
            switchback_store::guard_store::Health::new(1, at, status, 0).trouble(at)
        };
        assert_eq!(trouble(false, true), None);
        assert!(trouble(true, false).unwrap().contains("known senders"));
    }

    #[test]
    fn where_hardly_anything_is_compared_the_guard_starves_for_a_minute() {
        let mut health = GuardHealth::default();
        let start = Instant::now();
        let after = |seconds| start + std::time::Duration::from_secs(seconds);
        health.pairs(start, PairCounts { asked: 1_000, lost: 0 });
        health.pairs(after(1), PairCounts { asked: 1_099, lost: 99 });
        assert_eq!(health.status(), HealthStatus::Well, "99 say nothing");
        health.pairs(after(2), PairCounts { asked: 1_110, lost: 99 });
        assert_eq!(health.status(), HealthStatus::Well, "a tenth is enough");
        health.pairs(after(3), PairCounts { asked: 1_200, lost: 189 });
        let HealthStatus::Starved { why } = health.status() else { panic!("it does not starve") };
        assert!(why.contains("of 200 pairs in the last minute only 11"), "{why}");
        health.pairs(after(64), PairCounts { asked: 1_200, lost: 189 });
        assert_eq!(health.status(), HealthStatus::Well);
    }
}
