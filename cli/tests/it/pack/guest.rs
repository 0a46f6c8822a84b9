//! A model's project without the SDK, so that the compiler needs no second for it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::model::contract_section;
use crate::run::{Ran, command, ran};

const CARGO_TOML: &str = r#"[package]
name = "tiny"
version = "0.1.0"
edition = "2024"

[lib]
crate-type = ["cdylib"]

[features]
large = []

[lints.rust]
unexpected_cfgs = { level = "warn", check-cfg = ['cfg(fancy)'] }

[dependencies]
distant = "1.0.0"
"#;

const SWITCHBACK_TOML: &str = r#"[release]
name = "tiny"
version = "0.1.0"
scale = "probability"
reads = []

[[self_test]]
message = "a.eml"
score = 0.25
"#;

const LIB: &str = r#"
#[link(wasm_import_module = "switchback:scoring/message@1.0.0")]
unsafe extern "C" {
    #[link_name = "[resource-drop]message"]
    safe fn drop_message(message: u32);
}

#[used]
#[unsafe(link_section = "component-type:plugin")]
static TYPE: [u8; include_bytes!("contract.bin").len()] = *include_bytes!("contract.bin");

#[used]
#[unsafe(link_section = "switchback:contract")]
static CONTRACT: [u8; 5] = *b"1.0.0";

include!(concat!(env!("OUT_DIR"), "/generated.rs"));

#[repr(C)]
struct Reason(&'static str, f64, &'static str);

#[repr(C)]
struct Scored(u64, u64, f64, u32, &'static [Reason]);

const WEIGHT: f64 = if cfg!(any(fancy, feature = "large")) { 0.5 } else { 0.25 };
static SUCCESS: [u32; 4] = [0; 4];
static REASONS: [Reason; 1] = [Reason("ALWAYS", WEIGHT, "")];
static SCORED: Scored = Scored(0, 0, WEIGHT, 0, &REASONS);

#[unsafe(no_mangle)]
extern "C" fn cabi_realloc(_: usize, _: usize, align: usize, size: usize) -> *mut u8 {
    unsafe { std::alloc::alloc(std::alloc::Layout::from_size_align(size.max(1), align).unwrap()) }
}

#[unsafe(no_mangle)]
extern "C" fn prepare(_: *const u8, length: usize) -> &'static [u32; 4] {
    assert!(distant::at_most(length, 9) && generated(length) < 10, "large");
    &SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn score(message: u32) -> &'static Scored {
    drop_message(message);
    &SCORED
}
"#;

/// Code that names its file where it panics.
const GENERATE: &str = r#"fn main() {
    let code = "fn generated(n: usize) -> usize { (0..n).max().unwrap_or(n).checked_add(n).expect(\"generated\") }";
    std::fs::write(format!("{}/generated.rs", std::env::var("OUT_DIR").unwrap()), code).unwrap();
    println!("cargo::rerun-if-changed=build.rs");
}"#;

/// So does this.
const DISTANT: &str = "pub fn at_most(n: usize, most: usize) -> bool { assert!(n != 77, \"distant\"); n <= most }";

/// The project `tiny` in a folder of its own, with a dependency that is vendored.
pub(crate) struct Guest {
    folder: TempDir,
}

impl Guest {
    pub(crate) fn new() -> Self {
        let guest = Self { folder: tempfile::tempdir().unwrap() };
        guest.make("tiny");
        guest
    }

    /// Writes the project, with its place in the workspace `vendor` and its own configuration.
    pub(crate) fn make(&self, name: &str) {
        let file = |path: &str| format!("{name}/{path}");
        self.write(&file("Cargo.toml"), CARGO_TOML);
        self.write(&file("switchback.toml"), SWITCHBACK_TOML);
        self.write(&file("a.eml"), "Subject: a\r\n\r\n");
        self.write(&file("build.rs"), GENERATE);
        self.write(&file("src/lib.rs"), LIB);
        self.write(&file("src/contract.bin"), contract_section());
        self.vendor(name, "distant");
    }

    /// Writes the dependency as `cargo vendor` would, into a folder of this name.
    pub(crate) fn vendor(&self, project: &str, name: &str) {
        let dir = format!("{project}/vendor/{name}");
        self.write(
            &format!("{dir}/Cargo.toml"),
            "[package]\nname = \"distant\"\nversion = \"1.0.0\"\nedition = \"2024\"\n",
        );
        self.write(&format!("{dir}/src/lib.rs"), DISTANT);
        self.write(&format!("{dir}/.cargo-checksum.json"), r#"{"files":{}}"#);
        let sources = "[source.crates-io]\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = \"vendor\"\n";
        self.write(&format!("{project}/.cargo/config.toml"), sources);
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(path)
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn append(&self, path: &str, text: &str) {
        let content = fs::read_to_string(self.path(path)).unwrap();
        self.write(path, content + text);
    }

    #[track_caller]
    pub(crate) fn change(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(path)).unwrap();
        assert!(text.contains(from), "{from:?} is not in {path}");
        self.write(path, text.replace(from, to));
    }

    pub(crate) fn link(&self, target: &str, link: &str) {
        symlink(target, self.path(link)).unwrap();
    }

    /// `switchback`, run in a folder.
    pub(crate) fn command(&self, dir: &str) -> Command {
        let mut command = command();
        command.current_dir(self.path(dir)).env_remove("CARGO_TARGET_DIR");
        command
    }

    /// Runs it.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, dir: &str, args: impl IntoIterator<Item = S>) -> Ran {
        ran(self.command(dir).args(args))
    }

    /// Packs the project `tiny` into this file.
    #[track_caller]
    pub(crate) fn pack(&self, out: &str) -> Packed {
        self.pack_with(out, &[], &[])
    }

    /// The same with variables and with arguments for cargo.
    #[track_caller]
    pub(crate) fn pack_with(&self, out: &str, variables: &[(&str, &str)], cargo_args: &[&str]) -> Packed {
        let mut command = self.command("");
        command.args(["pack", "tiny", "--json", "-o", out, "--"]).args(cargo_args);
        Packed::of(ran(command.envs(variables.iter().copied())), &self.path(out))
    }
}

/// A release that was packed.
#[derive(Debug)]
pub(crate) struct Packed {
    pub(crate) bytes: Vec<u8>,
    /// What `--json` said.
    pub(crate) json: Value,
    /// What was on stderr.
    pub(crate) said: String,
}

impl Packed {
    #[track_caller]
    pub(crate) fn of(ran: Ran, release: &Path) -> Self {
        assert_eq!(ran.code, 0, "{}", ran.err);
        let json = serde_json::from_str(&ran.out).unwrap();
        Self { bytes: fs::read(release).unwrap(), json, said: ran.err }
    }

    /// An entry of what the release says of how it was built.
    pub(crate) fn built(&self, entry: &str) -> &Value {
        &self.json["inspection"]["build"][entry]
    }

    pub(crate) fn mentions(&self, text: &str) -> bool {
        memchr::memmem::find(&self.bytes, text.as_bytes()).is_some()
    }
}
