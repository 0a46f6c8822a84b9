//! How two releases differ on the same messages: counts, rates with intervals, drift of their scores, the messages themselves.

pub use switchback_model::compare::{
    Answers, Band, Comparison, ComparisonSettings, Difference, DomainRow, Drift, DriftReading, Flips, Latency,
    MessageName, OtherDomains, Pair, PooledDomains, ProviderRow, Providers, Rates, ReleaseSummary, Report, Scores,
    SegmentRow, Side,
};
pub use switchback_model::rate::Rate;

pub use crate::runtime::side_by_side::{Answered, SideBySide};
