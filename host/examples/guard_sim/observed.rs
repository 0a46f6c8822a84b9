//! The same question asked of the guard itself, message by message: copies of campaigns, segments that come late, mail
//! that drifts, a canary that is widened.
//!
//! Watched at alpha 5 % and without a floor, so that there is something to count.

use std::collections::HashMap;

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use switchback::guard::{Bets, Counts, Floor, InMemory, Level, Test, Trial, log_threshold};

use crate::interval::Share;
use crate::mail::{Domains, actions, baseline, sighting};
use crate::{parallel, table};

/// The error probability that is watched at.
pub(crate) const ALPHA: f64 = 0.05;

/// Domains of the filter.
const DOMAINS: usize = 300;

/// Campaigns of a rollout, over a day.
const CAMPAIGNS: u64 = 3_000;

/// What a rollout is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    pub(crate) name: &'static str,
    /// Messages of each campaign.
    pub(crate) copies: u64,
    /// Whether only a tenth of the domains is there in the first half.
    pub(crate) are_late: bool,
    /// Whether the order of the domains' volumes turns round in the course of the day.
    pub(crate) drifts: bool,
    /// The share of campaigns that the canary decides, in each half.
    pub(crate) shares: [f64; 2],
}

const STEADY: Course = Course { name: "steady", copies: 1, are_late: false, drifts: false, shares: [1.0, 1.0] };

pub(crate) const COURSES: [Course; 7] = [
    STEADY,
    Course { name: "5 copies of each campaign", copies: 5, ..STEADY },
    Course { name: "20 copies", copies: 20, ..STEADY },
    Course { name: "100 copies", copies: 100, ..STEADY },
    Course { name: "nine of ten domains come late", are_late: true, ..STEADY },
    Course { name: "the mix drifts", drifts: true, ..STEADY },
    Course { name: "a canary of 5 %, then 50 %", shares: [0.05, 0.5], ..STEADY },
];

/// What came of a rollout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Whether the guard acted.
    pub(crate) acted: bool,
    /// Whether the same tests, on every message, would have.
    pub(crate) acted_on_messages: bool,
}

/// Every message counted, of every domain: what the guard does not do.
struct Messages {
    bets: [Bets; 2],
    threshold: f64,
    counts: HashMap<String, Counts>,
}

impl Messages {
    /// Counts one, and says whether that suffices, with the same part of alpha for each domain.
    fn add(&mut self, domain: &str, [flips, opposite]: [bool; 2]) -> bool {
        if !self.counts.contains_key(domain) {
            self.counts.insert(domain.to_owned(), Counts::default());
        }
        let Some(counts) = self.counts.get_mut(domain) else { return false };
        *counts += Counts::new(flips.into(), opposite.into(), 1);
        flips && self.bets.iter().any(|bets| bets.log_e_from(self.threshold, *counts).is_some())
    }
}

pub(crate) fn rollout(domains: &Domains, course: &Course, campaigns: u64, rng: &mut ChaCha8Rng) -> Outcome {
    let floor = Floor::new(0, 0, 0);
    let settings = domains.settings().alpha(ALPHA).floor(floor);
    let tolerance = settings.tolerance;
    let mut messages = Messages {
        bets: [Test::Gross.bets(tolerance.gross), Test::Net.bets(tolerance.net)],
        threshold: log_threshold(ALPHA / 2.0, 1.0 / DOMAINS as f64),
        counts: HashMap::new(),
    };
    let trial = Trial::new(settings, baseline(), jiff::Timestamp::UNIX_EPOCH);
    let mut memory = InMemory::default();
    let mut outcome = Outcome { acted: false, acted_on_messages: false };
    for number in 0..campaigns {
        let part = number as f64 / campaigns as f64;
        let half = usize::from(part >= 0.5);
        let among = if course.are_late && half == 0 { DOMAINS / 10 } else { DOMAINS };
        let domain = domains.draw(among, if course.drifts { part } else { 0.0 }, rng);
        let campaign = rng.random();
        // At the edge of both hypotheses: all copies have the same verdicts.
        let [before, after] = actions(tolerance.gross, tolerance.gross - tolerance.net, rng);
        if rng.random::<f64>() >= course.shares[half] {
            continue;
        }
        for _ in 0..course.copies {
            let sighting = sighting((part * 86_400.0) as i64, domain, campaign, rng);
            let Ok(findings) = trial.observe(&mut memory, &sighting, before, after);
            outcome.acted |= findings.iter().any(|finding| finding.level == Level::Act);
            let flips = [after.is_flagged() && !before.is_flagged(), before.is_flagged() && !after.is_flagged()];
            outcome.acted_on_messages |= messages.add(domain, flips);
        }
    }
    outcome
}

/// How often the guard acts, and how often it would have if it counted messages.
pub(crate) fn measure(course: &Course, rollouts: u64, campaigns: u64) -> [Share; 2] {
    let domains = Domains::new(DOMAINS);
    let what = format!("observed: {}", course.name);
    let outcomes = parallel::runs(&what, rollouts, |rng| rollout(&domains, course, campaigns, rng));
    let share = |is: fn(&Outcome) -> bool| Share {
        part: outcomes.iter().filter(|outcome| is(outcome)).count() as u64,
        whole: rollouts,
    };
    [share(|outcome| outcome.acted), share(|outcome| outcome.acted_on_messages)]
}

/// Prints how often it happens; whether that is no more often than it should be.
pub(crate) fn report(rollouts: u64) -> bool {
    let mut are_few = true;
    let mut rows = Vec::new();
    for course in &COURSES {
        // A hundred copies take nearly a hundred times as long.
        let rollouts = if course.copies > 5 { (rollouts / 8).max(1) } else { rollouts };
        let [acted, on_messages] = measure(course, rollouts, CAMPAIGNS);
        are_few &= acted.part as f64 <= ALPHA * acted.whole as f64;
        let on_messages = table::share(on_messages.part as usize, on_messages.whole as usize);
        rows.push([vec![course.name.to_owned()], acted.cells().to_vec(), vec![on_messages]].concat());
    }
    let columns = ["course", "found", "share", "95 % interval", "the same tests on every message"];
    table::print("Harmless candidates that the guard itself takes back at alpha 5 %, without a floor", &columns, &rows);
    are_few
}
