//! What somebody reads who builds for a system that Switchback does not run on.

use anyhow::{Context as _, Result, bail};

use super::packages::Packages;

/// None of them has to be installed: the first thing that is built refuses it.
const TARGETS: [&str; 2] = ["aarch64-apple-darwin", "x86_64-pc-windows-gnu"];

/// Requires one sentence, and not the errors of whatever else does not build there.
pub(super) fn check(packages: &Packages) -> Result<()> {
    for target in TARGETS {
        let mut check = packages.cargo();
        check.args(["check", "--package", "switchback", "--target", target]);
        let output = check.output().context("cannot run cargo")?;
        let said = String::from_utf8_lossy(&output.stderr);
        let mut errors = said.lines().filter(|line| line.starts_with("error"));
        // Cargo adds that a build script failed.
        let is_one_sentence =
            errors.next().is_some_and(|error| error.contains("switchback runs on Linux")) && errors.count() == 1;
        if !is_one_sentence {
            bail!("the package switchback does not say in one sentence that it cannot be built for {target}:\n{said}");
        }
    }
    Ok(())
}
