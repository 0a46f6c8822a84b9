//! The guard: when a release is taken back without a human, what it takes, and what is remembered for it.

pub use switchback_model::guard::{
    Bets, Blind, Breaker, BreakerEvidence, BreakerSettings, Breakers, Call, Circumstances, Counts, DirectionTally,
    Evidence, Few, Finding, Findings, FirstKey, Flip, FlipEvidence, Flipped, Floor, GuardSettings, InMemory,
    InvalidSegment, InvalidSettings, Key, KnownSenders, Level, MailCounts, Memory, Mode, Past, Proof, Required,
    Requirement, Requirements, Segment, SegmentRef, Sender, Sighting, Standing, Strength, Tally, Test, Tolerance,
    Trial, TrialEvidence, TrialKey, Trip, Volumes, Witnesses, flip, log_threshold, organisation, weight,
};
#[cfg(feature = "store")]
pub use switchback_store::guard_store::{
    GuardReader, GuardStore, GuardStoreError, Health, HealthStatus, Lesson, Loss, NotedPair, NotedPairs, SegmentTally,
    TrialRecord,
};
