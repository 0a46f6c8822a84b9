//! `switchback compare`.

use std::fs;

use serde_json::Value;
use tempfile::{TempDir, tempdir};

use crate::model::{LARGE, SMALL, TRAPS_AT_BYTES, mail, release};
use crate::run::switchback_in;

/// 1.1.0 flags from 4,000 bytes on, 1.0.0 from 6,000: between them lie one message of shop.example (of two
/// subdomains' three) and two of bank.example.
fn corpus() -> TempDir {
    let dir = tempdir().unwrap();
    let messages = [
        ("1", "a@mail.shop.example", 5_000),
        ("2", "a@shop.example", 200),
        ("3", "a@shop.example", 7_000),
        ("4", "a@bank.example", 4_000),
        ("5", "a@bank.example", 5_999),
        ("6", "a@other.example", 100),
        ("7", "a@third.example", 150),
    ];
    for (name, sender, bytes) in messages {
        fs::write(dir.path().join(name), mail(&format!("No {name}"), sender, bytes)).unwrap();
    }
    dir
}

fn compare(dir: &TempDir, before: &str, after: &str, args: &[&str]) -> (i32, Value, String) {
    let (before, after) = (release(before), release(after));
    let ran = switchback_in(dir.path(), ["compare", &before, &after, ".", "--json"].iter().chain(args));
    (ran.code, serde_json::from_str(&ran.out).unwrap(), ran.err)
}

#[test]
fn flips_are_counted_by_direction_and_by_organisational_domain() {
    let dir = corpus();
    let (code, report, _) = compare(&dir, "1.0.0", "1.1.0", &[]);
    assert_eq!(code, 0);
    let flips = &report["flips"];
    assert_eq!(
        (&flips["messages"], &flips["newly_flagged"], &flips["no_longer_flagged"]),
        (&7.into(), &3.into(), &0.into())
    );
    assert_eq!((&flips["flagged_before"], &flips["flagged_after"]), (&1.into(), &4.into()));
    let bank = &report["domains"][0];
    assert_eq!(
        (&bank["domain"], &bank["messages"], &bank["newly_flagged"]),
        (&"bank.example".into(), &2.into(), &2.into())
    );
    let shop = &report["domains"][1];
    assert_eq!(
        (&shop["domain"], &shop["messages"], &shop["newly_flagged"]),
        (&"shop.example".into(), &3.into(), &1.into())
    );
    // The other way round, the direction turns.
    let (_, back, _) = compare(&dir, "1.1.0", "1.0.0", &[]);
    assert_eq!((&back["flips"]["newly_flagged"], &back["flips"]["no_longer_flagged"]), (&0.into(), &3.into()));
}

#[test]
fn what_is_beyond_the_limit_is_pooled() {
    let (_, report, _) = compare(&corpus(), "1.0.0", "1.1.0", &["--limit", "1"]);
    assert_eq!(report["domains"].as_array().unwrap().len(), 1);
    assert_eq!(report["worst"].as_array().unwrap().len(), 1);
    let others = &report["other_domains"];
    assert_eq!((&others["domains"], &others["messages"], &others["newly_flagged"]), (&3.into(), &5.into(), &1.into()));
}

#[test]
fn the_worst_come_with_both_scores_and_their_subject() {
    let (_, report, _) = compare(&corpus(), "1.0.0", "1.1.0", &[]);
    let worst = report["worst"].as_array().unwrap();
    assert_eq!(worst.iter().map(|w| w["message"].as_str().unwrap()).collect::<Vec<_>>(), ["./1", "./4", "./5"]);
    let first = &worst[0];
    assert_eq!((first["before"].as_f64(), first["after"].as_f64()), (Some(SMALL), Some(LARGE)));
    assert_eq!((&first["subject"], &first["flips"]), (&"No 1".into(), &true.into()));
    let scores = &report["after"]["scores"];
    assert_eq!(
        (&scores["count"], scores["p10"].as_f64(), scores["p90"].as_f64()),
        (&7.into(), Some(SMALL), Some(LARGE))
    );
}

#[test]
fn the_flag_boundary_is_where_junk_begins() {
    let (_, report, _) = compare(&corpus(), "1.0.0", "1.1.0", &["--junk", "0.95", "--quarantine", "0.99"]);
    assert_eq!((&report["flips"]["newly_flagged"], &report["flips"]["flagged_after"]), (&0.into(), &0.into()));
    assert_eq!(report["worst"].as_array().unwrap().len(), 3, "scores differ all the same");
}

#[test]
fn more_flips_than_allowed_end_with_1() {
    let dir = corpus();
    assert_eq!(compare(&dir, "1.0.0", "1.1.0", &["--max-flips", "3"]).0, 0);
    let (code, _, err) = compare(&dir, "1.0.0", "1.1.0", &["--max-flips", "2"]);
    assert_eq!(code, 1);
    assert_eq!(err, "switchback: 3 flips, more than the 2 that --max-flips allows\n");
}

#[test]
fn a_message_on_which_a_release_failed_is_no_flip() {
    let dir = corpus();
    fs::write(dir.path().join("8"), mail("x", "a@bank.example", TRAPS_AT_BYTES)).unwrap();
    let (code, report, err) = compare(&dir, "1.0.0", "2.0.0", &[]);
    assert_eq!((code, &report["failed"], &report["flips"]["messages"]), (1, &1.into(), &7.into()));
    assert_eq!(err.lines().count(), 2, "both failed: {err}");
}

#[test]
fn the_report_is_readable() {
    let dir = corpus();
    let (before, after) = (release("1.0.0"), release("1.1.0"));
    let out = switchback_in(dir.path(), ["compare", &before, &after, "--limit", "2", "."]).fine();
    for line in [
        "A linear@1.0.0   B linear@1.1.0",
        "7 messages, 0 unreadable, 0 failed",
        "flips across the flag boundary: 3",
        "  flagged by B only                   3   42.9 %",
        "  flagged by A only                   0    0.0 %",
        "* 0.1250  0.9375  ./1  \"No 1\"",
    ] {
        assert!(out.lines().any(|found| found == line), "{line:?} is not in\n{out}");
    }
    assert!(out.contains("bank.example") && out.contains("(2 others)"), "{out}");
}

#[test]
fn equal_scores_are_said_to_be_equal() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("1"), mail("x", "a@example.org", 200)).unwrap();
    let out = switchback_in(dir.path(), ["compare", &release("1.0.0"), &release("1.1.0"), "1"]).fine();
    assert!(out.ends_with("both score every message the same, bit for bit\n"), "{out}");
}
