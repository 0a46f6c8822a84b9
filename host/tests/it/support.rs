//! Releases for tests: every case of the hostile model, packed when first asked for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use semver::Version;
use switchback::release::{Manifest, ManifestLimits, Reads, Scale, SelfTest};
use switchback::{LocalRuntime, Message, ReleaseId, Runtime, SlotConfig};

/// A message that every case of the hostile model scores as it should: see the model's own description.
const SELF_TEST: &[u8] = b"From: a@example.org\r\nSubject: self-test\r\n\r\ntext\r\n";

/// A message on which the hostile model does what its case says.
pub(crate) fn message() -> Message {
    Message::parse(b"From: a@example.org\r\nTo: b@example.com\r\nSubject: hello\r\n\r\nSome text.\r\n".to_vec())
}

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The hostile model as a core module, built once per test run.
fn hostile_module() -> &'static [u8] {
    static MODULE: OnceLock<Vec<u8>> = OnceLock::new();
    MODULE.get_or_init(|| {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        let status = Command::new(env!("CARGO"))
            .current_dir(root())
            .args(["build", "--locked", "--package", "switchback-plugin-hostile", "--profile", "guest"])
            .args(["--target", "wasm32-unknown-unknown"])
            .status()
            .unwrap();
        assert!(status.success(), "the hostile model does not build; run `cargo xtask test`, which adds its target");
        std::fs::read(target.join("wasm32-unknown-unknown/guest/switchback_plugin_hostile.wasm")).unwrap()
    })
}

/// The manifest of a case.
pub(crate) fn manifest(case: &str, version: &str) -> Manifest {
    let version = version.parse::<Version>().unwrap();
    Manifest::new("hostile".parse().unwrap(), version, Scale::LogOdds, Reads::SUBJECT)
        .description(format!("case {case}"))
        .limits(ManifestLimits::default().memory_bytes_max(8 << 20).deadline_ms(deadline_ms(case)))
        .self_test(SelfTest::new("behaves", SELF_TEST, 0.5))
}

/// What is waited for ends soon; what answers at once has time for a machine that is busy with other tests.
fn deadline_ms(case: &str) -> u64 {
    if matches!(case, "empty" | "stateful" | "abstain") { 1_000 } else { 200 }
}

/// What a packed case is known by.
type CaseAndVersion = (String, String);

/// A packed case of the hostile model, as bytes. Packed once per test run.
pub(crate) fn release(case: &str, version: &str) -> Arc<Vec<u8>> {
    static PACKED: Mutex<BTreeMap<CaseAndVersion, Arc<Vec<u8>>>> = Mutex::new(BTreeMap::new());
    let mut known = PACKED.lock().unwrap_or_else(PoisonError::into_inner);
    let release = known
        .entry((case.to_owned(), version.to_owned()))
        .or_insert_with(|| Arc::new(packed(case, &manifest(case, version))));
    Arc::clone(release)
}

/// A case of the hostile model with another manifest.
pub(crate) fn packed(case: &str, manifest: &Manifest) -> Vec<u8> {
    switchback_pack::pack_module(hostile_module(), case.as_bytes(), manifest).unwrap()
}

/// A store of compiled artifacts that all tests of a run share, so that each release is compiled once.
pub(crate) fn shared_cache() -> &'static Path {
    static STORE: OnceLock<tempfile::TempDir> = OnceLock::new();
    STORE.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

/// The environment variable that tells a child of this test where [`shared_cache`] is.
const CACHE: &str = "SWITCHBACK_TEST_CACHE";

/// In a child process of a test: the cache of its parent.
pub(crate) fn cache_of_parent() -> PathBuf {
    std::env::var_os(CACHE).unwrap().into()
}

/// A command that starts this test program again, with the shared cache.
pub(crate) fn child() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(CACHE, shared_cache());
    command
}

/// A program of the folder `examples`.
pub(crate) fn example(name: &str) -> Command {
    let mut examples = std::env::current_exe().unwrap();
    examples.pop();
    Command::new(examples.parent().unwrap().join("examples").join(name))
}

/// A runtime with the slot `inbound`.
pub(crate) fn runtime() -> LocalRuntime {
    Runtime::builder().slot(SlotConfig::new("inbound")).cache_dir(shared_cache()).instances(64).build().unwrap()
}

/// Writes bytes to a file and loads it.
pub(crate) fn load_bytes(runtime: &Runtime, bytes: &[u8]) -> Result<ReleaseId, switchback::LoadError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("release.wasm");
    std::fs::write(&path, bytes).unwrap();
    runtime.load(path)
}

/// Loads a case of the hostile model.
pub(crate) fn load(runtime: &Runtime, case: &str, version: &str) -> ReleaseId {
    load_bytes(runtime, &release(case, version)).unwrap()
}
