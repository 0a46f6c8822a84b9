//! `switchback compare`.

mod browser;
mod page;
mod store;

use std::fs;

use serde_json::Value;
use tempfile::{TempDir, tempdir};

use crate::model::{ABSTAINS_AT_BYTES, LARGE, SMALL, TRAPS_AT_BYTES, failing, mail, release};
use crate::run::{switchback, switchback_fed, switchback_in};

/// 1.1.0 flags from 4,000 bytes on, 1.0.0 from 6,000: between them lie one message of shop.example (of two
/// subdomains' three) and two of bank.example.
pub(crate) fn corpus() -> TempDir {
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
    compare_with(dir, &release(before), &release(after), args)
}

fn compare_with(dir: &TempDir, before: &str, after: &str, args: &[&str]) -> (i32, Value, String) {
    let ran = switchback_in(dir.path(), ["compare", before, after, ".", "--json"].iter().chain(args));
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
    assert_eq!(scores["count"], 7);
    // Percentiles are read from cells of 1/16 of log-odds.
    for (percentile, exact) in [("p10", SMALL), ("p90", LARGE)] {
        let found = scores[percentile].as_f64().unwrap();
        assert!((found - exact).abs() < 0.01, "{percentile}: {found} for {exact}");
    }
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
fn a_gate_does_not_pass_on_nothing() {
    let (dir, nothing) = (tempdir().unwrap(), tempdir().unwrap());
    fs::write(dir.path().join("1"), mail("x", "a@bank.example", 5_000)).unwrap();
    let (before, after) = (release("1.0.0"), release("1.1.0"));
    for more in [&[][..], &["--max-flips", "0"], &["--max-flips", "9", "--json"]] {
        let ran = switchback_in(nothing.path(), ["compare", &before, &after, "."].iter().chain(more));
        let why = "switchback: there is no message in .\nswitchback: no message was compared: there is none\n";
        assert_eq!((ran.code, ran.err.as_str()), (1, why), "{more:?}");
        let ran = switchback_fed(["compare", &before, &after, "-"].iter().chain(more), b"");
        let why = "no message was compared: 0 unreadable, 1 left out\n";
        assert!(ran.code == 1 && ran.err.ends_with(why), "{more:?}: {ran:?}");
        // Nor where the release that is looked at answers nothing.
        let ran = switchback_in(dir.path(), ["compare", &before, &failing(), "."].iter().chain(more));
        let why =
            "no message was compared: 1 message has not both answers and counts in no flip: linear@3.0.0 failed on 1";
        assert!(ran.code == 1 && ran.err.contains(why), "{more:?}: {ran:?}");
    }
}

#[test]
fn a_message_that_only_the_second_release_failed_on_counts_against_a_gate() {
    let dir = corpus();
    for (max, is_too_many) in [("3", true), ("4", false)] {
        let (code, report, err) = compare_with(&dir, &release("1.0.0"), &failing(), &["--max-flips", max]);
        let counts = ["unpaired", "newly_failed", "no_longer_failed"].map(|name| report[name].as_u64().unwrap());
        assert_eq!(
            (code, counts, &report["flips"]["messages"]),
            (1, [4, 4, 0], &3.into()),
            "a corpus has to be answered"
        );
        assert!(err.contains("3 messages compared; 4 messages have not both answers"), "{err}");
        let why = "0 flips and 4 messages that linear@3.0.0 alone failed on, more than the 3 that --max-flips allows";
        assert_eq!(err.contains(why), is_too_many, "{err}");
    }
    let (_, back, err) = compare_with(&dir, &failing(), &release("1.0.0"), &["--max-flips", "0"]);
    assert_eq!((&back["newly_failed"], &back["no_longer_failed"]), (&0.into(), &4.into()));
    assert!(!err.contains("more than"), "{err}");
}

#[test]
fn shares_of_few_messages_have_their_interval() {
    let (_, report, _) = compare(&corpus(), "1.0.0", "1.1.0", &[]);
    let near = |rate: &Value, name: &str, exact: f64| {
        let found = rate[name].as_f64().unwrap();
        assert!((found - exact).abs() < 1e-4, "{name}: {found} for {exact}");
    };
    // Three of seven, by Wilson's formula.
    let newly = &report["rates"]["newly_flagged"];
    [("share", 0.428_571), ("low", 0.158_220), ("high", 0.749_542)]
        .iter()
        .for_each(|(name, exact)| near(newly, name, *exact));
    // Two of two.
    let bank = &report["domains"][0]["rates"]["flagged_after"];
    [("share", 1.0), ("low", 0.342_380), ("high", 1.0)].iter().for_each(|(name, exact)| near(bank, name, *exact));
    assert_eq!(report["without_sender"]["rates"], Value::Null);
}

#[test]
fn a_message_on_which_a_release_failed_is_no_flip() {
    let dir = corpus();
    fs::write(dir.path().join("8"), mail("x", "a@bank.example", TRAPS_AT_BYTES)).unwrap();
    let (code, report, err) = compare(&dir, "1.0.0", "2.0.0", &[]);
    assert_eq!((code, &report["unpaired"], &report["flips"]["messages"]), (1, &1.into(), &7.into()));
    for side in ["before", "after"] {
        assert_eq!(report[side]["answers"]["failed"], serde_json::json!({ "trap": 1 }));
    }
    assert_eq!(err.lines().count(), 2, "both failed: {err}");
}

#[test]
fn what_no_release_has_an_opinion_on_is_delivered_and_counts() {
    let dir = corpus();
    fs::write(dir.path().join("8"), mail("x", "a@bank.example", ABSTAINS_AT_BYTES)).unwrap();
    let (code, report, _) = compare(&dir, "1.0.0", "2.0.0", &[]);
    assert_eq!(
        (code, &report["flips"]["messages"], &report["after"]["answers"]["abstained"]),
        (0, &8.into(), &1.into())
    );
}

#[test]
fn actions_and_distributions_are_those_of_the_same_messages() {
    let (_, report, _) = compare(&corpus(), "1.0.0", "1.1.0", &[]);
    let actions = &report["actions"];
    assert_eq!((&actions["deliver"]["deliver"], &actions["deliver"]["quarantine"]), (&3.into(), &3.into()));
    assert_eq!(actions["quarantine"]["quarantine"], 1);
    let bands = report["distribution"].as_array().unwrap();
    for side in ["before", "after"] {
        assert_eq!(bands.iter().map(|band| band[side].as_u64().unwrap()).sum::<u64>(), 7);
    }
    let drift = &report["drift"];
    assert!((drift["ks"].as_f64().unwrap() - 3.0 / 7.0).abs() < 1e-12, "{drift}");
    // Seven messages prove nothing.
    assert_eq!(drift["reading"], "within-chance");
}

#[test]
fn providers_are_known_or_named() {
    let dir = corpus();
    fs::write(dir.path().join("8"), mail("x", "a@googlemail.com", 5_000)).unwrap();
    let (_, report, _) = compare(&dir, "1.0.0", "1.1.0", &["--provider", "market=shop.example,bank.example"]);
    let providers: Vec<_> = report["providers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["provider"].as_str().unwrap(), row["messages"].as_u64().unwrap()))
        .collect();
    assert_eq!(providers, [("market", 5), ("gmail", 1)]);
    assert_eq!(report["other_providers"]["messages"], 2);
}

#[test]
fn nobody_is_authenticated_in_a_corpus_unless_a_server_is_trusted() {
    let (_, report, _) = compare(&corpus(), "1.0.0", "1.1.0", &["--senders", "authenticated"]);
    assert_eq!((&report["unauthenticated"]["messages"], &report["domains"]), (&7.into(), &serde_json::json!([])));
}

#[test]
fn the_report_is_readable() {
    let dir = corpus();
    let (before, after) = (release("1.0.0"), release("1.1.0"));
    let out = switchback_in(dir.path(), ["compare", &before, &after, "--limit", "2", "."]).fine();
    for line in [
        "A linear@1.0.0   B linear@1.1.0",
        "7 messages, 0 not answered by both, 0 unreadable",
        "Of 7 messages, linear@1.1.0 flags 3 (42.9 %, 95 %: 15-75 %) that linear@1.0.0",
        "flips across the flag boundary: 3",
        "  flagged by B only                   3   42.9 %  95 %: 15-75 %",
        "  flagged by A only                   0    0.0 %  95 %: 0-36 %",
        "* 0.1250  0.9375  ./1  \"No 1\"",
    ] {
        assert!(out.lines().any(|found| found == line), "{line:?} is not in\n{out}");
    }
    assert!(out.contains("bank.example") && out.contains("(2 other domains)"), "{out}");
    let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("mail that says to be from bank.example: 2 of its 2 (100.0 %, 95 %: 34-100 %)"), "{out}");
}

#[test]
fn the_report_fits_a_terminal() {
    let dir = corpus();
    let long = format!("a@{}.{}.example", "long-label".repeat(5), "another".repeat(6));
    fs::write(dir.path().join("8"), mail(&"A long subject ".repeat(9), &long, 5_000)).unwrap();
    let out = switchback_in(dir.path(), ["compare", &release("1.0.0"), &release("1.1.0"), "."]).fine();
    for line in out.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
}

#[test]
fn live_traffic_and_a_corpus_exclude_each_other() {
    let (before, after) = (release("1.0.0"), release("1.1.0"));
    for wrong in [
        &["."][..],
        &["--junk", "0.4"],
        &["--trust-authserv-id", "mx.example"],
        &["--no-cache"],
        &["--since", "soon"],
        &["--since", "2026-04-25", "--until", "2026-04-24", "--store", "x"],
    ] {
        let ran = switchback(["compare", &before, &after, "--live"].iter().chain(wrong));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{wrong:?}: {ran:?}");
    }
    for wrong in [&["--since", "24h", "."][..], &["--slot", "inbound", "."], &[]] {
        let ran = switchback(["compare", &before, &after].iter().chain(wrong));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{wrong:?}: {ran:?}");
    }
}

#[test]
fn equal_scores_are_said_to_be_equal() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("1"), mail("x", "a@example.org", 200)).unwrap();
    let out = switchback_in(dir.path(), ["compare", &release("1.0.0"), &release("1.1.0"), "1"]).fine();
    assert!(out.ends_with("both score every message the same, bit for bit\n"), "{out}");
}
