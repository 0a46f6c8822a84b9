//! `switchback train`.

use std::fs;
use std::path::Path;

use serde_json::Value;
use switchback_mailgen::{Generator, Kind, Mix};

use crate::run::switchback_in;

/// Two folders of a Maildir with generated mail, none of the wanted from Gmail.
pub(crate) fn fill(folder: &Path, count: u64) {
    let mix = Kind::ALL.into_iter().fold(Mix::default(), |mix, kind| mix.gmail(kind, 0));
    for (number, one) in Generator::with_mix(12, mix).take(usize::try_from(count).unwrap()).enumerate() {
        let folder = folder.join(if one.kind.is_unwanted() { "Maildir/.Junk/cur" } else { "Maildir/.Archive/cur" });
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{number}.home:2,S")), one.bytes).unwrap();
    }
}

const TRAIN: [&str; 6] = ["train", "--ham", "Maildir/.Archive", "--spam", "Maildir/.Junk", "--name"];

#[test]
fn a_release_of_ones_own_mail_scores_and_says_where_it_comes_from() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 600);
    let train = |rest: &[&str]| {
        let ran = switchback_in(
            dir.path(),
            TRAIN.iter().chain(&["acme", "--json", "--max-false-positives", "1%"]).chain(rest),
        );
        assert_eq!(ran.code, 0, "{ran:?}");
        serde_json::from_str::<Value>(&ran.out).unwrap()
    };
    let first = train(&["-o", "acme-1.0.0.wasm"]);
    assert_eq!(first["release"]["id"]["version"], "1.0.0");
    let recall = first["report"]["chosen"]["recall"]["rate"]["share"].as_f64().unwrap();
    assert!(recall > 0.7, "{first}");
    assert!(first["report"]["before"].is_null());
    train(&["-o", "again.wasm", "-j", "1"]);
    let bytes = |name: &str| fs::read(dir.path().join(name)).unwrap();
    assert!(bytes("acme-1.0.0.wasm") == bytes("again.wasm"), "the same mail makes another release");

    let card = switchback_in(dir.path(), ["inspect", "--json", "acme-1.0.0.wasm"]).fine();
    let card: Value = serde_json::from_str(&card).unwrap();
    let limitations = card["manifest"]["card"]["limitations"].as_str().unwrap();
    assert!(limitations.lines().all(|line| !line.starts_with(char::is_lowercase)), "{limitations}");
    let metrics = &card["manifest"]["card"]["metrics"];
    assert_eq!(metrics["recall"].as_f64(), Some(recall));
    for figure in ["recall_with_150_words_of_wanted_mail", "roc_auc_reach_95", "prior"] {
        assert!(metrics[figure].is_f64(), "{figure} is not on the card: {metrics}");
    }
    assert!(metrics["training_prior"].as_f64().is_some_and(|prior| prior > 0.05 && prior < 0.95), "{metrics}");

    // The version is that of the release, whatever its file is called.
    fs::rename(dir.path().join("acme-1.0.0.wasm"), dir.path().join("before.wasm")).unwrap();
    let second = train(&["-o", "acme-1.1.0.wasm", "--from", "before.wasm"]);
    assert_eq!(second["release"]["id"]["version"], "1.1.0");
    let before = &second["report"]["before"];
    assert_eq!(
        before["messages"].as_u64(),
        second["report"]["chosen"]["recall"]["whole"]
            .as_u64()
            .zip(second["report"]["chosen"]["false_positives"]["whole"].as_u64())
            .map(|(spam, ham)| spam + ham)
    );
}

#[test]
fn what_is_printed_begins_with_what_to_look_at_and_says_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 600);
    let bounce = "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\nI was not able to deliver your message.\n";
    fs::write(dir.path().join("Maildir/.Archive/cur/bounce.home:2,S"), bounce).unwrap();
    let misfiled = fs::read_dir(dir.path().join("Maildir/.Junk/cur")).unwrap().next().unwrap().unwrap();
    fs::rename(misfiled.path(), dir.path().join("Maildir/.Archive/cur").join(misfiled.file_name())).unwrap();
    let train = |rest: &[&str]| {
        let ran = switchback_in(
            dir.path(),
            TRAIN.iter().chain(&["acme", "-o", "acme.wasm", "--split", "random"]).chain(rest),
        );
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out
    };
    // So many may be flagged that the threshold is a slot's own.
    let told = train(&["--max-false-positives", "20%"]);
    assert_eq!(told.matches("0.50000").count(), 1, "{told}");
    let at = |words: &str| told.find(words).unwrap_or_else(|| panic!("{words} is not in {told}"));
    assert!(at("Look at these first") < at("unwanted found"), "{told}");
    assert!(at(&misfiled.file_name().to_string_lossy()) < at("unwanted found"), "{told}");
    assert!(told.contains("in 1 report (bounces and the like)") && told.contains("bounce.home"), "{told}");
    assert!(told.contains("drawn message by message"), "{told}");
    let told: Value = serde_json::from_str(&train(&["--json", "--prior", "90%"])).unwrap();
    assert_eq!((&told["report"]["prior"], &told["report"]["split"]), (&Value::from(0.9), &Value::from("random")));
}

#[test]
fn what_cannot_be_learned_or_written_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 60);
    fs::create_dir(dir.path().join("empty")).unwrap();
    let ran = |ham: &str, output: &str| {
        switchback_in(dir.path(), ["train", "--ham", ham, "--spam", "Maildir/.Junk", "--name", "acme", "-o", output])
    };
    for (ham, output, why) in [
        ("empty", "a.wasm", "there is no wanted mail: name folders"),
        ("nowhere", "a.wasm", "cannot read nowhere: "),
        ("Maildir/.Junk", "a.wasm", "are there as wanted and as unwanted mail"),
        ("Maildir/.Archive", "a.wasm", "different threads and campaigns"),
        ("Maildir/.Archive", "no/a.wasm", "write no/a.wasm"),
        ("Maildir/.Archive", "empty", "write empty"),
    ] {
        let ran = ran(ham, output);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains(why) && ran.out.is_empty(), "{ran:?}");
    }
    assert!(ran("Maildir/.Junk", "a.wasm").err.contains("Maildir/.Junk is a folder for junk by its name"));
    let ran = switchback_in(dir.path(), TRAIN.iter().chain(&["acme", "-o", "a.wasm", "--temp", "Maildir/nowhere"]));
    assert!(ran.code == 1 && ran.err.contains("--temp names another one"), "{ran:?}");
    // One of several that is not there is no reason to learn from the others.
    let named =
        ["train", "--ham", "Maildir/.Archive", "nowhere", "--spam", "Maildir/.Junk", "--name", "acme", "-o", "a.wasm"];
    let ran = switchback_in(dir.path(), named);
    assert!(
        ran.code == 1 && ran.err.starts_with("switchback: cannot read nowhere") && ran.err.lines().count() == 1,
        "{ran:?}"
    );
    let ran = switchback_in(dir.path(), TRAIN.iter().chain(&["acme", "-o", "a.wasm", "--version", "1"]));
    assert!(ran.code == 2 && ran.err.contains("three numbers are one, as in `1.0.0`"), "{ran:?}");
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn with_strict_a_model_that_takes_gmail_for_evidence_is_not_released() {
    let dir = tempfile::tempdir().unwrap();
    let write = |folder: &str, number: usize, date: &str, bytes: &[u8]| {
        let folder = dir.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        let received = format!("Received: from a.example by mx.home.example; {date}\r\n");
        fs::write(folder.join(format!("{number}.eml")), [received.as_bytes(), bytes].concat()).unwrap();
    };
    let without_gmail = Kind::ALL.into_iter().fold(Mix::default(), |mix, kind| mix.gmail(kind, 0));
    let (before, after) = ("Tue, 1 Apr 2025 09:00:00 +0000", "Fri, 25 Apr 2025 09:24:00 +0000");
    let phish = Generator::with_mix(5, Mix::gmail_phish()).take(500);
    let past = Generator::with_mix(3, without_gmail).take(1_500).chain(phish).map(|one| (one, before));
    for (number, (one, date)) in past.chain(Generator::new(4).take(900).map(|one| (one, after))).enumerate() {
        write(if one.kind.is_unwanted() { "spam" } else { "ham" }, number, date, &one.bytes);
    }
    let args = [
        "train",
        "--ham",
        "ham",
        "--spam",
        "spam",
        "--name",
        "acme",
        "--train-until",
        "2025-04-20",
        "--max-false-positives",
        "1%",
    ];
    let ran = switchback_in(dir.path(), args.iter().chain(&["--strict", "-o", "acme.wasm"]));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("provider:gmail") && ran.out.contains("STANDS OUT"), "{ran:?}");
    assert!(ran.err.contains("the release was not written") && !dir.path().join("acme.wasm").exists(), "{ran:?}");
}
