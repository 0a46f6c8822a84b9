//! What cargo says about a place.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::build::cargo_program;
use crate::error::PackError;

/// Cargo's manifest.
pub(super) const MANIFEST: &str = "Cargo.toml";

/// What cargo says where a workspace lies around a package that is neither a member of it nor excluded.
const NOT_A_MEMBER: &str = "believes it's in a workspace when it's not";

/// The root of the workspace that takes the package in a folder for its member. None where the package has to be a workspace
/// of its own, and where there is no cargo to ask.
pub(super) fn workspace_around(folder: &Path) -> Result<Option<PathBuf>, PackError> {
    match read(folder) {
        Ok(root) => Ok(root.filter(|root| root.canonicalize().ok() != folder.canonicalize().ok())),
        Err(why) if why.contains(NOT_A_MEMBER) => Ok(None),
        Err(why) => Err(PackError::scaffold(format!("cargo cannot work in {}: {why}", folder.display()))),
    }
}

/// Reads the package in a folder, but none of its dependencies, and returns the root of its workspace.
pub(super) fn read(folder: &Path) -> Result<Option<PathBuf>, String> {
    #[derive(Deserialize)]
    struct Metadata {
        workspace_root: PathBuf,
    }
    let output = Command::new(cargo_program())
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(folder)
        .output();
    let Ok(output) = output else { return Ok(None) };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(said.trim().trim_start_matches("error: ").to_owned());
    }
    serde_json::from_slice(&output.stdout)
        .map(|Metadata { workspace_root }| Some(workspace_root))
        .map_err(|e| e.to_string())
}
