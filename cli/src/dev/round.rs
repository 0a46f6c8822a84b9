//! A round: what changed, what came of it, and how long it took.

use std::cmp::Ordering;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use switchback::ReleaseId;
use switchback::compare::{Comparison, ComparisonSettings, Flips, MessageName, Pair, Side};
use switchback::verdict::Said;
use switchback_corpus::Missed;

/// A round.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Round {
    /// Which one it is, from 1.
    pub(super) round: u64,
    /// The files whose change began it, at most 100; none in the first round.
    pub(super) changed: Vec<String>,
    /// How many they are.
    pub(super) changed_files: usize,
    /// What came of it.
    #[serde(flatten)]
    pub(super) outcome: Outcome,
    /// How long each step took.
    pub(super) steps: Vec<Step>,
}

/// What came of a round.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// The mail was read again, and scored by the release that the next one is compared with, where there is one.
    Mail {
        /// Messages that there are now.
        messages: usize,
        /// What could not be read, or was no message.
        #[serde(flatten)]
        missed: Missed,
    },
    /// There is no release: the next one is compared with the same as this one would have been.
    Failed {
        /// Why.
        why: String,
    },
    /// The release is the same as before, byte by byte, and was not scored again.
    Same {
        /// Which.
        release: ReleaseId,
    },
    /// There is a new release, which the next one is compared with.
    Scored(Box<Scored>),
}

/// What a new release made of the mail.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Scored {
    /// Which.
    pub(super) release: ReleaseId,
    /// Messages that it was asked about.
    pub(super) messages: usize,
    /// Messages that it failed on.
    pub(super) failed: usize,
    /// The first of them, and why.
    pub(super) failure: Option<Failure>,
    /// Self-tests that it answers otherwise than the manifest expects.
    pub(super) self_tests: Vec<String>,
    /// How it differs from the release before; none of the first.
    pub(super) differs: Option<Differs>,
}

/// A message that a release failed on.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Failure {
    pub(super) message: String,
    pub(super) why: String,
}

/// How a release differs from the one before.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Differs {
    /// The one before.
    pub(super) from: ReleaseId,
    /// Messages across the flag boundary.
    pub(super) flips: Flips,
    /// Messages for which something else would be done, flips among them, or that only one of them answered.
    pub(super) verdicts_changed: usize,
    /// How the scores moved.
    pub(super) scores: Moved,
    /// Those messages, the ones whose score changed most first; as many as --limit says.
    pub(super) changed_messages: Vec<Changed>,
}

/// How the scores of messages moved that both scored.
#[derive(Debug, Default, PartialEq, JsonSchema, Serialize)]
pub(super) struct Moved {
    pub(super) up: u64,
    pub(super) down: u64,
    /// The same, bit for bit.
    pub(super) alike: u64,
    /// The second score less the first, on average; none where nothing was scored by both.
    pub(super) mean: Option<f64>,
}

/// A message for which something else would be done.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Changed {
    pub(super) message: String,
    pub(super) before: Said,
    pub(super) after: Said,
}

/// A step of a round.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Step {
    pub(super) step: String,
    pub(super) took_us: f64,
}

impl Step {
    pub(super) fn new(step: impl Into<String>, took: Duration) -> Self {
        Self { step: step.into(), took_us: took.as_secs_f64() * 1e6 }
    }
}

impl Differs {
    /// Compares what two releases made of the same messages, which have these names.
    pub(super) fn of(from: ReleaseId, [before, after]: [&[Side]; 2], names: &[String], limit: usize) -> Self {
        let mut comparison = Comparison::new(ComparisonSettings::default());
        let mut changed: Vec<_> = Vec::new();
        for (place, (before, after)) in before.iter().zip(after).enumerate() {
            comparison.add(&Pair::new(*before, *after), || MessageName::new(&names[place]));
            if before.said.action() != after.said.action() {
                changed.push((place, before.said, after.said));
            }
        }
        let verdicts_changed = changed.len();
        let far = |said: [Said; 2]| said[0].score().zip(said[1].score()).map_or(f64::INFINITY, |(a, b)| (b - a).abs());
        changed.sort_by(|(_, a, b), (_, c, d)| far([*c, *d]).total_cmp(&far([*a, *b])));
        let shown = changed.into_iter().take(limit);
        let named = shown.map(|(place, before, after)| Changed { message: names[place].clone(), before, after });
        Self {
            from,
            flips: comparison.flips(),
            verdicts_changed,
            scores: Moved::of(before, after),
            changed_messages: named.collect(),
        }
    }
}

impl Moved {
    fn of(before: &[Side], after: &[Side]) -> Self {
        let mut moved = Self::default();
        let (mut scored, mut sum) = (0_u64, 0.0);
        for (a, b) in before.iter().zip(after).filter_map(|(a, b)| a.said.score().zip(b.said.score())) {
            match b.total_cmp(&a) {
                Ordering::Greater => moved.up += 1,
                Ordering::Less => moved.down += 1,
                Ordering::Equal => moved.alike += 1,
            }
            scored += 1;
            sum += b - a;
        }
        moved.mean = (scored > 0).then(|| sum / scored as f64);
        moved
    }
}

#[cfg(test)]
mod tests {
    use switchback::semver::Version;
    use switchback::verdict::Cause;
    use switchback::{Action, Digest};

    use super::*;

    #[test]
    fn the_messages_whose_scores_moved_most_are_shown_first_and_no_more_than_asked_for() {
        let side = |score: Option<f64>| {
            let action = |score: f64| if score < 0.5 { Action::Deliver } else { Action::Quarantine };
            Side::new(score.map_or(Said::Failed(Cause::Trap), |score| Said::Scored { score, action: action(score) }), 0)
        };
        let before = [Some(0.4), Some(0.1), Some(0.2), Some(0.3), None].map(side);
        let after = [Some(0.6), Some(0.9), Some(0.2), None, Some(0.7)].map(side);
        let names = ["little", "much", "alike", "fails now", "failed"].map(str::to_owned);
        let id = ReleaseId::new("tiny".parse().unwrap(), Version::new(1, 0, 0), Digest::of(b""));
        let differs = |limit| Differs::of(id.clone(), [&before, &after], &names, limit);
        let shown = |limit| differs(limit).changed_messages.into_iter().map(|one| one.message).collect::<Vec<_>>();
        assert_eq!(shown(9), ["fails now", "failed", "much", "little"]);
        assert_eq!((shown(1), differs(1).verdicts_changed), (vec!["fails now".to_owned()], 4));
        let mean = differs(9).scores.mean.unwrap();
        assert!((mean - (0.2 + 0.8) / 3.0).abs() < 1e-12, "{mean}");
    }
}
