//! Shares of some messages, and what they say of all such mail.

use serde::Serialize;

/// The 97.5 % quantile of the normal distribution: between it and its opposite lie 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// A share of some messages, with its 95 % interval. All three are between 0 and 1.
///
/// The interval is Wilson's (E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22,
/// 1927), which holds for few messages and for shares near 0 and 1, too (L. D. Brown, T. T. Cai and A. DasGupta, Interval
/// estimation for a binomial proportion, Statistical Science 16(2), 2001). It takes messages for independent of each other:
/// where many are copies of one, the share is less certain than it says.
///
/// # Examples
///
/// ```
/// use switchback::compare::Rate;
///
/// let rate = Rate::of(1, 3).expect("there are messages");
/// assert_eq!(format!("{:.2} ({:.2} to {:.2})", rate.share, rate.low, rate.high), "0.33 (0.06 to 0.79)");
/// assert_eq!(Rate::of(0, 0), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rate {
    /// The share that was seen.
    pub share: f64,
    /// Where the 95 % interval begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
}

impl Rate {
    /// The share that a part has of a whole; none of nothing.
    pub fn of(part: u64, whole: u64) -> Option<Self> {
        if whole == 0 {
            return None;
        }
        let (k, n) = (part.min(whole) as f64, whole as f64);
        let share = k / n;
        let middle = k + Z * Z / 2.0;
        let reach = Z * (k * (1.0 - share) + Z * Z / 4.0).sqrt();
        let bound = |messages: f64| (messages / (n + Z * Z)).clamp(0.0, 1.0);
        // Of none and of all the formula gives 0 and 1, but for rounding.
        let low = if part == 0 { 0.0 } else { bound(middle - reach) };
        let high = if part >= whole { 1.0 } else { bound(middle + reach) };
        Some(Self { share, low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_tables() {
        // Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, 1998, table I,
        // method 3.
        for (part, whole, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let rate = Rate::of(part, whole).unwrap();
            assert!((rate.low - low).abs() < 5e-5 && (rate.high - high).abs() < 5e-5, "{part} of {whole}: {rate:?}");
        }
    }

    #[test]
    fn an_interval_has_the_share_in_it_and_narrows_with_the_messages() {
        for whole in [1, 2, 3, 7, 20, 1_000, 1_000_000, u64::MAX] {
            for part in [0, 1, whole / 3, whole - 1, whole] {
                let Rate { share, low, high } = Rate::of(part, whole).unwrap();
                assert!(0.0 <= low && low <= share && share <= high && high <= 1.0, "{part} of {whole}");
            }
            let mirrored =
                [Rate::of(0, whole), Rate::of(whole, whole)].map(|rate| rate.map(|rate| rate.high - rate.low));
            assert!((mirrored[0].unwrap() - mirrored[1].unwrap()).abs() < 1e-12, "{whole}");
        }
        let width = |whole| Rate::of(whole / 2, whole).map(|rate| rate.high - rate.low).unwrap();
        assert!(width(10) > width(100) && width(100) > width(1_000));
    }

    #[test]
    fn of_nothing_there_is_no_share() {
        assert_eq!(Rate::of(0, 0), None);
        assert_eq!(Rate::of(3, 0), None);
    }
}
