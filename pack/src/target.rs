//! What guests are built for.

/// The only target that guests are built for: no operating system, so no imports but the contract's.
pub const TARGET: &str = "wasm32-unknown-unknown";
