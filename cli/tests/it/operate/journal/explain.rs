//! `switchback explain`.

use std::fs;

use switchback::message::Reading;

use super::{EARLIER, Judged};
use crate::model::mail;
use crate::operate::store::Store;

#[test]
fn a_recorded_message_scores_the_same_again() {
    let judged = Judged::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("message.eml");
    for index in [0, 1, 2, 30] {
        fs::write(&file, &judged.mail[index]).unwrap();
        let id = judged.records[index].id.to_string();
        let out = judged.store.fine(["explain", "--id", &id, file.to_str().unwrap()]);
        assert!(out.contains("linear@1.1.0 (live)") && out.ends_with("equal, bit for bit\n"), "{out}");
        assert_eq!(out.contains("linear@1.0.0 (standby)"), index % 3 == 0, "{out}");
        assert!(out.contains("SIZE"), "the reasons are shown: {out}");
        let json = judged.store.json(["explain", "--id", &id, "--json", file.to_str().unwrap()]);
        let recorded = judged.records[index].opinions[0].score();
        assert_eq!(json["releases"][0]["now"].as_f64(), recorded);
        assert_eq!(json["is_equal"], true);
    }
}

#[test]
fn a_record_of_another_reading_says_so() {
    let judged = Judged::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("message.eml");
    let id = judged.records[EARLIER].id.to_string();
    let warning = format!("made under reading 1, this host has {}", Reading::CURRENT);
    fs::write(&file, &judged.mail[EARLIER]).unwrap();
    let out = judged.store.fine(["explain", "--id", &id, file.to_str().unwrap()]);
    assert!(out.contains(&warning) && out.ends_with("equal, bit for bit\n"), "{out}");
    let json = judged.store.json(["explain", "--id", &id, "--json", file.to_str().unwrap()]);
    assert_eq!((&json["reading"]["recorded"], &json["record"]["reading"]), (&1.into(), &1.into()));
    fs::write(&file, b"Subject: a short one\n\nhello\n").unwrap();
    let ran = judged.store.run(["explain", "--id", &id, file.to_str().unwrap()]);
    assert!(ran.out.contains(&warning) && ran.out.contains("what is said above can be why"), "{}", ran.out);
}

#[test]
fn another_message_is_told_apart_and_why() {
    let judged = Judged::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("message.eml");
    let index = (0..judged.mail.len()).find(|index| judged.is_impacted(*index)).unwrap();
    fs::write(&file, b"Subject: a short one\n\nhello\n").unwrap();
    let id = judged.records[index].id.to_string();
    let ran = judged.store.run(["explain", "--id", &id, file.to_str().unwrap()]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    assert!(ran.out.contains("the file is another message than the recorded one"), "{}", ran.out);
    assert!(ran.out.ends_with("not equal; what is said above can be why\n"), "{}", ran.out);
    assert!(ran.out.contains("recorded  0.9375") && ran.out.contains("now       0.125"), "{}", ran.out);
}

/// The options that say with which transaction a message came.
const TRANSACTION: [&str; 8] =
    ["--mail-from", "a@x.example", "--rcpt", "b@y.example", "--client-ip", "192.0.2.7", "--helo", "mx.x.example"];

const SIDECAR: &str = r#"{"envelope": {"mail_from": "<a@x.example>", "recipients": ["b@y.example"]},
                          "client": {"ip": "192.0.2.7", "helo": "mx.x.example"}}"#;

#[test]
fn the_transaction_makes_a_match_exact_as_options_and_as_a_sidecar() {
    let store = Store::with(&["1.0.0", "1.1.0"]);
    store.fine(["promote", "linear@1.0.0", "--slot", "inbound"]);
    store.fine(["promote", "linear@1.1.0", "--cool-off", "0s"]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("message.eml");
    fs::write(&file, mail("x", "a@example.org", 5_000)).unwrap();
    let file = file.to_str().unwrap();
    store.fine(["score", "--journal", file].into_iter().chain(TRANSACTION));
    let journal = store.fine(["journal", "--json"]);
    let record: serde_json::Value = serde_json::from_str(journal.lines().next().unwrap()).unwrap();
    let id = record["id"].as_str().unwrap();
    let differs = |args: &[&str]| {
        let explained = store.json(["explain", "--json", "--id", id, file].iter().chain(args));
        assert_eq!(explained["is_equal"], true);
        !explained["differences"].as_array().unwrap().is_empty()
    };
    let impact = |args: &[&str]| {
        let out = store.fine(["impact", "linear@1.1.0", "--json", "--source", file].iter().chain(args));
        let counts: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        let counts = &counts["all"];
        (counts["by_rescoring"].as_u64().unwrap(), counts["by_rescoring_alike"].as_u64().unwrap())
    };
    assert!(differs(&[]) && !differs(&TRANSACTION) && differs(&TRANSACTION[..6]));
    assert_eq!((impact(&[]), impact(&TRANSACTION)), ((0, 1), (1, 0)));
    fs::write(dir.path().join("message.eml.json"), SIDECAR).unwrap();
    assert!(!differs(&[]) && differs(&["--no-sidecars"]) && differs(&["--helo", "other.example"]));
    assert_eq!(impact(&[]), (1, 0));
}

#[test]
fn of_an_mbox_the_recorded_message_is_taken() {
    let judged = Judged::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("archive.mbox");
    let separator = b"From - Sat Apr 12 15:59:28 2025\n".as_slice();
    let mbox: Vec<_> = judged.mail[..3].iter().flat_map(|mail| [separator, mail, b"\n"].concat()).collect();
    fs::write(&file, mbox).unwrap();
    let file = file.to_str().unwrap();
    let explain = |index: usize| judged.store.run(["explain", "--id", &judged.records[index].id.to_string(), file]);
    let found = explain(1);
    assert!(found.code == 0 && found.out.ends_with("equal, bit for bit\n"), "{found:?}");
    let absent = explain(5);
    assert!(absent.code == 1 && absent.err.contains("has 3 messages, and none is the one"), "{absent:?}");
}

#[test]
fn what_cannot_be_tried_says_why() {
    let judged = Judged::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("message.eml");
    fs::write(&file, &judged.mail[1]).unwrap();
    let file = file.to_str().unwrap();
    let nobody = "019668fe-2ac0-7c3e-9a52-0242ac120002";
    assert!(judged.store.refused(["explain", "--id", nobody, file]).contains("the journal has no record"));
    let id = judged.records[1].id.to_string();
    let missing = judged.store.refused(["explain", "--id", &id, "/nowhere.eml"]);
    assert!(missing.contains("cannot read /nowhere.eml"), "{missing}");
    judged.lose("1.1.0");
    let gone = judged.store.refused(["explain", "--id", &id, file]);
    assert!(gone.contains("linear@1.1.0 is no longer in the store"), "{gone}");
}
