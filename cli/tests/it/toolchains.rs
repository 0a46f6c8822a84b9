//! Toolchains that fail, played by scripts that say what the real ones say: what their user is told to do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::pack::guest::Guest;
use crate::run::{Ran, ran, switchback_in, to_ran};

/// A script in a folder.
fn script(folder: &Path, name: &str, lines: &str) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(folder).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// What packing says with a cargo that says this, and fails, when it is asked to do that, and does all else.
fn cargo_that_fails(command: &str, says: &str) -> Ran {
    let guest = Guest::new();
    guest.write("said", says);
    let real = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let said = guest.path("said").display().to_string();
    let lines = format!("[ \"$1\" = {command} ] || exec {real} \"$@\"\ncat {said} >&2\nexit 101");
    let cargo = script(&guest.path(""), "cargo", &lines);
    ran(guest.command("").env("CARGO", cargo).args(["pack", "tiny"]))
}

#[test]
fn what_cargo_says_is_kept_and_what_to_do_stands_behind_it() {
    let no_network = "    Updating crates.io index\nwarning: spurious network error (3 tries remaining): [6] Could not resolve \
        hostname (Could not resolve host: index.crates.io)\nerror: failed to get `distant` as a dependency of package `tiny v0.1.0`\n";
    let killed = "error: could not compile `tiny` (lib)\n\nCaused by:\n  process didn't exit successfully: `rustc` (signal: 9, SIGKILL: kill)\n";
    for (command, says, kept, told) in [
        ("metadata", no_network, "error: failed to get `distant`", "what to do: cargo did not reach the registry."),
        ("build", killed, "error: could not compile `tiny` (lib)", "what to do: the system ended the compiler"),
    ] {
        let failed = cargo_that_fails(command, says);
        assert!(failed.code == 1 && failed.err.contains(kept) && failed.err.contains(told), "{failed:?}");
        assert!(failed.err.find(kept) < failed.err.find(told), "{failed:?}");
    }
    let missing = "error[E0463]: can't find crate for `core`\n  |\n  = note: the `wasm32-unknown-unknown` target may not be installed\n";
    let failed = cargo_that_fails("build", missing);
    assert!(failed.err.contains("the standard library for wasm32-unknown-unknown is not installed; "), "{failed:?}");
    assert!(["--toolchain ", "is not one of rustup's"].iter().any(|told| failed.err.contains(told)), "{failed:?}");
}

#[test]
fn a_cargo_that_is_not_there_is_told_from_one_that_fails() {
    let guest = Guest::new();
    let failed = ran(guest.command("").env("CARGO", guest.path("nothing")).args(["pack", "tiny"]));
    assert!(failed.code == 1 && failed.err.contains("install Rust with https://rustup.rs"), "{failed:?}");
}

/// A new model's folder.
fn new_model(language: &str) -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    switchback_in(parent.path(), ["new", "letters", "--language", language]).fine();
    let folder = parent.path().join("letters");
    (parent, folder)
}

/// What a program of a toolchain says that fails in a folder; none where there is no such program.
fn failure(folder: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(program).args(arguments).current_dir(folder).output() else {
        eprintln!("SKIPPED: a new model's build is tried with {program}, which is not installed");
        return None;
    };
    let failed = to_ran(&output);
    assert!(failed.code != 0, "{failed:?}");
    Some(failed.err)
}

#[test]
fn a_folder_in_another_language_is_packed_from_what_its_toolchain_built() {
    let (_parent, folder) = new_model("c");
    let unbuilt = switchback_in(&folder, ["pack", "--component", "model.wasm"]);
    assert!(
        unbuilt.code == 1 && unbuilt.err.contains("there is no model.wasm: another toolchain has to build it first"),
        "{unbuilt:?}"
    );
    let manifest = folder.join("switchback.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let as_rust = switchback_in(&folder, ["pack"]);
    assert!(as_rust.err.contains("that another toolchain built (`switchback pack --component FILE`)"), "{as_rust:?}");
    fs::write(&manifest, text.replace("stub = \"wasi\"", "")).unwrap();
    let as_rust = switchback_in(&folder, ["pack"]);
    assert!(
        as_rust.code == 1 && as_rust.err.contains("is packed from the component that its own toolchain built"),
        "{as_rust:?}"
    );
}

#[test]
fn a_compiler_of_c_without_its_parts_is_told_what_it_lacks_and_an_error_of_the_model_is_not() {
    let (_parent, folder) = new_model("c");
    let no_linker = script(
        &folder,
        "cc",
        "echo 'clang: error: unable to execute command: Executable \"wasm-ld\" does not exist!' >&2\nexit 1",
    );
    for compiler in ["clang-is-not-here", no_linker.to_str().unwrap()] {
        let Some(said) = failure(&folder, "make", &[&format!("CC={compiler}")]) else { return };
        assert!(
            said.contains("cannot build for WebAssembly") && said.contains("apt install clang-19 lld-19"),
            "{said}"
        );
    }
    // It builds what is not the model.
    let works = script(
        &folder,
        "works",
        "case \"$*\" in *model.c*) echo 'model.c:1:6: error: expected identifier' >&2; exit 1;; esac",
    );
    let said = failure(&folder, "make", &[&format!("CC={}", works.display())]).unwrap();
    assert!(said.contains("expected identifier") && !said.contains("apt install"), "{said}");
}

#[test]
fn go_and_python_say_which_they_need() {
    let (_parent, folder) = new_model("go");
    let Some(said) = failure(&folder, "make", &["GO=go-is-not-here"]) else { return };
    assert!(said.contains("install Go 1.24 or later"), "{said}");

    let (_parent, folder) = new_model("python");
    let pip = "echo 'ERROR: No matching distribution found for componentize-py==0.25.1' >&2\nexit 1";
    script(&folder, "pip", pip);
    script(&folder, "version", "echo Python 3.9.2");
    let python = "mkdir -p .venv/bin && cp pip .venv/bin/pip && cp version .venv/bin/python";
    let python = script(&folder, "old-python", python);
    let said = failure(&folder, "make", &[&format!("PYTHON={}", python.display())]).unwrap();
    for part in ["No matching distribution", "for Python 3.10 or later", "This is Python 3.9.2.", "make PYTHON="] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

#[test]
fn node_says_what_to_install() {
    let (_parent, folder) = new_model("js");
    let Some(said) = failure(&folder, "node", &["build.js"]) else { return };
    assert!(said.contains("componentize-js is not installed in this folder: npm install"), "{said}");
}
