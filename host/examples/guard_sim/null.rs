//! How often is a harmless candidate taken back? At the edge of what is tolerated, where it is most often.

use std::f64::consts::PI;

use rand::Rng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use switchback::guard::{Bets, Counts, GuardSettings, Segment, Test, Tolerance, Volumes, log_threshold, weight};

use crate::interval::Share;
use crate::stream::{Rates, Stream};
use crate::{mail, parallel, table};

/// Segments of a rollout: everything, some providers, and domains.
pub(crate) const SEGMENTS: usize = 2_000;

/// Of them, providers.
const PROVIDERS: usize = 10;

/// Eligible campaigns of a rollout: a day of a filter with a few messages a second.
const CAMPAIGNS: f64 = 400_000.0;

/// How the rollout goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// As last week.
    Steady,
    /// Half of the domains appear in its middle, and nobody knew them.
    Late,
    /// Last week's volumes are those of other segments, and in each segment flips come and go: on one part of its mail
    /// nothing flips, on the other as much as is tolerated.
    Drift,
    /// A canary decides 5 % of the mail for half of the time, then 50 %.
    Wider,
}

/// At which level it is watched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watched {
    pub(crate) name: &'static str,
    pub(crate) tolerance: Tolerance,
    pub(crate) alpha: f64,
    pub(crate) flips_min: u64,
}

pub(crate) fn levels() -> [Watched; 2] {
    let settings = GuardSettings::default();
    let flips_min = mail::flips_min(&settings);
    [
        Watched { name: "revert", tolerance: settings.tolerance, alpha: settings.alpha, flips_min },
        Watched { name: "warn", tolerance: settings.tolerance_warn, alpha: settings.alpha_warn, flips_min: 5 },
    ]
}

/// A segment of a rollout.
struct Planned {
    campaigns: u64,
    weight: f64,
}

/// Volumes fall as 1 / rank among the domains; everything and providers hold them.
fn volumes() -> Vec<f64> {
    let domains = SEGMENTS - PROVIDERS - 1;
    let harmonic: f64 = (1..=domains).map(|rank| 1.0 / rank as f64).sum();
    let of_domain = |rank: usize| CAMPAIGNS / harmonic / rank as f64;
    let mut all = vec![CAMPAIGNS];
    all.extend((1..=PROVIDERS).map(of_domain));
    all.extend((1..=domains).map(of_domain));
    all
}

/// What all rollouts of a course have in common.
struct Plan {
    course: Course,
    volumes: Vec<f64>,
    /// Of last week's volume.
    shares: Vec<f64>,
}

impl Plan {
    fn new(course: Course) -> Self {
        let volumes = volumes();
        let segment = |place: usize| Segment::Domain(format!("{place}.example").into());
        let known = volumes.iter().enumerate().filter(|(place, _)| !course.is_late(*place));
        let snapshot: Volumes = known.map(|(place, volume)| (segment(place), *volume as u64)).collect();
        let shares = (0..SEGMENTS).map(|place| snapshot.share(&segment(place))).collect();
        Self { course, volumes, shares }
    }

    /// Orders the segments of one rollout as they are discovered: the more mail, the sooner.
    fn segments(&self, rng: &mut ChaCha8Rng) -> impl Iterator<Item = Planned> {
        let mut shares = self.shares.clone();
        if self.course == Course::Drift {
            shares.shuffle(rng);
        }
        let wait = |place: usize, rng: &mut ChaCha8Rng| -(1.0 - rng.random::<f64>()).ln() / self.volumes[place];
        let late = |place| if self.course.is_late(place) { 1.0 } else { 0.0 };
        let mut order: Vec<_> = (0..SEGMENTS).map(|place| (wait(place, rng) + late(place), place)).collect();
        order.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        order.into_iter().zip(1..).map(move |((_, place), rank)| Planned {
            campaigns: (self.volumes[place] * self.course.part(place)).round() as u64,
            weight: weight(shares[place], rank),
        })
    }
}

impl Course {
    fn is_late(self, place: usize) -> bool {
        self == Self::Late && place > PROVIDERS && place.is_multiple_of(2)
    }

    /// Which part of a segment's mail the candidate sees.
    fn part(self, place: usize) -> f64 {
        match self {
            Self::Wider => 0.5 * 0.05 + 0.5 * 0.5,
            Self::Late if self.is_late(place) => 0.5,
            _ => 1.0,
        }
    }
}

/// Whether anything is found in a rollout, without a floor and with one.
fn found(plan: &Plan, watched: &Watched, bets: &[Bets; 2], rng: &mut ChaCha8Rng) -> [bool; 2] {
    // At the edge of both hypotheses at once.
    let rates = Rates { flips: watched.tolerance.gross, opposite: watched.tolerance.gross - watched.tolerance.net };
    let mut found = [false; 2];
    let segments: Vec<_> = plan.segments(rng).collect();
    for Planned { campaigns, weight } in segments {
        let threshold = log_threshold(watched.alpha / 2.0, weight);
        let mut thinner = (plan.course == Course::Drift).then(|| ChaCha8Rng::seed_from_u64(rng.random()));
        let mut flips = 0;
        for counts in Stream::new(rng, rates, campaigns) {
            if let Some(rng) = &mut thinner {
                // Of what could flip at most, a part does now.
                let part = (counts.all as f64 / campaigns as f64 * 6.0 * PI).sin().max(0.0);
                if rng.random::<f64>() >= part {
                    continue;
                }
            }
            flips += 1;
            let counts = Counts::new(flips, counts.opposite, counts.all);
            if bets.iter().any(|bets| bets.log_e_from(threshold, counts).is_some()) {
                found[0] = true;
                if flips >= watched.flips_min {
                    return [true; 2];
                }
            }
        }
    }
    found
}

/// How often anything is found, without a floor and with one.
pub(crate) fn measure(course: Course, watched: &Watched, rollouts: u64) -> [Share; 2] {
    let bets = [Test::Gross.bets(watched.tolerance.gross), Test::Net.bets(watched.tolerance.net)];
    let plan = Plan::new(course);
    let what = format!("{course:?}, {}", watched.name);
    let found = parallel::runs(&what, rollouts, |rng| found(&plan, watched, &bets, rng));
    [0, 1].map(|place| Share { part: found.iter().filter(|found| found[place]).count() as u64, whole: rollouts })
}

/// Prints how often it happens; whether that is no more often than it should be.
pub(crate) fn report(rollouts: u64) -> bool {
    let mut are_few = true;
    let mut rows = Vec::new();
    for watched in levels() {
        for course in [Course::Steady, Course::Late, Course::Drift, Course::Wider] {
            let [without_floor, with_floor] = measure(course, &watched, rollouts);
            are_few &= without_floor.part as f64 <= watched.alpha * without_floor.whole as f64;
            let [count, _, interval] = without_floor.cells();
            let level = format!("{}, alpha {} %", watched.name, 100.0 * watched.alpha);
            rows.push(
                [vec![format!("{course:?}"), level], with_floor.cells().to_vec(), vec![count, interval]].concat(),
            );
        }
    }
    let columns = ["course", "watched for", "found", "share", "95 % interval", "without a floor", "95 % interval"];
    table::print(&format!("Harmless candidates that are found, of rollouts with {SEGMENTS} segments"), &columns, &rows);
    are_few
}
