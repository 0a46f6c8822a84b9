//! What is known of one segment.

use smallvec::SmallVec;

use super::counts::{Counts, Flip};
use super::sighting::Key;
use crate::limits::WITNESSES_MAX;

/// What is known of one segment in one trial: counts of both directions, at both levels, and who stands for them.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Tally {
    /// The segment's place in the order of discovery, from 1.
    pub rank: u64,
    /// Its part of the error probability: fixed when it is discovered.
    pub weight: f64,
    /// Of flips up.
    pub up: DirectionTally,
    /// Of flips down.
    pub down: DirectionTally,
}

/// What is known of one direction.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct DirectionTally {
    /// Mail of authenticated, known senders: what is acted on.
    pub eligible: Counts,
    /// All mail: what is warned about.
    pub any: Counts,
    /// Senders of eligible mail that flipped.
    pub senders: Witnesses,
    /// Recipients of eligible mail that flipped.
    pub recipients: Witnesses,
    /// Whether somebody was warned.
    pub is_warned: bool,
    /// Whether the evidence sufficed to act.
    pub is_harmed: bool,
}

impl Tally {
    /// One direction.
    pub fn direction(&self, flip: Flip) -> &DirectionTally {
        match flip {
            Flip::Up => &self.up,
            Flip::Down => &self.down,
        }
    }

    /// One direction, to change.
    pub fn direction_mut(&mut self, flip: Flip) -> &mut DirectionTally {
        match flip {
            Flip::Up => &mut self.up,
            Flip::Down => &mut self.down,
        }
    }
}

/// The first different keys, at most 512. Of senders each says in its highest bits how much it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witnesses(SmallVec<[Key; 4]>);

/// A sender as a witness: its key, of which the highest two bits say how much it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Witness {
    pub(super) sender: Key,
    /// Whether it may be one of ten addresses of an account.
    pub(super) is_one_of_ten: bool,
    /// Whether it has been known for so long that it counts where the filter knows few.
    pub(super) is_long_known: bool,
}

const IS_ONE_OF_TEN: u64 = 1 << 63;
const IS_LONG_KNOWN: u64 = 1 << 62;
const MARKS: u64 = IS_ONE_OF_TEN | IS_LONG_KNOWN;

impl Witness {
    pub(super) fn key(self) -> Key {
        let mark = |is: bool, bit| if is { bit } else { 0 };
        let key = self.sender.0 & !MARKS;
        Key(key | mark(self.is_one_of_ten, IS_ONE_OF_TEN) | mark(self.is_long_known, IS_LONG_KNOWN))
    }
}

impl Witnesses {
    /// Adds one, if it is new and there is room.
    pub fn add(&mut self, key: Key) {
        // What a sender counts for may have changed since, the sender has not.
        if let Some(known) = self.0.iter_mut().find(|known| (known.0 ^ key.0) & !MARKS == 0) {
            known.0 |= key.0 & IS_LONG_KNOWN;
        } else if self.0.len() < WITNESSES_MAX {
            self.0.push(key);
        }
    }

    /// How many there are, up to 255.
    pub fn count(&self) -> u8 {
        u8::try_from(self.0.len()).unwrap_or(u8::MAX)
    }

    /// How many accounts they are at least, if they are senders: ten addresses of a provider whose accounts have as many
    /// are one.
    pub fn accounts(&self) -> u16 {
        accounts(self.0.iter())
    }

    /// How many accounts those are at least that have been known for long, up to 255.
    pub fn accounts_long_known(&self) -> u8 {
        let accounts = accounts(self.0.iter().filter(|key| key.0 & IS_LONG_KNOWN != 0));
        u8::try_from(accounts).unwrap_or(u8::MAX)
    }

    /// Each of them.
    pub fn keys(&self) -> &[Key] {
        &self.0
    }
}

fn accounts<'a>(senders: impl Iterator<Item = &'a Key>) -> u16 {
    let (mut whole, mut tenths) = (0, 0);
    for key in senders {
        *if key.0 & IS_ONE_OF_TEN == 0 { &mut whole } else { &mut tenths } += 1;
    }
    whole + tenths / 10
}

impl FromIterator<Key> for Witnesses {
    fn from_iter<I: IntoIterator<Item = Key>>(keys: I) -> Self {
        keys.into_iter().fold(Self::default(), |mut all, key| {
            all.add(key);
            all
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_addresses_that_one_account_may_have_count_as_one() {
        let witness = |number: u64, is_one_of_ten, is_long_known| {
            Witness { sender: Key(number | MARKS), is_one_of_ten, is_long_known }.key()
        };
        let mut senders: Witnesses = (0..19).map(|number| witness(number, true, number < 10)).collect();
        assert_eq!((senders.count(), senders.accounts(), senders.accounts_long_known()), (19, 1, 1));
        senders.add(witness(19, true, false));
        senders.add(witness(0, true, true));
        assert_eq!((senders.count(), senders.accounts(), senders.accounts_long_known()), (20, 2, 1));
        (20..23).for_each(|number| senders.add(witness(number, false, number == 20)));
        assert_eq!((senders.accounts(), senders.accounts_long_known()), (5, 2));
        (100..2_000).for_each(|number| senders.add(witness(number, false, false)));
        assert_eq!((senders.keys().len(), senders.accounts()), (512, 494));
    }
}
