//! What the guard remembers, wherever it is kept.

use jiff::Timestamp;

use super::counts::{Counts, Flip};
use super::days::Past;
use super::first_key::FirstKey;
use super::segment::{Segment, SegmentRef};
use super::sighting::Key;
use super::tally::Tally;

/// Segments in which something flipped.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Flipped {
    /// Each of them, with the eligible counts of that direction.
    pub segments: Vec<(Segment, Counts)>,
    /// How many segments were ever discovered in the trial: the last rank.
    pub discovered: u64,
}

/// Who is known: senders that were seen authenticated, on which days.
pub trait KnownSenders {
    /// Why something is not remembered.
    type Error;

    /// What was known of a sender when a day began; days are of the UTC calendar, counted since 1970.
    ///
    /// # Errors
    /// If it cannot be read.
    fn past(&mut self, sender: Key, day: i32) -> Result<Past, Self::Error>;

    /// How many senders were seen on at least so many days; of more than `most` it says `most`.
    ///
    /// # Errors
    /// If it cannot be read.
    fn senders_seen(&mut self, days: u32, most: u32) -> Result<u32, Self::Error>;

    /// Remembers that a sender was seen on a day, and says whether that is new.
    ///
    /// # Errors
    /// If it cannot be kept.
    fn learn(&mut self, sender: Key, day: i32) -> Result<bool, Self::Error>;
}

/// What the guard remembers: who is known, and of one trial (two releases that are compared in a slot) what was counted.
///
/// One keeps it in memory ([`InMemory`](super::InMemory)), one in the folder of a store, where all its processes count
/// together.
pub trait Memory: KnownSenders {
    /// Whether this happens for the first time in the trial. It happens now, at `at`, and may be forgotten from `until`
    /// on, which is the end of an hour or of a day of UTC.
    ///
    /// # Errors
    /// If it cannot be read or kept.
    fn is_first(&mut self, key: FirstKey, at: Timestamp, until: Timestamp) -> Result<bool, Self::Error>;

    /// What is known of a segment in the trial, to be changed: what it is changed to is kept. One that is new gets its
    /// rank and its weight here.
    ///
    /// # Errors
    /// If it cannot be read.
    fn tally(&mut self, segment: SegmentRef<'_>) -> Result<&mut Tally, Self::Error>;

    /// The segments in which at least so many eligible campaigns flipped this way. Asked for when evidence suffices to
    /// act, and for reports; it may take as long as looking at every segment does.
    ///
    /// # Errors
    /// If it cannot be read.
    fn flipped(&mut self, flip: Flip, flips_min: u64) -> Result<Flipped, Self::Error>;
}
