//! Packing, from the outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod guest;
mod inspecting;
mod modules;
mod scaffolding;
