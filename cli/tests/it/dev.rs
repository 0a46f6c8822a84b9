//! `switchback dev`: a process that goes on, files that change, and what it prints of that.

mod build;
mod watched;

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use self::watched::{Dev, Model, all, names, within_patience};
use crate::model::{LARGE, LOGS_AT_BYTES, SMALL};
use crate::run::switchback;

#[test]
fn each_change_shows_what_flipped_against_the_last_release_that_could_be_packed() {
    let model = Model::new(3_000);
    model.mail("a.eml", 500);
    model.mail("b.eml", 5_000);
    let mut dev = model.dev(&["--json"]);
    let first = dev.round();
    assert_eq!((&first["round"], &first["outcome"], &first["changed"]), (&json!(1), &json!("scored"), &json!([])));
    assert_eq!((&first["messages"], &first["failed"], &first["differs"]), (&json!(2), &json!(0), &Value::Null));
    let steps = all(&first["steps"], "step");
    assert_eq!(steps, ["link", "componentise", "prepare", "self-test", "load", "score"]);

    model.limit(400);
    let second = dev.round();
    assert_eq!((&second["outcome"], names(&second["changed"])), (&json!("scored"), vec!["limit"]));
    let differs = &second["differs"];
    assert_eq!((&differs["from"], &differs["verdicts_changed"]), (&first["release"], &json!(1)));
    let scored = |score: f64, action: &str| json!({"scored": {"score": score, "action": action}});
    let [before, after] = [scored(SMALL, "deliver"), scored(LARGE, "quarantine")];
    let changed = &differs["changed_messages"][0];
    assert_eq!((&changed["before"], &changed["after"]), (&before, &after));
    assert!(changed["message"].as_str().unwrap().ends_with("a.eml"), "{changed}");
    assert_eq!((&differs["flips"]["newly_flagged"], &differs["flips"]["no_longer_flagged"]), (&json!(1), &json!(0)));
    assert_eq!(differs["scores"], json!({"up": 1, "down": 0, "alike": 1, "mean": (LARGE - SMALL) / 2.0}));

    // What cannot be packed changes nothing about what is compared with.
    model.write("model/switchback.toml", "[release");
    let broken = dev.round();
    assert_eq!((&broken["outcome"], names(&broken["changed"])), (&json!("failed"), vec!["switchback.toml"]));
    assert!(broken["why"].as_str().unwrap().starts_with("manifest "), "{broken}");
    model.limit(3_000);
    model.manifest("");
    let back = dev.until_scored();
    assert_eq!(
        (&back["differs"]["from"], &back["differs"]["flips"]["no_longer_flagged"]),
        (&second["release"], &json!(1))
    );
    assert_eq!(back["release"], first["release"], "the same bytes again");
    assert_eq!(dev.interrupted(), 0);
}

#[test]
fn a_file_that_is_saved_in_any_way_begins_one_round_and_one_that_is_as_before_none() {
    let model = Model::new(3_000);
    model.mail("a.eml", 500);
    let mut dev = model.dev(&["--json"]);
    dev.round();
    let bytes = |limit: u64| limit.to_le_bytes();
    // Touched, and written again as it was: what comes next is the second round.
    model.write("model/limit", bytes(3_000));
    let saves: [(&str, &dyn Fn()); 4] = [
        ("truncated and written", &|| model.write("model/limit", bytes(1))),
        ("a file in its place, and the old one kept beside it", &|| {
            fs::rename(model.path("model/limit"), model.path("model/limit~")).unwrap();
            model.write("model/4913", "");
            fs::remove_file(model.path("model/4913")).unwrap();
            model.write("model/.limit.swp", bytes(2));
            fs::rename(model.path("model/.limit.swp"), model.path("model/limit")).unwrap();
        }),
        ("a link to another file, which lies elsewhere", &|| {
            model.write("weights/limit", bytes(3));
            fs::remove_file(model.path("model/limit")).unwrap();
            std::os::unix::fs::symlink("../weights/limit", model.path("model/limit")).unwrap();
        }),
        ("where the link leads", &|| model.write("weights/limit", bytes(4))),
    ];
    for (number, (how, save)) in (2..).zip(saves) {
        save();
        let round = dev.round();
        assert_eq!((&round["round"], &round["outcome"]), (&json!(number), &json!("scored")), "{how}: {round}");
        assert_eq!(names(&round["changed"]), ["limit"], "{how}: {round}");
    }
    assert_eq!(dev.interrupted(), 0);
}

#[test]
fn a_folder_that_is_made_again_and_one_that_a_link_leads_to_are_watched() {
    let model = Model::new(3_000);
    model.mail("a.eml", 500);
    std::os::unix::fs::symlink("model", model.path("link")).unwrap();
    let mut dev = model.dev_of("link", &["--json"]);
    dev.round();
    // As `git checkout` of another branch does: everything goes, and something comes.
    fs::rename(model.path("model"), model.path("before")).unwrap();
    fs::create_dir(model.path("model")).unwrap();
    model.write("model/limit", 1_u64.to_le_bytes());
    for file in ["model.wasm", "a.eml", "switchback.toml"] {
        fs::copy(model.path(&format!("before/{file}")), model.path(&format!("model/{file}"))).unwrap();
    }
    let again = dev.until_scored();
    assert_eq!(again["differs"]["flips"]["newly_flagged"], 1, "{again}");
    model.limit(3_000);
    assert_eq!(dev.until_scored()["differs"]["flips"]["no_longer_flagged"], 1);
    assert_eq!(dev.interrupted(), 0);
}

#[test]
fn mail_that_changes_is_read_again_and_scored_by_the_release_before() {
    let model = Model::new(3_000);
    model.mail("a.eml", 500);
    let mut dev = model.dev(&["--json", "--poll"]);
    dev.round();
    model.mail("new/b.eml", 1_000);
    let mail = dev.round();
    assert_eq!((&mail["outcome"], &mail["messages"], &mail["unreadable"]), (&json!("mail"), &json!(2), &json!(0)));
    assert_eq!(names(&mail["changed"]), ["b.eml"]);
    model.limit(800);
    let scored = dev.round();
    assert_eq!((&scored["messages"], &scored["differs"]["flips"]["messages"]), (&json!(2), &json!(2)), "{scored}");
    assert_eq!(scored["differs"]["flips"]["newly_flagged"], 1, "the message that came was scored by the one before");
    fs::remove_dir_all(model.path("mail")).unwrap();
    let none = dev.round();
    assert_eq!((&none["outcome"], &none["messages"], &none["unreadable"]), (&json!("mail"), &json!(0), &json!(1)));
    assert_eq!(dev.interrupted(), 0);
}

#[test]
fn without_inotify_changes_are_looked_for() {
    if !Command::new("unshare").args(["-Ur", "true"]).output().is_ok_and(|tried| tried.status.success()) {
        return eprintln!("NOT TRIED: a namespace of its own is not possible here");
    }
    let model = Model::new(3_000);
    model.mail("a.eml", 500);
    for limit in ["max_inotify_instances", "max_inotify_watches"] {
        let args = model.command_of("model", &["--json"]);
        let mut apart = Command::new("unshare");
        let none = format!("echo 0 > /proc/sys/user/{limit}; exec \"$0\" \"$@\"");
        apart.args(["-Ur", "sh", "-c", &none]).arg(args.get_program()).args(args.get_args());
        let mut dev = Dev::start(&mut apart);
        dev.round();
        model.limit(1);
        assert_eq!(dev.round()["differs"]["flips"]["newly_flagged"], 1, "{limit}");
        assert!(dev.said("inotify is used up"), "{limit}");
        model.limit(3_000);
        assert_eq!(dev.interrupted(), 0);
    }
}

#[test]
fn people_read_lines_and_what_a_model_fails_on_is_named() {
    let model = Model::new(3_000);
    model.mail("a.eml", 500);
    model.mail("traps.eml", crate::model::TRAPS_AT_BYTES);
    model.manifest("score = 0.5\n");
    let mut dev = model.dev(&["--limit", "1"]);
    let first = dev.lines_until("  self-test ");
    assert!(dev.line().contains("ms: link "), "how long it took");
    assert_eq!(first[0], "round 1: the first");
    assert!(
        first[1].starts_with("  linear@1.0.0 (") && first[1].ends_with("): there is none before to compare with"),
        "{first:?}"
    );
    assert!(
        first[2].starts_with("  failed on 1 message, first on ")
            && first[2].contains("traps.eml: score linear@1.0.0: it trapped"),
        "{first:?}"
    );
    assert_eq!(first[3], "  self-test a.eml: score 0.5 -> 0.125; `switchback pack --bless` accepts it");
    assert!(
        fs::read_to_string(model.path("model/switchback.toml")).unwrap().contains("score = 0.5"),
        "it is not written"
    );
    model.limit(1);
    let second = dev.lines_until("  self-test ");
    dev.line();
    let changed = second.iter().find(|line| line.contains(" -> ") && line.contains("deliver")).unwrap();
    assert!(
        changed.starts_with("  0.1250 -> 0.9375     deliver -> quarantine  ") && changed.ends_with("a.eml"),
        "{changed:?}"
    );
    assert!(
        second.contains(&"  1 of 2 messages flipped: 1 flagged now, 0 not any more; 1 with another verdict".to_owned()),
        "{second:?}"
    );
    assert!(second.contains(&"  scores: 1 up, 0 down, 0 alike; +0.8125 on average".to_owned()), "{second:?}");
    assert_eq!(dev.interrupted(), 0);
}

#[test]
fn what_a_model_logs_is_shown() {
    let model = Model::new(3_000);
    model.mail("a.eml", 500);
    model.write("model/a.eml", crate::model::mail("x", "a@example.org", LOGS_AT_BYTES));
    let mut dev = model.dev(&["--json"]);
    dev.round();
    assert!(dev.said("debug: odd size"));
    assert_eq!(dev.interrupted(), 0);
}

#[test]
fn a_grant_to_another_model_is_refused() {
    let model = Model::new(3_000);
    model.mail("a.eml", 500);
    let mut dev = model.dev(&["--json", "--grant-recipients", "nope"]);
    let first = dev.round();
    let why = first["why"].as_str().unwrap();
    assert!(why.contains("--grant-recipients nope: no release here is of this model"), "{first}");
    assert_eq!(dev.interrupted(), 0);
}

/// Nothing is asked of who waits for mail that does not come.
#[test]
fn whoever_is_told_twice_ends_at_once() {
    let model = Model::new(1);
    let pipe = model.path("mail");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut dev = model.dev(&[]);
    // It is open when somebody reads it.
    let _mail = within_patience(move || fs::File::create(pipe).unwrap());
    dev.signal("-INT");
    dev.signal("-TERM");
    assert_eq!(within_patience(move || dev.ended()), -1);
}

#[test]
fn without_a_model_or_mail_it_does_not_begin() {
    let model = Model::new(1);
    let [mail, folder] = ["mail", "model"].map(|name| model.path(name).display().to_string());
    fs::create_dir(&mail).unwrap();
    for (args, says) in [
        (["dev", &*mail, "--watch", &*mail], "there is no model in "),
        (["dev", &*folder, "--watch", &*mail], "there is no message to score"),
    ] {
        let ran = switchback(args);
        assert!(ran.code == 1 && ran.err.contains(says), "{ran:?}");
    }
}
