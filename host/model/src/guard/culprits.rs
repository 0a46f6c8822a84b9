//! Which segments are harmed, of all that were looked at.

use std::cmp::Ordering;

use super::evidence::Test;
use super::memory::Flipped;
use super::segment::Segment;
use super::settings::GuardSettings;
use crate::limits::GUARD_HARMED_MAX;

/// The segments that are harmed, the clearest first: of those that it names wrongly, the share is at most `alpha_warn` on
/// average, by e-BH (Wang and Ramdas, arXiv 2009.02824) on the current E-values. Of each segment the E-value is the mean
/// of those of both tests. For reports: acting on the largest values so far would need another threshold.
pub(super) fn culprits(flipped: Flipped, settings: &GuardSettings) -> Vec<Segment> {
    let tolerance = settings.tolerance_warn;
    let tests = [Test::Gross.bets(tolerance.gross), Test::Net.bets(tolerance.net)];
    let mut found: Vec<_> = flipped
        .segments
        .into_iter()
        .map(|(segment, counts)| {
            let [gross, net] = tests.each_ref().map(|bets| bets.log_e(counts));
            let max = gross.max(net);
            (max + (((gross - max).exp() + (net - max).exp()) / 2.0).ln(), segment)
        })
        .collect();
    found
        .sort_by(|(a, first), (b, second)| b.partial_cmp(a).unwrap_or(Ordering::Equal).then_with(|| first.cmp(second)));
    let all = flipped.discovered as f64;
    let is_enough = |(place, (log_e, _)): (usize, &(f64, Segment))| {
        *log_e >= (all / ((place + 1) as f64 * settings.alpha_warn)).ln()
    };
    let harmed = found.iter().enumerate().rposition(is_enough).map_or(0, |last| last + 1);
    found.into_iter().take(harmed.min(GUARD_HARMED_MAX)).map(|(_, segment)| segment).collect()
}
