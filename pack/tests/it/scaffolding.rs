//! The whole way with a real package: a new model's folder is packed and tested as it stands.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use switchback_pack::{Inspection, MANIFEST_FILE, PackError, Packed, Packer, Scaffold, Sdk};

/// Where guests are built: apart from this workspace's own target folder, which a running test may hold.
const TARGET_DIR: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/guests");

fn sdk() -> Sdk {
    Sdk::Path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-sdk"))
}

/// One folder for all tests, used by one at a time: what is compiled for one is there for the next.
static FOLDER: Mutex<()> = Mutex::new(());

/// A new model's folder, in the same place for every test.
fn new_model() -> (MutexGuard<'static, ()>, PathBuf) {
    let guard = FOLDER.lock().unwrap_or_else(PoisonError::into_inner);
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new");
    let _ = fs::remove_dir_all(&parent);
    let folder = scaffold(&parent);
    (guard, folder)
}

/// A new model's folder, which takes its dependencies in the versions of this workspace.
fn scaffold(parent: &Path) -> PathBuf {
    Scaffold::new("bad-links".parse().unwrap()).sdk(sdk()).create(parent).unwrap();
    let folder = parent.join("bad-links");
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    fs::copy(lock, folder.join("Cargo.lock")).unwrap();
    folder
}

fn packer(folder: &Path) -> Packer {
    Packer::new(folder).cargo_arg("--target-dir").cargo_arg(TARGET_DIR).out(folder)
}

fn pack(folder: &Path) -> Result<Packed, PackError> {
    packer(folder).pack(&mut |_| {})
}

fn change(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from:?} is not in {}", path.display());
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn a_new_model_packs_as_it_stands_and_the_same_wherever_it_lies() {
    let (_guard, here) = new_model();
    let there = tempfile::tempdir().unwrap();
    let first = pack(&here).unwrap();
    assert!(first.inspection.is_acceptable(), "{:?}", first.inspection.problems);
    assert_eq!(first.id.to_string(), "bad-links@0.1.0");
    assert_eq!(first.self_tests.len(), 2);
    let bytes = fs::read(&first.path).unwrap();
    let second = pack(&scaffold(&there.path().join("deeper/and deeper"))).unwrap();
    assert!(bytes == fs::read(&second.path).unwrap(), "{} and {} differ", first.id.digest, second.id.digest);
    assert!(!mentions(&bytes, &here.to_string_lossy()), "the release names the folder that it was built in");
    assert!(!mentions(&bytes, "1.5 suspended"), "the release holds the data beside what was made of it");
}

fn mentions(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_new_model_passes_its_own_tests() {
    let (_guard, folder) = new_model();
    let output =
        Command::new(env!("CARGO")).args(["test", "--target-dir", TARGET_DIR]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("3 passed"));
}

#[test]
fn a_changed_model_fails_its_self_test_until_it_is_blessed() {
    let (_guard, folder) = new_model();
    change(&folder.join("words.txt"), "1.5 urgent", "2.5 urgent");
    let error = pack(&folder).unwrap_err();
    assert!(matches!(error, PackError::OtherAnswer { .. }), "{error}");
    assert!(error.to_string().contains("phish.eml") && error.to_string().contains("--bless"), "{error}");
    assert!(!folder.join("bad-links-0.1.0.wasm").exists());

    let blessed = packer(&folder).bless().pack(&mut |_| {}).unwrap();
    assert!(pack(&folder).unwrap().id.digest == blessed.id.digest);
    assert!(Inspection::of_file(&blessed.path).unwrap().is_acceptable());

    // Other scores would not help against this.
    change(&folder.join(MANIFEST_FILE), "\"links\"", "\"sender\"");
    for packer in [packer(&folder), packer(&folder).bless()] {
        let error = packer.pack(&mut |_| {}).unwrap_err();
        assert!(matches!(error, PackError::SelfTest { .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains("it read `links`") && said.contains("add it to `reads`"), "{said}");
        assert!(!said.contains("--bless"), "{said}");
    }
}

#[test]
fn mistakes_of_a_package_are_named() {
    let (_guard, folder) = new_model();
    let (manifest, cargo, code) = (folder.join(MANIFEST_FILE), folder.join("Cargo.toml"), folder.join("src/lib.rs"));

    change(&code, "fn score(", "fn scores(");
    let error = pack(&folder).unwrap_err().to_string();
    assert!(error.contains("bad-links") && error.contains("`scores` is not a member of trait"), "{error}");
    change(&code, "fn scores(", "fn score(");

    change(&cargo, "[\"cdylib\", \"rlib\"]", "[\"rlib\"]");
    let error = pack(&folder).unwrap_err().to_string();
    assert!(error.contains("crate-type = [\"cdylib\", \"rlib\"]"), "{error}");
    change(&cargo, "[\"rlib\"]", "[\"cdylib\", \"rlib\"]");

    change(&folder.join("words.txt"), "1.5 urgent", "heavy urgent");
    let error = pack(&folder).unwrap_err().to_string();
    assert_eq!(error, "initialise: `prepare` failed: no number in `heavy urgent`");
    change(&folder.join("words.txt"), "heavy urgent", "1.5 urgent");

    change(&manifest, "[build]", "[build]\ncrate = \"elsewhere\"");
    let error = pack(&folder).unwrap_err().to_string();
    assert!(error.contains("elsewhere") && error.contains("`build.crate`"), "{error}");
}

#[test]
fn an_initialiser_that_panics_or_loops_is_stopped_with_its_message() {
    let (_guard, folder) = new_model();
    let code = folder.join("src/lib.rs");
    let first_line = "let text = std::str::from_utf8(data).map_err(Error::new)?;";

    change(&code, first_line, "panic!(\"the weights are upside down\");\n#[allow(unreachable_code)]\nlet text = \"\";");
    let error = pack(&folder).unwrap_err();
    assert!(error.is_guest_fault());
    assert!(error.to_string().contains("the weights are upside down"), "{error}");
    assert!(error.to_string().contains("src/lib.rs:"), "{error}");

    change(&code, "panic!(\"the weights are upside down\");", "loop { std::hint::black_box(data); }");
    let limit = std::time::Duration::from_millis(300);
    let error = packer(&folder).prepare_time_max(limit).pack(&mut |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "initialise: `prepare` did not end within 0.3 s; it probably loops");
}

/// Names that mean something to the code, to cargo or to the SDK's own dependencies.
const WORST_NAMES: [&str; 13] = [
    "libm",
    "wit-bindgen",
    "ref-cast",
    "link",
    "message",
    "score",
    "none",
    "vec",
    "model",
    "main",
    "a--b-",
    "deps",
    "switchback",
];

#[test]
fn a_model_of_any_name_compiles_without_a_warning_in_a_workspace_that_takes_it() {
    let _guard = FOLDER.lock().unwrap_or_else(PoisonError::into_inner);
    let root = tempfile::tempdir().unwrap();
    // The profile with which the other tests here build: what is compiled for them is used again.
    let profile = include_str!("../../templates/workspace.toml.in").replace("[workspace]", "");
    let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"models/*\"]\n";
    fs::write(root.path().join("Cargo.toml"), workspace.to_owned() + &profile).unwrap();
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock"), root.path().join("Cargo.lock")).unwrap();
    let longest = "x".repeat(64);
    for name in WORST_NAMES.iter().copied().chain([longest.as_str()]) {
        let made = Scaffold::new(name.parse().unwrap()).sdk(sdk()).create(root.path().join("models")).unwrap();
        assert!(made.workspace.is_some(), "{name}");
    }
    for arguments in [&["--all-targets"][..], &["--release", "--target", switchback_pack::TARGET]] {
        let mut check = Command::new(env!("CARGO"));
        check.args(["check", "--workspace", "--target-dir", TARGET_DIR]).args(arguments).current_dir(root.path());
        let output = check.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("warning"), "{said}");
    }
}
