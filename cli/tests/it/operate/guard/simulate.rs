//! `switchback guard simulate`.

use serde_json::Value;

use super::{TRUST, mail};
use crate::model::release;
use crate::run::{Ran, switchback};

fn simulate(candidate: &str, folder: &str, more: &[&str]) -> Ran {
    let [before, after] = ["1.1.0", candidate].map(release);
    switchback(["guard", "simulate", &before, &after, folder, TRUST[0], TRUST[1]].iter().chain(more))
}

#[test]
fn a_bad_release_would_have_been_reverted_and_a_good_one_not() {
    let dir = tempfile::tempdir().unwrap();
    let folder = mail(dir.path(), 0..600).display().to_string();
    let ran = simulate("2.0.0", &folder, &["--known-days", "0", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let acted = &told["acted"];
    let number = |value: &Value| value.as_u64().unwrap();
    assert!(acted["evidence"]["harmed"].as_array().unwrap().contains(&"everything".into()), "{acted}");
    assert_eq!(number(&told["messages"]), 600);
    assert!(number(&acted["after"]) < 150 && number(&acted["newly_flagged"]) >= 10, "{acted}");
    assert!(number(&told["up"]) > number(&acted["newly_flagged"]), "{told}");
    // Seven seconds lie between two messages, so three windows of five minutes are over after 128.
    assert!((100..=140).contains(&number(&told["rule"]["after"])), "{told}");
    let text = simulate("2.0.0", &folder, &["--known-days", "0"]).out;
    let after = number(&acted["after"]);
    for line in [
        format!("with these settings linear@2.0.0 would have been reverted after {after} messages at 2025-04-24 06:"),
        format!("  {}: ", acted["evidence"]["segment"].as_str().unwrap()),
        "a rule of the usual shape (more than 1 % newly flagged in 3 windows of 5 min in a row) would have".to_owned(),
    ] {
        assert!(text.contains(&line), "{line:?} is not in\n{text}");
    }
    assert!(text.contains("left out:\n  breakers: ") && !text.contains("  recipients: "), "{text}");
    let good = simulate("1.0.0", &folder, &["--known-days", "0"]);
    assert_eq!(good.code, 0, "{good:?}");
    assert!(good.out.contains("with these settings linear@1.0.0 would not have been reverted: "), "{good:?}");
}

#[test]
fn whoever_is_not_known_does_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let folder = mail(dir.path(), 0..300).display().to_string();
    // All of it is of one day, which only teaches.
    let ran = simulate("2.0.0", &folder, &["--since", "2025-04-24"]);
    assert!(ran.code == 1 && ran.err.contains("no message counted, because no sender was known"), "{ran:?}");
    assert!(ran.out.contains("no sender was known, so the guard could not act"), "{ran:?}");
    assert!(ran.out.contains("a warning would have been raised after "), "{ran:?}");
    // With a floor that no mail reaches, nothing is done either.
    let ran = simulate("2.0.0", &folder, &["--known-days", "0", "--floor", "5000,5,5"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("needed to act on flips of authenticated, known senders:\n"), "{ran:?}");
    assert!(
        ran.out
            .lines()
            .any(|line| line.starts_with("  everything: campaigns ") && line.ends_with(": too few campaigns"))
    );
}

#[test]
fn mail_of_one_day_is_replayed_although_nobody_in_it_can_be_known() {
    let dir = tempfile::tempdir().unwrap();
    let folder = mail(dir.path(), 0..300).display().to_string();
    let ran = simulate("2.0.0", &folder, &[]);
    assert!(ran.code == 1 && ran.err.contains("this says nothing about the candidate"), "{ran:?}");
    assert!(
        ran.out.contains(", 300 messages from 2025-04-24 ") && ran.out.contains("no sender was known, so "),
        "{ran:?}"
    );
    let ran = simulate("2.0.0", &folder, &["--since", "2026-01-01"]);
    assert!(
        ran.code == 1 && ran.err.contains("came between --since and --until; the first came at 2025-04-24"),
        "{ran:?}"
    );
}

#[test]
fn a_slot_is_chosen_only_where_there_are_any() {
    let dir = tempfile::tempdir().unwrap();
    let folder = mail(dir.path(), 0..3).display().to_string();
    let ran = simulate("2.0.0", &folder, &["--slot", "inbound"]);
    assert!(ran.code == 2 && ran.err.contains("--slot selects a slot of a store"), "{ran:?}");
}

#[test]
fn windows_without_mail_are_said_to_be_skipped_and_a_time_is_not_in_seconds_alone() {
    let dir = tempfile::tempdir().unwrap();
    let folder = mail(dir.path(), 0..200);
    // Half an hour without mail, at seven seconds a message.
    (20..280).for_each(|number| drop(std::fs::remove_file(folder.join(format!("{number:06}.eml")))));
    let folder = folder.display().to_string();
    let later = mail(dir.path(), 400..700).display().to_string();
    let ran = simulate("2.0.0", &folder, &[&later, "--known-days", "0"]);
    assert!(ran.out.contains(" without mail were skipped"), "{ran:?}");
    assert!(ran.out.contains(" min ") && ran.out.contains(" after the beginning"), "{ran:?}");
}
