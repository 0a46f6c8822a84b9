//! What testing a release finds.

use switchback::Message;
use switchback::release::{Manifest, ManifestLimits, Scale};
use switchback_pack::{CheckName, CheckResult, TestReport, pack_module};

use crate::guest::{KEEP_NUMBER, manifest, module};
use crate::measuring::release_of;

/// What `score` does to answer 2, and 0.25: its answer is at 65792, the score 16 bytes behind.
const SCORE_OF_2: &str = "(f64.store (i32.const 65808) (f64.const 2))";
const SCORE_OF_A_QUARTER: &str = "(f64.store (i32.const 65808) (f64.const 0.25))";

/// Even odds without a reason are right on this scale alone.
fn odds() -> Manifest {
    let mut manifest = manifest(0.5);
    manifest.scale = Scale::LogOdds;
    manifest
}

fn release(frame: u32, deed: &str) -> Vec<u8> {
    release_of(&odds(), frame, deed)
}

fn tested(release: &[u8]) -> TestReport {
    let mail = ["b.eml", "c.eml"].map(|name| (name.to_owned(), Message::parse(b"Subject: x\r\n\r\ntext".to_vec())));
    TestReport::of(release, mail.into_iter(), &mut |_| {}).unwrap()
}

/// The checks that came to something else than a pass, with what they say.
fn odd(report: &TestReport) -> Vec<(CheckName, CheckResult, String)> {
    let odd = report.checks.iter().filter(|check| check.result != CheckResult::Passed);
    odd.map(|check| (check.name, check.result, check.details.join("\n"))).collect()
}

/// The only check that is odd, and what it says.
#[track_caller]
fn only_odd(report: &TestReport) -> (CheckName, CheckResult, String) {
    let [only] = odd(report).try_into().unwrap_or_else(|odd| panic!("{odd:#?}"));
    only
}

#[test]
fn a_model_that_is_well_passes_every_check() {
    let report = tested(&release(20_000, "(i32.store8 (i32.const 139264) (i32.const 7))"));
    assert_eq!(odd(&report), []);
    assert!(report.is_passed() && report.count(CheckResult::Passed) == CheckName::ALL.len());
    assert_eq!((report.id.to_string().as_str(), report.messages, report.self_tests), ("tiny@1.2.3", 3, 1));
    assert_eq!((report.scored, report.abstained, report.failed), (3, 0, 0));
    let seen = |name| report.checks.iter().find(|check| check.name == name).unwrap().seen.as_str();
    assert_eq!(seen(CheckName::SelfTests), "1 of 1 answered as expected");
    assert_eq!(seen(CheckName::Stack), "at most 20 of 64 KiB, for `empty`");
    assert_eq!(seen(CheckName::Contract), "reasons add up to the score on the scale `log-odds`, to 1e-6");
    assert_eq!(seen(CheckName::Reasons), "at most 0 of 64, for `empty`");
    assert_eq!(report.slowest.len(), 3);
    let slowest = &report.slowest[0];
    assert!(slowest.guest_us > 0.0 && slowest.total_us >= slowest.guest_us, "{slowest:?}");
    let measured = report.measured.as_ref().unwrap();
    assert_eq!((measured.written_bytes, measured.written_by.as_str()), (2 * 4096, "empty"));
}

#[test]
fn limits_that_are_near_are_remarked_on_and_fail_nothing() {
    let deep = tested(&release(40_000, ""));
    let (name, result, says) = only_odd(&deep);
    assert_eq!((name, result), (CheckName::Stack, CheckResult::Remarked));
    assert!(deep.is_passed() && says.contains("`empty` takes 40 of 64 KiB of the stack"), "{says}");
    let (name, _, says) = only_odd(&tested(&release(16, "(drop (memory.grow (i32.const 2)))")));
    assert!(name == CheckName::Memory && says.contains("grows for 3 of 3 messages"), "{says}");
}

#[test]
fn what_ends_a_model_fails_the_check_that_it_belongs_to() {
    let mut limits = ManifestLimits::default();
    limits.deadline_ms = Some(20);
    let late = odds().limits(limits);
    for (manifest, deed, check, words) in [
        (&odds(), "unreachable", CheckName::Answers, "it trapped: wasm trap: wasm `unreachable`"),
        (&late, "(loop $again (br $again))", CheckName::Time, "it took longer than its deadline of 20 ms"),
        (&odds(), "(drop (call $size (local.get $message)))", CheckName::Reads, "it read `size`"),
        (&odds(), SCORE_OF_2, CheckName::Contract, "the score 2 is not in 0..=1"),
        (&odds(), SCORE_OF_A_QUARTER, CheckName::Contract, "its reasons add up to 0.5, not to its score 0.25"),
    ] {
        let report = tested(&release_of(manifest, 16, deed));
        assert!(!report.is_passed(), "{deed}");
        let failed: Vec<_> = odd(&report).into_iter().filter(|(_, result, _)| *result == CheckResult::Failed).collect();
        let names: Vec<_> = failed.iter().map(|(name, ..)| *name).collect();
        let expected = [CheckName::SelfTests, CheckName::Answers, check];
        assert_eq!(names, expected[..if check == CheckName::Answers { 2 } else { 3 }], "{deed}: {failed:?}");
        let says = &failed.last().unwrap().2;
        assert!(says.starts_with("`empty` and 2 more: ") && says.contains(words), "{deed}: {failed:?}");
        assert_eq!((report.failed, report.scored), (3, 0), "{deed}");
    }
    let deep = tested(&release(65_000, ""));
    let names: Vec<_> = odd(&deep).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, [CheckName::SelfTests, CheckName::Answers, CheckName::Stack]);
}

#[test]
fn a_self_test_that_is_answered_otherwise_does_not_end_the_test() {
    let release = pack_module(&module(KEEP_NUMBER), &0.25_f64.to_le_bytes(), &manifest(0.5)).unwrap();
    let report = tested(&release);
    assert_eq!(only_odd(&report), (CheckName::SelfTests, CheckResult::Failed, "`empty`: score 0.5 -> 0.25".to_owned()));
    assert_eq!((report.messages, report.scored), (3, 3));
}

#[test]
fn what_is_no_release_is_an_error() {
    let error = TestReport::of(b"\0asm", std::iter::empty(), &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("a host does not accept the release"), "{error}");
}
