//! How sure a share is that was counted.

use statrs::distribution::{Beta, ContinuousCDF as _};

/// So many of so many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) part: u64,
    pub(crate) whole: u64,
}

impl Share {
    /// The interval of Clopper and Pearson, which holds the true share with 95 % confidence at least.
    pub(crate) fn interval(self) -> [f64; 2] {
        let (part, rest) = (self.part as f64, (self.whole - self.part) as f64);
        let quantile = |a: f64, b: f64, q: f64| Beta::new(a, b).unwrap().inverse_cdf(q);
        let low = if self.part == 0 { 0.0 } else { quantile(part, rest + 1.0, 0.025) };
        let high = if self.part == self.whole { 1.0 } else { quantile(part + 1.0, rest, 0.975) };
        [low, high]
    }

    /// As in a table.
    pub(crate) fn cells(self) -> [String; 3] {
        let percent = |share: f64| format!("{:.3} %", 100.0 * share);
        let [low, high] = self.interval().map(percent);
        [
            format!("{} of {}", self.part, self.whole),
            percent(self.part as f64 / self.whole as f64),
            format!("{low} to {high}"),
        ]
    }
}
