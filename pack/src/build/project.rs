//! What cargo knows of the package before anything is built.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::{TARGET, cargo, no_cargo};
use crate::error::PackError;

/// The arguments for a build that say how dependencies are found, and so hold for this question, too.
const RESOLVING: [&str; 3] = ["--locked", "--offline", "--frozen"];

/// The package to build and the folders that its compilation may mention.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) package: String,
    pub(super) package_id: String,
    pub(super) manifest_path: PathBuf,
    pub(super) workspace_root: PathBuf,
    pub(super) target_directory: PathBuf,
    /// Packages that are used by path and lie outside the workspace, by name.
    pub(super) outside_dirs: Vec<(String, PathBuf)>,
}

impl Project {
    /// Asks cargo about the package in a folder, and refuses one that builds no module.
    pub(super) fn of(package_dir: &Path, cargo_args: &[OsString]) -> Result<Self, PackError> {
        let no_package = || PackError::NoPackage { path: package_dir.to_owned() };
        let manifest_path = package_dir.join("Cargo.toml").canonicalize().map_err(|_| no_package())?;
        let metadata = metadata(&manifest_path, cargo_args)?;
        let package = metadata.packages.iter().find(|p| p.manifest_path == manifest_path).ok_or_else(no_package)?;
        if !package.targets.iter().any(|target| target.crate_types.iter().any(|kind| kind == "cdylib")) {
            return Err(PackError::NoCdylib { package: package.name.clone() });
        }
        Ok(Self {
            package: package.name.clone(),
            package_id: package.id.clone(),
            outside_dirs: metadata.outside_dirs(),
            manifest_path,
            workspace_root: metadata.workspace_root,
            target_directory: metadata.target_directory,
        })
    }
}

/// `cargo metadata` with all dependencies, because the ones used by path have to be known.
fn metadata(manifest_path: &Path, cargo_args: &[OsString]) -> Result<Metadata, PackError> {
    let output = Command::new(cargo())
        .args(["metadata", "--format-version=1", "--filter-platform", TARGET, "--manifest-path"])
        .arg(manifest_path)
        .args(cargo_args.iter().filter(|argument| RESOLVING.iter().any(|known| known == argument)))
        .output()
        .map_err(no_cargo)?;
    let failed = |output: String| PackError::Cargo { package: manifest_path.display().to_string(), output };
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| failed(format!("cargo metadata: {error}")))
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    id: String,
    /// Absent for packages used by path.
    source: Option<String>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

impl Metadata {
    fn outside_dirs(&self) -> Vec<(String, PathBuf)> {
        let by_path = self.packages.iter().filter(|package| package.source.is_none());
        by_path
            .filter_map(|package| Some((package.name.clone(), package.manifest_path.parent()?.to_owned())))
            .filter(|(_, dir)| !dir.starts_with(&self.workspace_root))
            .collect()
    }
}
