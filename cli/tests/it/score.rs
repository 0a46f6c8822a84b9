//! `switchback score`.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tempfile::{TempDir, tempdir};

use crate::model::{
    ABSTAINS_AT_BYTES, LARGE, LOGS_AND_TRAPS_AT_BYTES, LOGS_AT_BYTES, SMALL, TRAPS_AT_BYTES, mail, release,
};
use crate::run::{command, switchback, switchback_fed, switchback_in, to_ran};

/// A folder with a small message, a large one and one in between.
fn three() -> TempDir {
    let dir = tempdir().unwrap();
    fs::create_dir(dir.path().join("b")).unwrap();
    for (name, bytes) in [("a.eml", 200), ("b/c.eml", 5_000), ("d.eml", 7_000)] {
        fs::write(dir.path().join(name), mail(name, "a@example.org", bytes)).unwrap();
    }
    dir
}

fn many(count: usize) -> TempDir {
    let dir = tempdir().unwrap();
    for i in 0..count {
        fs::write(dir.path().join(format!("{i:04}")), mail("x", "a@example.org", 3_000 + 29 * i)).unwrap();
    }
    dir
}

fn objects(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn there_is_an_aligned_line_for_each_message_and_release() {
    let dir = three();
    let (one, two) = (release("1.0.0"), release("1.1.0"));
    let out = switchback_in(dir.path(), ["score", "-m", &one, "-m", &two, "-v", "."]).fine();
    let expected = "\
0.1250  deliver     1  ham      linear@1.0.0  ./a.eml
       +0.1250  SIZE
0.1250  deliver     1  ham      linear@1.1.0  ./a.eml
       +0.1250  SIZE
0.1250  deliver     1  ham      linear@1.0.0  ./b/c.eml
       +0.1250  SIZE
0.9375  quarantine  8  spam     linear@1.1.0  ./b/c.eml
       +0.9375  SIZE
0.9375  quarantine  8  spam     linear@1.0.0  ./d.eml
       +0.9375  SIZE
0.9375  quarantine  8  spam     linear@1.1.0  ./d.eml
       +0.9375  SIZE
";
    assert_eq!(out, expected);
}

#[test]
fn what_a_release_logs_is_shown_below_its_message() {
    let dir = tempdir().unwrap();
    for (name, bytes) in [("a", 200), ("b", LOGS_AT_BYTES), ("c", LOGS_AND_TRAPS_AT_BYTES)] {
        fs::write(dir.path().join(name), mail("x", "a@example.org", bytes)).unwrap();
    }
    let score = |option: &str| switchback_in(dir.path(), ["score", "-m", &release("1.0.0"), option, "a", "b", "c"]);
    let ran = score("--verbose");
    assert!(ran.out.contains("  b\n       +0.1250  SIZE\n        debug: odd size\n-  "), "{ran:?}");
    assert_eq!(ran.out.matches("        warn: odd size\n").count(), 63, "{ran:?}");
    assert!(ran.out.ends_with("        error: odd size\n        ... and 6 more lines, not kept\n"), "{ran:?}");
    assert!(ran.code == 1 && ran.err.contains("the guest said: odd size"), "{ran:?}");

    let lines = objects(&score("--json").out);
    assert!(lines[0].get("log").is_none() && lines[0].get("log_dropped").is_none(), "{}", lines[0]);
    assert_eq!(lines[1]["log"], serde_json::json!([{ "level": "debug", "line": "odd size" }]));
    assert!(lines[1].get("log_dropped").is_none(), "{}", lines[1]);
    assert_eq!((lines[2]["log"].as_array().unwrap().len(), &lines[2]["log_dropped"]), (64, &6.into()));
    assert!(!score("--summary").out.contains("odd size"));
}

#[test]
fn json_is_one_object_per_line_with_the_exact_score() {
    let dir = three();
    let lines =
        objects(&switchback_in(dir.path(), ["score", "-m", &release("1.0.0"), "--json", "d.eml", "a.eml"]).fine());
    assert_eq!(lines.len(), 2);
    let large = &lines[0];
    assert_eq!(large["message"], "d.eml");
    assert_eq!(large["score"].as_f64().unwrap().to_bits(), LARGE.to_bits());
    assert_eq!(
        (&large["scl"], &large["action"], &large["category"]),
        (&8.into(), &"quarantine".into(), &"spam".into())
    );
    assert_eq!(
        (&large["release"], &large["outcome"], &large["bytes"]),
        (&"linear@1.0.0".into(), &"scored".into(), &7_000.into())
    );
    assert_eq!(large["reasons"][0]["name"], "SIZE");
    assert_eq!([&large["sha256"], &large["digest"]].map(|hex| hex.as_str().unwrap().len()), [64, 64]);
    assert_eq!(lines[1]["score"].as_f64(), Some(SMALL));
}

#[test]
fn output_does_not_depend_on_the_number_of_threads() {
    let dir = many(300);
    let run =
        |threads| switchback_in(dir.path(), ["score", "-m", &release("1.0.0"), "--json", "-j", threads, "."]).fine();
    let one = run("1");
    assert_eq!(objects(&one).len(), 300);
    assert!(one.lines().is_sorted_by_key(|line| serde_json::from_str::<Value>(line).unwrap()["message"].to_string()));
    assert_eq!(one, run("7"));
}

#[test]
fn the_summary_counts_everything_and_its_digest_stands_for_the_scores() {
    let dir = three();
    let summary = |args: &[&str]| -> Value {
        let fixed = ["score", "--summary", "--json"];
        serde_json::from_str(&switchback_in(dir.path(), fixed.iter().chain(args)).fine()).unwrap()
    };
    let (one, two) = (release("1.0.0"), release("1.1.0"));
    let first = summary(&["-m", &one, "."]);
    assert_eq!((&first["messages"], &first["bytes"], &first["unreadable"]), (&3.into(), &12_200.into(), &0.into()));
    let of = &first["releases"][0];
    assert_eq!(
        (&of["scored"], &of["actions"]["deliver"], &of["actions"]["quarantine"]),
        (&3.into(), &2.into(), &1.into())
    );
    assert_eq!((&of["categories"]["ham"], &of["categories"]["spam"]), (&2.into(), &1.into()));
    let digest = |summary: &Value| summary["scores_sha256"].as_str().unwrap().to_owned();
    // The same messages by other names, and on another number of threads.
    fs::copy(dir.path().join("b/c.eml"), dir.path().join("b/copy")).unwrap();
    assert_eq!(digest(&first), digest(&summary(&["-m", &one, "-j", "1", "a.eml", "b/copy", "d.eml"])));
    // Other messages, another order, another release.
    assert_ne!(digest(&first), digest(&summary(&["-m", &one, "a.eml", "d.eml"])));
    assert_ne!(digest(&first), digest(&summary(&["-m", &one, "d.eml", "b/c.eml", "a.eml"])));
    assert_ne!(digest(&first), digest(&summary(&["-m", &two, "a.eml", "b/c.eml", "d.eml"])));
}

#[test]
fn the_summary_is_readable_too() {
    let dir = three();
    let out = switchback_in(dir.path(), ["score", "-m", &release("1.0.0"), "--summary", "."]).fine();
    assert!(out.starts_with("3 messages, 11.9 KiB, 0 unreadable\n"), "{out}");
    assert!(out.contains("linear@1.0.0") && out.contains("33.3 %") && out.contains("ham 2, spam 1"), "{out}");
    assert!(out.contains("digest over all scores: "), "{out}");
}

#[test]
fn thresholds_decide_the_action() {
    let dir = three();
    let action = |args: &[&str]| {
        let release = release("1.0.0");
        let fixed = ["score", "-m", &release, "--json", "d.eml"];
        objects(&switchback_in(dir.path(), fixed.iter().chain(args)).fine())[0]["action"].as_str().unwrap().to_owned()
    };
    assert_eq!(action(&["--quarantine", "0.95"]), "junk");
    assert_eq!(action(&["--junk", "0.94", "--quarantine", "0.95", "--tag", "0.9375"]), "tag");
    assert_eq!(action(&["--reject", "0.9"]), "reject");
    // As the report of a training has it, which chooses one threshold.
    assert_eq!(action(&["--junk", "0.91"]), "junk");
    let crossed = switchback(["score", "-m", "x.wasm", "--junk", "0.95", "--quarantine", "0.9", "x"]);
    assert_eq!(crossed.code, 2);
    assert!(crossed.err.contains("quarantine from 0.9 starts below junk from 0.95"), "{}", crossed.err);
}

#[test]
fn an_mbox_is_read_from_a_file_and_from_standard_input() {
    let dir = tempdir().unwrap();
    let separator = b"From a@example.org Thu Apr 24 06:00:00 2025\n".as_slice();
    let [one, two] = [200, 7_000].map(|bytes| mail("x", "a@example.org", bytes));
    let mbox = [separator, &one, b"\n\n", separator, &two, b"\n\n"].concat();
    fs::write(dir.path().join("m.mbox"), &mbox).unwrap();
    let release = release("1.0.0");
    let file = objects(&switchback_in(dir.path(), ["score", "-m", &release, "--json", "m.mbox"]).fine());
    assert_eq!(file.iter().map(|line| line["message"].as_str().unwrap()).collect::<Vec<_>>(), ["m.mbox#1", "m.mbox#2"]);
    assert_eq!(file.iter().map(|line| line["score"].as_f64().unwrap()).collect::<Vec<_>>(), [SMALL, LARGE]);
    for args in [&["score", "-m", &release, "--json"][..], &["score", "-m", &release, "--json", "-"]] {
        let fed = objects(&switchback_fed(args, &mbox).fine());
        assert_eq!(fed.iter().map(|line| line["message"].as_str().unwrap()).collect::<Vec<_>>(), ["-#1", "-#2"]);
        assert_eq!([&fed[0]["sha256"], &fed[1]["sha256"]], [&file[0]["sha256"], &file[1]["sha256"]]);
    }
}

#[test]
fn one_message_comes_from_standard_input() {
    let message = mail("x", "a@example.org", 7_000);
    let fed = objects(&switchback_fed(["score", "-m", &release("1.0.0"), "--json"], &message).fine());
    assert_eq!((fed.len(), &fed[0]["message"], &fed[0]["bytes"]), (1, &"-".into(), &7_000.into()));
}

#[test]
fn of_a_maildir_only_what_was_delivered_is_read() {
    let dir = tempdir().unwrap();
    let message = mail("x", "a@example.org", 200);
    for folder in ["", ".Sent"] {
        for part in ["cur", "new", "tmp"] {
            fs::create_dir_all(dir.path().join(folder).join(part)).unwrap();
            fs::write(dir.path().join(folder).join(part).join(format!("1.{part}:2,S")), &message).unwrap();
        }
        fs::write(dir.path().join(folder).join("dovecot.index"), "no mail").unwrap();
    }
    let ran = switchback_in(dir.path(), ["score", "-m", &release("1.0.0"), "--json", "."]);
    let passed = "switchback: passed over: 2 control files of mail programs, 2 files in the tmp of a Maildir\n";
    assert_eq!((ran.code, ran.err.as_str()), (0, passed));
    let names: Vec<_> = objects(&ran.out).iter().map(|line| line["message"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["./.Sent/cur/1.cur:2,S", "./.Sent/new/1.new:2,S", "./cur/1.cur:2,S", "./new/1.new:2,S"]);
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_goes_on() {
    let dir = three();
    std::os::unix::fs::symlink("nowhere", dir.path().join("a-broken-link")).unwrap();
    let ran = switchback_in(dir.path(), ["score", "-m", &release("1.0.0"), "missing", "."]);
    assert_eq!((ran.code, ran.out.lines().count()), (1, 3), "{ran:?}");
    let complaints: Vec<_> = ran.err.lines().collect();
    assert_eq!(complaints.len(), 2, "{ran:?}");
    assert_eq!(complaints[0], "switchback: cannot read missing: No such file or directory");
    assert!(complaints[1].starts_with("switchback: cannot read ./a-broken-link: "), "{ran:?}");
}

#[test]
fn what_is_no_message_is_said_and_counted_and_shows_in_the_exit_code() {
    let dir = three();
    fs::write(dir.path().join("b/labels.json"), "{\"Subject\": 1}").unwrap();
    fs::write(dir.path().join("empty.eml"), "").unwrap();
    let release = release("1.0.0");
    let ran = switchback_in(dir.path(), ["score", "-m", &release, "--summary", "--json", "."]);
    let totals: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (ran.code, &totals["messages"], &totals["left_out"], &totals["unreadable"]),
        (1, &3.into(), &2.into(), &0.into())
    );
    let said = "switchback: left out ./b/labels.json: it is JSON or the like, no message\n\
                switchback: left out ./empty.eml: it is empty\n";
    assert_eq!(ran.err, said);
    let text = switchback_in(dir.path(), ["score", "-m", &release, "--summary", "."]).out;
    assert!(text.starts_with("3 messages, 11.9 KiB, 0 unreadable, 2 left out\n"), "{text}");
    let same = switchback_in(dir.path(), ["compare", &release, &crate::model::release("1.1.0"), "."]);
    assert!(same.code == 1 && same.out.contains("0 unreadable, 2 left out"), "{same:?}");
    let sure = switchback_in(dir.path(), ["score", "-m", &release, "--format", "message", "--json", "."]).fine();
    assert_eq!(objects(&sure).len(), 5);
}

#[test]
fn threads_have_one_name_and_the_one_of_other_programs_is_understood() {
    let dir = three();
    for option in ["-j2", "--threads=2", "--jobs=2"] {
        switchback_in(dir.path(), ["score", "-m", &release("1.0.0"), option, "."]).fine();
    }
    assert!(!switchback(["score", "--help"]).fine().contains("--jobs"));
}

#[test]
fn a_failure_of_the_model_is_said_and_the_rest_goes_on() {
    let dir = three();
    fs::write(dir.path().join("b/traps"), mail("x", "a@example.org", TRAPS_AT_BYTES)).unwrap();
    let ran = switchback_in(dir.path(), ["score", "-m", &release("1.0.0"), "."]);
    assert_eq!((ran.code, ran.err.lines().count()), (1, 1), "{ran:?}");
    assert!(ran.err.starts_with("switchback: ./b/traps: score linear@1.0.0: it trapped: "), "{ran:?}");
    assert!(ran.out.contains("-       failed      -  -        linear@1.0.0  ./b/traps\n"), "{ran:?}");
    assert!(ran.out.contains("./d.eml\n"), "{ran:?}");
}

#[test]
fn a_model_that_abstains_delivers_and_is_no_failure() {
    let message = mail("x", "a@example.org", ABSTAINS_AT_BYTES);
    let out = switchback_fed(["score", "-m", &release("1.0.0"), "-"], &message).fine();
    assert_eq!(out, "-       deliver     -  -        linear@1.0.0  -\n        odd size\n");
}

#[test]
fn a_release_that_cannot_be_loaded_is_named_with_the_whole_reason() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("text.wasm"), "hello").unwrap();
    let score = |release: &str| {
        let ran = switchback_in(dir.path(), ["score", "-m", release, "-"]);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""));
        ran.err
    };
    let missing = score("missing.wasm");
    assert_eq!(missing, "switchback: load missing.wasm: cannot read missing.wasm: No such file or directory\n");
    let text = score("text.wasm");
    assert!(
        text.starts_with("switchback: load text.wasm: it is not WebAssembly") && text.lines().count() == 1,
        "{text}"
    );
}

#[test]
fn a_release_given_twice_is_refused() {
    let release = release("1.0.0");
    let ran = switchback_fed(["score", "-m", &release, "-m", &release], b"x");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("linear@1.0.0 is there twice"), "{ran:?}");
}

#[test]
fn whoever_stops_reading_is_not_bothered_and_nothing_has_passed() {
    let dir = many(3_000);
    let mut command = command();
    command.args(["score", "-m", &release("1.0.0"), "--json"]).arg(dir.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // More than a pipe holds is to come; one line is read.
    let mut byte = [0];
    child.stdout.take().unwrap().read_exact(&mut byte).unwrap();
    let ran = to_ran(&child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (141, ""));
}

#[test]
fn a_name_cannot_move_the_cursor() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("a\x1b[2Jb"), mail("x", "a@example.org", 200)).unwrap();
    let out = switchback_in(dir.path(), ["score", "-m", &release("1.0.0"), "."]).fine();
    assert!(out.ends_with("./a\u{fffd}[2Jb\n"), "{out:?}");
}

#[test]
fn a_folder_that_holds_no_mail_gives_no_lines_and_says_so() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join(".hidden"), "x").unwrap();
    let ran = switchback_in(dir.path(), ["score", "-m", &release("1.0.0"), "."]);
    let says = "switchback: passed over: 1 hidden file\nswitchback: there is no message in .\n";
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", says));
}

#[test]
fn a_stream_that_never_ends_is_not_kept_in_memory() {
    if !Path::new("/dev/zero").exists() {
        eprintln!("SKIPPED: there is no /dev/zero");
        return;
    }
    let ran = switchback(["score", "-m", &release("1.0.0"), "/dev/zero"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("/dev/zero: it has more than 50 MiB"), "{}", ran.err);
}

#[test]
fn a_grant_to_a_model_that_is_not_there_is_refused() {
    let dir = three();
    let ran = switchback_in(dir.path(), ["score", "-m", &release("1.0.0"), "--grant-recipients", "nope", "."]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("--grant-recipients nope: no release here is of this model"), "{ran:?}");
    switchback_in(dir.path(), ["score", "-m", &release("1.0.0"), "--grant-recipients", "linear", "."]).fine();
}
