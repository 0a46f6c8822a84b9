//! What the guest runs is the ONNX file.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod committed;
mod files;
mod models;
mod refusals;
