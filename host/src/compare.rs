//! How two releases differ on the same messages: counts, rates with intervals, drift of their scores, the messages themselves.

pub use switchback_model::compare::{
    Answers, Band, Comparison, Difference, DomainRow, Drift, Flips, Latency, Name, OtherDomains, Pair, PooledDomains,
    ProviderRow, Providers, Rates, Reading, ReleaseSummary, Report, Scores, Segment, Settings, Side,
};
pub use switchback_model::rate::Rate;
