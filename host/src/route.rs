//! Who has which role in a slot, and which messages a canary gets.

pub use switchback_model::route::{
    BASIS_POINTS, Buckets, Canary, CanaryKey, CoolOff, Generation, InvalidSalt, RouteError, Salt, SegmentRule, Shadow,
    Share,
};
