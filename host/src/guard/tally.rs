//! What is known of one segment.

use smallvec::SmallVec;

use super::counts::{Counts, Flip};
use super::settings::WITNESSES_MAX;
use super::sighting::Key;

/// What is known of one segment in one trial: counts of both directions, at both levels, and who stands for them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// The segment's place in the order of discovery, from 1.
    pub rank: u64,
    /// Its part of the error probability: fixed when it is discovered.
    pub weight: f64,
    /// Of flips up.
    pub up: Direction,
    /// Of flips down.
    pub down: Direction,
}

/// What is known of one direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Direction {
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
    pub fn direction(&self, flip: Flip) -> &Direction {
        match flip {
            Flip::Up => &self.up,
            Flip::Down => &self.down,
        }
    }

    /// One direction, to change.
    pub fn direction_mut(&mut self, flip: Flip) -> &mut Direction {
        match flip {
            Flip::Up => &mut self.up,
            Flip::Down => &mut self.down,
        }
    }
}

/// The first few different keys, at most 16.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witnesses(SmallVec<[Key; 4]>);

impl Witnesses {
    /// Adds one, if it is new and there is room.
    pub fn add(&mut self, key: Key) {
        if self.0.len() < usize::from(WITNESSES_MAX) && !self.0.contains(&key) {
            self.0.push(key);
        }
    }

    /// How many there are, up to 16.
    pub fn count(&self) -> u8 {
        // At most 16.
        self.0.len() as u8
    }

    /// Each of them.
    pub fn keys(&self) -> &[Key] {
        &self.0
    }
}

impl FromIterator<Key> for Witnesses {
    fn from_iter<I: IntoIterator<Item = Key>>(keys: I) -> Self {
        keys.into_iter().fold(Self::default(), |mut all, key| {
            all.add(key);
            all
        })
    }
}
