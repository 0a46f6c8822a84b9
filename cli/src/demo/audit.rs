//! Accounting for every message afterwards. Pure: it knows answers and changes, and no slot.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::traffic::Answer;

/// A change of the route.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    /// The index of the release that is live from then on.
    pub(super) release: u8,
    /// When the command was given.
    pub(super) called: Duration,
    /// When it ended: every process had obeyed.
    pub(super) returned: Duration,
}

/// What became of all messages.
#[derive(Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub(super) struct Audit {
    /// Messages that were begun.
    pub(super) begun: u64,
    /// Answers.
    pub(super) answers: u64,
    /// Messages without an answer.
    pub(super) lost: u64,
    /// Messages with more answers than one.
    pub(super) twice: u64,
    /// Answers by a release that was not live between the message's start and its end.
    pub(super) wrong_release: u64,
    /// Answers that no live release gave, but the slot's failure policy.
    pub(super) unscored: u64,
    /// The times between two answers of one thread.
    pub(super) gap: Spread,
    /// The times that messages took to be scored.
    pub(super) message: Spread,
    /// By generation, the first being 1.
    pub(super) generations: Vec<OfGeneration>,
}

/// How times are spread: each is one that occurred.
#[derive(Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub(super) struct Spread {
    #[serde(rename = "p50_us", serialize_with = "micros")]
    #[schemars(with = "f64")]
    pub(super) p50: Duration,
    #[serde(rename = "p999_us", serialize_with = "micros")]
    #[schemars(with = "f64")]
    pub(super) p999: Duration,
    #[serde(rename = "max_us", serialize_with = "micros")]
    #[schemars(with = "f64")]
    pub(super) max: Duration,
}

/// What one generation of the route did.
#[derive(Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub(super) struct OfGeneration {
    pub(super) answers: u64,
    /// How long the command took that made it, from its start to its end.
    #[serde(rename = "command_us", serialize_with = "micros")]
    #[schemars(with = "f64")]
    pub(super) command: Duration,
    /// From its start to the first answer; none if there was none.
    #[serde(rename = "first_verdict_us", serialize_with = "micros_if_any")]
    #[schemars(with = "Option<f64>")]
    pub(super) first_verdict: Option<Duration>,
    /// The longest time between two answers of one thread with the command, or a part of it, in between.
    #[serde(rename = "gap_us", serialize_with = "micros")]
    #[schemars(with = "f64")]
    pub(super) gap: Duration,
}

impl Audit {
    /// Accounts for the answers of every thread, each thread's in their order. Change number 0 made
    /// generation 1.
    pub(super) fn of(threads: &[Vec<Answer>], changes: &[Change], begun: u64) -> Self {
        let all = || threads.iter().flatten();
        let mut times_answered = vec![0_u8; usize::try_from(begun).unwrap_or(0)];
        let mut unknown = 0;
        for answer in all() {
            match usize::try_from(answer.message).ok().and_then(|number| times_answered.get_mut(number)) {
                Some(times) => *times = times.saturating_add(1),
                None => unknown += 1,
            }
        }
        let count = |wanted: fn(u8) -> bool| times_answered.iter().filter(|times| wanted(**times)).count() as u64;
        Self {
            begun,
            answers: all().count() as u64,
            lost: count(|times| times == 0),
            twice: count(|times| times > 1) + unknown,
            wrong_release: all().filter(|answer| is_by_wrong_release(answer, changes)).count() as u64,
            unscored: all().filter(|answer| answer.release.is_none()).count() as u64,
            gap: Spread::of(gaps(threads).map(|(from, to)| to - from)),
            message: Spread::of(all().map(|answer| answer.end - answer.start)),
            generations: (0..changes.len()).map(|index| OfGeneration::new(threads, changes, index)).collect(),
        }
    }

    /// Whether every message was answered exactly once, by a release that was live.
    pub(super) fn is_flawless(&self) -> bool {
        self.lost + self.twice + self.wrong_release + self.unscored == 0
    }
}

impl Spread {
    fn of(times: impl Iterator<Item = Duration>) -> Self {
        let mut times: Vec<_> = times.collect();
        times.sort_unstable();
        // The nearest rank.
        let at = |per_mille: usize| times.get((times.len() * per_mille).div_ceil(1_000).saturating_sub(1)).copied();
        let at = |per_mille| at(per_mille).unwrap_or_default();
        Self { p50: at(500), p999: at(999), max: at(1_000) }
    }
}

impl OfGeneration {
    fn new(threads: &[Vec<Answer>], changes: &[Change], index: usize) -> Self {
        let change = changes[index];
        let answers = || threads.iter().flatten().filter(|answer| answer.generation == index as u64 + 1);
        let meanwhile = |(from, to): &(Duration, Duration)| *from <= change.returned && change.called <= *to;
        Self {
            answers: answers().count() as u64,
            command: change.returned - change.called,
            first_verdict: answers().map(|answer| answer.end.saturating_sub(change.called)).min(),
            gap: gaps(threads).filter(meanwhile).map(|(from, to)| to - from).max().unwrap_or_default(),
        }
    }
}

/// The times between two answers of one thread, as (from, to).
fn gaps(threads: &[Vec<Answer>]) -> impl Iterator<Item = (Duration, Duration)> {
    threads.iter().flat_map(|answers| answers.windows(2).map(|pair| (pair[0].end, pair[1].end)))
}

/// Whether the release was not live at any instant between start and end. A release is live at the
/// earliest when the command is given that makes it live, and at the latest until the command ends that
/// makes the next one live.
fn is_by_wrong_release(answer: &Answer, changes: &[Change]) -> bool {
    let Some(release) = answer.release else { return false };
    let index = usize::try_from(answer.generation).ok().and_then(|generation| generation.checked_sub(1));
    let Some((index, change)) = index.and_then(|index| Some((index, changes.get(index)?))) else { return true };
    let over = changes.get(index + 1).is_some_and(|next| answer.start > next.returned);
    release != change.release || answer.end < change.called || over
}

fn micros<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_nanos() as f64 / 1e3)
}

fn micros_if_any<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => micros(time, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: Duration = Duration::from_micros(1);

    fn answer(message: u64, start: u32, end: u32, generation: u64, release: u8) -> Answer {
        Answer { message, start: start * US, end: end * US, generation, release: Some(release) }
    }

    /// Release 0 is live from the start on, release 1 from a call that takes from 100 to 110.
    fn changes() -> [Change; 2] {
        [
            Change { release: 0, called: Duration::ZERO, returned: 5 * US },
            Change { release: 1, called: 100 * US, returned: 110 * US },
        ]
    }

    fn audit(threads: &[Vec<Answer>], begun: u64) -> Audit {
        Audit::of(threads, &changes(), begun)
    }

    #[test]
    fn messages_answered_once_by_whoever_was_live_are_flawless() {
        let threads = [
            vec![answer(0, 10, 90, 1, 0), answer(2, 91, 150, 1, 0)],
            vec![answer(1, 20, 99, 1, 0), answer(3, 99, 105, 2, 1), answer(4, 105, 160, 2, 1)],
        ];
        let audit = audit(&threads, 5);
        assert!(audit.is_flawless(), "{audit:?}");
        assert_eq!(audit.generations[0].answers, 3);
        assert_eq!(audit.generations[1].first_verdict, Some(5 * US));
        assert_eq!(audit.generations[1].command, 10 * US);
        assert_eq!((audit.gap.max, audit.message.max), (60 * US, 80 * US));
        assert_eq!(audit.generations[1].gap, 60 * US, "from 90 to 150, the call in between");
    }

    #[test]
    fn percentiles_are_times_that_occurred() {
        let spread = Spread::of((1..=2_000).rev().map(|us| us * US));
        assert_eq!(spread, Spread { p50: 1_000 * US, p999: 1_998 * US, max: 2_000 * US });
        assert_eq!(Spread::of(std::iter::empty()), Spread::default());
    }

    #[test]
    fn a_message_without_an_answer_is_lost() {
        assert_eq!(audit(&[vec![answer(0, 1, 2, 1, 0)]], 2).lost, 1);
    }

    #[test]
    fn two_answers_to_one_message_are_seen() {
        assert_eq!(audit(&[vec![answer(0, 1, 2, 1, 0)], vec![answer(0, 1, 2, 1, 0)]], 1).twice, 1);
        assert_eq!(audit(&[vec![answer(0, 1, 2, 1, 0), answer(7, 1, 2, 1, 0)]], 1).twice, 1, "nobody sent number 7");
    }

    #[test]
    fn a_release_that_was_not_live_then_is_wrong() {
        let wrong = |answer| audit(&[vec![answer]], 1).wrong_release == 1;
        assert!(wrong(answer(0, 111, 120, 1, 0)), "it began when the next release was live");
        assert!(!wrong(answer(0, 110, 120, 1, 0)), "it began while the call had not returned");
        assert!(wrong(answer(0, 50, 99, 2, 1)), "it ended before the release was live");
        assert!(wrong(answer(0, 50, 60, 1, 1)), "another release than the generation's");
        assert!(wrong(answer(0, 50, 60, 0, 0)), "no release was live at generation 0");
        assert!(wrong(answer(0, 50, 60, 3, 0)), "there was no generation 3");
    }

    #[test]
    fn an_answer_by_no_release_is_counted() {
        let unscored = audit(&[vec![Answer { release: None, ..answer(0, 1, 2, 1, 0) }]], 1);
        assert_eq!((unscored.unscored, unscored.wrong_release), (1, 0));
        assert!(!unscored.is_flawless());
    }
}
