//! A rule of the usual shape: a limit on each window, and some strikes.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use switchback::guard::Flip;

use crate::guard::mail::Pair;

/// Takes a candidate back when in so many windows in a row a larger share than this is newly flagged. No error
/// probability follows from it: it is here to compare with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    window: SignedDuration,
    share_max: f64,
    strikes: u32,
}

/// Five minutes and three strikes, as the examples in the documentation of Argo Rollouts have it (`interval: 5m`,
/// `failureLimit: 3`), with a limit of 1 %.
impl Default for Rule {
    fn default() -> Self {
        Self { window: SignedDuration::from_mins(5), share_max: 0.01, strikes: 3 }
    }
}

/// `a rule of the usual shape (more than 1 % newly flagged in 3 windows of 5 min in a row)`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { window, share_max, strikes } = self;
        let (percent, minutes) = (100.0 * share_max, window.as_mins());
        write!(
            f,
            "a rule of the usual shape (more than {percent} % newly flagged in {strikes} windows of {minutes} min in a row)"
        )
    }
}

impl Rule {
    /// When it can act at the earliest.
    pub(crate) fn earliest(self) -> Duration {
        self.window.unsigned_abs() * self.strikes
    }

    /// When it takes the candidate back, and how many windows it looked at until then. Pairs lie in the order in which they
    /// came; windows are looked at when they end.
    pub(super) fn replay(self, pairs: &[&Pair], since: Timestamp) -> (Option<Tripped>, Windows) {
        let (mut strikes, mut start, mut flagged) = (0, 0, 0_u64);
        let mut windows = Windows::default();
        let mut end = since;
        while start < pairs.len() {
            let Ok(next_end) = end.checked_add(self.window) else { break };
            end = next_end;
            let next = start + pairs[start..].partition_point(|pair| pair.at < end);
            let up = pairs[start..next].iter().filter(|pair| pair.is(Flip::Up)).count();
            flagged += up as u64;
            windows.all += 1;
            if next > start {
                let is_strike = up as f64 > self.share_max * (next - start) as f64;
                strikes = if is_strike { strikes + 1 } else { 0 };
            } else {
                // A window without mail says nothing.
                windows.empty += 1;
            }
            if strikes >= self.strikes {
                return (Some(Tripped { at: end, after: next as u64, newly_flagged: flagged }), windows);
            }
            start = next;
        }
        (None, windows)
    }
}

/// When a rule took it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub(super) struct Tripped {
    /// When.
    pub(super) at: Timestamp,
    /// After how many messages.
    pub(super) after: u64,
    /// Messages that were newly flagged until then.
    pub(super) newly_flagged: u64,
}

/// Windows that a rule looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub(super) struct Windows {
    /// All of them.
    pub(super) all: u64,
    /// Those without mail, which neither count nor begin anew.
    pub(super) empty: u64,
}

#[cfg(test)]
mod tests {
    use switchback::Action;

    use super::*;

    /// A message in this second, newly flagged or not.
    fn pair(second: i64, is_flagged: bool) -> Pair {
        let after = if is_flagged { Action::Junk } else { Action::Deliver };
        Pair::for_test(Timestamp::from_second(second).unwrap(), [Action::Deliver, after])
    }

    fn replay(pairs: &[Pair]) -> Option<Tripped> {
        let pairs: Vec<_> = pairs.iter().collect();
        Rule::default().replay(&pairs, Timestamp::UNIX_EPOCH).0
    }

    #[test]
    fn three_windows_in_a_row_trip_it_at_the_end_of_the_third() {
        let bad = |second| pair(second, second % 10 == 0);
        let pairs: Vec<_> = (0..2_000).map(bad).collect();
        let at = Timestamp::from_second(900).unwrap();
        assert_eq!(replay(&pairs), Some(Tripped { at, after: 900, newly_flagged: 90 }));
        assert_eq!(replay(&pairs[..600]), None);
        assert_eq!(Rule::default().earliest(), Duration::from_secs(900));
    }

    #[test]
    fn a_good_window_in_between_begins_anew_and_one_without_mail_says_nothing() {
        let good_second = |second: i64| pair(second, second % 10 == 0 && !(300..600).contains(&second));
        let pairs: Vec<_> = (0..1_500).map(good_second).collect();
        assert_eq!(replay(&pairs).unwrap().at.as_second(), 1_500);
        let none_second = (0..1_200).filter(|second| !(300..600).contains(second));
        let pairs: Vec<_> = none_second.map(|second| pair(second, second % 10 == 0)).collect();
        assert_eq!(replay(&pairs).unwrap().at.as_second(), 1_200);
        let pairs: Vec<_> = pairs.iter().collect();
        let (_, windows) = Rule::default().replay(&pairs, Timestamp::UNIX_EPOCH);
        assert_eq!(windows, Windows { all: 4, empty: 1 });
    }
}
