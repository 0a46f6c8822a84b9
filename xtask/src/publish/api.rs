//! Whether the published crates keep what their last release promised.

use anyhow::{Context as _, Result};

use super::packages::Packages;
use crate::setup;
use crate::shell::{command, step, works};

/// Compares with the last release: what breaks users needs a version that says so.
pub(super) fn check(packages: &Packages) -> Result<()> {
    let Some(release) = last_release()? else {
        eprintln!(
            "==> NOT COMPARED: there is no release that the interfaces could break; no tag v* leads to this commit"
        );
        return Ok(());
    };
    setup::cargo_semver_checks()?;
    let mut compare = command("cargo-semver-checks");
    compare.args(["semver-checks", "--all-features", "--baseline-rev", &release]);
    for (name, _) in &packages.names {
        if is_in(&release, name) {
            compare.args(["--package", name]);
        } else {
            eprintln!("==> NOT COMPARED: {name}, which is newer than {release}");
        }
    }
    step(&format!("interfaces since {release}"), &mut compare)
}

/// The tag of the last release that led here.
fn last_release() -> Result<Option<String>> {
    let mut describe = command("git");
    describe.args(["describe", "--tags", "--abbrev=0", "--match", "v*"]);
    let output = describe.output().context("cannot run git")?;
    let tag = String::from_utf8(output.stdout)?.trim().to_owned();
    Ok(output.status.success().then_some(tag))
}

fn is_in(release: &str, package: &str) -> bool {
    let name = format!("name = \"{package}\"");
    works(command("git").args(["grep", "--quiet", "--fixed-strings", "-e", &name, release, "--", "*Cargo.toml"]))
}
