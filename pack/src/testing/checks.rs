//! The checks of a report, from what all messages came to.

use switchback::release::{Manifest, Reads, Scale};

use super::check::{Check, CheckName, CheckResult};
use super::tally::{Most, Tally};
use crate::error::PackError;
use crate::inspect::Inspection;
use crate::measure::{Measured, Used};
use crate::reads;

/// Every check, in the order of [`CheckName::ALL`].
pub(super) fn all(
    release: &[u8],
    manifest: &Manifest,
    tally: &Tally<'_>,
    measured: Result<&Measured, &PackError>,
) -> Vec<Check> {
    let check = |name| {
        let (seen, remarks) = match name {
            CheckName::SelfTests => (self_tests(manifest, tally), Vec::new()),
            CheckName::Answers => (answers(tally), tally.refused.lines()),
            CheckName::Contract => (contract(manifest.scale, tally), Vec::new()),
            CheckName::Purity => (purity(tally), Vec::new()),
            CheckName::Reads => reads(release, manifest.reads),
            CheckName::Stack => of_measured(measured, stack, |measured| measured.stack_remark().into_iter().collect()),
            CheckName::Memory => of_measured(measured, memory, Measured::memory_remarks),
            CheckName::Time => time(tally),
            CheckName::Log => log(&tally.log),
            CheckName::Reasons => reasons(tally),
        };
        let no_answer = (name == CheckName::Answers && tally.messages > 0 && !tally.has_answers())
            .then(|| vec!["no message was answered, so most of the checks had nothing to look at".to_owned()]);
        let faults = tally.faults.get(&name).map(|faults| faults.lines()).or(no_answer);
        let result = match (&faults, remarks.is_empty()) {
            (Some(_), _) => CheckResult::Failed,
            (None, false) => CheckResult::Remarked,
            (None, true) => CheckResult::Passed,
        };
        Check { name, result, seen, details: faults.into_iter().flatten().chain(remarks).collect() }
    };
    CheckName::ALL.map(check).into()
}

fn self_tests(manifest: &Manifest, tally: &Tally<'_>) -> String {
    let all = manifest.self_tests.len();
    let wrong = tally.failed_by(CheckName::SelfTests);
    format!("{} of {all} answered as expected", all - wrong)
}

fn answers(tally: &Tally<'_>) -> String {
    let Tally { messages, scored, abstained, .. } = tally;
    format!("{scored} of {messages} messages scored, {abstained} abstained from")
}

fn contract(scale: Scale, tally: &Tally<'_>) -> String {
    let wrong = tally.failed_by(CheckName::Contract);
    match wrong {
        0 if tally.scored == 0 => "nothing was scored".to_owned(),
        0 => format!("reasons add up to the score on the scale `{scale}`, to {:e}", Scale::TOLERANCE),
        wrong => format!("{wrong} answers are outside of it"),
    }
}

fn purity(tally: &Tally<'_>) -> String {
    let wrong = tally.failed_by(CheckName::Purity);
    match wrong {
        0 => "each message twice, in two orders: the same bits".to_owned(),
        wrong => format!("{wrong} messages had another answer the second time"),
    }
}

/// What is declared. Where what a release can ask for says what it does, both are compared.
fn reads(release: &[u8], declared: Reads) -> (String, Vec<String>) {
    let names = declared.names().collect::<Vec<_>>();
    let seen = if names.is_empty() { "nothing is declared".to_owned() } else { names.join(", ") };
    let (asks, inspection) = (reads::of_release(release), Inspection::read(release));
    let is_told = inspection.build.is_some() || (inspection.component.is_some() && !reads::are_all(asks));
    (seen, if is_told { reads::remarks(declared, asks) } else { Vec::new() })
}

fn of_measured(
    measured: Result<&Measured, &PackError>,
    seen: fn(&Measured) -> String,
    remarks: fn(&Measured) -> Vec<String>,
) -> (String, Vec<String>) {
    match measured {
        Ok(measured) => (seen(measured), remarks(measured)),
        Err(why) => ("not measured".to_owned(), vec![why.to_string()]),
    }
}

fn stack(measured: &Measured) -> String {
    measured.stack.as_ref().map_or_else(|| "none that is known".to_owned(), used)
}

fn memory(measured: &Measured) -> String {
    used(&measured.memory)
}

fn used(Used { bytes, bytes_max, message, .. }: &Used) -> String {
    let kib = |bytes: &usize| bytes.div_ceil(1024);
    match message.is_empty() {
        true => "no message came to its end".to_owned(),
        false => format!("at most {} of {} KiB, for `{message}`", kib(bytes), kib(bytes_max)),
    }
}

fn time(tally: &Tally<'_>) -> (String, Vec<String>) {
    let max_us = tally.deadline.as_secs_f64() * 1e6;
    let Some(slowest) = tally.slowest.first() else {
        let cut = tally
            .is_cut_short
            .then(|| format!("each of the first {} did, so no other message was tried", tally.messages));
        return ("no message came to its end".to_owned(), cut.into_iter().collect());
    };
    let remark = (slowest.guest_us > max_us / 2.0).then(|| {
        format!(
            "`{}` takes {} of its {}, and one that takes longer is a failure: let it read or compute less, or raise `deadline_ms` under \
             `[limits]`",
            slowest.message,
            shown(slowest.guest_us),
            shown(max_us)
        )
    });
    let seen = format!("at most {} of {}, for `{}`", shown(slowest.guest_us), shown(max_us), slowest.message);
    (seen, remark.into_iter().collect())
}

fn shown(us: f64) -> String {
    if us < 1e3 { format!("{us:.1} us") } else { format!("{:.1} ms", us / 1e3) }
}

fn log(Most { count, max, message }: &Most) -> (String, Vec<String>) {
    if *count == 0 {
        return ("nothing is logged".to_owned(), Vec::new());
    }
    let remark = (count > max).then(|| format!("`{message}` logs {count} lines, and {max} of a message are kept"));
    (format!("at most {count} lines of {max}, for `{message}`"), remark.into_iter().collect())
}

fn reasons(tally: &Tally<'_>) -> (String, Vec<String>) {
    let Most { count, max, message } = &tally.reasons;
    let seen = match tally.scored {
        0 => "nothing was scored".to_owned(),
        _ => format!("at most {count} of {max}, for `{message}`"),
    };
    (seen, tally.cut_notes.lines())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tally::Slow;
    use super::*;

    #[test]
    fn from_half_of_a_deadline_on_time_is_remarked_on() {
        let manifest =
            Manifest::new("tiny".parse().unwrap(), "1.0.0".parse().unwrap(), Scale::LogOdds, Reads::default());
        let of = |guest_us: f64| {
            let mut tally = Tally::of(&manifest);
            tally.deadline = Duration::from_millis(10);
            tally.slowest = vec![Slow { message: "a.eml".to_owned(), bytes: 3, guest_us, total_us: 9e9 }];
            time(&tally)
        };
        assert_eq!(of(5_000.0), ("at most 5.0 ms of 10.0 ms, for `a.eml`".to_owned(), vec![]));
        let [remark] = of(5_001.0).1.try_into().unwrap();
        assert!(remark.starts_with("`a.eml` takes 5.0 ms of its 10.0 ms"), "{remark}");
        assert_eq!(of(999.9).0, "at most 999.9 us of 10.0 ms, for `a.eml`");
    }

    #[test]
    fn lines_that_are_not_kept_are_remarked_on() {
        let of = |count| log(&Most { count, max: 64, message: "a.eml".to_owned() });
        assert_eq!(of(0), ("nothing is logged".to_owned(), vec![]));
        assert_eq!(of(64), ("at most 64 lines of 64, for `a.eml`".to_owned(), vec![]));
        assert_eq!(of(65).1, ["`a.eml` logs 65 lines, and 64 of a message are kept"]);
    }

    #[test]
    fn what_cannot_be_measured_is_remarked_on() {
        let why = PackError::Host { why: "no memory".to_owned() };
        let (seen, remarks) = of_measured(Err(&why), stack, |_| vec![]);
        assert_eq!((seen.as_str(), remarks), ("not measured", vec![why.to_string()]));
    }
}
