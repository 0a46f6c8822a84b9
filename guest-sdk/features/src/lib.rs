//! What is hashed of a message: text features for models that read text, and the features that the host computes once
//! for all models.
//!
//! Models take this crate as [`switchback_guest::features`](https://docs.rs/switchback-guest).
//!
//! # Text features
//! What most models need and no author should rewrite. Three steps, each of which reuses its memory from one message to the next:
//!
//! 1. [`Text`] normalises a string: lower case, digits collapsed, disguises undone.
//! 2. [`FeatureSet`] turns it into words, pairs of words and character n-grams, hashed to indices
//!    below 2<sup>bits</sup>, each kept once.
//! 3. [`sum`] adds the weights of those indices.
//!
//! ```
//! use switchback_guest::features::{FeatureSet, Namespace, Text, sum};
//!
//! let mut text = Text::new();
//! let mut features = FeatureSet::new(16);
//! text.normalise("Claim your FREE prize");
//! features.add_words(&text, Namespace::SUBJECT);
//! features.add_grams::<4>(&text, Namespace::SUBJECT);
//!
//! let weights = vec![0.25_f32; 1 << 16];
//! let log_odds = sum(&weights, features.indices());
//! assert_eq!(log_odds, 0.25 * features.indices().len() as f64);
//! ```
//!
//! # Features of a message
//! [`Features`] are the words, pairs of words or character n-grams of a whole message, field by field, as the top 32
//! bits of the same hashes; [`Structure`] is what it is made of, hashed likewise; [`Facts`] are what else models want to know
//! of it, as numbers. The contract (`wit/1.1.0/scoring.wit`) defines all three. In the sandbox they come from the host; natively they are computed here, for
//! the host and for the messages of native tests alike.
//!
//! # What holds
//! **Frozen.** What a string normalises to and which index a feature has is part of every model that
//! was trained with it. Golden vectors in the tests hold both; a change of either is a new major
//! version of this crate.
//!
//! **Fast.** In a sandbox a loop pays about a nanosecond for every jump back to its head, because that
//! is where the host interrupts a model that takes too long. The loops here therefore do 8 to 64 bytes
//! of work per turn, and nothing allocates once the buffers have grown to the size of a message.
#![forbid(unsafe_code)]

mod classes;
mod facts;
#[cfg(test)]
mod golden;
mod grams;
mod hash;
mod links;
mod message;
#[cfg(test)]
mod samples;
mod set;
mod sum;
mod text;
mod words;

pub use facts::{Fact, Facts};
pub use hash::{Kind, Namespace, hash, index_of, pair};
pub use links::{shows_another_host, site};
pub use message::{FeatureKind, Features, Structure};
#[cfg(not(target_arch = "wasm32"))]
pub use message::{Link, Mailbox, Measured, Part, Source};
pub use set::{BITS_MAX, FeatureSet};
pub use sum::sum;
pub use text::Text;
