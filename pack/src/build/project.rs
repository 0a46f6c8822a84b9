//! What cargo knows of the package before anything is built.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::arguments::Arguments;
use super::cargo::Cargo;
use super::place::Place;
use crate::error::PackError;
use crate::target::TARGET;

/// The crate that every model is written with.
const SDK: &str = "switchback-guest";

/// Files of a workspace's root that decide how its members are built.
const OF_WORKSPACE: [&str; 5] =
    ["Cargo.toml", "Cargo.lock", ".cargo/config.toml", "rust-toolchain.toml", "rust-toolchain"];

/// The package to build and the folders that its compilation may mention.
#[derive(Debug, Default)]
pub(super) struct Project {
    pub(super) package: String,
    pub(super) package_id: String,
    pub(super) manifest_path: PathBuf,
    pub(super) workspace_root: PathBuf,
    pub(super) target_directory: PathBuf,
    /// Where intermediate files are.
    pub(super) build_directory: PathBuf,
    pub(super) cargo_home: PathBuf,
    /// `NAME-VERSION` and folder of each package that goes into the model and is no part of the workspace's folder, or was
    /// brought there from elsewhere.
    pub(super) foreign: Vec<(String, PathBuf)>,
    /// Folders of the packages that go into the model and are used by path, its own among them.
    pub(super) local: Vec<PathBuf>,
    /// The version of the SDK, and where it is from.
    pub(super) sdk: Option<String>,
}

impl Project {
    /// What of this machine's files, other than those of registries, goes into the release: folders, and files of the workspace.
    pub(super) fn sources(&self) -> Vec<PathBuf> {
        let of_workspace = OF_WORKSPACE.iter().map(|file| self.workspace_root.join(file));
        self.local.iter().cloned().chain(of_workspace).collect()
    }

    /// Asks cargo about the package in a folder, and refuses one that builds no module.
    pub(super) fn of(package_dir: &Path, arguments: &Arguments, cargo: &mut Cargo) -> Result<Self, PackError> {
        let mut places = Place::all(package_dir)?.into_iter().peekable();
        while let Some(place) = places.next() {
            let is_link = places.peek().is_some();
            cargo.dir.clone_from(&place.dir);
            let metadata = Metadata::of(&place, arguments, cargo);
            // Through a link only for the workspace that has the link as a member.
            let is_member = metadata
                .as_ref()
                .is_ok_and(|metadata| Some(metadata.workspace_root.as_path()) != place.manifest_path.parent());
            if !is_link || is_member {
                return metadata?.project(place.manifest_path, cargo);
            }
        }
        Err(PackError::NoPackage { path: package_dir.to_owned() })
    }
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Option<Resolve>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
    /// Absent in cargo before 1.91, where it is the same as `target_directory`.
    build_directory: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    id: String,
    /// Absent for packages used by path.
    source: Option<String>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    kind: Vec<String>,
    crate_types: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

impl Metadata {
    /// `cargo metadata` with all dependencies, because their folders have to be known.
    fn of(place: &Place, arguments: &Arguments, cargo: &Cargo) -> Result<Self, PackError> {
        let mut command = cargo.command("metadata");
        command.args(["--format-version=1", "--filter-platform", TARGET, "--manifest-path"]).arg(&place.manifest_path);
        command.args(arguments.for_resolution());
        let json = cargo.output(command, &place.manifest_path)?;
        let unreadable = |error| PackError::Cargo {
            package: place.manifest_path.display().to_string(),
            output: format!("error: the answer of `cargo metadata` cannot be read: {error}\n"),
        };
        serde_json::from_slice(&json).map_err(unreadable)
    }

    fn project(self, manifest_path: PathBuf, cargo: &Cargo) -> Result<Project, PackError> {
        let Some(package) = self.packages.iter().find(|package| package.manifest_path == manifest_path) else {
            return Err(PackError::VirtualWorkspace { path: manifest_path, members: self.members() });
        };
        if !package.targets.iter().any(Target::is_module) {
            return Err(PackError::NoCdylib { package: package.name.clone() });
        }
        let used = self.used_by(&package.id);
        Ok(Project {
            package: package.name.clone(),
            package_id: package.id.clone(),
            foreign: used.iter().filter(|used| self.is_foreign(used)).filter_map(|used| used.named_dir()).collect(),
            local: used.iter().filter(|used| used.source.is_none()).filter_map(|used| used.dir()).collect(),
            sdk: used.iter().find(|used| used.name == SDK).map(|sdk| sdk.origin()),
            manifest_path,
            cargo_home: cargo_home(cargo),
            build_directory: self.build_directory.unwrap_or_else(|| self.target_directory.clone()),
            workspace_root: self.workspace_root,
            target_directory: self.target_directory,
        })
    }

    /// The folders of the workspace's members.
    fn members(&self) -> Vec<String> {
        let own = self.packages.iter().filter(|package| !self.is_foreign(package));
        let dirs = own.filter_map(|package| package.manifest_path.parent()?.strip_prefix(&self.workspace_root).ok());
        dirs.map(|dir| format!("`{}`", dir.display())).collect()
    }

    /// The package and all that it depends on.
    fn used_by(&self, id: &str) -> Vec<&Package> {
        let nodes = self.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let dependencies: BTreeMap<_, _> = nodes.map(|node| (node.id.as_str(), &node.dependencies)).collect();
        let mut used = BTreeSet::from([id]);
        let mut next = vec![id];
        while let Some(id) = next.pop() {
            let direct = dependencies.get(id).into_iter().flat_map(|direct| direct.iter().map(String::as_str));
            next.extend(direct.filter(|dependency| used.insert(dependency)));
        }
        self.packages.iter().filter(|package| used.contains(package.id.as_str())).collect()
    }

    fn is_foreign(&self, package: &Package) -> bool {
        package.source.is_some() || !package.manifest_path.starts_with(&self.workspace_root)
    }
}

impl Package {
    fn dir(&self) -> Option<PathBuf> {
        self.manifest_path.parent().map(Path::to_owned)
    }

    fn named_dir(&self) -> Option<(String, PathBuf)> {
        Some((format!("{}-{}", self.name, self.version), self.dir()?))
    }

    /// The version, and where the package is from if not from the registry.
    fn origin(&self) -> String {
        match self.source.as_deref() {
            None => format!("{} (path)", self.version),
            Some(source) => match source.split_once('#') {
                Some((_, revision)) if source.starts_with("git+") => format!("{} (git {revision})", self.version),
                _ => self.version.clone(),
            },
        }
    }
}

impl Target {
    /// Whether it is the package's library, made as a module.
    fn is_module(&self) -> bool {
        self.crate_types.iter().any(|kind| kind == "cdylib") && !self.kind.iter().any(|kind| kind == "example")
    }
}

/// Where cargo keeps what it downloads.
fn cargo_home(cargo: &Cargo) -> PathBuf {
    let configured = env::var_os("CARGO_HOME").filter(|home| !home.is_empty());
    configured.map_or_else(|| env::home_dir().unwrap_or_default().join(".cargo"), |home| cargo.caller_dir.join(home))
}
