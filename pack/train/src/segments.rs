//! False positives by who sent the mail: an error rate that is fine on the whole may be all of one provider's mail.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::limits::{SEGMENT_MIN, SEGMENTS_MAX};
use crate::quality::Share;

/// What a model does with the wanted mail of some senders.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SegmentRow {
    /// The mailbox provider, as `provider:gmail`, or the organisation's domain, as messages claim it.
    pub segment: String,
    /// Of its wanted messages those that are flagged.
    pub false_positives: Share,
    /// Whether so many would hardly be flagged by chance, if its mail were treated as that of all others is: such a release
    /// should not be used before somebody knows why.
    pub stands_out: bool,
}

/// The chance of a single row to stand out without a reason, over all rows of a report.
const CHANCE: f64 = 0.01;

/// The segments of wanted messages, each with whether it is flagged; those with too few messages are left out.
pub(crate) fn segments(messages: impl IntoIterator<Item = (String, bool)>, share_max: f64) -> Vec<SegmentRow> {
    let mut counts: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    let mut all = [0, 0];
    for (segment, is_flagged) in messages {
        for count in [&mut all, counts.entry(segment).or_default()] {
            count[0] += u64::from(is_flagged);
            count[1] += 1;
        }
    }
    counts.retain(|_, [_, whole]| *whole >= SEGMENT_MIN);
    let tested = counts.len().max(1) as f64;
    let mut rows: Vec<_> = counts
        .into_iter()
        .map(|(segment, [part, whole])| {
            // What all others have, by Laplace's rule, so that it is never nothing.
            let others = (all[0] - part + 1) as f64 / (all[1] - whole + 2) as f64;
            let usual = others.max(share_max).min(1.0);
            let stands_out = tail(part, whole, usual) < CHANCE / tested;
            SegmentRow { segment, false_positives: Share::of(part, whole), stands_out }
        })
        .collect();
    rows.sort_by_key(|row| {
        (std::cmp::Reverse((row.stands_out, row.false_positives.part, row.false_positives.whole)), row.segment.clone())
    });
    rows.truncate(SEGMENTS_MAX);
    rows
}

/// The probability of at least so many of a number, if each comes with this one.
fn tail(part: u64, whole: u64, each: f64) -> f64 {
    if part == 0 || each >= 1.0 {
        return 1.0;
    }
    let (n, p) = (whole as f64, each);
    let of = |k: f64| {
        let ways = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
        libm::exp(ways + k * libm::log(p) + (n - k) * libm::log1p(-p))
    };
    let mut sum = 0.0;
    for k in part..=whole {
        let term = of(k as f64);
        sum += term;
        // Behind the mode terms only fall.
        if k as f64 > n * p && term < 1e-12 * sum {
            break;
        }
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(segments: &[(&str, u64, u64)]) -> Vec<(String, bool)> {
        let of = |(name, flagged, count): &(&str, u64, u64)| {
            let (name, flagged) = ((*name).to_owned(), *flagged);
            (0..*count).map(move |i| (name.clone(), i < flagged))
        };
        segments.iter().flat_map(of).collect()
    }

    #[test]
    fn a_provider_whose_mail_is_flagged_stands_out_and_one_unlucky_message_does_not() {
        let rows = segments(
            mail(&[("provider:gmail", 30, 60), ("a.example", 1, 6), ("b.example", 0, 900), ("c.example", 2, 2)]),
            0.001,
        );
        let shown: Vec<_> = rows.iter().map(|row| (&*row.segment, row.stands_out)).collect();
        assert_eq!(shown, [("provider:gmail", true), ("a.example", false), ("b.example", false)]);
    }

    #[test]
    fn where_all_are_flagged_alike_nobody_stands_out() {
        let rows = segments(mail(&[("a.example", 20, 40), ("b.example", 22, 40), ("c.example", 18, 40)]), 0.001);
        assert!(rows.iter().all(|row| !row.stands_out), "{rows:?}");
    }

    #[test]
    fn what_is_usual_grows_with_what_may_be_and_what_is_odd_with_how_many_are_looked_at() {
        let stands_out = |mail: &[(&str, u64, u64)], share| segments(self::mail(mail), share)[0].stands_out;
        // Of 40, 4 are flagged by chance with 4e-8 where one of a thousand is, and with 0.6 where one of ten may be.
        let some = [("a.example", 4, 40), ("b.example", 0, 4_000)];
        assert!(stands_out(&some, 0.001) && !stands_out(&some, 0.1));
        // 2 of 10 of those who are flagged once in a hundred are a chance of 0.4 %: odd alone, and not among many.
        let odd = ("a.example", 2, 10);
        assert!(stands_out(&[odd, ("b.example", 0, 1_000)], 0.01));
        let names: Vec<_> = (0..200).map(|number| format!("{number}.example")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), 0, 10)).chain([odd]).collect();
        assert!(!stands_out(&many, 0.01));
    }

    #[test]
    fn a_segment_has_at_least_five_messages_and_a_report_at_most_thirty_segments() {
        let rows = segments(mail(&[("a.example", 0, SEGMENT_MIN), ("b.example", 0, SEGMENT_MIN - 1)]), 0.001);
        assert_eq!(rows.iter().map(|row| &*row.segment).collect::<Vec<_>>(), ["a.example"]);
        let names: Vec<_> = (0..SEGMENTS_MAX + 1).map(|number| format!("{number:02}.example")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), 0, SEGMENT_MIN)).collect();
        assert_eq!(segments(mail(&many), 0.001).len(), SEGMENTS_MAX);
    }

    #[test]
    fn the_tail_is_that_of_the_binomial() {
        assert!((tail(2, 3, 0.5) - 0.5).abs() < 1e-12);
        assert!((tail(1, 10, 0.1) - (1.0 - 0.9_f64.powi(10))).abs() < 1e-12);
        // By SciPy.
        assert!((tail(600, 1_000_000, 0.000_5) / 7.745_062_583e-6 - 1.0).abs() < 1e-6);
        assert_eq!((tail(0, 5, 0.1), tail(5, 5, 1.0)), (1.0, 1.0));
    }
}
