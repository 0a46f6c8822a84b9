//! Every command where there is nothing to do: it ends, and says why, as `docs/exit-codes.md` has it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use tempfile::{TempDir, tempdir};

use crate::model::{mail, release};
use crate::run::{Ran, commands, switchback_in};

/// The page, whose rows are the cases.
const PAGE: &str = include_str!("../../../docs/exit-codes.md");

/// The stores that the page names.
const STORES: [&str; 7] = ["store", "judged", "frozen", "lost", "trusting", "made", "bare"];

/// What makes them.
const MAKE: [&str; 19] = [
    "load --store store linear-1.0.0.wasm linear-1.1.0.wasm linear-2.0.0.wasm",
    "promote --store store linear@1.0.0 --slot inbound",
    "promote --store store linear@1.1.0",
    "shadow --store store linear@2.0.0",
    "load --store judged linear-1.0.0.wasm linear-1.1.0.wasm",
    "promote --store judged linear@1.0.0 --slot inbound",
    "promote --store judged linear@1.1.0",
    "score --store judged --journal mail",
    "load --store frozen linear-1.0.0.wasm linear-1.1.0.wasm linear-2.0.0.wasm",
    "promote --store frozen linear@1.1.0 --slot inbound",
    "quarantine --store frozen linear@2.0.0",
    "freeze --store frozen",
    "load --store lost linear-1.0.0.wasm linear-1.1.0.wasm",
    "promote --store lost linear@1.0.0 --slot inbound",
    "keygen --no-password -o ada",
    "trust add ada.pub --store trusting",
    "load --store made linear-1.0.0.wasm",
    "load --store bare linear-1.0.0.wasm",
    "unload --store bare linear@1.0.0",
];

/// A row of the page.
struct Row {
    /// Without `switchback`.
    args: Vec<&'static str>,
    code: i32,
    stream: &'static str,
    says: &'static str,
}

impl Row {
    /// The row on a line, if it has one.
    fn read(line: &'static str) -> Option<Self> {
        let cells: Vec<_> = line.strip_prefix("| `switchback ")?.split(" | ").collect();
        let [command_line, code, stream, says] = cells.try_into().unwrap_or_else(|_| panic!("four cells: {line}"));
        let command_line = command_line.strip_suffix('`').unwrap();
        // Whatever is run here has an empty standard input.
        let args = command_line.strip_suffix(" < /dev/null").unwrap_or(command_line).split(' ').collect();
        Some(Self { args, code: code.parse().unwrap(), stream, says: says.strip_suffix(" |").unwrap() })
    }

    /// What is wrong with what a run came to.
    fn mismatch(&self, ran: &Ran) -> Option<String> {
        let said = match self.stream {
            "stdout" => &ran.out,
            "stderr" => &ran.err,
            other => panic!("`{other}` is neither stdout nor stderr"),
        };
        let is_said = match self.says {
            "nothing" => ran.out.is_empty() && ran.err.is_empty(),
            says => said.lines().any(|line| says_so(line, says)),
        };
        let is_as_said = ran.code == self.code && is_said;
        (!is_as_said).then(|| format!("switchback {}\n  {} {}: {ran:#?}", self.args.join(" "), self.code, self.says))
    }
}

fn rows() -> Vec<Row> {
    PAGE.lines().filter_map(Row::read).collect()
}

/// Whether a line begins as told, with anything in the place of each `…`.
fn says_so(line: &str, told: &str) -> bool {
    let line = line.trim_start();
    let line = ["switchback: ", "error: "].iter().find_map(|from| line.strip_prefix(from)).unwrap_or(line);
    let mut parts = told.split('…');
    let Some(rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    parts.try_fold(rest, |rest, part| rest.split_once(part).map(|(_, rest)| rest)).is_some()
}

/// A folder with everything that the page names.
fn folder() -> TempDir {
    let dir = tempdir().unwrap();
    for version in ["1.0.0", "1.1.0", "2.0.0"] {
        fs::copy(release(version), dir.path().join(format!("linear-{version}.wasm"))).unwrap();
    }
    for folder in ["mail", "none"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
    }
    fs::DirBuilder::new().mode(0o700).create(dir.path().join("held")).unwrap();
    fs::write(dir.path().join("mail/1.eml"), mail("the only one", "a@good.example", 500)).unwrap();
    fs::write(dir.path().join("empty.mbox"), "").unwrap();
    fs::write(dir.path().join("text.wasm"), "no release").unwrap();
    for line in MAKE {
        switchback_in(dir.path(), line.split(' ')).fine();
    }
    fs::remove_file(dir.path().join("lost/releases").join(digest(dir.path(), "linear-1.0.0.wasm"))).unwrap();
    dir
}

/// The name of a release's file in a store.
fn digest(dir: &Path, release: &str) -> String {
    format!("{}.wasm", switchback::Digest::of(&fs::read(dir.join(release)).unwrap()))
}

/// The events of every store.
fn ledgers(dir: &Path) -> Vec<String> {
    STORES.map(|store| switchback_in(dir, ["history", "--json", "--store", store]).fine()).into()
}

#[test]
fn every_command_without_anything_to_do_ends_and_speaks_as_documented() {
    let dir = folder();
    let before = ledgers(dir.path());
    let mismatches: Vec<_> =
        rows().iter().filter_map(|row| row.mismatch(&switchback_in(dir.path(), &row.args))).collect();
    assert!(mismatches.is_empty(), "not as docs/exit-codes.md says:\n{}", mismatches.join("\n"));
    assert_eq!(ledgers(dir.path()), before, "nothing was changed");
    assert!(!dir.path().join("nowhere").exists(), "nothing was made");
    assert!(fs::read_dir(dir.path().join("none")).unwrap().next().is_none(), "nothing was left behind");
}

#[test]
fn every_command_has_a_row() {
    let commands = commands();
    // `guard status` is not `guard`.
    let of = |args: &[&str]| (1..=2).rev().find_map(|words| commands.get(&args.get(..words)?.join(" "))).cloned();
    let documented: BTreeSet<_> = rows().iter().filter_map(|row| of(&row.args)).collect();
    let missing: Vec<_> = commands.difference(&documented).collect();
    assert!(missing.is_empty(), "docs/exit-codes.md has no row for {missing:?}");
}

#[test]
fn a_sentence_is_told_from_another_one() {
    for (line, told) in [
        ("switchback: there is no store in /tmp/nowhere: make one", "there is no store in …nowhere: make"),
        ("error: invalid value 'x'", "invalid value"),
        ("  none follows", "none follows"),
    ] {
        assert!(says_so(line, told), "{line}");
    }
    for (line, told) in [("there is no slot", "there is no store"), ("from a to", "from … until"), ("", "x")] {
        assert!(!says_so(line, told), "{line}");
    }
}
