//! Models that cargo builds.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::watched::{Dev, names, within_patience};
use crate::model::mail;
use crate::operate::store::until;
use crate::pack::guest::Guest;

/// Waits until somebody has opened a pipe and closed it, before it generates what the library includes.
const WAITS: &str = "fn main() {
    println!(\"cargo::rerun-if-changed=src\");
    println!(\"cargo::rerun-if-changed=build.rs\");
    std::fs::read(\"PIPE\").unwrap();
    let code = \"fn generated(n: usize) -> usize { n }\";
    std::fs::write(format!(\"{}/generated.rs\", std::env::var(\"OUT_DIR\").unwrap()), code).unwrap();
}";

fn watched() -> (Guest, PathBuf) {
    let guest = Guest::new();
    guest.write("mail/a.eml", mail("x", "a@example.org", 500));
    let pipe = guest.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    (guest, pipe)
}

fn dev(guest: &Guest) -> Dev {
    Dev::start(guest.command("").args(["dev", "tiny", "--watch", "mail", "--json", "--", "--offline"]))
}

#[test]
fn what_the_compiler_says_is_shown_and_what_cargo_writes_begins_no_round() {
    let (guest, _) = watched();
    let mut dev = dev(&guest);
    let first = dev.round();
    assert_eq!(first["outcome"], "scored", "{first}");
    assert!(guest.path("tiny/Cargo.lock").is_file() && guest.path("tiny/target").is_dir());
    guest.append("tiny/src/lib.rs", "fn forgotten() -> u8 {}\n");
    let failed = dev.round();
    assert_eq!((&failed["round"], names(&failed["changed"])), (&json!(2), vec!["lib.rs"]));
    let why = failed["why"].as_str().unwrap();
    assert!(why.contains("error[E0308]: mismatched types") && why.contains("--> tiny/src/lib.rs:"), "{why}");
    guest.change("tiny/src/lib.rs", "fn forgotten() -> u8 {}\n", "");
    let same = dev.round();
    assert_eq!((&same["outcome"], &same["release"]), (&json!("same"), &first["release"]));

    // A package that is used by path lies elsewhere.
    guest.write("near/Cargo.toml", "[package]\nname = \"near\"\nversion = \"1.0.0\"\nedition = \"2024\"\n");
    guest.write("near/src/lib.rs", "pub const WEIGHT: f64 = 0.75;");
    guest.change("tiny/src/lib.rs", "{ 0.5 } else { 0.25 }", "{ 0.5 } else { near::WEIGHT }");
    guest.change("tiny/Cargo.toml", "[dependencies]", "[dependencies]\nnear = { path = \"../near\" }");
    let near = dev.until_scored();
    assert_eq!(near["differs"]["flips"]["newly_flagged"], 1, "{near}");
    assert_eq!(near["self_tests"], json!(["a.eml: score 0.25 -> 0.75"]));
    guest.write("near/src/lib.rs", "pub const WEIGHT: f64 = 0.875;");
    let elsewhere = dev.until_scored();
    // What it had never looked at may be among it.
    assert!(names(&elsewhere["changed"]).contains(&"lib.rs"), "{elsewhere}");
    assert_eq!(elsewhere["differs"]["scores"]["up"], 1, "{elsewhere}");
    assert_eq!(dev.interrupted(), 0);
}

#[test]
fn what_is_built_is_what_the_options_say() {
    let (guest, _) = watched();
    guest.append("tiny/Cargo.toml", "[profile.fast]\ninherits = \"release\"\n");
    let args =
        ["dev", "tiny", "--watch", "mail", "--json", "--profile", "fast", "--", "--offline", "--features", "large"];
    let mut dev = Dev::start(guest.command("").args(args));
    assert_eq!(dev.round()["outcome"], "scored");
    assert!(guest.path("tiny/target/wasm32-unknown-unknown/fast").is_dir());
    guest.change("tiny/Cargo.toml", "large = []", "small = []");
    let why = dev.round()["why"].as_str().unwrap().to_owned();
    assert!(why.contains("large"), "{why}");
    assert_eq!(dev.interrupted(), 0);
}

#[test]
fn a_change_during_a_build_begins_the_next_round_and_only_that() {
    let (guest, pipe) = watched();
    guest.write("tiny/build.rs", WAITS.replace("PIPE", pipe.to_str().unwrap()));
    let mut dev = dev(&guest);
    // It is open when the build script waits at the other end.
    let building = || {
        let pipe = pipe.clone();
        within_patience(move || File::create(pipe).unwrap())
    };
    drop(building());
    assert_eq!(dev.round()["outcome"], "scored");
    guest.append("tiny/src/lib.rs", "// one\n");
    let held = building();
    guest.append("tiny/src/lib.rs", "// two\n");
    guest.append("tiny/src/lib.rs", "// three\n");
    drop(held);
    let second = dev.round();
    drop(building());
    let third = dev.round();
    assert_eq!([&second["round"], &third["round"]], [&json!(2), &json!(3)]);
    assert!([&second, &third].iter().all(|round| names(&round["changed"]) == ["lib.rs"]), "{second} {third}");
    // A fourth round would come before this one.
    guest.change("tiny/src/lib.rs", "0.25 };", "0.75 };");
    drop(building());
    let last = dev.round();
    assert_eq!((&last["round"], &last["outcome"]), (&json!(4), &json!("scored")));
    assert_eq!(dev.interrupted(), 0);
}

#[test]
fn what_it_prints_into_the_models_folder_begins_no_round() {
    let (guest, _) = watched();
    let [out, said] = ["tiny/out.log", "tiny/said.log"].map(|path| guest.path(path));
    let mut command = guest.command("");
    command.args(["dev", "tiny", "--watch", "mail", "--json", "--", "--offline"]);
    let mut dev = command.stdout(File::create(&out).unwrap()).stderr(File::create(&said).unwrap()).spawn().unwrap();
    let rounds = || {
        let printed = fs::read_to_string(&out).unwrap();
        printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).collect::<Vec<_>>()
    };
    until("the first round", || rounds().len() == 1);
    guest.append("tiny/src/lib.rs", "fn forgotten() -> u8 {}\n");
    until("a round that fails", || rounds().len() > 1);
    guest.change("tiny/src/lib.rs", "fn forgotten() -> u8 {}\n", "");
    until("the next one", || rounds().len() > 2);
    dev.kill().unwrap();
    dev.wait().unwrap();
    let began: Vec<_> = rounds().iter().map(|round| names(&round["changed"]).join(" ")).collect();
    assert_eq!(began, ["", "lib.rs", "lib.rs"]);
}

#[test]
fn a_build_that_writes_what_is_watched_does_not_go_on_for_ever() {
    let (guest, _) = watched();
    let build = fs::read_to_string(guest.path("tiny/build.rs")).unwrap();
    let writes = "fn main() {
        let count = std::fs::read_to_string(\"src/count\").unwrap_or_default();
        std::fs::write(\"src/count\", count + \"x\").unwrap();
        println!(\"cargo::rerun-if-changed=nowhere\");";
    guest.write("tiny/build.rs", build.replace("fn main() {", writes));
    let mut dev = dev(&guest);
    let begun: Vec<_> = (0..3).map(|_| names(&dev.round()["changed"]).join(" ")).collect();
    assert_eq!(begun, ["", "count", "count"]);
    // The fourth waits, but not for this.
    guest.append("tiny/src/lib.rs", "// x\n");
    assert_eq!(names(&dev.round()["changed"]), ["count", "lib.rs"]);
    assert_eq!(dev.interrupted(), 0);
}

#[test]
fn no_build_is_left_behind_however_it_ends() {
    for (signal, code) in [("-INT", 0), ("-TERM", 0), ("-KILL", -1)] {
        let (guest, pipe) = watched();
        // The build script writes that it is there, and keeps the pipe open as long as it lives.
        let lives = "let mut pipe = std::fs::File::create(\"PIPE\").unwrap();
            std::io::Write::write_all(&mut pipe, b\"x\").unwrap();
            loop { std::thread::park() }";
        let script = WAITS.replace("std::fs::read(\"PIPE\").unwrap();", lives);
        guest.write("tiny/build.rs", script.replace("PIPE", pipe.to_str().unwrap()));
        let mut dev = dev(&guest);
        let mut alive = within_patience(move || File::open(pipe).unwrap());
        alive.read_exact(&mut [0]).unwrap();
        assert!(works_in(&guest.path("tiny")), "cargo, and the script");
        dev.signal(signal);
        assert_eq!(dev.ended(), code, "{signal}");
        until("nobody works there", || !works_in(&guest.path("tiny")));
        assert_eq!(alive.read_to_end(&mut Vec::new()).unwrap(), 0);
    }
}

/// Whether a process works in a folder.
fn works_in(folder: &Path) -> bool {
    let places = fs::read_dir("/proc").unwrap().flatten().map(|process| process.path().join("cwd"));
    places.flat_map(fs::read_link).any(|place| place.starts_with(folder))
}
