//! `switchback demo`.

use std::fs;

use serde_json::Value;
use tempfile::tempdir;

use crate::model::{mail, releases};
use crate::run::{switchback, switchback_in};

fn demo(args: &[&str]) -> String {
    let releases = releases().display().to_string();
    let fixed = ["demo", "--releases", &releases, "-j", "2", "--processes", "2", "--messages", "400"];
    switchback(fixed.iter().chain(args)).fine()
}

#[test]
fn every_message_is_answered_once_by_a_release_that_was_live() {
    let ended: Value = serde_json::from_str(&demo(&["--json"])).unwrap();
    let audit = &ended["audit"];
    for flaw in ["lost", "twice", "wrong_release", "unscored"] {
        assert_eq!(audit[flaw], 0, "{audit}");
    }
    let number = |value: &Value| value.as_u64().unwrap();
    assert_eq!(audit["begun"], audit["answers"]);
    let generations = audit["generations"].as_array().unwrap();
    assert_eq!(generations.len(), 7);
    assert_eq!(generations.iter().map(|of| number(&of["answers"])).sum::<u64>(), number(&audit["answers"]));
    for (index, of) in generations.iter().enumerate() {
        // How many the bad release gets in the end is up to the guard; after it there is one row.
        let least = [400, 400, 400, 400, 400, 1, 100][index];
        assert!(number(&of["answers"]) >= least && of["command_us"].as_f64().unwrap() > 0.0, "{of}");
        assert!(of["first_verdict_us"].as_f64().unwrap() > 0.0, "{of}");
    }
    let live: Vec<_> =
        ended["phases"].as_array().unwrap().iter().map(|phase| phase["release"]["version"].as_str().unwrap()).collect();
    assert_eq!(live, ["1.0.0", "1.1.0", "1.1.0", "2.0.0", "1.1.0", "2.0.0", "1.1.0"]);
    let obeyed = |operation: usize| ended["operations"][operation]["obeyed"].as_array().unwrap().len();
    assert_eq!([0, 1, 2, 3, 4, 5, 6].map(obeyed), [0, 2, 2, 2, 2, 2, 2]);
    // Three were loaded, the guard was set twice, and of the seven changes the last was the guard's.
    assert_eq!(ended["history"].as_array().unwrap().len(), 3 + 2 + 7);
    let guarded = &ended["guarded"];
    assert_eq!(
        (&guarded["event"]["author"], &guarded["event"]["operation"]["action"]),
        (&"guard".into(), &"revert".into())
    );
    assert!(guarded["reverted_after_ms"].as_f64().unwrap() > 0.0, "{guarded}");
    assert!(
        number(&guarded["misfiled"]) >= 10 && guarded["misfiled"].as_u64() <= guarded["gmail"].as_u64(),
        "{guarded}"
    );
    assert!(number(&guarded["known"]["senders"]) > 1_000, "{guarded}");
}

#[test]
fn the_table_shows_the_rise_and_the_fall() {
    let ended: Value = serde_json::from_str(&demo(&["--json"])).unwrap();
    let gmail = |phase: usize| {
        let share = &ended["phases"][phase]["shares"][2];
        assert_eq!(share["of"], "legitimate from Gmail");
        share["flagged"].as_f64().unwrap() / share["messages"].as_f64().unwrap()
    };
    // 2.0.0 flags all but the smallest mail.
    assert!(gmail(3) > gmail(2) + 0.2 && gmail(3) > gmail(4) + 0.2, "{ended}");
    let text = demo(&[]);
    for line in [
        "2 processes score 10,000 generated messages, over and over, without pause, 1 thread each, and follow one store",
        "$ switchback promote linear@1.0.0 --slot inbound --reason 'the first release'\n  generation 1: no process is there yet; ",
        "$ switchback promote linear@2.0.0 --reason 'catches more phish'\n  generation 4: filter-",
        "$ switchback shadow linear@2.0.0 --reason 'what would it change?'\n  generation 3: filter-",
        "$ switchback compare linear@1.1.0 linear@2.0.0 --live --limit 3\n",
        "$ switchback impact linear@2.0.0 --against linear@1.1.0 --limit 3 --source quarantine\n",
        "$ switchback revert --reason 'mail from Gmail is flagged'\n  generation 5: filter-",
        "  revert inbound to linear@1.1.0  ",
        "lost 0, twice 0, wrong release 0",
        "between two verdicts of a thread: half within ",
        "to score a message: half within ",
        "flagged of the legitimate mail from Gmail: ",
        "$ switchback guard set --mode act --reason 'now with it'\n  it knows ",
        "$ switchback promote linear@2.0.0 --reason 'once more, in the night'\n  generation 6: filter-",
        ": revert linear@2.0.0 in inbound, for ",
        " ms after the promotion, after ",
        "  a rule of the usual shape (more than 1 % newly flagged in 3 windows of 5 min in a row) could not have done it\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    assert_eq!(text.lines().filter(|line| line.contains(" s  2.0.0 ")).count(), 5, "{text}");
}

#[test]
fn the_users_own_mail_is_grouped_by_its_senders() {
    let dir = tempdir().unwrap();
    for (name, sender, bytes) in [("1", "a@gmail.com", 5_000), ("2", "a@example.org", 200), ("3", "b@gmail.com", 5_000)]
    {
        fs::write(dir.path().join(name), mail("x", sender, bytes)).unwrap();
    }
    let corpus = dir.path().display().to_string();
    let ended: Value = serde_json::from_str(&demo(&["--corpus", &corpus, "--json"])).unwrap();
    assert_eq!((&ended["guarded"], ended["phases"].as_array().unwrap().len()), (&Value::Null, 5));
    for (phase, flagged) in [(0, false), (1, true), (2, true), (3, true)] {
        let shares = &ended["phases"][phase]["shares"];
        assert_eq!((&shares[1]["of"], &shares[1]["flagged"]), (&"not from Gmail".into(), &0.into()));
        let gmail = &shares[2];
        let expected = if flagged { gmail["messages"].as_u64() } else { Some(0) };
        assert_eq!((&gmail["of"], gmail["flagged"].as_u64()), (&"from Gmail".into(), expected), "{shares}");
    }
}

#[test]
fn without_the_releases_it_says_how_to_get_them() {
    let dir = tempdir().unwrap();
    let ran = switchback_in(dir.path(), ["demo"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.starts_with("switchback: target/releases/linear-1.0.0.wasm is not there: "), "{}", ran.err);
}
