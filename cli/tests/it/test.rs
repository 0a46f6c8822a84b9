//! `switchback test`.

use std::fs;

use serde_json::Value;
use tempfile::{TempDir, tempdir};

use crate::model::{ABSTAINS_AT_BYTES, LOGS_AND_TRAPS_AT_BYTES, TRAPS_AT_BYTES, mail, release};
use crate::pack::guest::Guest;
use crate::run::{switchback, switchback_in};

/// A folder with messages of these sizes, each named by its size.
fn corpus(sizes: &[usize]) -> TempDir {
    let dir = tempdir().unwrap();
    for bytes in sizes {
        fs::write(dir.path().join(format!("{bytes}.eml")), mail("x", "a@example.org", *bytes)).unwrap();
    }
    dir
}

#[test]
fn a_release_that_is_well_passes_on_a_corpus() {
    let dir = corpus(&[200, ABSTAINS_AT_BYTES, 6_000]);
    let out = switchback_in(dir.path(), ["test", &release("1.0.0"), "."]).fine();
    for line in [
        "linear@1.0.0: 1 self-test, 3 messages of the corpus",
        "  self-tests  ok      1 of 1 answered as expected",
        "  answers     ok      3 of 4 messages scored, 1 abstained from",
        "  contract    ok      reasons add up to the score on the scale `probability`",
        "  purity      ok      each message twice, in two orders: the same bits",
        "  reads       ok      size",
        "  memory      ok      at most 128 of 16384 KiB, for `empty`",
        "  reasons     ok      at most 1 of 64, for `empty`",
        "test result: ok. 10 passed; 0 failed; 0 remarks; finished in ",
    ] {
        assert!(out.lines().any(|found| found.starts_with(line)), "{line:?} is not in\n{out}");
    }
    assert!(out.contains("slowest") && out.contains("most memory"), "{out}");
}

#[test]
fn without_a_corpus_odd_and_generated_mail_is_tried() {
    let json = switchback(["test", &release("1.0.0"), "--messages", "20", "--json"]).fine();
    let report: Value = serde_json::from_str(&json).unwrap();
    let odd = switchback_mailgen::odd().len();
    assert_eq!((&report["messages"], &report["failed"]), (&(1 + odd + 20).into(), &0.into()));
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.len() == 10 && checks.iter().all(|check| check["result"] == "passed"), "{checks:#?}");
    let text = switchback(["test", &release("1.0.0"), "--messages", "20"]).fine();
    assert!(text.starts_with(&format!("linear@1.0.0: 1 self-test, {odd} odd and 20 generated\n")), "{text}");
}

#[test]
fn what_is_wrong_is_named_with_its_message_and_ends_with_1() {
    let dir = corpus(&[200, LOGS_AND_TRAPS_AT_BYTES, TRAPS_AT_BYTES]);
    let ran = switchback_in(dir.path(), ["test", &release("1.0.0"), "."]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for line in [
        "  answers     FAILED  2 of 4 messages scored, 0 abstained from",
        "              `./556.eml`: it trapped: wasm trap: wasm `unreachable` instruction executed; the model said: odd size",
        "              `./666.eml`: it trapped: ",
        "  log         remark  at most 70 lines of 64, for `./556.eml`",
        "test result: FAILED. 8 passed; 1 failed; 1 remark; finished in ",
    ] {
        assert!(ran.out.lines().any(|found| found.starts_with(line)), "{line:?} is not in\n{}", ran.out);
    }
}

#[test]
fn a_model_is_packed_and_tested_and_nothing_is_written() {
    let guest = Guest::new();
    let mail = corpus(&[200]);
    let mail = mail.path().to_str().unwrap();
    let ran = guest.run("", ["test", "tiny", mail]);
    assert!(ran.code == 0 && ran.out.starts_with("tiny@0.1.0: 1 self-test, 1 message of the corpus\n"), "{ran:?}");
    assert!(guest.path("tiny/target").is_dir() && !guest.path("tiny/target/releases").exists(), "{ran:?}");

    guest.change("tiny/switchback.toml", "score = 0.25", "score = 0.5");
    guest.change("tiny/switchback.toml", "reads = []", "reads = [\"text\"]");
    let ran = guest.run("", ["test", "tiny/switchback.toml", mail, "--", "--offline"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for line in [
        "  self-tests  FAILED  0 of 1 answered as expected",
        "              `a.eml`: score 0.5 -> 0.25",
        "  reads       remark  text",
        "              `reads` declares `text`, which the model never asks for",
    ] {
        assert!(ran.out.lines().any(|found| found.starts_with(line)), "{line:?} is not in\n{}", ran.out);
    }
}
