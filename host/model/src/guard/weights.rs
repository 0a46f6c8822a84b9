//! How the error probability of a rollout is divided among segments.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::f64::consts::PI;

use super::segment::Segment;
use crate::limits::GUARD_VOLUMES_MAX;

/// The part of the error probability that a segment gets: half of everything is divided by last week's volume, so that
/// where much mail comes from evidence has to be least, and half by the order of discovery, as 6 / (pi^2 rank^2), so
/// that a new one always has some. Over all segments of a trial they add up to at most 1, as long as each share is
/// given once.
///
/// `volume_share` is 0 to 1, `rank` counts from 1.
pub fn weight(volume_share: f64, rank: u64) -> f64 {
    let rank = rank.max(1) as f64;
    0.5 * volume_share + 0.5 * 6.0 / (PI * rank).powi(2)
}

/// The share of the volume that gave a segment this weight, the other way round.
pub fn volume_share(weight_of: f64, rank: u64) -> f64 {
    2.0 * (weight_of - weight(0.0, rank))
}

/// Which share of last week's eligible campaigns each segment had: a snapshot, made when a trial begins.
///
/// Of at most 10,000 segments, those with the most; what the others had is given to nobody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Volumes {
    shares: HashMap<Segment, f64>,
}

impl Volumes {
    /// The share of a segment that was not taken yet, else 0.
    pub fn share(&self, segment: &Segment) -> f64 {
        self.shares.get(segment).copied().unwrap_or(0.0)
    }

    /// Takes the share of a segment when it is discovered. A segment that was evicted and comes back finds none: else it
    /// would be given twice, and the error probability with it.
    pub fn take(&mut self, segment: &Segment) -> f64 {
        self.shares.remove(segment).unwrap_or(0.0)
    }

    /// Shares as a trial began with them.
    #[doc(hidden)]
    pub fn of_shares(shares: impl IntoIterator<Item = (Segment, f64)>) -> Self {
        // What rounding leaves of none is none.
        Self { shares: shares.into_iter().filter(|(_, share)| *share > 1e-12).collect() }
    }

    /// Each segment with its share.
    pub fn iter(&self) -> impl Iterator<Item = (&Segment, f64)> {
        self.shares.iter().map(|(segment, share)| (segment, *share))
    }
}

/// From counts of eligible campaigns, of each segment once.
impl FromIterator<(Segment, u64)> for Volumes {
    fn from_iter<I: IntoIterator<Item = (Segment, u64)>>(volumes: I) -> Self {
        let mut volumes: Vec<_> = volumes.into_iter().filter(|(_, volume)| *volume > 0).collect();
        let total: f64 = volumes.iter().map(|(_, volume)| *volume as f64).sum();
        volumes.sort_by(|(a, most), (b, more)| Reverse(most).cmp(&Reverse(more)).then_with(|| a.cmp(b)));
        volumes.truncate(GUARD_VOLUMES_MAX);
        Self { shares: volumes.into_iter().map(|(segment, volume)| (segment, volume as f64 / total)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(number: u64) -> Segment {
        Segment::Domain(format!("{number}.example").into())
    }

    #[test]
    fn all_weights_of_a_trial_add_up_to_at_most_1() {
        let mut volumes: Volumes = (1..=100).map(|number| (domain(number), number * number)).collect();
        let mut all = 0.0;
        // A hundred with a volume, then as many as one likes; and each of the first comes back after it was evicted.
        for rank in 1..=1_000_000 {
            let segment = domain(if rank <= 200 { (rank - 1) % 100 + 1 } else { rank });
            all += weight(volumes.take(&segment), rank);
        }
        assert!((0.999_999 - 1e-6..=1.0).contains(&all), "{all}");
    }

    #[test]
    fn the_largest_volumes_are_kept_and_small_ones_have_none() {
        let most = GUARD_VOLUMES_MAX as u64;
        let volumes: Volumes = (1..=2 * most).map(|number| (domain(number), number)).collect();
        assert_eq!(volumes.iter().count(), GUARD_VOLUMES_MAX);
        assert_eq!(volumes.share(&domain(most)), 0.0);
        assert!(volumes.share(&domain(2 * most)) > volumes.share(&domain(most + 1)));
        assert!(volumes.iter().map(|(_, share)| share).sum::<f64>() < 1.0);
        assert_eq!([(domain(1), 0)].into_iter().collect::<Volumes>(), Volumes::default());
    }
}
