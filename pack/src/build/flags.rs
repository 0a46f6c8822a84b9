//! What the compiler is told beyond what cargo tells it: the flags that the project has for its models, and ours.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};

use cargo_platform::Platform;
use serde::Deserialize;

use super::arguments::Arguments;
use super::cargo::Cargo;
use super::project::Project;
use super::toolchain::{FEATURES, Toolchain};
use crate::error::PackError;
use crate::target::TARGET;

/// The variable that adds to `target.wasm32-unknown-unknown.rustflags`.
const TARGET_RUSTFLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// What cargo's configuration says, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Configuration {
    target: BTreeMap<String, Table>,
    build: Table,
    profile: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Table {
    rustflags: Flags,
    rustc: Option<String>,
}

/// A text or a list of texts, as cargo takes flags.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Flags {
    Text(String),
    List(Vec<String>),
}

impl Default for Flags {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl Flags {
    fn list(&self) -> Vec<String> {
        match self {
            Self::Text(text) => text.split_whitespace().map(str::to_owned).collect(),
            Self::List(list) => list.clone(),
        }
    }
}

impl Configuration {
    /// Asks cargo, which joins files, what those include, and `--config`; the environment comes last. The command that tells is
    /// not stable, so this one call has the leave to use it; it builds nothing.
    pub(super) fn of(cargo: &Cargo, arguments: &Arguments, of: &Path) -> Result<Self, PackError> {
        let mut command = cargo.command("config");
        command.args(["get", "--format=json-value", "-Zunstable-options"]).env("RUSTC_BOOTSTRAP", "1");
        command.args(arguments.for_configuration());
        let json = cargo.output(command, of)?;
        let unreadable = |error| PackError::Cargo {
            package: of.display().to_string(),
            output: format!("error: cargo's configuration cannot be read: {error}\n"),
        };
        let mut configuration: Self = serde_json::from_slice(&json).map_err(unreadable)?;
        if let Ok(environment) = env::var(TARGET_RUSTFLAGS) {
            let table = configuration.target.entry(TARGET.to_owned()).or_default();
            let all = table.rustflags.list().into_iter().chain(Flags::Text(environment).list());
            table.rustflags = Flags::List(all.collect());
        }
        Ok(configuration)
    }

    /// The compiler that cargo is told to use.
    pub(super) fn rustc(&self) -> Option<&str> {
        self.build.rustc.as_deref()
    }

    /// The flags for models: those for the target, and those of all tables `cfg(..)` that hold for it.
    pub(super) fn flags(&self, toolchain: &Toolchain) -> Vec<String> {
        let holds = |name: &str| {
            let platform = name.parse::<Platform>();
            name != TARGET && platform.is_ok_and(|platform| platform.matches(TARGET, &toolchain.cfg))
        };
        let tables = self.target.get(TARGET).into_iter();
        let tables = tables.chain(self.target.iter().filter(|(name, _)| holds(name)).map(|(_, table)| table));
        tables.flat_map(|table| table.rustflags.list()).collect()
    }

    /// Profiles of it, for whoever packs: another machine may have others.
    pub(super) fn profiles(&self) -> Option<String> {
        (!self.profile.is_empty()).then(|| {
            let profiles = serde_json::Value::Object(self.profile.clone());
            format!("cargo's configuration changes profiles, and with them the release: {profiles}")
        })
    }

    /// What of it is left out, for whoever wrote it.
    pub(super) fn left_out(&self) -> Option<String> {
        let flags = self.build.rustflags.list();
        (!flags.is_empty()).then(|| {
            format!(
                "not used for the model, because it is meant for programs of this machine: `build.rustflags` in cargo's \
                 configuration ({}); flags for models go into `target.{TARGET}.rustflags`",
                flags.join(" ")
            )
        })
    }
}

/// What is taken, for whoever packs.
pub(super) fn taken(theirs: &[String]) -> Option<String> {
    (!theirs.is_empty()).then(|| format!("flags for the model from cargo's configuration: {}", theirs.join(" ")))
}

/// The folders that the compiler meets, and what it is to call them, so that a release does not depend on where they are. The
/// compiler takes the last that matches: the most special comes last.
pub(super) fn names_of_folders(project: &Project, toolchain: &Toolchain) -> Vec<(PathBuf, String)> {
    let mut names = BTreeSet::new();
    let mut name = |dir: PathBuf, to: String| {
        // A build script may have followed links.
        for dir in dir.canonicalize().into_iter().chain([dir]) {
            // The root folder is no place of its own, and a relative one is none at all.
            if dir.is_absolute() && dir.parent().is_some() {
                names.insert((dir.components().count(), dir, to.clone()));
            }
        }
    };
    name(env::home_dir().unwrap_or_default(), "/home".to_owned());
    name(project.cargo_home.clone(), "/cargo".to_owned());
    name(project.workspace_root.clone(), "/src".to_owned());
    name(project.target_directory.clone(), "/target".to_owned());
    name(project.build_directory.clone(), "/target".to_owned());
    // As in the standard library that is installed, whether its source lies beside it or it is built from that.
    let library = toolchain.commit.as_ref().unwrap_or(&toolchain.release);
    name(toolchain.sysroot.join("lib/rustlib/src/rust"), format!("/rustc/{library}"));
    for (package, dir) in &project.foreign {
        match dir.parent() {
            // Folders of a registry: one name serves them all.
            Some(parent) if dir.ends_with(package) => name(parent.to_owned(), "/dep".to_owned()),
            _ => name(dir.clone(), format!("/dep/{package}")),
        }
    }
    names.into_iter().map(|(_, dir, to)| (dir, to)).collect()
}

/// Functions keep their names, whatever the profile strips, for whoever asks whose code takes the room. Packing strips them.
const KEEP_NAMES: &str = "-Clink-arg=--keep-section=name";

/// All flags: theirs, and ours.
pub(super) fn all(
    theirs: &[String],
    names: &[(PathBuf, String)],
    toolchain: &Toolchain,
    stack_bytes: usize,
) -> Vec<String> {
    let mut all = theirs.to_vec();
    all.extend([FEATURES.to_owned(), format!("-Clink-arg=-zstack-size={stack_bytes}"), KEEP_NAMES.to_owned()]);
    all.extend(names.iter().map(|(dir, to)| format!("--remap-path-prefix={}={to}", dir.display())));
    if toolchain.knows_scopes() {
        // In the module, and not in what the compiler says to the author.
        all.push("--remap-path-scope=object".to_owned());
    }
    all
}

/// A text with the folders in it named as the compiler names them.
pub(super) fn without_folders(text: &str, names: &[(PathBuf, String)]) -> String {
    names.iter().rev().fold(text.to_owned(), |text, (dir, to)| text.replace(&*dir.to_string_lossy(), to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toolchain() -> Toolchain {
        let cfg = ["target_arch=\"wasm32\"", "target_family=\"wasm\"", "panic=\"abort\""];
        Toolchain {
            release: "1.95.0".to_owned(),
            version: "rustc 1.95.0".to_owned(),
            commit: Some("c0ffee".to_owned()),
            host: "x".to_owned(),
            sysroot: "/opt/rust".into(),
            cfg: cfg.iter().map(|cfg| cfg.parse().unwrap()).collect(),
        }
    }

    #[test]
    fn flags_for_the_target_are_taken_and_no_others() {
        let json = r#"{"build": {"rustflags": "-Ctarget-cpu=native", "jobs": 1}, "net": {}, "target": {
            "wasm32-unknown-unknown": {"rustflags": ["--cfg", "a b"], "runner": "x"},
            "x86_64-unknown-linux-gnu": {"rustflags": "--cfg host", "linker": "lld"},
            "cfg(target_family = \"wasm\")": {"rustflags": "--cfg family"},
            "cfg(not(target_arch = \"wasm32\"))": {"rustflags": "--cfg other"},
            "cfg(all(panic = \"abort\", not(unix)))": {"rustflags": ["--cfg=both"]}}}"#;
        let configuration: Configuration = serde_json::from_str(json).unwrap();
        assert_eq!(configuration.flags(&toolchain()), ["--cfg", "a b", "--cfg=both", "--cfg", "family"]);
        assert!(configuration.left_out().unwrap().contains("-Ctarget-cpu=native"));
    }

    #[test]
    fn the_most_special_folder_is_named_last_and_a_registry_once() {
        let package = |name: &str, dir: &str| (name.to_owned(), PathBuf::from(dir));
        let project = Project {
            cargo_home: "/ws/.cargo".into(),
            workspace_root: "/ws".into(),
            target_directory: "/ws/target".into(),
            build_directory: "/".into(),
            foreign: vec![
                package("a-1.0.0", "/ws/.cargo/registry/src/index/a-1.0.0"),
                package("b-1.0.0", "/ws/.cargo/registry/src/index/b-1.0.0"),
                package("c-1.0.0", "/ws/vendor/c"),
            ],
            ..Project::default()
        };
        let names = names_of_folders(&project, &toolchain());
        let of = |dir: &str| names.iter().position(|(named, _)| named == Path::new(dir)).unwrap();
        assert!(of("/ws") < of("/ws/.cargo") && of("/ws/.cargo") < of("/ws/.cargo/registry/src/index"));
        assert_eq!(names[of("/ws/.cargo/registry/src/index")].1, "/dep");
        assert_eq!(names[of("/ws/vendor/c")].1, "/dep/c-1.0.0");
        assert_eq!(names[of("/opt/rust/lib/rustlib/src/rust")].1, "/rustc/c0ffee");
        assert!(!names.iter().any(|(dir, _)| dir == Path::new("/")));
        assert_eq!(without_folders("-Clink-arg=-T/ws/vendor/c/x.ld", &names), "-Clink-arg=-T/dep/c-1.0.0/x.ld");
    }
}
