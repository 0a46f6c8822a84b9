//! The published crates as a registry would have them: packed, and unpacked into a workspace of their own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use toml_edit::{Array, DocumentMut, table, value};

use crate::shell::{cargo, command, root, step, target_dir};

/// What every package has besides its code.
const REQUIRED: [&str; 3] = ["README.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// The packages, unpacked.
pub(super) struct Packages {
    /// The workspace. The packages lie in it, as `name-version`.
    pub(super) dir: PathBuf,
    /// Names and versions.
    pub(super) names: Vec<(String, String)>,
}

impl Packages {
    /// Packs every member of the workspace that may be published.
    pub(super) fn unpacked() -> Result<Self> {
        let packages = Self { dir: target_dir().join("publish/unpacked"), names: published()? };
        let packed = target_dir().join("publish");
        let mut package = cargo();
        // What is packed is what is here, whether it is committed or not; it is built below.
        package.args(["package", "--locked", "--allow-dirty", "--no-verify", "--target-dir"]).arg(&packed);
        for (name, _) in &packages.names {
            package.args(["--package", name]);
        }
        step("pack the published crates", &mut package)?;

        if packages.dir.exists() {
            fs::remove_dir_all(&packages.dir)?;
        }
        fs::create_dir_all(&packages.dir)?;
        for (name, version) in &packages.names {
            let archive = packed.join(format!("package/{name}-{version}.crate"));
            // As of now: in the archive every file is of one day, and cargo would take it for what it built last time.
            let mut tar = command("tar");
            tar.args(["--touch", "-xzf"]).arg(archive).arg("-C").arg(&packages.dir);
            step(&format!("unpack {name}"), &mut tar)?;
            let has = |file: &&str| packages.dir.join(format!("{name}-{version}")).join(file).is_file();
            if let Some(missing) = REQUIRED.iter().find(|file| !has(file)) {
                bail!("the package {name} has no {missing}: its folder needs a link to that of the repository's root");
            }
        }
        packages.write_workspace()?;
        Ok(packages)
    }

    /// Builds libraries and programs, as those get them who depend on them.
    pub(super) fn build(&self) -> Result<()> {
        step("build what was packed", self.with_all_features("check").args(["--lib", "--bins"]))
    }

    /// Documents them as docs.rs does, with what is not stable.
    pub(super) fn document(&self) -> Result<()> {
        let mut doc = self.with_all_features("doc");
        doc.args(["--no-deps", "--lib"]).env("RUSTDOCFLAGS", "--cfg docsrs --deny warnings");
        // For rustdoc alone: build scripts look at this variable, and everything would be built once more.
        doc.env("RUSTDOC", root().join(".ci/rustdoc"));
        step("documentation", &mut doc)
    }

    /// Cargo in the workspace of the packages. It builds in the repository's target folder, where most of what they depend on
    /// is already.
    pub(super) fn cargo(&self) -> Command {
        let mut cargo = cargo();
        cargo.current_dir(&self.dir).env("CARGO_TARGET_DIR", target_dir());
        cargo
    }

    /// With all their features.
    fn with_all_features(&self, subcommand: &str) -> Command {
        let mut cargo = self.cargo();
        cargo.args([subcommand, "--release", "--workspace", "--all-features"]);
        cargo
    }

    /// The packages as members, each in the place of the one that a registry has, with the repository's profile and
    /// versions.
    fn write_workspace(&self) -> Result<()> {
        let repository: DocumentMut = fs::read_to_string(root().join("Cargo.toml"))?.parse()?;
        let mut workspace = DocumentMut::new();
        workspace["workspace"] = table();
        workspace["workspace"]["resolver"] = repository["workspace"]["resolver"].clone();
        workspace["workspace"]["members"] = value(self.folders().collect::<Array>());
        for ((name, _), folder) in self.names.iter().zip(self.folders()) {
            workspace["patch"]["crates-io"][name]["path"] = value(folder);
        }
        workspace["profile"] = table();
        workspace["profile"]["release"] = repository["profile"]["release"].clone();
        fs::write(self.dir.join("Cargo.toml"), workspace.to_string())?;
        fs::copy(root().join("Cargo.lock"), self.dir.join("Cargo.lock"))?;
        Ok(())
    }

    fn folders(&self) -> impl Iterator<Item = String> {
        self.names.iter().map(|(name, version)| format!("{name}-{version}"))
    }
}

/// Names and versions of the members that do not say `publish = false`.
fn published() -> Result<Vec<(String, String)>> {
    let output = cargo().args(["metadata", "--no-deps", "--locked", "--format-version", "1"]).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")?;
    let members = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let is_published = |member: &&Value| member["publish"].as_array().is_none_or(|registries| !registries.is_empty());
    let text = |field: &Value| field.as_str().unwrap_or_default().to_owned();
    Ok(members.iter().filter(is_published).map(|member| (text(&member["name"]), text(&member["version"]))).collect())
}
