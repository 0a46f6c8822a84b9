//! Which compiler cargo uses.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use cargo_platform::Cfg;

use super::cargo::Cargo;
use crate::error::PackError;
use crate::target::TARGET;

/// SIMD, which every host has.
pub(super) const FEATURES: &str = "-Ctarget-feature=+simd128";

/// The compiler, as it describes itself.
#[derive(Debug)]
pub(super) struct Toolchain {
    /// `1.95.0`.
    pub(super) release: String,
    /// `rustc 1.95.0 (59807616e 2026-04-14)`.
    pub(super) version: String,
    /// The revision of its source, which stands in the paths of the standard library.
    pub(super) commit: Option<String>,
    /// The platform that it runs on.
    pub(super) host: String,
    pub(super) sysroot: PathBuf,
    /// What holds for the target: `target_arch="wasm32"` and so on.
    pub(super) cfg: Vec<Cfg>,
}

impl Toolchain {
    /// Asks the compiler. `configured` is the one that cargo's configuration names, if it does.
    pub(super) fn of(cargo: &Cargo, configured: Option<&str>, of: &Path) -> Result<Self, PackError> {
        let rustc = env::var_os("RUSTC").or_else(|| configured.map(OsString::from)).unwrap_or_else(|| "rustc".into());
        let ask = |arguments: &[&str]| -> Result<_, PackError> {
            let mut command = cargo.tool(&rustc);
            command.args(arguments);
            Ok(String::from_utf8_lossy(&cargo.output(command, of)?).into_owned())
        };
        let about = ask(&["-vV"])?;
        let field = |name: &str| {
            let value = about.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            value.filter(|value| *value != "unknown").map(str::to_owned)
        };
        let target = ask(&["--target", TARGET, FEATURES, "--print=sysroot", "--print=cfg"])?;
        let mut lines = target.lines();
        Ok(Self {
            release: field("release").unwrap_or_default(),
            version: about.lines().next().unwrap_or_default().to_owned(),
            commit: field("commit-hash"),
            host: field("host").unwrap_or_default(),
            sysroot: lines.next().unwrap_or_default().into(),
            cfg: lines.filter_map(|line| line.parse().ok()).collect(),
        })
    }

    /// What rustup calls it; none if it is not one of rustup's.
    pub(super) fn name_for_rustup(&self) -> Option<String> {
        let is_rustups = self.sysroot.parent().and_then(Path::file_name).is_some_and(|folder| folder == "toolchains");
        is_rustups.then(|| self.sysroot.file_name().unwrap_or_default().to_string_lossy().into_owned())
    }

    /// Whether the compiler can leave paths in its own messages as they are.
    pub(super) fn knows_scopes(&self) -> bool {
        self.release.parse::<semver::Version>().is_ok_and(|release| (release.major, release.minor) >= (1, 95))
    }
}
