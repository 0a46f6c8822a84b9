//! How sure a share is that was counted.

/// So many of so many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) part: u64,
    pub(crate) whole: u64,
}

impl Share {
    /// The interval of Clopper and Pearson, which holds the true share with 95 % confidence at least.
    pub(crate) fn interval(self) -> [f64; 2] {
        let Self { part, whole } = self;
        let low = if part == 0 { 0.0 } else { share_where(part - 1, whole, 0.975) };
        let high = if part == whole { 1.0 } else { share_where(part, whole, 0.025) };
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

/// The share of which at most `part` of `whole` are seen with a probability, by halving what lies between 0 and 1.
fn share_where(part: u64, whole: u64, probability: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..f64::MANTISSA_DIGITS {
        let middle = (low + high) / 2.0;
        match at_most(part, whole, middle) > probability {
            true => low = middle,
            false => high = middle,
        }
    }
    low
}

/// The probability of at most `part` of `whole`, less than all of them, where each is seen with the probability `share`.
fn at_most(part: u64, whole: u64, share: f64) -> f64 {
    let odds = (share / (1.0 - share)).ln();
    let none = whole as f64 * (-share).ln_1p();
    let more = (0..part).scan(none, |term, k| {
        *term += ((whole - k) as f64 / (k + 1) as f64).ln() + odds;
        Some(*term)
    });
    none.exp() + more.map(f64::exp).sum::<f64>()
}

#[test]
fn intervals_are_those_of_the_tables() {
    // Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, 1998, table I,
    // method 5.
    for (part, whole, low, high) in
        [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776)]
    {
        let [found_low, found_high] = Share { part, whole }.interval();
        assert!((found_low - low).abs() < 5e-5 && (found_high - high).abs() < 5e-5, "{part} of {whole}");
    }
    assert_eq!(Share { part: 1_000, whole: 1_000 }.interval()[1], 1.0);
}
