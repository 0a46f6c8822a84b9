//! Integration tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod contract;
mod control;
mod corpus;
mod hostile;
mod message;
mod message_corpus;
mod message_hostile;
mod message_mutations;
mod refusals;
mod revert;
mod runtime;
mod storm;
mod support;
mod trust;
