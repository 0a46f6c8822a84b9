//! `switchback bench`.

use std::fs;

use serde_json::Value;
use tempfile::tempdir;

use crate::model::{LOGS_AT_BYTES, TRAPS_AT_BYTES, mail, release};
use crate::run::{switchback, switchback_in};

#[test]
fn every_release_is_measured_on_every_message() {
    let (one, two) = (release("1.0.0"), release("2.0.0"));
    let out = switchback(["bench", "-m", &one, "-m", &two, "--messages", "300", "-j", "2", "--json"]).fine();
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&report["messages"], &report["distinct_messages"], &report["threads"]),
        (&300.into(), &300.into(), &2.into())
    );
    let number = |value: &Value| value.as_f64().unwrap();
    for of in report["releases"].as_array().unwrap() {
        assert_eq!(of["failed"], 0);
        let times = &of["times"];
        for part in ["parse_us", "instantiate_us", "guest_us", "total_us"] {
            let [p50, p99, max] = ["p50", "p99", "max"].map(|at| number(&times[part][at]));
            assert!(0.0 < p50 && p50 <= p99 && p99 <= max, "{part}: {times}");
        }
        let parts = ["parse_us", "instantiate_us", "guest_us"].map(|part| number(&times[part]["p50"]));
        assert!(number(&times["total_us"]["max"]) > parts.iter().copied().fold(0.0, f64::max), "{times}");
        assert!(number(&times["messages_per_s"]) > 0.0);
    }
    assert!(number(&report["resident_bytes_peak"]) >= number(&report["resident_bytes"]));
}

#[test]
fn a_small_corpus_is_gone_through_several_times() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("1"), mail("x", "a@example.org", 200)).unwrap();
    fs::write(dir.path().join("2"), mail("x", "a@example.org", 400)).unwrap();
    let out = switchback_in(dir.path(), ["bench", "-m", &release("1.0.0"), "--messages", "50", "."]).fine();
    assert!(out.starts_with("50 messages (2 distinct, 300 B on average) with each of 1 release on "), "{out}");
    assert!(out.contains("linear@1.0.0") && out.contains("verdicts/s"), "{out}");
    let slowest: Vec<_> =
        out.lines().filter(|line| line.contains("slowest with") || line.starts_with("then ")).collect();
    assert_eq!(slowest.len(), 2, "{out}");
    assert!(slowest[0].starts_with("slowest with linear@1.0.0: "), "{out}");
    assert!(["./1", "./2"].iter().all(|name| slowest.iter().any(|line| line.ends_with(name))), "{out}");
}

#[test]
fn what_a_release_logs_is_counted_and_its_first_lines_are_shown() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("1"), mail("x", "a@example.org", 200)).unwrap();
    fs::write(dir.path().join("2"), mail("x", "a@example.org", LOGS_AT_BYTES)).unwrap();
    let ran = switchback_in(dir.path(), ["bench", "-m", &release("1.0.0"), "--messages", "20", "--json", "."]);
    let says = "switchback: linear@1.0.0 logged 10 lines, of which the first are:\n  ./2: debug: odd size\n";
    assert!(ran.code == 0 && ran.err.starts_with(says), "{ran:?}");
    assert_eq!(ran.err.lines().count(), 4, "{ran:?}");
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["releases"][0]["log_lines"], 10);
    let quiet = switchback(["bench", "-m", &release("1.0.0"), "--messages", "5"]);
    assert_eq!((quiet.code, quiet.err.as_str()), (0, ""), "generated mail has other sizes");
}

#[test]
fn failures_are_counted_and_end_with_1() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("1"), mail("x", "a@example.org", TRAPS_AT_BYTES)).unwrap();
    let ran = switchback_in(dir.path(), ["bench", "-m", &release("1.0.0"), "--messages", "20", "--json", "."]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let of = &report["releases"][0];
    assert_eq!((ran.code, &of["failed"], &of["times"]), (1, &20.into(), &Value::Null));
    let failures = of["failures"].as_array().unwrap();
    assert_eq!((failures.len(), &failures[0]["message"]), (1, &"./1".into()), "{failures:?}");
    assert_eq!((&failures[0]["count"], &of["slowest"][0]["message"]), (&20.into(), &"./1".into()));
    assert!(failures[0]["why"].as_str().unwrap().starts_with("it trapped: "), "{failures:?}");
    let empty = tempdir().unwrap();
    let ran = switchback_in(empty.path(), ["bench", "-m", &release("1.0.0"), "."]);
    let says = "switchback: there is no message in .\nswitchback: there is no message to measure with\n";
    assert_eq!((ran.code, ran.err.as_str()), (1, says));
}

#[test]
fn a_release_is_held_against_another_with_intervals() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("1"), mail("x", "a@example.org", 200)).unwrap();
    fs::write(dir.path().join("2"), mail("x", "a@example.org", 9_000)).unwrap();
    let (new, old) = (release("1.1.0"), release("1.0.0"));
    let args = ["bench", "-m", &*new, "--against", &*old, "-j", "1", "--messages"];
    let bench = |more: &[&str]| switchback_in(dir.path(), args.iter().chain(more)).fine();
    let report: Value = serde_json::from_str(&bench(&["40", "--json", "."])).unwrap();
    let against = &report["against"];
    assert_eq!(against["pairs"], 40);
    for ratio in ["p50", "messages_per_s"].map(|ratio| &against[ratio]) {
        let [value, low, high] = ["ratio", "low", "high"].map(|field| ratio[field].as_f64().unwrap());
        assert!(0.0 < low && low <= value && value <= high, "{ratio}");
        assert_eq!(ratio["is_difference_shown"], !(low..=high).contains(&1.0), "{ratio}");
    }
    let names: Vec<_> = report["releases"].as_array().unwrap().iter().map(|of| &of["release"]["version"]).collect();
    assert_eq!(names, ["1.1.0", "1.0.0"]);
    let out = bench(&["40", "."]);
    assert!(out.contains("linear@1.1.0 against linear@1.0.0, 40 messages that both answered:\n"), "{out}");
    assert_eq!(out.matches(" times as much (95 %: ").count(), 2, "{out}");
    let few = bench(&["10", "."]);
    assert!(few.contains("10 messages that both answered are too few for an interval"), "{few}");

    // A message that one of them does not answer is no pair.
    fs::write(dir.path().join("2"), mail("x", "a@example.org", TRAPS_AT_BYTES)).unwrap();
    let ran = switchback_in(dir.path(), args.iter().chain(&["40", "--json", "."]));
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &report["against"]["pairs"], &report["releases"][1]["failed"]), (1, &20.into(), &20.into()));
}
