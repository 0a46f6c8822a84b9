//! The calls of the last seconds.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::compare::Side;
use crate::guard::Key;
use crate::limits::{BREAKER_CALLS_MAX, BREAKER_SENDER_CALLS_MAX};

/// A score is kept in millionths: sums of whole numbers stay exact, however often something is added and taken off.
const ONE: f64 = 1e6;

/// Scores below or above are at the rails, in millionths.
const RAILS: [u64; 2] = [1_000, 999_000];

/// The calls for eligible mail within the window: the last 8,192, and of one sender ten.
#[derive(Clone, Debug)]
pub(super) struct Window {
    slow_us: u64,
    calls: VecDeque<Call>,
    senders: HashMap<Key, u32>,
    pairs: Pairs,
    scores: Scores,
}

#[derive(Clone, Copy, Debug)]
struct Call {
    second: i64,
    sender: Key,
    /// Of the release and of its baseline, if that was asked too.
    is_slow: Option<[bool; 2]>,
    /// Of both, if both scored.
    scores: Option<[u32; 2]>,
}

/// Calls that the baseline answered too.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pairs {
    pub(super) count: u64,
    /// Slow ones of the release, and of the baseline.
    pub(super) slow: [u64; 2],
}

/// Calls that both scored.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scores {
    pub(super) count: u64,
    /// At the rails, of the release and of the baseline.
    pub(super) rails: [u64; 2],
    sums: [u64; 2],
    squares: [u64; 2],
}

impl Scores {
    /// The standard deviations, of the release and of the baseline.
    pub(super) fn deviations(&self) -> [f64; 2] {
        let count = self.count as f64;
        [0, 1].map(|side| {
            let mean = self.sums[side] as f64 / count;
            (self.squares[side] as f64 / count - mean * mean).max(0.0).sqrt() / ONE
        })
    }
}

impl Window {
    pub(super) fn new(slow_us: u64) -> Self {
        Self {
            slow_us,
            calls: VecDeque::new(),
            senders: HashMap::new(),
            pairs: Pairs::default(),
            scores: Scores::default(),
        }
    }

    pub(super) fn add(&mut self, second: i64, sender: Key, side: &Side, baseline: Option<&Side>) {
        let of_sender = self.senders.entry(sender).or_default();
        if *of_sender >= BREAKER_SENDER_CALLS_MAX {
            return;
        }
        *of_sender += 1;
        if self.calls.len() >= BREAKER_CALLS_MAX {
            self.pop();
        }
        let is_slow = |side: &Side| u64::from(side.took_us) > self.slow_us;
        let scores = baseline.and_then(|baseline| side.said.score().zip(baseline.said.score()));
        let call = Call {
            second,
            sender,
            is_slow: baseline.map(|baseline| [is_slow(side), is_slow(baseline)]),
            scores: scores.map(|(after, before)| [after, before].map(|score| (score.clamp(0.0, 1.0) * ONE) as u32)),
        };
        self.count(&call, |sum, more| *sum += more);
        self.calls.push_back(call);
    }

    /// Forgets what happened at this second and before.
    pub(super) fn forget(&mut self, until: i64) {
        while self.calls.front().is_some_and(|call| call.second <= until) {
            self.pop();
        }
    }

    fn pop(&mut self) {
        let Some(call) = self.calls.pop_front() else { return };
        self.count(&call, |sum, less| *sum -= less);
        if let Some(of_sender) = self.senders.get_mut(&call.sender) {
            *of_sender -= 1;
            if *of_sender == 0 {
                self.senders.remove(&call.sender);
            }
        }
    }

    /// Adds a call to the sums, or takes it off.
    fn count(&mut self, call: &Call, change: impl Fn(&mut u64, u64)) {
        if let Some(is_slow) = call.is_slow {
            change(&mut self.pairs.count, 1);
            self.pairs.slow.iter_mut().zip(is_slow).for_each(|(sum, is_slow)| change(sum, is_slow.into()));
        }
        let Some(scores) = call.scores else { return };
        change(&mut self.scores.count, 1);
        for (side, score) in scores.map(u64::from).into_iter().enumerate() {
            change(&mut self.scores.rails[side], (score < RAILS[0] || score > RAILS[1]).into());
            change(&mut self.scores.sums[side], score);
            change(&mut self.scores.squares[side], score * score);
        }
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.len() as u64
    }

    pub(super) fn pairs(&self) -> Pairs {
        self.pairs
    }

    pub(super) fn scores(&self) -> Scores {
        self.scores
    }

    /// How many senders the calls are of.
    pub(super) fn senders(&self) -> usize {
        self.senders.len()
    }

    /// How many senders the calls are of that only the release was slow on.
    pub(super) fn slow_senders(&self) -> usize {
        let slow = self.calls.iter().filter(|call| call.is_slow == Some([true, false]));
        slow.map(|call| call.sender).collect::<HashSet<_>>().len()
    }
}
