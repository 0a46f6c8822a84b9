//! Impact against the truth, which both releases scoring every message have told.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use switchback::Thresholds;
use switchback::journal::{Journal, JournalConfig, new_record_id};

use super::super::store::Store;
use super::{Judged, Known, MESSAGES, known};
use crate::model::{failing, mail};

/// The lines of a listing, and the counts at its end.
fn listed(out: &str) -> (Vec<Value>, Value) {
    let mut lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let counts = lines.pop().unwrap();
    (lines, counts)
}

fn ids(lines: &[Value]) -> Vec<String> {
    lines.iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect()
}

fn of_known(judged: &Judged, from: Known) -> usize {
    let decided = |index: &usize| judged.records[*index].decided_by == switchback::verdict::DecidedBy::Live;
    (0..MESSAGES).filter(decided).filter(|index| known(*index) == from).count()
}

#[test]
fn what_pairs_and_a_source_tell_is_listed_exactly_and_the_rest_is_counted() {
    let judged = Judged::new();
    let (_dir, source) = judged.source();
    let source = source.display().to_string();
    let ask = ["impact", "linear@1.1.0", "--against", "linear@1.0.0", "--json"];
    let (lines, counts) = listed(&judged.store.fine(ask.iter().copied().chain(["--source", &source])));
    let meant = judged.impacted(&[Known::Pair, Known::Source]);
    assert!(meant.len() > 5, "{}", meant.len());
    assert_eq!(ids(&lines), meant);
    let unknown = of_known(&judged, Known::Nowhere);
    assert_eq!(counts["all"]["unknown"], unknown);
    assert_eq!(counts["all"]["by_rescoring"], of_known(&judged, Known::Source));
    assert_eq!(counts["overruled"], MESSAGES / 40);
    for line in &lines {
        assert_eq!(
            (&line["direction"], &line["action"], &line["would"]),
            (&"held-back".into(), &"quarantine".into(), &"deliver".into())
        );
    }
    let (lines, counts) = listed(&judged.store.fine(ask));
    assert_eq!(ids(&lines), judged.impacted(&[Known::Pair]));
    assert_eq!(counts["all"]["unknown"], unknown + of_known(&judged, Known::Source));
}

#[test]
fn a_delivered_copy_is_recognised_and_said_to_be_alike() {
    let judged = Judged::new();
    let index = (0..MESSAGES).find(|index| judged.is_impacted(*index) && known(*index) == Known::Nowhere);
    let index = index.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let delivered = [b"Delivered-To: ada@example.org\r\n".as_slice(), &judged.mail[index]].concat();
    fs::write(dir.path().join("copy.eml"), delivered).unwrap();
    let source = dir.path().display().to_string();
    let (lines, counts) = listed(&judged.store.fine(["impact", "linear@1.1.0", "--json", "--source", &source]));
    assert_eq!(counts["all"]["by_rescoring_alike"], 1);
    let alike: Vec<_> = lines.iter().filter(|line| line["known_by"] == "rescored-alike").collect();
    assert_eq!(alike[0]["id"], judged.records[index].id.to_string());
}

#[test]
fn the_release_to_compare_with_is_the_one_that_took_over_or_the_one_before() {
    let judged = Judged::new();
    let text = judged.store.fine(["impact", "linear@1.1.0"]);
    assert!(text.starts_with("linear@1.1.0 against linear@1.0.0 (live before it)\n"), "{text}");
    judged.store.fine(["revert"]);
    let text = judged.store.fine(["impact", "linear@1.1.0", "--limit", "2"]);
    assert!(text.starts_with("linear@1.1.0 against linear@1.0.0 (live now)\n"), "{text}");
    let impacted = judged.impacted(&[Known::Pair]);
    assert!(text.contains(&format!("and {} more: --json and --csv list all", impacted.len() - 2)), "{text}");
    assert!(text.contains(&impacted[0]) && !text.contains(&impacted[2]), "{text}");
    let itself = judged.store.run(["impact", "linear@1.0.0", "--against", "linear@1.0.0"]);
    assert_eq!(itself.code, 2, "{itself:?}");
}

#[test]
fn a_table_has_a_line_for_each_message() {
    let judged = Judged::new();
    let ran = judged.store.run(["impact", "linear@1.1.0", "--csv"]);
    assert!(ran.code == 0 && ran.err.contains("it is not known what the other release would have done"), "{ran:?}");
    let mut csv = csv::Reader::from_reader(ran.out.as_bytes());
    let at = |name: &str, headers: &csv::StringRecord| headers.iter().position(|header| header == name).unwrap();
    let (id, message) = (at("id", csv.headers().unwrap()), at("message", csv.headers().unwrap()));
    let rows: Vec<_> = csv.records().map(|row| row.unwrap()).collect();
    assert_eq!(rows.iter().map(|row| row[id].to_owned()).collect::<Vec<_>>(), judged.impacted(&[Known::Pair]));
    let record = judged.records.iter().find(|record| record.id.to_string() == rows[0][id]).unwrap();
    assert_eq!(rows[0][message], record.mail.digest.to_string());
}

#[test]
fn a_sender_puts_no_formula_into_a_table() {
    let judged = Judged::new();
    let index =
        (0..judged.records.len()).find(|index| judged.is_impacted(*index) && known(*index) == Known::Pair).unwrap();
    let thresholds = BTreeMap::from([("inbound".to_owned(), Thresholds::default())]);
    let journal = Journal::open(JournalConfig::new(judged.store.path().join("journal")), 2, thresholds).unwrap();
    let mut record = judged.records[index].clone();
    (record.id, record.process) = (new_record_id(), 2);
    record.mail.sender_domain = Some("=hyperlink(a1)".into());
    record.mail.message_id = Some("@sum(a1:a9)".into());
    journal.append(record.clone());
    drop(journal);
    let ran = judged.store.run(["impact", "linear@1.1.0", "--csv"]);
    let row = ran.out.lines().find(|line| line.starts_with(&record.id.to_string())).unwrap();
    assert!(row.contains(",'=hyperlink(a1),") && row.contains(",'@sum(a1:a9),"), "{row}");
    let json = judged.store.fine(["impact", "linear@1.1.0", "--json"]);
    assert!(json.contains(r#""sender_domain":"=hyperlink(a1)""#), "{json}");
}

#[test]
fn a_release_that_is_not_in_the_store_any_more_is_known_by_the_journal() {
    let judged = Judged::new();
    judged.store.fine(["withdraw", "linear@1.0.0", "--slot", "inbound"]);
    judged.store.fine(["unload", "linear@1.0.0"]);
    judged.lose("1.0.0");
    let ask = ["impact", "linear@1.1.0", "--against", "linear@1.0.0", "--json"];
    let (lines, _) = listed(&judged.store.fine(ask));
    assert_eq!(ids(&lines), judged.impacted(&[Known::Pair]));
    let (_dir, source) = judged.source();
    let refused = judged.store.refused(ask.iter().copied().chain(["--source", source.to_str().unwrap()]));
    assert!(refused.contains("linear@1.0.0 is no longer in the store: load its file again"), "{refused}");
    let unknown = judged.store.refused(["impact", "linear@9.0.0"]);
    assert!(unknown.contains("neither store nor journal knows a release `linear@9.0.0`"), "{unknown}");
}

#[test]
fn what_cannot_be_read_of_a_source_is_said() {
    let judged = Judged::new();
    let ran = judged.store.run(["impact", "linear@1.1.0", "--source", "/nowhere"]);
    assert!(ran.code == 1 && ran.err.contains("cannot read /nowhere"), "{ran:?}");
    assert!(ran.out.contains("messages that it has decided"), "{ran:?}");
}

/// A store in which 3.0.0 was live after 1.0.0 while messages of these sizes came.
fn failed_on(sizes: &[usize]) -> Store {
    let store = Store::promoted(&["1.0.0"]);
    store.fine(["load", &failing()]);
    store.fine(["promote", "linear@3.0.0"]);
    let dir = tempfile::tempdir().unwrap();
    for (number, bytes) in sizes.iter().enumerate() {
        fs::write(dir.path().join(format!("{number}.eml")), mail("x", "a@shop.example", *bytes)).unwrap();
    }
    let scored = store.run(["score", "--journal", "--summary", dir.path().to_str().unwrap()]);
    assert!(scored.code == 1 && scored.out.contains("previous"), "{scored:?}");
    store
}

#[test]
fn a_release_that_failed_on_everything_has_failed_on_everything() {
    let store = failed_on(&[5_000; 5]);
    let ask = ["impact", "linear@3.0.0", "--against", "linear@1.0.0"];
    let text = store.fine(ask);
    let line = "0 by an operator's rule, 5 that it failed on (5 decided by another release in its place, 0 by the failure policy)";
    assert!(text.contains(line), "{text}");
    let (_, counts) = listed(&store.fine(ask.iter().copied().chain(["--json"])));
    assert_eq!((&counts["failed"], &counts["replaced"], &counts["unscanned"]), (&5.into(), &5.into(), &0.into()));
    assert_eq!((&counts["all"]["decided"], &counts["rates"]), (&0.into(), &Value::Null));
    let csv = store.run(ask.iter().copied().chain(["--csv"]));
    assert!(csv.code == 0 && csv.err.contains("linear@3.0.0 failed on 5 messages, which are in no line"), "{csv:?}");
    for gate in [&[][..], &["--max-flips", "0"]] {
        let ran = store.run(["compare", "--live", "linear@1.0.0", "linear@3.0.0"].iter().chain(gate));
        assert!(ran.code == 1 && ran.err.contains("no message was compared: 5 messages"), "{gate:?}: {ran:?}");
    }
    let simulated = store.run(["guard", "simulate", "--journal", "linear@1.0.0", "linear@3.0.0"]);
    assert!(
        simulated.code == 1 && simulated.err.contains("5 messages could not be read, or one of both failed"),
        "{simulated:?}"
    );
}

#[test]
fn a_release_that_failed_on_some_is_compared_on_the_others_and_judged_on_all() {
    let store = failed_on(&[5_000, 300, 5_000, 300]);
    // What it answered its predecessor scored, too, in its cool-off.
    for (max, code) in [("1", 1), ("2", 0)] {
        let ran = store.run(["compare", "--live", "linear@1.0.0", "linear@3.0.0", "--max-flips", max]);
        assert!(
            ran.code == code && ran.err.contains("2 messages compared; 2 messages have not both answers"),
            "{ran:?}"
        );
        let why = "0 flips and 2 messages that linear@3.0.0 alone failed on, more than the 1 that --max-flips allows";
        assert_eq!(ran.err.contains(why), code == 1, "{ran:?}");
    }
    let simulated = store.run(["guard", "simulate", "--journal", "linear@1.0.0", "linear@3.0.0", "--known-days", "0"]);
    assert!(
        simulated.code == 1 && simulated.out.contains("2 other messages could not be read, or one of both"),
        "{simulated:?}"
    );
}

#[test]
fn of_a_time_without_messages_it_says_what_the_journal_has() {
    let judged = Judged::new();
    let ran = judged.store.run(["impact", "linear@1.1.0", "--until", "2020-01-01 12:00"]);
    assert!(ran.code == 0 && ran.err.contains("the journal has 120 records, from "), "{ran:?}");
    assert!(ran.out.contains("messages that it has decided                          0\n"), "{ran:?}");
}
