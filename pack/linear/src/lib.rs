//! The linear model that `switchback train` makes: its file, and how it scores. Who trains and the guest that scores share it.
//!
//! A message has four fields of text (subject, sender, body, links), each a list of 32-bit features that the host hashed, and its
//! structure: what it is made of. A field is a vector of length one, so it counts the same however long it is:
//!
//! ```text
//! log-odds = bias + scale * sum over fields (sum of weight[feature] / sqrt(number of the field's features))
//! ```
//!
//! * **Fields of text** share one table of 2<sup>bits</sup> weights; the top bits of a feature are its place.
//! * **The structure** has a vocabulary: a feature that is not in it is not there, and does not even count. So a header field
//!   that training did not see, or left out, changes no bit of a score.
//!
//! ```
//! use switchback_linear::{Kinds, Model, Structure};
//!
//! let mut values = vec![0.0; 1 << 8];
//! values[0xab] = 3.0;
//! let model = Model::new(Kinds::WORDS, -1.0, &values, Structure::default());
//! assert_eq!(model.text(&[&[0xab00_0000, 0x0100_0000]]), 3.0 / 2.0_f64.sqrt());
//! assert_eq!(Model::parse(&model.to_bytes()).as_ref(), Ok(&model));
//! ```
#![forbid(unsafe_code)]

mod file;
mod kinds;
mod model;
mod names;
mod structure;

pub use file::InvalidModel;
pub use kinds::Kinds;
pub use model::{BITS, Model};
pub use names::Names;
pub use structure::{Known, Structure};
