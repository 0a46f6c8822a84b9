//! Integration tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod allocations;
mod by_hand;
mod configuration;
mod contract;
mod control;
mod corpus;
mod embedding;
mod examples;
mod features;
mod guard;
mod handles;
mod hostile;
mod journal;
mod message;
mod message_corpus;
mod message_hostile;
mod message_memory;
mod message_mutations;
mod metrics;
mod refusals;
mod revert;
mod runtime;
mod scorers;
mod side_by_side;
mod storm;
mod support;
mod swapped;
mod trust;
mod unsaid;
