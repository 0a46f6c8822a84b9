//! After how many messages of a segment is a bad release found?

use rand_chacha::ChaCha8Rng;
use switchback::guard::{Bets, Counts, GuardSettings, Test, log_threshold, weight};

use crate::stream::{Rates, Stream};
use crate::{mail, parallel, table};

/// What the guard was designed to need, by the share of the segment's mail that is newly flagged: median and 90 %
/// quantile of the gross test and of the net test, each alone at alpha 0.001 over 10,000 equal segments.
pub(crate) const DESIGNED: [(f64, [[f64; 2]; 2]); 5] = [
    (0.9, [[5.0, 8.0], [32.0, 35.0]]),
    (0.5, [[14.0, 23.0], [58.0, 67.0]]),
    (0.2, [[57.0, 98.0], [143.0, 180.0]]),
    (0.1, [[204.0, 342.0], [296.0, 371.0]]),
    (0.05, [[1_050.0, 1_726.0], [656.0, 835.0]]),
];

/// How far from that a delay may be.
pub(crate) const NEAR: f64 = 0.1;

/// Messages after which nobody waits any longer.
const CAMPAIGNS_MAX: u64 = 1_000_000;

/// The weight of each of 10,000 equal segments.
const EQUAL: f64 = 1e-4;

/// What finds it.
struct Finder {
    name: &'static str,
    tests: Vec<(Bets, f64)>,
    flips_min: u64,
}

impl Finder {
    fn alone(test: Test, settings: &GuardSettings) -> Self {
        let threshold = log_threshold(settings.alpha, EQUAL);
        Self { name: test.name(), tests: vec![(bets(test, settings), threshold)], flips_min: 0 }
    }

    /// Both tests with half of alpha each, and the floor.
    fn shipped(name: &'static str, weight: f64, settings: &GuardSettings) -> Self {
        let threshold = log_threshold(settings.alpha / 2.0, weight);
        let tests = Test::ALL.map(|test| (bets(test, settings), threshold)).into();
        Self { name, tests, flips_min: mail::flips_min(settings) }
    }

    fn finds(&self, counts: Counts) -> bool {
        let sure = counts.with_flips(counts.flips.saturating_sub(self.flips_min.saturating_sub(1)));
        counts.flips >= self.flips_min
            && self.tests.iter().any(|(bets, threshold)| bets.log_e_from(*threshold, sure).is_some())
    }
}

fn bets(test: Test, settings: &GuardSettings) -> Bets {
    test.bets(match test {
        Test::Gross => settings.tolerance.gross,
        Test::Net => settings.tolerance.net,
    })
}

fn finders(settings: &GuardSettings) -> Vec<Finder> {
    vec![
        Finder::alone(Test::Gross, settings),
        Finder::alone(Test::Net, settings),
        Finder::shipped("shipped, 1 of 10,000 segments", EQUAL, settings),
        Finder::shipped("shipped, a tenth of last week's mail", weight(0.1, 5), settings),
        Finder::shipped("shipped, new, the 1,000th segment", weight(0.0, 1_000), settings),
    ]
}

/// Median and 90 % quantile of the messages that each finder needs.
pub(crate) fn measure(share: f64, runs: u64) -> Vec<(&'static str, [f64; 2])> {
    let finders = finders(&GuardSettings::default());
    let delays = parallel::runs(&format!("delays at {share}"), runs, |rng| delays(&finders, share, rng));
    let quantiles = |place: usize| {
        let mut all: Vec<_> = delays.iter().map(|delays| delays[place]).collect();
        all.sort_unstable();
        [0.5, 0.9].map(|quantile| all[(all.len() as f64 * quantile) as usize] as f64)
    };
    finders.iter().enumerate().map(|(place, finder)| (finder.name, quantiles(place))).collect()
}

fn delays(finders: &[Finder], share: f64, rng: &mut ChaCha8Rng) -> Vec<u64> {
    let mut delays = vec![CAMPAIGNS_MAX; finders.len()];
    for counts in Stream::new(rng, Rates { flips: share, opposite: 0.0 }, CAMPAIGNS_MAX) {
        for (delay, finder) in delays.iter_mut().zip(finders) {
            if *delay == CAMPAIGNS_MAX && finder.finds(counts) {
                *delay = counts.all;
            }
        }
        if !delays.contains(&CAMPAIGNS_MAX) {
            break;
        }
    }
    delays
}

/// Prints the delays; whether those of each test alone are near to what it was designed for.
pub(crate) fn report(runs: u64) -> bool {
    let mut are_near = true;
    let mut rows = Vec::new();
    for (share, designed) in DESIGNED {
        let mut row = vec![format!("{:.0} %", 100.0 * share)];
        for (place, (_, measured)) in measure(share, runs).into_iter().enumerate() {
            let mut cell = format!("{} ({})", measured[0], measured[1]);
            if let Some(designed) = designed.get(place) {
                let off = designed.iter().zip(measured).map(|(designed, measured)| measured / designed - 1.0);
                let most = off.fold(0.0, |most: f64, off| if off.abs() > most.abs() { off } else { most });
                are_near &= most.abs() <= NEAR;
                cell += &format!(", {:+.1} %", 100.0 * most);
            }
            row.push(cell);
        }
        rows.push(row);
    }
    let settings = GuardSettings::default();
    let mut columns = vec!["newly flagged"];
    columns.extend(finders(&settings).iter().map(|finder| finder.name));
    table::print(
        "Messages of a segment until it is found: median (90 %), and how far from the design",
        &columns,
        &rows,
    );
    are_near
}
