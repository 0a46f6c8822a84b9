//! Campaigns of one segment, of which only those are drawn that flip.

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use switchback::guard::Counts;

/// The shares of campaigns that flip, in the direction that is tested and in the other one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    pub(crate) flips: f64,
    pub(crate) opposite: f64,
}

/// The counts after each campaign that flips in the direction that is tested, among so many: only there evidence grows.
/// How many lie between two that flip in either direction is geometric, so those in between are never drawn.
pub(crate) struct Stream<'a> {
    rng: &'a mut ChaCha8Rng,
    /// The logarithm of the share that does not flip.
    log_same: f64,
    /// Of those that flip, the share that does so in the direction that is tested.
    flips_of_all: f64,
    counts: Counts,
    campaigns: u64,
}

impl<'a> Stream<'a> {
    pub(crate) fn new(rng: &'a mut ChaCha8Rng, rates: Rates, campaigns: u64) -> Self {
        let all = rates.flips + rates.opposite;
        Self { rng, log_same: (-all).ln_1p(), flips_of_all: rates.flips / all, counts: Counts::default(), campaigns }
    }
}

impl Iterator for Stream<'_> {
    type Item = Counts;

    fn next(&mut self) -> Option<Counts> {
        loop {
            // In (0, 1], so that there is a logarithm.
            let uniform = 1.0 - self.rng.random::<f64>();
            let between = (uniform.ln() / self.log_same) as u64;
            self.counts.all = self.counts.all.saturating_add(between).saturating_add(1);
            if self.counts.all > self.campaigns {
                return None;
            }
            if self.rng.random::<f64>() < self.flips_of_all {
                self.counts.flips += 1;
                return Some(self.counts);
            }
            self.counts.opposite += 1;
        }
    }
}
