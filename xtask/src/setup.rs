//! What a fresh machine lacks.

use anyhow::{Context as _, Result, bail};

use crate::shell::{cargo, command, is_installed, step, target_dir, works};

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

/// Builds cargo-semver-checks, unless it is there.
pub(crate) fn cargo_semver_checks() -> Result<()> {
    if is_installed("cargo-semver-checks", "--version") {
        return Ok(());
    }
    // The version that reads what this version of Rust documents.
    step(
        "install cargo-semver-checks",
        cargo().args(["install", "--locked", "cargo-semver-checks", "--version", "0.51.0"]),
    )
}

/// Programs that tests run, with the Debian package of each and an argument with which it does nothing.
const TEST_PROGRAMS: [(&str, &str); 7] = [
    ("chromium", "--version"),
    ("faketime", "--version"),
    ("minisign", "-v"),
    ("prometheus", "--version"),
    ("rsync", "--version"),
    ("sqlite3", "-version"),
    ("strace", "--version"),
];

/// Installs the programs that tests run and that are not there. Without one, the tests that need it skip, and say so:
/// that is no reason to run none.
pub(crate) fn test_programs() {
    for (program, harmless) in TEST_PROGRAMS {
        if is_installed(program, harmless) {
            continue;
        }
        if let Err(why) = install(program) {
            eprintln!("==> NOT INSTALLED: {program} ({why:#}); the tests that need it will skip");
        }
    }
}

/// Installs a Debian package, which only root can.
fn install(package: &str) -> Result<()> {
    if !is_installed("apt-get", "--version") {
        bail!("this is not Debian; install {package} as your distribution does");
    }
    let user = command("id").arg("-u").output().context("cannot run id")?;
    if user.stdout.trim_ascii() != b"0" {
        bail!("only root can; run `apt-get install {package}` as root");
    }
    let apt = || {
        let mut apt = command("apt-get");
        // At this run level no service is started that a package brings.
        apt.args(["--yes", "--quiet"]).env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
        apt
    };
    step(&format!("list Debian's packages, for {package}"), apt().arg("update"))?;
    step(&format!("install {package}"), apt().args(["install", "--no-install-recommends", package]))
}

/// The version of DuckDB that reads exported journals in a test.
const DUCKDB: &str = "duckdb==2.0.0";

/// Installs DuckDB's Python package beside what cargo builds, unless it is there. Without it, the test that needs it
/// skips, and says so.
pub(crate) fn duckdb() {
    let folder = target_dir().join("tools/duckdb");
    let python = folder.join("bin/python");
    let is_there = || works(command(&python).args(["-c", "import duckdb"]));
    if is_there() {
        return;
    }
    let installed = step("make an environment for Python", command("python3").args(["-m", "venv"]).arg(&folder))
        .and_then(|()| {
            let mut pip = command(&python);
            pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--only-binary", ":all:"]);
            step("install DuckDB", pip.arg(DUCKDB))
        });
    if let Err(why) = installed {
        eprintln!("==> NOT INSTALLED: DuckDB ({why:#}); the test that needs it will skip");
    }
}
