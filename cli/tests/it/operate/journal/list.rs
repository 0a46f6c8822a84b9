//! `switchback journal` and `switchback journal export`.

use std::fs;

use switchback::Action;
use switchback::journal::{JournalConfig, JournalReader, Query, Record};

use super::super::store::Store;
use super::Judged;

fn records(out: &str) -> Vec<Record> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_journal_that_others_can_write_to_is_not_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let judged = Judged::new();
    let journal = judged.store.path().join("journal");
    fs::set_permissions(&journal, fs::Permissions::from_mode(0o777)).unwrap();
    let refused = judged.store.refused(["journal"]);
    assert!(refused.contains("can be written to by other users"), "{refused}");
}

#[test]
fn a_message_id_is_not_missed_where_nobody_could_look_for_it() {
    let judged = Judged::new();
    fs::remove_file(judged.store.path().join("journal/key")).unwrap();
    let refused = judged.store.refused(["journal", "--message-id", "<4711@mail.example>"]);
    assert!(refused.contains("the key of the journal cannot be read"), "{refused}");
}

#[test]
fn the_newest_records_come_last_and_in_full_as_json() {
    let judged = Judged::new();
    let json = judged.store.fine(["journal", "-n", "1000", "--json"]);
    assert_eq!(records(&json), judged.records);
    let text = judged.store.fine(["journal", "-n", "5"]);
    assert_eq!(text.lines().count(), 6, "{text}");
    assert!(text.lines().last().unwrap().ends_with(&judged.records.last().unwrap().id.to_string()), "{text}");
    assert!(text.contains("linear@1.1.0") && text.contains("allowed by rule 1"), "{text}");
    for (args, lines) in [(&["journal"][..], 21), (&["journal", "--json"], 20)] {
        let ran = judged.store.run(args);
        assert_eq!((ran.code, ran.out.lines().count()), (0, lines), "{ran:?}");
        assert!(ran.out.contains(&judged.records.last().unwrap().id.to_string()), "{ran:?}");
        assert!(ran.err.contains("the newest 20 of the matching records: use -n to show more"), "{ran:?}");
    }
    judged.store.fine(["journal", "-n", "20"]);
}

#[test]
fn records_are_found_by_what_is_known_of_them() {
    let judged = Judged::new();
    let found = |args: &[&str]| records(&judged.store.fine(["journal", "--json", "-n", "1000"].iter().chain(args)));
    let meant = |is_meant: &dyn Fn(&Record) -> bool| -> Vec<Record> {
        judged.records.iter().filter(|record| is_meant(record)).cloned().collect()
    };
    let domain = judged.records[3].mail.sender_domain.as_deref().unwrap();
    assert_eq!(
        found(&["--domain", &domain.to_uppercase()]),
        meant(&|r| r.mail.sender_domain.as_deref() == Some(domain))
    );
    assert_eq!(found(&["--action", "quarantine"]), meant(&|r| r.action == Action::Quarantine));
    assert_eq!(found(&["--decided-by", "allowed"]), meant(&|r| r.decided_by.name() == "allowed"));
    assert_eq!(found(&["--release", "linear@1.0.0"]), meant(&|r| r.opinions.len() == 2));
    assert_eq!(found(&["--id", &judged.records[7].id.to_string()]), [judged.records[7].clone()]);
    let since = judged.records[50].at;
    assert_eq!(found(&["--since", &since.to_string()]), meant(&|r| r.at >= since));
    assert_eq!(found(&["--since", "1h", "--until", &since.to_string()]), meant(&|r| r.at < since));
    let mail = String::from_utf8_lossy(&judged.mail[4]).into_owned();
    let id = mail.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap().to_owned();
    assert_eq!(found(&["--message-id", &id])[0], judged.records[4]);
}

#[test]
fn where_nothing_is_as_asked_for_it_says_what_there_is() {
    let judged = Judged::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("none.parquet").display().to_string();
    for (args, why) in [
        (&["--domain", "nobody.example"][..], ""),
        (&["--until", "1h"], ", and --until is before the first of them"),
        (&["--since", "2999-01-01"], ", and --since is in the future"),
        (&["--since", "2999-01-01", "--until", "2999-01-02 12:00"], ", and --since is in the future"),
    ] {
        for command in [&["journal"][..], &["journal", "--json"], &["journal", "export", "-o", &file]] {
            let ran = judged.store.run(command.iter().chain(args));
            let says = "switchback: no record matches: the journal has 120 records, from 20";
            assert!(ran.code == 0 && ran.err.starts_with(says), "{command:?} {args:?}: {ran:?}");
            assert!(ran.err.ends_with(&format!(" UTC{why}\n")), "{command:?} {args:?}: {ran:?}");
        }
    }
}

#[test]
fn a_window_that_ends_before_it_begins_is_refused_by_every_command_that_has_one() {
    let judged = Judged::new();
    let windows = [
        ["--since", "2h", "--until", "3h"],
        ["--since", "2h", "--until", "2h"],
        ["--since", "2026-04-25", "--until", "2026-04-24"],
    ];
    for command in [
        &["journal"][..],
        &["journal", "export", "-o", "none.parquet"],
        &["impact", "linear@1.1.0"],
        &["compare", "--live", "linear@1.0.0", "linear@1.1.0"],
        &["guard", "simulate", "--journal", "linear@1.0.0", "linear@1.1.0"],
    ] {
        for window in windows {
            let ran = judged.store.run(command.iter().copied().chain(window));
            assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{command:?} {window:?}: {ran:?}");
            assert!(ran.err.contains("is not before --until"), "{ran:?}");
        }
    }
}

#[test]
fn a_slot_that_nobody_knows_is_refused_by_every_command_that_reads_a_journal() {
    let judged = Judged::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("none.parquet").display().to_string();
    for command in [
        &["journal"][..],
        &["journal", "export", "-o", &file],
        &["impact", "linear@1.1.0"],
        &["compare", "--live", "linear@1.0.0", "linear@1.1.0"],
        &["guard", "simulate", "--journal", "linear@1.0.0", "linear@1.1.0"],
        &["guard", "learn", "--journal"],
    ] {
        let refused = judged.store.refused(command.iter().copied().chain(["--slot", "inbuond"]));
        assert_eq!(refused, "there is no slot `inbuond`: there is inbound; did you mean `inbound`?", "{command:?}");
    }
    assert!(!dir.path().join("none.parquet").exists());
    // One that only the journal knows is there.
    let other = Store::nowhere();
    let journal = judged.store.path().join("journal").display().to_string();
    assert_eq!(other.fine(["journal", "--dir", &journal, "--slot", "inbound", "-n", "3"]).lines().count(), 4);
    let refused = other.refused(["journal", "--dir", &journal, "--slot", "elsewhere"]);
    assert_eq!(refused, "there is no slot `elsewhere`: there is inbound");
}

#[test]
fn a_domain_under_which_no_sender_is_kept_is_refused() {
    let judged = Judged::new();
    let ran = judged.store.run(["journal", "--domain", "mail.shop.example"]);
    assert!(ran.code == 2 && ran.err.contains("which is `shop.example`: ask for that"), "{ran:?}");
}

#[test]
fn an_export_has_the_records_that_were_asked_for() {
    let judged = Judged::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("20250425T092400000000-1.parquet");
    let said = judged.store.fine(["journal", "export", "--action", "deliver", "-o", file.to_str().unwrap()]);
    let meant: Vec<_> = judged.records.iter().filter(|record| record.action == Action::Deliver).cloned().collect();
    assert!(said.starts_with(&format!("{} records, ", meant.len())), "{said}");
    let exported = JournalReader::open(&JournalConfig::new(dir.path()).dir).unwrap();
    assert_eq!(exported.last(&Query::default(), 1_000).unwrap().records, meant);
}

#[test]
fn a_damaged_file_is_named_and_the_rest_is_shown() {
    let judged = Judged::new();
    let damaged = judged.store.path().join("journal/20200101T000000000000-9.parquet");
    fs::write(&damaged, b"PAR1 this is none PAR1").unwrap();
    let ran = judged.store.run(["journal", "-n", "1000", "--json"]);
    assert_eq!((ran.code, records(&ran.out).len()), (1, judged.records.len()));
    assert!(ran.err.contains(damaged.to_str().unwrap()) && ran.err.contains("is damaged"), "{}", ran.err);
}

#[test]
fn without_a_journal_it_says_where_one_was_looked_for() {
    let store = Store::with(&["1.0.0"]);
    let refused = store.refused(["journal"]);
    assert!(refused.contains("there is no journal in") && refused.contains("/journal"), "{refused}");
    let judged = Judged::new();
    let dir = judged.store.path().join("journal").display().to_string();
    assert_eq!(store.fine(["journal", "--dir", &dir, "-n", "3"]).lines().count(), 4);
}
