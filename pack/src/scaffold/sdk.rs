//! Where a new model takes the crate `switchback-guest` from.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use switchback::files::InWords;

use super::cargo::{self, MANIFEST};
use crate::error::PackError;

/// Where the new package finds the crate `switchback-guest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// The registry.
    Registry,
    /// The folder of the crate, its `Cargo.toml`, or a checkout of Switchback.
    Path(PathBuf),
}

/// The crate.
const CRATE: &str = "switchback-guest";

/// Where a checkout of Switchback has it.
const IN_CHECKOUT: &str = "guest-sdk";

impl Sdk {
    /// The checkout that this crate was built from, if it is still there, else the registry.
    pub fn nearest() -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder = found_in(&checkout).ok().and_then(|folder| folder.canonicalize().ok());
        folder.map_or(Self::Registry, Self::Path)
    }

    /// The same with the absolute path of the crate's folder, which cargo can use.
    pub(super) fn located(&self) -> Result<Self, PackError> {
        let Self::Path(given) = self else { return Ok(Self::Registry) };
        let wanted = |what: String| {
            PackError::scaffold(format!(
                "{} {what}; give the folder of the crate {CRATE}, or a checkout of Switchback, which has it in {IN_CHECKOUT}",
                given.display()
            ))
        };
        let folder = found_in(given).map_err(wanted)?;
        let folder = folder.canonicalize().map_err(|error| wanted(format!("cannot be read: {}", InWords(&error))))?;
        cargo::read(&folder).map_err(|why| wanted(format!("holds it, but cargo cannot use it there: {why}")))?;
        Ok(Self::Path(folder))
    }

    /// The value of the dependency in `Cargo.toml`.
    pub(super) fn dependency(&self) -> Result<String, PackError> {
        let Self::Path(path) = self else { return Ok(format!("\"{}\"", env!("CARGO_PKG_VERSION"))) };
        let text = path.to_str().ok_or_else(|| {
            let path = path.display();
            PackError::scaffold(format!(
                "the path {path} is not UTF-8, and Cargo.toml takes no other; give the crate another place"
            ))
        })?;
        Ok(format!("{{ path = {} }}", toml_edit::Value::from(text)))
    }
}

/// The folder of the crate, given what people have: that folder, the manifest in it, or a checkout. Else what is there.
fn found_in(given: &Path) -> Result<PathBuf, String> {
    let is_manifest = given.ends_with(MANIFEST) && given.is_file();
    let folder = if is_manifest { given.with_file_name(".") } else { given.to_owned() };
    match fs::metadata(&folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err("is a file".to_owned()),
        Err(error) => return Err(format!("cannot be read: {}", InWords(&error))),
    }
    let here = package_in(&folder);
    let in_checkout = folder.join(IN_CHECKOUT);
    match here {
        Ok(Some(name)) if name == CRATE => Ok(folder),
        _ if package_in(&in_checkout).is_ok_and(|name| name.is_some_and(|name| name == CRATE)) => Ok(in_checkout),
        Ok(Some(other)) => Err(format!("holds the crate `{other}`")),
        Ok(None) => Err("holds a workspace without that crate".to_owned()),
        Err(why) => Err(why),
    }
}

/// The name of the package in a folder, if it is more than a workspace.
fn package_in(folder: &Path) -> Result<Option<String>, String> {
    #[derive(Deserialize)]
    struct Manifest {
        package: Option<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
    }
    let text = fs::read_to_string(folder.join(MANIFEST)).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("holds no {MANIFEST}"),
        _ => format!("holds a {MANIFEST} that cannot be read: {}", InWords(&error)),
    })?;
    let manifest: Manifest = toml_edit::de::from_str(&text)
        .map_err(|error| format!("holds a {MANIFEST} that cannot be read: {}", error.message()))?;
    Ok(manifest.package.map(|package| package.name))
}
