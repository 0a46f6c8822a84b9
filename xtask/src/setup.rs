//! What a fresh machine lacks.

use anyhow::{Context as _, Result, bail};

use crate::shell::{cargo, command, is_installed, step};

/// What guests are compiled for.
pub(crate) const GUEST_TARGET: &str = "wasm32-unknown-unknown";

/// Adds the target that guests are compiled for, unless it is there.
pub(crate) fn guest_target() -> Result<()> {
    let sysroot = command("rustc").args(["--print", "sysroot"]).output().context("cannot run rustc")?;
    let sysroot = String::from_utf8(sysroot.stdout).context("rustc's sysroot is not UTF-8")?;
    let library = std::path::Path::new(sysroot.trim()).join("lib/rustlib").join(GUEST_TARGET).join("lib");
    if library.is_dir() {
        return Ok(());
    }
    if !is_installed("rustup", "--version") {
        bail!(
            "the target {GUEST_TARGET} is missing and there is no rustup to add it. Install Rust by rustup, or add \
             the target as your distribution does (README.md has Debian's way)"
        );
    }
    step("add the guests' target", command("rustup").args(["target", "add", GUEST_TARGET]))
}

/// Builds cargo-deny, unless it is there.
pub(crate) fn cargo_deny() -> Result<()> {
    if is_installed("cargo-deny", "--version") {
        return Ok(());
    }
    // One fixed version: what a newer one finds should not turn an unchanged tree red.
    step("install cargo-deny", cargo().args(["install", "--locked", "cargo-deny", "--version", "0.20.2"]))
}
