//! What a release says about how it was built.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use switchback::Digest;
use wasm_encoder::{ComponentSection as _, CustomSection};

use super::arguments::Arguments;
use super::project::Project;
use super::toolchain::Toolchain;
use crate::error::PackError;
use crate::section::only_section;

/// The custom section that holds it as JSON. Hosts do not read it, so it has none of their names.
const SECTION: &str = "switchback-build";

/// The variable that lets a stable compiler do what is not stable, and libraries use it.
const BOOTSTRAP: &str = "RUSTC_BOOTSTRAP";

/// How a release was built: all that its bytes depend on, besides the model's own files. Whoever builds it again needs the same.
///
/// What packed the release wrote this; a host believes none of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BuildRecord {
    /// The compiler: `rustc 1.95.0 (59807616e 2026-04-14)`.
    pub rustc: String,
    /// The revision of the compiler's source, if it knows it.
    pub rustc_commit: Option<String>,
    /// The platform that the compiler ran on. It goes into the names of functions, and so into their order.
    pub host: String,
    /// The version of `switchback-pack`.
    pub packer: String,
    /// The version of `switchback-guest`, with `(path)` or `(git REVISION)` if it is not from a registry.
    pub sdk: Option<String>,
    /// The cargo profile.
    pub profile: String,
    /// What it says, by the names that Cargo.toml has: `lto`, `panic` and so on.
    pub profile_settings: BTreeMap<String, String>,
    /// The stack that the model has in its own memory, in KiB.
    pub stack_kib: usize,
    /// The compiler's flags that cargo's configuration has for models. Folders in them are named as in the release.
    pub rustflags: Vec<String>,
    /// The package's features that were asked for, and `--all-features` or `--no-default-features`.
    pub features: Vec<String>,
    /// Arguments for cargo that begin with `-Z`, and the variable `RUSTC_BOOTSTRAP`.
    pub unstable: Vec<String>,
    /// SHA-256 of the lock file with its lines ended by LF.
    pub lock_file: Option<Digest>,
}

impl BuildRecord {
    pub(super) fn new(
        project: &Project,
        toolchain: &Toolchain,
        arguments: &Arguments,
        profile: (&str, BTreeMap<String, String>),
        stack_bytes: usize,
        rustflags: Vec<String>,
    ) -> Self {
        let values = |option| arguments.values_of(option).map(|value| value.to_string_lossy().into_owned());
        let mut features: Vec<_> = values("--features")
            .flat_map(|list| {
                list.split([' ', ',']).filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>()
            })
            .collect();
        features.sort();
        features.dedup();
        let flags = ["--all-features", "--no-default-features"].into_iter().filter(|flag| arguments.has(flag));
        features.extend(flags.map(str::to_owned));
        let bootstrap = env::var(BOOTSTRAP).ok().map(|value| format!("{BOOTSTRAP}={value}"));
        let lock_file = arguments.values_of("--lockfile-path").last().map(Path::new);
        let lock_file = lock_file.map_or_else(|| project.workspace_root.join("Cargo.lock"), Path::to_owned);
        Self {
            rustc: toolchain.version.clone(),
            rustc_commit: toolchain.commit.clone(),
            host: toolchain.host.clone(),
            packer: env!("CARGO_PKG_VERSION").to_owned(),
            sdk: project.sdk.clone(),
            profile: profile.0.to_owned(),
            profile_settings: profile.1,
            stack_kib: stack_bytes >> 10,
            rustflags,
            features,
            unstable: values("-Z").chain(bootstrap).collect(),
            lock_file: fs::read_to_string(lock_file).ok().map(|text| Digest::of(text.replace("\r\n", "\n").as_bytes())),
        }
    }

    /// Adds it to a component.
    pub(crate) fn add_to(&self, component: &mut Vec<u8>) -> Result<(), PackError> {
        let json = serde_json::to_vec(self).map_err(|error| PackError::Componentise { why: error.to_string() })?;
        CustomSection { name: SECTION.into(), data: Cow::Owned(json) }.append_to_component(component);
        Ok(())
    }

    /// Reads it from a release. There is none where several claim to be it.
    pub(crate) fn read(release: &[u8]) -> Option<Self> {
        serde_json::from_slice(only_section(release, SECTION)?).ok()
    }

    /// The number of the compiler's version and the rest of what it calls itself, as the standard section for tools has it.
    pub(crate) fn rustc_version(&self) -> &str {
        self.rustc.strip_prefix("rustc ").unwrap_or(&self.rustc)
    }
}
