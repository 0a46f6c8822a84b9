//! What operators decide, as plain data: no clock, no files, no engine.

mod trust;

pub use trust::{TrustList, TrustRefused, TrustedKey, Untrusted};
