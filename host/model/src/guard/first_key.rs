//! What counts once.

use super::counts::Flip;
use super::sighting::Key;
use crate::message::Fingerprint;

/// What happened first: so that it counts once.
///
/// It is made of hashes that are xored with small numbers: to make two of them equal, somebody would have to find texts
/// whose hashes differ in these numbers alone, and would gain that one campaign is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FirstKey(pub [u8; 16]);

/// Whose mail is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mail {
    /// Of authenticated, known senders.
    Eligible,
    /// Of anybody, or of everybody else.
    Any,
}

impl FirstKey {
    /// A campaign in a segment and an hour. Eligible mail of it and other mail are two, so that no stranger who sends a
    /// copy first keeps what others send from being counted.
    pub(super) fn campaign(fingerprint: Fingerprint, segment: Key, hour: i64, mail: Mail) -> Self {
        Self::new(u128::from_le_bytes(*fingerprint.as_bytes()), segment, 0, hour, mail)
    }

    /// An address whose mail flipped, whoever it is, in a segment and a day.
    pub(super) fn flip(address: Key, segment: Key, day: i64, flip: Flip) -> Self {
        let kind = match flip {
            Flip::Up => 1,
            Flip::Down => 2,
        };
        Self::new(u128::from(address.0) << 64, segment, kind, day, Mail::Any)
    }

    /// A known sender's pair of a day, by its place among those that count.
    pub(super) fn pair(sender: Key, day: i64, place: u32) -> Self {
        // In bits of their own: these are no hashes of texts.
        Self::new(u128::from(place) << 100, sender, 3, day, Mail::Eligible)
    }

    fn new(hash: u128, segment: Key, kind: u128, period: i64, mail: Mail) -> Self {
        let small = kind << 126 ^ u128::from(mail == Mail::Eligible) << 125 ^ u128::from(period.unsigned_abs()) << 64;
        Self((hash ^ u128::from(segment.0) ^ small).to_le_bytes())
    }
}
