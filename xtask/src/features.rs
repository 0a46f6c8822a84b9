//! What the library is where features are left out.

use anyhow::{Context as _, Result, bail};

use crate::shell::{cargo, step};

/// Stores, and alerts, which need one.
const STORES: [&str; 3] = ["", "store", "alerts"];

/// The features that need no other one.
const OTHERS: [&str; 4] = ["", "journal", "metrics", "journal metrics"];

/// Requires that every combination of features compiles without a warning.
pub(crate) fn check() -> Result<()> {
    let mut combinations = STORES.iter().flat_map(|store| OTHERS.map(|others| format!("{store} {others}")));
    combinations.try_for_each(|features| check_one(features.trim()))
}

fn check_one(features: &str) -> Result<()> {
    let arguments =
        ["--release", "--locked", "--package", "switchback", "--no-default-features", "--features", features];
    step(&format!("with the features `{features}` alone"), cargo().arg("check").args(arguments))?;
    // What is compiled says its warnings again, and is not compiled again.
    let output = cargo().args(["check", "--quiet"]).args(arguments).output().context("cannot run cargo")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !said.is_empty() {
        bail!("with the features `{features}` alone there are warnings:\n{said}");
    }
    Ok(())
}
