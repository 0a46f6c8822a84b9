//! How two releases differ on the same messages: flips, actions, scores, times, faults, by segment of senders.
//!
//! Plain data and pure functions: no sandbox, no clock, no files. Whoever has both answers to a message (a corpus that
//! both score, a journal with a shadow's answers beside the live ones) feeds them to a [`Comparison`] and takes a
//! [`Report`] out of it.
//!
//! ```
//! use switchback::compare::{Comparison, MessageName, Pair, ComparisonSettings, Side};
//! use switchback::Action;
//! use switchback::verdict::Said;
//!
//! let side = |score, action| Side::new(Said::Scored { score, action }, 90);
//! let mut comparison = Comparison::new(ComparisonSettings::default());
//! let pair = Pair::new(side(0.02, Action::Deliver), side(0.97, Action::Quarantine))
//!     .sender_domain(Some("gmail.com"))
//!     .is_authenticated(true);
//! comparison.add(&pair, || MessageName::new("inbox/1.eml"));
//! assert_eq!(comparison.flips().newly_flagged, 1);
//! ```

mod answers;
mod comparison;
mod differences;
mod domains;
mod drift;
mod filter;
mod flips;
mod latency;
mod pair;
mod providers;
mod report;
mod scores;
#[cfg(test)]
mod tests;

pub use answers::Answers;
pub use comparison::{Comparison, ComparisonSettings};
pub use differences::{Difference, MessageName};
pub use drift::{Drift, DriftReading};
pub use flips::{Flips, Rates};
pub use latency::Latency;
pub use pair::{Pair, Side};
pub use providers::Providers;
pub use report::{DomainRow, OtherDomains, PooledDomains, ProviderRow, ReleaseSummary, Report, SegmentRow};
pub use scores::{Band, Scores};
