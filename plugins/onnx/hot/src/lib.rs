//! The loops of the `onnx` model: from the host's features to rows of its embedding, the sum of these, and the
//! layers of the network after it.
//!
//! They are a crate of their own because of how the guest is compiled: tract for size, these loops for
//! speed. Compiled in the same crate as code that calls tract, they would either be slow or make the
//! compiler instantiate half of tract a second time. Nothing public is generic, because generic code is compiled where it is
//! used.
#![forbid(unsafe_code)]

mod bag;
mod dense;
mod features;

pub use bag::{OutOfRange, sum_byte_rows, sum_rows};
pub use dense::{Shapes, dense};
pub use features::{BIAS, BITS, INDICES_MAX, Indices, ROWS};
