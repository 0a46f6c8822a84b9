//! ONNX files against what they are held against: tract, onnxruntime, and what an author is told.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod exports;
mod files;
mod graphs;
mod refusals;
