//! What the generator promises.

mod determinism;
mod parsing;
mod shares;
