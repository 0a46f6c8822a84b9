//! A report as people read it.

use std::io::{self, Write};
use std::time::Duration;

use switchback_pack::{Check, CheckResult, Slow, TestReport};

use crate::show;

/// The longest detail that is shown, in characters.
const DETAIL_CHARS_MAX: usize = 2_000;

/// The longest name of a message that is shown, in characters.
const NAME_CHARS_MAX: usize = 200;

/// Writes a report on self-tests and on messages that are described so.
pub(super) fn write(report: &TestReport, others: &str, out: &mut impl Write) -> io::Result<()> {
    let self_tests = show::counted(report.self_tests as u64, "self-test");
    writeln!(out, "{}: {self_tests}, {others}\n", report.id)?;
    for check in &report.checks {
        write_check(check, out)?;
    }
    writeln!(out)?;
    write_worst(report, out)?;
    let [passed, remarked, failed] =
        [CheckResult::Passed, CheckResult::Remarked, CheckResult::Failed].map(|result| report.count(result));
    let result = if report.is_passed() { "ok" } else { "FAILED" };
    let (remarked, took) = (show::counted(remarked as u64, "remark"), show::time(report.took));
    writeln!(out, "test result: {result}. {passed} passed; {failed} failed; {remarked}; finished in {took}")
}

fn write_check(Check { name, result, seen, details, .. }: &Check, out: &mut impl Write) -> io::Result<()> {
    let result = match result {
        CheckResult::Passed => "ok",
        CheckResult::Remarked => "remark",
        _ => "FAILED",
    };
    writeln!(out, "  {name:<10}  {result:<6}  {}", show::printable(seen, DETAIL_CHARS_MAX))?;
    details.iter().try_for_each(|detail| writeln!(out, "              {}", show::printable(detail, DETAIL_CHARS_MAX)))
}

/// The messages that took most.
fn write_worst(report: &TestReport, out: &mut impl Write) -> io::Result<()> {
    let time = |us: f64| show::time(Duration::from_secs_f64(us / 1e6));
    for (i, Slow { message, bytes, guest_us, total_us, .. }) in report.slowest.iter().enumerate() {
        let label = if i == 0 { "slowest" } else { "" };
        let (name, size) = (show::printable(message, NAME_CHARS_MAX), show::bytes(*bytes as u64));
        let [guest, total] = [*guest_us, *total_us].map(time);
        writeln!(out, "  {label:<12}  {guest:>8} in the model, {total:>8} in all  {name} ({size})")?;
    }
    if let Some(measured) = report.measured.as_ref().filter(|measured| measured.messages > 0) {
        let [written, memory] = [measured.written_bytes, measured.memory.bytes].map(|bytes| show::bytes(bytes as u64));
        let name = show::printable(&measured.written_by, NAME_CHARS_MAX);
        writeln!(out, "  {:<12}  {written} written, of {memory}  {name}", "most memory")?;
    }
    writeln!(out)
}
