//! A decision of the guard, in words.

use std::io::{self, Write};
use std::time::Duration;

use switchback::control::{Event, GuardAction, Lasting, Operation};
use switchback::guard::{Breaker, BreakerEvidence, Evidence, Flip, FlipEvidence, Requirements, Segment, Test};

use crate::show;
use crate::store::text;

/// Columns of a line.
const WIDTH: usize = 100;

/// Writes what was done, why, and whether it can be computed again.
pub(super) fn write(
    event: &Event,
    requirements: Option<&Requirements>,
    agrees: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let Operation::Guard { slot, release, action, evidence, .. } = &event.operation else { return Ok(()) };
    let did = match action {
        GuardAction::Block => {
            format!("marked {release} as harmful in {slot}: it can be promoted only with --force")
        }
        GuardAction::Withdraw => format!("withdrew {release}, a canary in {slot}"),
        GuardAction::Revert => format!("reverted {release} in {slot}, and quarantined it"),
        GuardAction::RevertSegment => format!("reverted {release} in {slot} for the mail of {}", evidence.cause()),
    };
    let (sequence, at) = (event.sequence, text::instant(event.at));
    paragraph(&format!("On {at}, event {sequence}, the guard {did}."), out)?;
    match &**evidence {
        Evidence::Flips(flips) => {
            paragraph(&counted(flips), out)?;
            paragraph(&weighed(flips), out)?;
            requirements.map_or(Ok(()), |one| paragraph(&required(one), out))?;
            recomputed(flips, agrees, out)?;
            let harmed: Vec<_> = flips.harmed.iter().map(Segment::to_string).collect();
            if harmed.is_empty() {
                Ok(())
            } else {
                paragraph(&format!("Harmed at that time: {}.", harmed.join(", ")), out)
            }
        }
        Evidence::Breaker(breaker) => {
            paragraph(&broken(breaker), out)?;
            paragraph(&measured(breaker, agrees), out)
        }
    }
}

/// What was counted or measured.
pub(crate) fn numbers(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Flips(flips) => counted(flips),
        Evidence::Breaker(breaker) => broken(breaker),
    }
}

fn paragraph(text: &str, out: &mut impl Write) -> io::Result<()> {
    let text = show::printable(text, 4_000);
    show::wrapped(&text, WIDTH).into_iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// What was counted.
fn counted(flips: &FlipEvidence) -> String {
    let FlipEvidence { baseline, began_at, segment, flip, counts, senders, recipients, .. } = flips;
    let whose = match segment {
        Segment::Everything => "all authenticated, known senders".to_owned(),
        Segment::Unauthenticated => "senders that were not authenticated".to_owned(),
        named => format!("authenticated, known senders of {named}"),
    };
    let (one, other) = match flip {
        Flip::Up => ("flagged by it and not by its baseline", "the other way round"),
        Flip::Down => ("flagged by its baseline and not by it", "the other way round"),
    };
    format!(
        "From {} on it was compared with {baseline}. Of {} from {whose}, {} were {one}, and {} {other}; those were from {} to \
         {}.",
        text::instant(*began_at),
        show::counted(counts.all, "campaign"),
        show::count(counts.flips),
        show::count(counts.opposite),
        up_to_16(*senders, "sender"),
        up_to_16(*recipients, "recipient"),
    )
}

fn up_to_16(count: u8, what: &str) -> String {
    if count >= 16 { format!("16 {what}s or more") } else { show::counted(count.into(), what) }
}

/// How it was weighed.
fn weighed(flips: &FlipEvidence) -> String {
    let FlipEvidence { test, tolerance, alpha, weight, .. } = flips;
    let what = match test {
        Test::Gross => "of campaigns may flip",
        Test::Net => "more campaigns may flip one way than the other",
    };
    let percent = |share: f64| (share * 1e6).round() / 1e4;
    format!(
        "The {} test tolerates that {} % {what}. It is wrong about a harmless release with a probability of {alpha} in a whole \
         rollout, and this segment's part of that is {weight:.4}.",
        match test {
            Test::Gross => "gross",
            Test::Net => "net",
        },
        percent(*tolerance),
    )
}

/// What it took to act.
fn required(requirements: &Requirements) -> String {
    match requirements.shortage() {
        None => format!("Needed to act, and found: {requirements}."),
        Some(shortage) => format!("Needed to act, and found: {requirements}. That is {shortage}: please investigate."),
    }
}

fn recomputed(flips: &FlipEvidence, agrees: bool, out: &mut impl Write) -> io::Result<()> {
    let (log_e, log_threshold) = flips.recompute();
    writeln!(out, "  evidence (E-value)   10^{:<8.4} recomputed: 10^{:.4}", power(flips.log_e), power(log_e))?;
    writeln!(
        out,
        "  needed               10^{:<8.4} recomputed: 10^{:.4}",
        power(flips.log_threshold),
        power(log_threshold)
    )?;
    let verdict = match agrees {
        true => "The recorded counts lead to the same numbers, and these to the same decision.",
        false => {
            "The recorded counts do NOT lead to these numbers, or the numbers not to this decision: please investigate."
        }
    };
    paragraph(verdict, out)
}

fn power(log: f64) -> f64 {
    log / std::f64::consts::LN_10
}

/// What a breaker measured.
fn broken(evidence: &BreakerEvidence) -> String {
    let BreakerEvidence { breaker, window_s, calls, bad, senders, measured, bound, .. } = evidence;
    let window = Lasting(Duration::from_secs((*window_s).into()));
    let of = format!("of {} within {window}", show::counted(*calls, "call"));
    match breaker {
        Breaker::Failures => format!(
            "{} {of} failed, for {}: {measured}, where the bound is {bound}.",
            show::count(*bad),
            up_to_16(*senders, "sender")
        ),
        Breaker::Slow => {
            format!("{} {of} were slow: a share of {measured:.4}, where the bound is {bound:.4}.", show::count(*bad))
        }
        Breaker::Rails => format!(
            "{} {of} scored below 0.001 or above 0.999: a share that is {measured:.4} above the baseline's, where the bound is \
             {bound:.4}.",
            show::count(*bad)
        ),
        Breaker::Spread => format!(
            "Of {} within {window} the scores hardly differed: their standard deviation was {measured:.4} of the \
             baseline's, where the least is {bound:.4}.",
            show::counted(*calls, "call")
        ),
    }
}

/// Whether what was measured can be computed again, and whether it is what was decided by.
fn measured(evidence: &BreakerEvidence, agrees: bool) -> String {
    let verdict = if agrees { "that breaks the bound" } else { "NOT what the decision says: please investigate" };
    match measured_again(evidence) {
        Some(again) => format!("Recomputed from the calls, it is {again:.4}, {verdict}."),
        None => format!("Only the measured value is recorded, so it cannot be recomputed: {verdict}."),
    }
}

/// What was measured, computed again from the integers: how many failed, or the share that failed or was slow. Of scores
/// only what was measured was recorded.
pub(super) fn measured_again(evidence: &BreakerEvidence) -> Option<f64> {
    let BreakerEvidence { breaker, calls, bad, bound, .. } = evidence;
    let share = *bad as f64 / (*calls).max(1) as f64;
    match breaker {
        // A bound of the share is below 1, one of the number is not.
        Breaker::Failures if *bound >= 1.0 => Some(*bad as f64),
        Breaker::Failures | Breaker::Slow => Some(share),
        Breaker::Rails | Breaker::Spread => None,
    }
}

/// Whether what was measured is what follows from the integers, where they tell, and breaks the bound.
pub(super) fn is_broken(evidence: &BreakerEvidence) -> bool {
    let is_other = |again: f64| (again - evidence.measured).abs() > 1e-9 * again.abs().max(1.0);
    if measured_again(evidence).is_some_and(is_other) {
        return false;
    }
    match evidence.breaker {
        Breaker::Spread => evidence.measured <= evidence.bound,
        Breaker::Failures | Breaker::Slow | Breaker::Rails => evidence.measured >= evidence.bound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(breaker: Breaker, [calls, bad]: [u64; 2], measured: f64, bound: f64) -> BreakerEvidence {
        serde_json::from_value(serde_json::json!({
            "breaker": breaker, "window_s": 60, "calls": calls, "bad": bad, "senders": 5, "measured": measured, "bound": bound,
        }))
        .unwrap()
    }

    #[test]
    fn what_a_breaker_counted_is_computed_again() {
        for (good, forged) in [
            (evidence(Breaker::Failures, [3, 3], 3.0, 3.0), evidence(Breaker::Failures, [3, 2], 3.0, 3.0)),
            (evidence(Breaker::Failures, [100, 10], 0.1, 0.05), evidence(Breaker::Failures, [100, 1], 0.1, 0.05)),
            (evidence(Breaker::Slow, [100, 10], 0.1, 0.05), evidence(Breaker::Slow, [400, 10], 0.1, 0.05)),
        ] {
            assert!(is_broken(&good) && !is_broken(&forged), "{forged:?}");
            assert!(measured(&good, true).starts_with("Recomputed from the calls, it is "));
        }
        assert!(!is_broken(&evidence(Breaker::Slow, [100, 5], 0.05, 0.1)), "it does not break the bound");
    }

    #[test]
    fn of_scores_only_what_was_measured_is_there() {
        for breaker in [Breaker::Rails, Breaker::Spread] {
            let evidence = evidence(breaker, [100, 100], 0.1, 0.1);
            assert_eq!(measured_again(&evidence), None);
            assert!(measured(&evidence, true).contains("cannot be recomputed"));
        }
    }
}
