//! Whether what the published crates say of the versions that they need is what was tested.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result, bail};
use toml_edit::{DocumentMut, Table};

use super::packages::Packages;
use crate::shell::step;

/// Dependencies that may be older than those of the lock file.
const OLDER: [&str; 1] = [
    // A program has one SQLite, so whatever else in it uses SQLite has to agree; each of these versions was compiled with.
    "rusqlite",
];

/// Resolves the packages with the oldest version of each dependency that they declare: it has to be the one in the lock file,
/// which every test ran with. So nothing has to be built for it.
pub(super) fn check(packages: &Packages) -> Result<()> {
    let tested = direct(packages)?;
    let mut oldest = packages.cargo();
    oldest.args(["generate-lockfile", "-Z", "direct-minimal-versions"]).env("RUSTC_BOOTSTRAP", "1");
    step("resolve the oldest versions that are declared", &mut oldest)?;
    let untested: Vec<_> = direct(packages)?.difference(&tested).cloned().collect();
    let untested: Vec<_> = untested.into_iter().filter(|(_, name, _)| !OLDER.contains(&name.as_str())).collect();
    for (package, name, version) in &untested {
        eprintln!("{package} is content with {name} {version}, which no test ran with: raise the bound in Cargo.toml");
    }
    if untested.is_empty() { Ok(()) } else { bail!("{} declared versions are older than tested", untested.len()) }
}

/// What the packages depend on, by the lock file of their workspace: which, on what, in which version.
fn direct(packages: &Packages) -> Result<BTreeSet<(String, String, String)>> {
    let lock: DocumentMut = fs::read_to_string(packages.dir.join("Cargo.lock"))?.parse()?;
    let locked = lock["package"].as_array_of_tables().context("the lock file names no packages")?;
    let text =
        |package: &Table, key: &str| package.get(key).and_then(|text| text.as_str()).unwrap_or_default().to_owned();
    let only = |name: &str| {
        locked.iter().find(|package| text(package, "name") == name).map(|package| text(package, "version"))
    };
    let ours = locked.iter().filter(|package| packages.names.iter().any(|(name, _)| *name == text(package, "name")));
    let edges = ours.flat_map(|package| {
        let dependencies = package.get("dependencies").and_then(|all| all.as_array());
        let dependencies = dependencies.into_iter().flatten().filter_map(|one| one.as_str());
        dependencies.map(|dependency| {
            // The version is there only where there are several.
            let (name, version) = dependency.split_once(' ').unzip();
            let name = name.unwrap_or(dependency);
            let version = version.map(str::to_owned).or_else(|| only(name)).unwrap_or_default();
            (text(package, "name"), name.to_owned(), version)
        })
    });
    Ok(edges.collect())
}
