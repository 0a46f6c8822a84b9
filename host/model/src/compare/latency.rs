//! How long a release takes.

use serde::Serialize;

/// Significant digits that are kept of a time: percentiles are at most 1 % off. With three the histogram would be eight
/// times as large.
const DIGITS: u8 = 2;

/// Counts times. Two histograms add up to the same one whatever the order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Times {
    histogram: hdrhistogram::Histogram<u64>,
    max_us: u32,
}

/// How long a release took, for the messages that it was asked about, without what the host read of them meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Latency {
    /// The median, in microseconds; like the next at most 1 % off.
    pub p50_us: u64,
    /// The time that 99 of 100 messages did not exceed, in microseconds.
    pub p99_us: u64,
    /// The longest, in microseconds.
    pub max_us: u64,
}

impl Default for Times {
    #[expect(clippy::expect_used, reason = "these bounds are constants, and a test makes one")]
    fn default() -> Self {
        let histogram = hdrhistogram::Histogram::new_with_max(u64::from(u32::MAX), DIGITS);
        Self { histogram: histogram.expect("the bounds are sound"), max_us: 0 }
    }
}

impl Times {
    pub(super) fn add(&mut self, took_us: u32) {
        self.histogram.saturating_record(u64::from(took_us));
        self.max_us = self.max_us.max(took_us);
    }

    #[expect(clippy::expect_used, reason = "all histograms have the same bounds")]
    pub(super) fn merge(&mut self, other: &Self) {
        self.histogram.add(&other.histogram).expect("the bounds are the same");
        self.max_us = self.max_us.max(other.max_us);
    }

    /// How long it took; none if it was never asked.
    pub(super) fn latency(&self) -> Option<Latency> {
        let max_us = u64::from(self.max_us);
        // A histogram answers with the largest time that it does not tell from the one that was.
        let at = |quantile| self.histogram.value_at_quantile(quantile).min(max_us);
        (!self.histogram.is_empty()).then(|| Latency { p50_us: at(0.5), p99_us: at(0.99), max_us })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_a_percent_off_at_most_and_the_longest_is_exact() {
        let mut times = Times::default();
        assert_eq!(times.latency(), None);
        (1..=10_000).for_each(|us| times.add(us));
        times.add(u32::MAX);
        let found = times.latency().unwrap();
        for (found, exact) in [(found.p50_us, 5_000.0), (found.p99_us, 9_900.0)] {
            assert!((found as f64 / exact - 1.0).abs() <= 0.01, "{found} for {exact}");
        }
        assert_eq!(found.max_us, u64::from(u32::MAX));
    }

    #[test]
    fn a_time_of_zero_counts() {
        let mut times = Times::default();
        times.add(0);
        assert_eq!(times.latency(), Some(Latency { p50_us: 0, p99_us: 0, max_us: 0 }));
    }
}
