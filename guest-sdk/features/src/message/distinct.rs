//! [`Distinct`]: numbers, each once.

use std::hash::{BuildHasher as _, RandomState};

/// The fewest places of a table.
const PLACES_MIN: usize = 256;

/// Places for each number that there is room for: few numbers meet.
const PLACES_PER_NUMBER: usize = 4;

/// Numbers of 32 bits, each once, in the order in which they came; the memory is used again.
///
/// A table with open addressing. A place says in which round it was filled, so that a new round need clear nothing, and
/// where a number is looked for depends on a secret of the process, so that nobody can write a message whose numbers
/// all meet in one place.
#[derive(Debug)]
pub(super) struct Distinct {
    /// The round in the upper half, the number in the lower. Of these the first `2^(64 - shift)` are used.
    places: Vec<u64>,
    shift: u32,
    round: u32,
    secret: u64,
    /// The first `len` were found.
    numbers: Vec<u32>,
    len: usize,
}

impl Default for Distinct {
    fn default() -> Self {
        let secret = RandomState::new().hash_one(0) | 1;
        Self { places: Vec::new(), shift: 64, round: 0, secret, numbers: Vec::new(), len: 0 }
    }
}

impl Distinct {
    /// Begins anew, with room for about so many numbers; there may be more.
    pub(super) fn begin(&mut self, expected: usize) {
        self.len = 0;
        self.use_places((PLACES_PER_NUMBER * expected).next_power_of_two().max(PLACES_MIN));
    }

    /// Takes the first so many places, a power of two, as empty ones.
    fn use_places(&mut self, count: usize) {
        if self.places.len() < count {
            self.places.resize(count, 0);
            self.numbers.resize(count / PLACES_PER_NUMBER + 1, 0);
        }
        self.shift = 64 - count.ilog2();
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.places.fill(0);
            self.round = 1;
        }
    }

    /// Adds a number that is not there yet.
    #[inline(always)]
    pub(super) fn insert(&mut self, number: u32) {
        self.place(number);
        if self.len > self.mask() / PLACES_PER_NUMBER {
            self.grow();
        }
    }

    /// Finds the place of a number. Both are written whether the number is new or not, and the length grows by 0 or 1: whether
    /// a number is new cannot be predicted, and a wrong guess costs more.
    #[inline(always)]
    fn place(&mut self, number: u32) {
        let taken = u64::from(self.round) << 32 | u64::from(number);
        let mask = self.mask();
        let mut at = (self.secret.wrapping_mul(u64::from(number) ^ self.secret >> 32) >> self.shift) as usize;
        loop {
            let place = &mut self.places[at & mask];
            let is_new = (*place >> 32) as u32 != self.round;
            if is_new | (*place == taken) {
                *place = taken;
                self.numbers[self.len] = number;
                self.len = self.len.wrapping_add(usize::from(is_new));
                return;
            }
            at = at.wrapping_add(1);
        }
    }

    #[inline(always)]
    fn mask(&self) -> usize {
        (u64::MAX >> self.shift) as usize
    }

    #[cold]
    fn grow(&mut self) {
        self.use_places(2 * (self.mask() + 1));
        let count = std::mem::take(&mut self.len);
        for n in 0..count {
            self.place(self.numbers[n]);
        }
    }

    /// The numbers since it began.
    pub(super) fn numbers(&self) -> &[u32] {
        &self.numbers[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use std::collections::HashSet;

    #[test]
    fn each_number_is_kept_once_and_in_its_order() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut distinct = Distinct::default();
        for count in [0, 1, 2, 127, 128, 129, 300, 5_000, 40, 70_000, 3] {
            let range = rng.random_range(1..=2 * count.max(1));
            let numbers: Vec<u32> = (0..count).map(|_| rng.random_range(0..range)).collect();
            let mut seen = HashSet::new();
            let expected: Vec<u32> = numbers.iter().copied().filter(|number| seen.insert(*number)).collect();
            distinct.begin(rng.random_range(0..=count as usize));
            numbers.iter().for_each(|&number| distinct.insert(number));
            assert_eq!(distinct.numbers(), expected, "{count} below {range}");
        }
    }

    #[test]
    fn nothing_is_left_of_a_round_when_their_number_begins_anew() {
        let mut distinct = Distinct::default();
        distinct.begin(1);
        distinct.insert(7);
        distinct.round = u32::MAX;
        distinct.begin(1);
        distinct.insert(7);
        assert_eq!(distinct.numbers(), [7]);
    }

    #[test]
    fn zero_and_the_largest_are_numbers() {
        let mut distinct = Distinct::default();
        distinct.begin(0);
        [0, u32::MAX, 0, u32::MAX].into_iter().for_each(|number| distinct.insert(number));
        assert_eq!(distinct.numbers(), [0, u32::MAX]);
    }
}
