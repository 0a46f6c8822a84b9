//! When a release is taken back without a human: tests that may be looked at after every message, who counts, and what
//! failures need no statistics.
//!
//! Plain data and pure functions: no clock, no files, no threads. What is remembered is behind [`Memory`].

mod account;
mod bets;
mod breaker;
mod counts;
mod culprits;
mod days;
mod evidence;
mod first_key;
mod floor;
mod gross;
mod in_memory;
mod keyed;
mod mail_counts;
mod memory;
mod net;
mod requirement;
mod segment;
mod sender;
mod settings;
mod sighting;
mod standing;
mod tally;
mod test_bets;
#[cfg(test)]
mod tests;
mod trial;
mod trial_key;
mod weights;

pub use crate::organisation::organisation;
pub use bets::Bets;
pub use breaker::{Breakers, Call, Trip};
pub use counts::{Counts, Flip};
pub use days::Days;
pub use days::Past;
pub use evidence::{Breaker, BreakerEvidence, Evidence, FlipEvidence, Test, log_threshold};
pub use first_key::FirstKey;
pub use floor::Circumstances;
pub use in_memory::InMemory;
pub use mail_counts::{Blind, MailCounts};
pub use memory::{Flipped, KnownSenders, Memory};
pub use requirement::{Required, Requirement, Requirements};
pub use segment::{InvalidSegment, Segment, SegmentRef};
pub use sender::Sender;
pub use sender::is_known;
pub(crate) use settings::SEGMENT_REVERTS_MAX;
pub use settings::{BreakerSettings, Few, Floor, GuardSettings, InvalidSettings, Mode, Tolerance};
pub use sighting::{Key, Sighting, flip};
pub use standing::{Proof, Standing, TrialEvidence};
pub use tally::{DirectionTally, Tally, Witnesses};
pub use trial::{Finding, Findings, Level, Strength, Trial};
pub use trial_key::TrialKey;
pub use weights::volume_share;
pub use weights::{Volumes, weight};
