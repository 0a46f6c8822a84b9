//! One release beside another: how their times and rates compare, and how sure that is.

use std::io::{self, Write};
use std::time::Duration;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::ReleaseId;

use crate::show;

/// Samples that an interval is made of: as many as an interval of percentiles takes (Efron and Tibshirani, An Introduction to the
/// Bootstrap, 1993, section 14.5).
const SAMPLES: usize = 1_000;

/// Below so many messages there is no interval: too few blocks to draw from.
const PAIRS_MIN: usize = 20;

/// What two releases took for the same messages, as ratios of the first to the second.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Against {
    /// Messages that both answered, as often as each was scored.
    pairs: usize,
    /// Of the median time for a message: below 1 where the first is faster. None of fewer than 20 messages.
    p50: Option<Ratio>,
    /// Of the messages per second of one thread: above 1 where the first is faster. None of fewer than 20 messages.
    messages_per_s: Option<Ratio>,
}

/// A ratio with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub(super) struct Ratio {
    ratio: f64,
    low: f64,
    high: f64,
    /// Whether the interval leaves out 1: if not, no difference is shown.
    is_difference_shown: bool,
}

impl Against {
    /// Of pairs in the order in which they were measured.
    ///
    /// What disturbs a machine disturbs both of a pair, and pairs that follow each other. So blocks of consecutive pairs are drawn (the
    /// moving block bootstrap: Künsch, The jackknife and the bootstrap for general stationary observations, Annals of
    /// Statistics 17, 1989), and the interval has 95 % of the ratios of such samples.
    pub(super) fn of(pairs: &[[Duration; 2]]) -> Self {
        let times: Vec<_> = pairs.iter().map(|pair| pair.map(|time| time.as_secs_f64())).collect();
        let is_enough = times.len() >= PAIRS_MIN;
        Self {
            pairs: times.len(),
            p50: is_enough.then(|| Ratio::of(&times, p50)),
            messages_per_s: is_enough.then(|| Ratio::of(&times, messages_per_s)),
        }
    }

    pub(super) fn write(&self, release: &ReleaseId, other: &ReleaseId, out: &mut impl Write) -> io::Result<()> {
        let pairs = show::counted(self.pairs as u64, "message");
        let Some((p50, messages_per_s)) = self.p50.zip(self.messages_per_s) else {
            return writeln!(out, "{release} against {other}: {pairs} that both answered are too few for an interval");
        };
        writeln!(out, "{release} against {other}, {pairs} that both answered:")?;
        writeln!(out, "  time for a message, p50  {}", p50.shown())?;
        writeln!(out, "  messages/s               {}", messages_per_s.shown())
    }
}

impl Ratio {
    fn of(pairs: &[[f64; 2]], ratio: fn(&mut [[f64; 2]]) -> f64) -> Self {
        let length = block_length(pairs.len());
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut sample = Vec::with_capacity(pairs.len() + length);
        let mut ratios: Vec<_> = (0..SAMPLES)
            .map(|_| {
                sample.clear();
                while sample.len() < pairs.len() {
                    let start = rng.random_range(0..=pairs.len() - length);
                    sample.extend_from_slice(&pairs[start..start + length]);
                }
                ratio(&mut sample)
            })
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let [low, high] = [SAMPLES * 25 / 1_000, SAMPLES * 975 / 1_000 - 1].map(|at| ratios[at]);
        let ratio = ratio(&mut pairs.to_vec());
        Self { ratio, low, high, is_difference_shown: !(low..=high).contains(&1.0) }
    }

    /// `0.871 times as much (95 %: 0.862 to 0.880)`.
    fn shown(&self) -> String {
        let Self { ratio, low, high, is_difference_shown } = self;
        let none = if *is_difference_shown { "" } else { ": no difference shown" };
        format!("{ratio:.3} times as much (95 %: {low:.3} to {high:.3}){none}")
    }
}

/// How many pairs stay together: the cube root of all (Hall, Horowitz and Jing, On blocking rules for the bootstrap with dependent
/// data, Biometrika 82, 1995), and an even number, in which each release is as often first.
fn block_length(pairs: usize) -> usize {
    2 * ((pairs as f64).cbrt() / 2.0).ceil() as usize
}

fn p50(pairs: &mut [[f64; 2]]) -> f64 {
    let rank = pairs.len().div_ceil(2) - 1;
    let [first, second] =
        [0, 1].map(|which: usize| pairs.select_nth_unstable_by(rank, |a, b| a[which].total_cmp(&b[which])).1[which]);
    first / second
}

fn messages_per_s(pairs: &mut [[f64; 2]]) -> f64 {
    let sums = pairs.iter().fold([0.0, 0.0], |[a, b], [first, second]| [a + first, b + second]);
    sums[1] / sums[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times of a machine that is disturbed for a while every now and then, of a release that takes `factor` as much as the other.
    fn measured(pairs: usize, factor: f64, seed: u64) -> Vec<[Duration; 2]> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut disturbed = 0;
        let time = |us: f64| Duration::from_secs_f64(us / 1e6);
        (0..pairs)
            .map(|turn| {
                disturbed = if rng.random_bool(0.02) { rng.random_range(1..30) } else { disturbed - disturbed.min(1) };
                let message = 50.0 + 400.0 * rng.random::<f64>().powi(4);
                let slow = if disturbed > 0 { 2.0 } else { 1.0 };
                let mut noise = || slow * (1.0 + 0.2 * rng.random::<f64>());
                // Whoever comes first has the colder caches.
                let [first, second] = if turn % 2 == 0 { [1.1, 1.0] } else { [1.0, 1.1] };
                [time(message * factor * first * noise()), time(message * second * noise())]
            })
            .collect()
    }

    #[test]
    fn where_there_is_no_difference_one_is_shown_as_rarely_as_the_interval_says() {
        let shown = |seed| {
            let Against { p50, messages_per_s, .. } = Against::of(&measured(400, 1.0, seed));
            [p50, messages_per_s].map(|ratio| u32::from(ratio.unwrap().is_difference_shown))
        };
        let wrong = (0..200).map(shown).fold([0, 0], |[a, b], [p50, rate]| [a + p50, b + rate]);
        // Of 200, 10 are expected, and 20 or more with a probability of 0.3 %; none at all with 0.004 %. The interval of medians of
        // pairs that are much alike is too wide.
        assert!(wrong[0] <= 19 && (1..=19).contains(&wrong[1]), "{wrong:?}");
    }

    #[test]
    fn a_difference_is_shown_with_its_direction() {
        for (factor, seed) in [(0.9, 1), (1.1, 2)] {
            let against = Against::of(&measured(2_000, factor, seed));
            let (p50, rate) = (against.p50.unwrap(), against.messages_per_s.unwrap());
            assert!(p50.is_difference_shown && (p50.low..=p50.high).contains(&factor), "{p50:?}");
            assert!(rate.is_difference_shown && (rate.low..=rate.high).contains(&(1.0 / factor)), "{rate:?}");
        }
    }

    #[test]
    fn few_messages_have_no_interval() {
        let against = Against::of(&measured(PAIRS_MIN - 1, 1.0, 1));
        assert!(against.p50.is_none() && against.messages_per_s.is_none());
        assert!(Against::of(&measured(PAIRS_MIN, 1.0, 1)).p50.is_some());
    }
}
