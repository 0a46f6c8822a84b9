//! The Python package: tried with what the workspace builds anyway.

use std::fs;
use std::path::{Path, PathBuf};

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
    let package = lay_out()?;
    let mut pytest = command(python);
    // What lies in the working folder is the package without its native part.
    pytest.current_dir(root().join("python")).env("PYTHONPATH", package).env("PYTHONSAFEPATH", "1");
    // Relative to the folder of the tests it would be another one.
    pytest.env("CARGO_TARGET_DIR", target_dir());
    step("tests of the Python package", pytest.args(["-m", "pytest", "--quiet"]).args(arguments))
}

/// The package as a wheel has it, of what the whole workspace is built of: a wheel would build every dependency once more, because
/// with fewer features. Returns the folder that it is in.
fn lay_out() -> Result<PathBuf> {
    step("build the Python package", cargo().args(["build", "--release", "--locked", "--workspace", "--lib"]))?;
    let folder = target_dir().join("python");
    let package = folder.join("switchback");
    if package.exists() {
        fs::remove_dir_all(&package).with_context(|| format!("cannot empty {}", package.display()))?;
    }
    fs::create_dir_all(&package).with_context(|| format!("cannot make {}", package.display()))?;
    for entry in fs::read_dir(root().join("python/switchback"))? {
        let path = entry?.path();
        if path.is_file() {
            copy(&path, &package.join(path.file_name().unwrap_or_default()))?;
        }
    }
    copy(&target_dir().join("release").join(LIBRARY[0]), &package.join(LIBRARY[1]))?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display())).map(drop)
}
