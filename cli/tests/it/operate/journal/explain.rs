//! `switchback explain`.

use std::fs;

use switchback::Reading;

use super::{EARLIER, Judged};

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
    assert!(gone.contains("linear@1.1.0 is not in the store any more"), "{gone}");
}
