//! What the generator promises.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod determinism;
mod modern;
mod parsing;
mod shares;
