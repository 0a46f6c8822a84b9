//! On which days a sender was seen, as far as it matters.

/// On which days a sender was seen: the first, the last, how many, and which of the last 64. Days are of the UTC calendar,
/// counted since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first day, in days since 1970.
    pub first: i32,
    /// The last day.
    pub last: i32,
    /// How many days.
    pub count: u32,
    /// The lowest bit is the last day, the next one the day before it.
    pub recent: u64,
}

/// What was known of a sender when some day began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Past {
    /// On how many days before that one it was seen.
    pub days: u32,
    /// The first of them.
    pub first_day: Option<i32>,
}

impl Past {
    /// On how many days a sender was seen, and the first of them, in days since 1970.
    pub const fn new(days: u32, first_day: Option<i32>) -> Self {
        Self { days, first_day }
    }
}

impl Days {
    /// One day.
    pub fn one(day: i32) -> Self {
        Self { first: day, last: day, count: 1, recent: 1 }
    }

    /// It was seen on this day, too. Of a day between the first one and the last 64 nobody remembers whether it is
    /// counted: it is not counted again. Whether there was a change.
    pub fn add(&mut self, day: i32) -> bool {
        let before = *self;
        let is_new = if day > self.last {
            self.recent = shifted(self.recent, self.last.abs_diff(day)) | 1;
            self.last = day;
            true
        } else {
            let bit = bit(self.last.abs_diff(day));
            let is_new = bit & self.recent == 0 && (bit != 0 || day < self.first);
            self.recent |= bit;
            is_new
        };
        self.first = self.first.min(day);
        self.count = self.count.saturating_add(u32::from(is_new));
        *self != before
    }

    /// What was known when this day began. Where 64 days do not suffice to tell, fewer days are said rather than more.
    pub fn before(self, day: i32) -> Past {
        if day <= self.first {
            return Past::default();
        }
        let since = i64::from(self.last) - i64::from(day) + 1;
        let since = u32::try_from(since).unwrap_or(0);
        let (seen, unknown) = match since {
            0..64 => ((self.recent & ((1 << since) - 1)).count_ones(), 0),
            64.. => (self.recent.count_ones(), since - 64),
        };
        // The first one is known to be before.
        let days = self.count.saturating_sub(seen).saturating_sub(unknown).max(1);
        Past { days, first_day: Some(self.first) }
    }
}

fn bit(age: u32) -> u64 {
    1u64.checked_shl(age).unwrap_or(0)
}

fn shifted(recent: u64, days: u32) -> u64 {
    recent.checked_shl(days).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::Rng as _;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    use super::*;

    /// What a set of all days says.
    fn past(seen: &BTreeSet<i32>, day: i32) -> Past {
        let before = seen.range(..day);
        Past { days: before.clone().count() as u32, first_day: before.clone().next().copied() }
    }

    #[test]
    fn it_says_what_a_set_of_all_days_says_as_far_as_it_remembers() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for round in 0..2_000 {
            // Over two months in any order; over years forwards, and backwards.
            let span = if round % 3 == 0 { 60 } else { 2_000 };
            let mut order: Vec<i32> = (0..rng.random_range(1..40)).map(|_| rng.random_range(0..span)).collect();
            match round % 3 {
                1 => order.sort_unstable(),
                2 => order.sort_unstable_by_key(|day| -day),
                _ => {}
            }
            let mut days = Days::one(order[0]);
            for day in &order {
                days.add(*day);
            }
            let seen: BTreeSet<_> = order.iter().copied().collect();
            for asked in [days.last + 1, days.last, days.last - 1, days.last - 20, days.last - 63, days.first] {
                assert_eq!(days.before(asked), past(&seen, asked), "{order:?} before {asked}: {days:?}");
            }
            let long_ago = days.last - 100;
            let (said, exact) = (days.before(long_ago), past(&seen, long_ago));
            assert!(said.days <= exact.days.max(1) && said.first_day == exact.first_day, "{order:?}");
        }
    }

    #[test]
    fn a_day_counts_once() {
        let mut days = Days::one(10);
        assert!(!days.add(10) && days.add(12) && days.add(11) && !days.add(12) && days.add(-500) && !days.add(-500));
        assert_eq!([9, 10, 11, 12, 13].map(|day| days.before(day).days), [1, 1, 2, 3, 4]);
        assert_eq!(days.before(-500), Past::default());
    }
}
