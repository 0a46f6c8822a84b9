//! Rules of the usual shape, on the same mail: a limit for each window, and so many strikes.

use rand_chacha::ChaCha8Rng;
use switchback::guard::{Bets, GuardSettings, Test, log_threshold, weight};

use crate::interval::Share;
use crate::stream::{Rates, Stream};
use crate::{mail, parallel, table};

/// Windows of five minutes in a day.
const WINDOWS: u64 = 288;

/// A limit for the share that is newly flagged, in each window.
const LIMIT: f64 = 0.01;

/// Messages that a window must have for its share to be looked at.
const MESSAGES_MIN: u64 = 20;

/// Segments of a filter, with volumes that fall as 1 / rank.
const SEGMENTS: usize = 200;

/// Messages of the largest one in a window.
const LARGEST: f64 = 1_000.0;

/// A harmless candidate changes so many verdicts.
const HARMLESS: f64 = 0.003;

/// A rule: so many windows above the limit, in a row or of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    InARow(u32),
    OfADay(u32),
}

const RULES: [(&str, Rule); 4] = [
    ("one window above 1 %", Rule::InARow(1)),
    ("three of a day", Rule::OfADay(3)),
    ("four of a day", Rule::OfADay(4)),
    ("three in a row", Rule::InARow(3)),
];

/// What each rule, and then the guard, made of a segment: after how many messages it was found, if it was.
struct Found {
    rules: [Option<u64>; RULES.len()],
    guard: Option<u64>,
}

fn watch(share: f64, per_window: u64, weight: f64, bets: &[Bets; 2], rng: &mut ChaCha8Rng) -> Found {
    let settings = GuardSettings::default();
    let threshold = log_threshold(settings.alpha / 2.0, weight);
    let mut found = Found { rules: [None; RULES.len()], guard: None };
    let mut flips_of_window = vec![0u64; WINDOWS as usize];
    for counts in Stream::new(rng, Rates { flips: share, opposite: 0.0 }, WINDOWS * per_window) {
        flips_of_window[((counts.all - 1) / per_window) as usize] += 1;
        let is_enough = counts.flips >= mail::flips_min(&settings)
            && bets.iter().any(|bets| bets.log_e_from(threshold, mail::sure(&settings, counts)).is_some());
        if found.guard.is_none() && is_enough {
            found.guard = Some(counts.all);
        }
    }
    if per_window < MESSAGES_MIN {
        return found;
    }
    let (mut in_a_row, mut of_a_day) = (0, 0);
    for (window, flips) in flips_of_window.into_iter().enumerate() {
        let is_above = flips as f64 / per_window as f64 > LIMIT;
        in_a_row = if is_above { in_a_row + 1 } else { 0 };
        of_a_day += u32::from(is_above);
        for (found, (_, rule)) in found.rules.iter_mut().zip(RULES) {
            let strikes = match rule {
                Rule::InARow(strikes) => in_a_row >= strikes,
                Rule::OfADay(strikes) => of_a_day >= strikes,
            };
            if strikes && found.is_none() {
                *found = Some((window as u64 + 1) * per_window);
            }
        }
    }
    found
}

fn bets() -> [Bets; 2] {
    let tolerance = GuardSettings::default().tolerance;
    [Test::Gross.bets(tolerance.gross), Test::Net.bets(tolerance.net)]
}

/// How often each rule, and last the guard, takes a harmless candidate back within a day.
pub(crate) fn false_alarms(rollouts: u64) -> Vec<Share> {
    let bets = bets();
    let found = parallel::runs("rules of the usual shape", rollouts, |rng| {
        let mut any = [false; RULES.len() + 1];
        for rank in 1..=SEGMENTS {
            let per_window = ((LARGEST / rank as f64) as u64).max(1);
            let found = watch(HARMLESS, per_window, weight(0.0, rank as u64), &bets, rng);
            let each = found.rules.iter().chain([&found.guard]);
            any.iter_mut().zip(each).for_each(|(any, found)| *any |= found.is_some());
        }
        any
    });
    let share = |place: usize| found.iter().filter(|any| any[place]).count() as u64;
    (0..=RULES.len()).map(|place| Share { part: share(place), whole: rollouts }).collect()
}

/// After how many messages of a segment each of them, and last the guard, finds that half of it is flagged.
fn delays(per_window: u64) -> Vec<String> {
    let bets = bets();
    let found = parallel::runs("their delays", 1_001, |rng| watch(0.5, per_window, weight(0.0, 10), &bets, rng));
    let median = |of: &dyn Fn(&Found) -> Option<u64>| {
        let mut all: Vec<_> = found.iter().map(|found| of(found).unwrap_or(u64::MAX)).collect();
        all.sort_unstable();
        let median = all[all.len() / 2];
        if median == u64::MAX { "never".to_owned() } else { median.to_string() }
    };
    let mut cells: Vec<_> = (0..RULES.len()).map(|place| median(&|found: &Found| found.rules[place])).collect();
    cells.push(median(&|found: &Found| found.guard));
    cells
}

pub(crate) fn report(rollouts: u64) {
    let names = RULES.map(|(name, _)| name).into_iter().chain(["the guard"]);
    let [large, small] = [200, 10].map(delays);
    let rows: Vec<_> = names
        .zip(false_alarms(rollouts))
        .zip(large.into_iter().zip(small))
        .map(|((name, share), (large, small))| {
            let [_, percent, interval] = share.cells();
            vec![name.to_owned(), percent, interval, large, small]
        })
        .collect();
    let columns = [
        "rule",
        "harmless candidates taken back within a day",
        "95 % interval",
        "messages until half of 2,400 an hour flagged is found",
        "of 120 an hour",
    ];
    table::print("Rules of the usual shape: 1 % of a five-minute window newly flagged", &columns, &rows);
}
