//! The Python package: tried with what the workspace builds anyway.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::shell::{cargo, command, root, step, target_dir};
use crate::{models, setup};

/// The package's native part, as cargo names it and as Python looks for it.
const LIBRARY: [&str; 2] = ["lib_switchback.so", "_switchback.abi3.so"];

/// Packs the example models and runs the tests of the package, with arguments for pytest. Without an environment for them, which takes a
/// network once, they are skipped.
pub(crate) fn test_alone(arguments: &[String]) -> Result<()> {
    models::pack()?;
    test(arguments)
}

/// Runs the tests of the package, if there is an environment for them.
pub(crate) fn test(arguments: &[String]) -> Result<()> {
    let Some(python) = setup::python() else { return Ok(()) };
    let mut pytest = with_package(python)?;
    step("tests of the Python package", pytest.args(["-m", "pytest", "--quiet"]).args(arguments))
}

/// Measures how work scales over threads, beside processes.
pub(crate) fn scaling(arguments: &[String]) -> Result<()> {
    models::pack()?;
    let python = setup::python().context("there is no environment for Python")?;
    let mut scaling = with_package(python)?;
    step("scaling over threads and processes", scaling.arg("benches/scaling.py").args(arguments))
}

/// Builds the wheel as `pip install ./python` does, which compiles every dependency once more, and has the tests look at it.
pub(crate) fn wheel() -> Result<()> {
    models::pack()?;
    let python = setup::python().context("there is no environment for Python")?;
    let folder = emptied("wheels")?;
    let mut pip = command(&python);
    pip.args(["-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps", "--wheel-dir"]).arg(&folder);
    // Beside what else is built, so that the next time takes less.
    step("build the wheel", pip.arg("./python").env("CARGO_TARGET_DIR", target_dir()))?;
    let mut pytest = with_package(python)?;
    pytest.args(["-m", "pytest", "--quiet", "-k", "wheel"]).env("SWITCHBACK_WHEELS", folder);
    step("look at the wheel", &mut pytest)
}

/// An interpreter in the folder of the package, which it finds together with its native part.
fn with_package(python: PathBuf) -> Result<Command> {
    let package = lay_out()?;
    // It writes the mail that is learned from.
    models::build_example("mailgen")?;
    let mut python = command(python);
    // What lies in the working folder is the package without its native part.
    python.current_dir(root().join("python")).env("PYTHONPATH", package).env("PYTHONSAFEPATH", "1");
    // Relative to the folder of the tests it would be another one.
    python.env("CARGO_TARGET_DIR", target_dir());
    Ok(python)
}

/// The package as a wheel has it, of what the whole workspace is built of: a wheel would build every dependency once more, because
/// with fewer features. Returns the folder that it is in.
fn lay_out() -> Result<PathBuf> {
    step("build the Python package", cargo().args(["build", "--release", "--locked", "--workspace", "--lib"]))?;
    let folder = target_dir().join("python");
    let package = emptied("python/switchback")?;
    for entry in fs::read_dir(root().join("python/switchback"))? {
        let path = entry?.path();
        if path.is_file() {
            copy(&path, &package.join(path.file_name().unwrap_or_default()))?;
        }
    }
    copy(&target_dir().join("release").join(LIBRARY[0]), &package.join(LIBRARY[1]))?;
    Ok(folder)
}

/// A folder beside what cargo builds, with nothing in it.
fn emptied(name: &str) -> Result<PathBuf> {
    let folder = target_dir().join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display())).map(drop)
}
