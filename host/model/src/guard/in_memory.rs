//! What the guard remembers, in memory.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::convert::Infallible;

use jiff::Timestamp;

use super::counts::Flip;
use super::days::{Days, Past};
use super::first_key::FirstKey;
use super::keyed::Keyed;
use super::memory::{Flipped, KnownSenders, Memory};
use super::segment::{Segment, SegmentRef};
use super::sighting::Key;
use super::tally::Tally;
use super::weights::{Volumes, weight};
use crate::limits::{GUARD_FIRSTS_MAX, GUARD_SEGMENTS_MAX, GUARD_SENDERS_MAX};

/// Remembers one trial, and who is known, in memory: for one process, for simulations and for what is replayed.
///
/// Memory is bounded, by about 170 MB with the defaults: 100,000 segments, 1,500,000 campaigns and senders of the current
/// hour and day, and 1,000,000 senders. When there are more, an eighth of the segments, or of the senders, is forgotten:
/// the domains in which no eligible campaign flipped and that were not seen for longest, and the senders that were seen
/// on one day only and not for longest. A segment that was forgotten and comes back begins anew, with a new rank and so
/// with a weight of its own.
#[derive(Clone, Debug)]
pub struct InMemory {
    segments_max: usize,
    /// By the keys of their names.
    segments: HashMap<Key, Kept, Keyed>,
    /// How many were discovered.
    discovered: u64,
    /// How often counts were changed: what orders segments by when they were seen.
    steps: u64,
    volumes: Volumes,
    firsts: Firsts,
    senders: HashMap<Key, Days, Keyed>,
}

/// What is kept of a segment, and when it was changed last.
#[derive(Clone, Debug)]
struct Kept {
    segment: Segment,
    tally: Tally,
    step: u64,
}

impl Default for InMemory {
    fn default() -> Self {
        Self::new(Volumes::default())
    }
}

impl InMemory {
    /// Nothing yet, but the volumes of last week.
    #[must_use]
    pub fn new(volumes: Volumes) -> Self {
        Self {
            segments_max: GUARD_SEGMENTS_MAX,
            segments: HashMap::default(),
            discovered: 0,
            steps: 0,
            volumes,
            firsts: Firsts::default(),
            senders: HashMap::default(),
        }
    }

    /// Keeps at most so many segments. Default 100,000; eight is the least.
    #[must_use]
    pub fn segments_max(mut self, max: usize) -> Self {
        self.segments_max = max.max(8);
        self
    }

    /// The same senders, and nothing of the trial: what another one begins with.
    #[must_use]
    pub fn next_trial(self, volumes: Volumes) -> Self {
        Self { segments_max: self.segments_max, senders: self.senders, ..Self::new(volumes) }
    }

    /// Takes over what somebody else knew of a sender when a day began, if that is more than is known here.
    pub fn know(&mut self, sender: Key, past: Past, day: i32) {
        let Some(first) = past.first_day else { return };
        let theirs = Days { first, last: day.saturating_sub(1).max(first), count: past.days, recent: 1 };
        let known = self.senders.entry(sender).or_insert(theirs);
        if theirs.count > known.count {
            *known = theirs;
        }
    }

    /// Each segment with what is known of it, in any order.
    pub fn segments(&self) -> impl Iterator<Item = (&Segment, &Tally)> {
        self.segments.values().map(|kept| (&kept.segment, &kept.tally))
    }

    /// What is known of a segment, if it is kept.
    pub fn of(&self, segment: &Segment) -> Option<&Tally> {
        self.segments.get(&SegmentRef::from(segment).key()).map(|kept| &kept.tally)
    }

    fn evict_segments(&mut self) {
        let mut domains: Vec<_> = self
            .segments
            .iter()
            .filter(|(_, kept)| matches!(kept.segment, Segment::Domain(_)))
            .map(|(key, kept)| {
                let flipped = kept.tally.up.eligible.flips + kept.tally.down.eligible.flips > 0;
                (flipped, kept.step, *key)
            })
            .collect();
        domains.sort_unstable();
        for (_, _, key) in domains.into_iter().take(self.segments_max.div_ceil(8)) {
            self.segments.remove(&key);
        }
    }

    fn evict_senders(&mut self) {
        let mut senders: Vec<_> =
            self.senders.iter().map(|(sender, days)| (days.count > 1, days.last, *sender)).collect();
        senders.sort_unstable();
        for (_, _, sender) in senders.into_iter().take(GUARD_SENDERS_MAX / 8) {
            self.senders.remove(&sender);
        }
    }
}

impl KnownSenders for InMemory {
    type Error = Infallible;

    fn past(&mut self, sender: Key, day: i32) -> Result<Past, Infallible> {
        Ok(self.senders.get(&sender).map_or(Past::default(), |days| days.before(day)))
    }

    fn senders_seen(&mut self, days: u32, most: u32) -> Result<u32, Infallible> {
        let known = self.senders.values().filter(|seen| seen.count >= days);
        Ok(known.take(most as usize).count() as u32)
    }

    fn learn(&mut self, sender: Key, day: i32) -> Result<bool, Infallible> {
        if let Some(days) = self.senders.get_mut(&sender) {
            return Ok(days.add(day));
        }
        if self.senders.len() >= GUARD_SENDERS_MAX {
            self.evict_senders();
        }
        self.senders.insert(sender, Days::one(day));
        Ok(true)
    }
}

impl Memory for InMemory {
    fn is_first(&mut self, key: FirstKey, at: Timestamp, until: Timestamp) -> Result<bool, Infallible> {
        Ok(self.firsts.add(key, at.as_second(), until.as_second()))
    }

    fn tally(&mut self, segment: SegmentRef<'_>) -> Result<&mut Tally, Infallible> {
        if self.segments.len() >= self.segments_max && !self.segments.contains_key(&segment.key()) {
            self.evict_segments();
        }
        self.steps += 1;
        let kept = match self.segments.entry(segment.key()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                self.discovered += 1;
                let segment = segment.to_segment();
                let weight = weight(self.volumes.take(&segment), self.discovered);
                let tally = Tally { rank: self.discovered, weight, ..Tally::default() };
                entry.insert(Kept { segment, tally, step: 0 })
            }
        };
        kept.step = self.steps;
        Ok(&mut kept.tally)
    }

    fn flipped(&mut self, flip: Flip, flips_min: u64) -> Result<Flipped, Infallible> {
        let counts = self.segments().map(|(segment, tally)| (segment, tally.direction(flip).eligible));
        let flipped = counts.filter(|(_, counts)| counts.flips >= flips_min);
        Ok(Flipped {
            segments: flipped.map(|(segment, counts)| (segment.clone(), counts)).collect(),
            discovered: self.discovered,
        })
    }
}

/// What happened in the hours and days that are not over.
#[derive(Clone, Debug, Default)]
struct Firsts {
    /// By when they may be forgotten, in seconds since 1970.
    until: BTreeMap<i64, HashSet<FirstKey, Keyed>>,
    count: usize,
}

impl Firsts {
    fn add(&mut self, key: FirstKey, at: i64, until: i64) -> bool {
        if !self.until.contains_key(&until) {
            self.forget(at);
        }
        let is_first = self.until.entry(until).or_default().insert(key);
        self.count += usize::from(is_first);
        while self.count > GUARD_FIRSTS_MAX
            && let Some((_, keys)) = self.until.pop_first()
        {
            self.count -= keys.len();
        }
        is_first
    }

    /// Forgets what is over, but for what ended a minute ago: messages do not come in order to the second.
    fn forget(&mut self, at: i64) {
        const LATE_S: i64 = 60;
        while let Some(first) = self.until.first_entry()
            && first.key() + LATE_S <= at
        {
            self.count -= first.remove().len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(number: usize) -> Segment {
        Segment::Domain(format!("{number}.example").into())
    }

    fn see(memory: &mut InMemory, segment: &Segment, flips: u64) -> Tally {
        let Ok(tally) = memory.tally(segment.into());
        tally.up.eligible.flips += flips;
        tally.up.eligible.all += 1;
        tally.clone()
    }

    #[test]
    fn an_evicted_segment_is_a_fresh_test_with_a_weight_of_its_own() {
        let volumes: Volumes = [(domain(0), 1), (Segment::Everything, 1)].into_iter().collect();
        let mut memory = InMemory::new(volumes).segments_max(16);
        let everything = see(&mut memory, &Segment::Everything, 0);
        let first = see(&mut memory, &domain(0), 0);
        assert_eq!((everything.rank, first.rank), (1, 2));
        assert!(first.weight > 0.25, "half of the volume: {}", first.weight);
        see(&mut memory, &domain(1), 1);
        (2..30).for_each(|number| drop(see(&mut memory, &domain(number), 0)));
        assert!(memory.segments().count() <= 16);
        // What flipped stays, and so does what is no domain.
        assert_eq!(see(&mut memory, &Segment::Everything, 0).rank, 1);
        assert_eq!(see(&mut memory, &domain(1), 0).rank, 3);
        let again = see(&mut memory, &domain(0), 0);
        assert_eq!((again.rank, again.up.eligible.all), (32, 1), "32 were discovered with it");
        assert!((again.weight - weight(0.0, 32)).abs() < 1e-12, "its volume was spent: {}", again.weight);
    }

    #[test]
    fn who_was_seen_on_so_many_days_is_counted_up_to_a_bound() {
        let mut memory = InMemory::default();
        for sender in 0..10 {
            for day in 0..=sender {
                let Ok(is_new) = memory.learn(Key(sender as u64), day);
                assert!(is_new);
            }
        }
        assert_eq!([1, 4, 10, 11].map(|days| memory.senders_seen(days, 8).unwrap()), [8, 7, 1, 0]);
        assert_eq!(memory.past(Key(9), 3).unwrap(), Past { days: 3, first_day: Some(0) });
        assert_eq!(memory.past(Key(99), 3).unwrap(), Past::default());
    }

    #[test]
    fn what_happened_first_is_forgotten_when_its_hour_is_over() {
        let mut firsts = Firsts::default();
        let key = |number: u128| FirstKey(number.to_le_bytes());
        for hour in 0..100 {
            let at = hour * 3_600;
            assert!(firsts.add(key(1), at, at + 3_600));
            assert!(!firsts.add(key(1), at + 5, at + 3_600));
            assert!(firsts.count <= 2, "{}", firsts.count);
        }
    }
}
