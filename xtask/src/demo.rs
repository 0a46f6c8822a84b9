//! `cargo xtask demo`.

use anyhow::Result;

use crate::models;
use crate::shell::{command, step};

/// Packs the releases of `linear` and re-enacts the day of a bad release on them.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let releases = models::pack_linear()?;
    let target = crate::shell::target_dir();
    let mut demo = command(target.join("release/switchback"));
    demo.arg("demo").arg("--releases").arg(releases);
    if !arguments.iter().any(|argument| argument.starts_with("--html")) {
        demo.arg("--html").arg(target.join("demo.html"));
    }
    step("demo", demo.args(arguments))
}
