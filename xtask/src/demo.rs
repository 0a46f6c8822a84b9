//! `cargo xtask demo`.

use anyhow::Result;

use crate::models;
use crate::shell::{command, step};

/// Packs the releases of `linear` and re-enacts the day of a bad release on them.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let releases = models::pack_linear()?;
    let switchback = crate::shell::target_dir().join("release/switchback");
    step("demo", command(switchback).arg("demo").arg("--releases").arg(releases).args(arguments))
}
