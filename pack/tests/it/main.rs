//! Packing, from the outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod author;
mod guest;
mod inspecting;
mod manifest;
mod measuring;
mod modules;
mod onnx;
mod prebuilt;
mod scaffolding;
mod testing;
