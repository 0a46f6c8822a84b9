//! A machine that has the command and nothing else: no toolchain, no shell, no network.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::run::{self, Ran};
use crate::train::fill;

/// A root of its own, with the command and the libraries that it is linked to.
struct Root(TempDir);

impl Root {
    /// `None`, and says so, where this machine lets nobody make one.
    fn new() -> Option<Self> {
        if !Command::new("unshare").args(["-rn", "true"]).status().is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: a root of its own needs `unshare` of util-linux, and namespaces that one may make");
            return None;
        }
        let root = Self(TempDir::new().unwrap());
        fs::create_dir(root.path("/tmp")).unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_switchback"));
        fs::copy(program, root.path("/switchback")).unwrap();
        let linked = Command::new("ldd").arg(program).output().unwrap();
        for library in String::from_utf8(linked.stdout).unwrap().split_whitespace().filter(|word| word.starts_with('/'))
        {
            let there = root.path(library);
            fs::create_dir_all(there.parent().unwrap()).unwrap();
            fs::copy(library, there).unwrap();
        }
        Some(root)
    }

    fn path(&self, absolute: &str) -> PathBuf {
        self.0.path().join(absolute.trim_start_matches('/'))
    }

    /// Runs the command in it, with no variable of this machine.
    fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        let mut command = Command::new("unshare");
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command
            .arg("-rn")
            .arg(format!("--root={}", self.0.path().display()))
            .args(["--wd=/", "/switchback"])
            .args(args);
        run::to_ran(&command.output().unwrap())
    }

    /// What lies directly in it.
    fn names(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.0.path()).unwrap().map(Result::unwrap);
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
    }
}

#[test]
fn mail_and_an_onnx_file_become_releases_where_there_is_nothing_but_the_command() {
    let Some(root) = Root::new() else { return };
    fill(&root.path("/"), 300);
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/onnx/model.onnx");
    fs::copy(model, root.path("/model.onnx")).unwrap();
    let bindings =
        "[release]\nname = \"net\"\nversion = \"1.0.0\"\n[onnx.inputs.indices]\nfeatures = [\"words\"]\nbits = 15\n";
    fs::write(root.path("/switchback.toml"), bindings).unwrap();
    let before = root.names();

    let train = ["train", "--ham", "Maildir/.Archive", "--spam", "Maildir/.Junk", "--max-false-positives", "5%"];
    let trained = root.run(train.iter().chain(&["--name", "acme", "-o", "acme-1.0.0.wasm"]));
    assert_eq!(trained.code, 0, "{trained:?}");

    let packed = root.run(["pack", "--onnx", "model.onnx", "-o", "net-1.0.0.wasm"]);
    assert_eq!(packed.code, 0, "{packed:?}");

    let scored = root.run(["score", "-m", "acme-1.0.0.wasm", "-m", "net-1.0.0.wasm", "Maildir/.Junk"]);
    assert_eq!(scored.code, 0, "{scored:?}");
    assert!(scored.out.contains("acme@1.0.0") && scored.out.contains("net@1.0.0"), "{scored:?}");

    let made: Vec<_> = root.names().difference(&before).cloned().collect();
    assert_eq!(made, ["acme-1.0.0.wasm", "net-1.0.0.wasm"]);
}
