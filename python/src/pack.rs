//! Packing models.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use switchback::release::Manifest;
use switchback_pack::{Packed, Packer, Progress};

use crate::given::bytes_of;
use crate::json::from_python;
use crate::json::to_python;
use crate::work::detached;

/// Packs the model in a folder with a `switchback.toml`, as the command `switchback pack` does: cargo builds it. Returns what was packed
/// (`path`, `id` and more) as a dictionary. `bless` writes what self-tests answer now into the manifest.
#[pyfunction]
#[pyo3(signature = (source, *, out=None, bless=false, profile=None, cargo_args=Vec::new()))]
pub(crate) fn pack(
    py: Python<'_>,
    source: PathBuf,
    out: Option<PathBuf>,
    bless: bool,
    profile: Option<String>,
    cargo_args: Vec<String>,
) -> PyResult<Bound<'_, PyAny>> {
    let mut packer = Packer::new(source);
    if bless {
        packer = packer.bless();
    }
    packer = profile.into_iter().fold(packer, Packer::profile);
    packer = out.into_iter().fold(packer, Packer::out);
    packer = cargo_args.into_iter().fold(packer, Packer::cargo_arg);
    let packed: Packed = detached(py, || packer.pack(&mut |_: Progress<'_>| {}))?;
    to_python(py, &packed)
}

/// Packs a WebAssembly module that was built already into a release file, which is returned. `manifest` is what the release says about
/// itself (`Release.manifest` shows one; the messages of its self-tests may be bytes), `data` what the module's `prepare` is given. The
/// self-tests are run when it is loaded; `Runtime.self_test` says what they answer.
#[pyfunction]
#[pyo3(signature = (module, manifest, *, data=None))]
pub(crate) fn pack_module<'py>(
    py: Python<'py>,
    module: &Bound<'py, PyAny>,
    manifest: &Bound<'py, PyAny>,
    data: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let (module, data) = (bytes_of(module)?, data.map_or_else(|| Ok(Vec::new()), bytes_of)?);
    let manifest: Manifest = from_python(manifest, "manifest")?;
    let release = detached(py, || switchback_pack::pack_module(&module, &data, &manifest))?;
    Ok(PyBytes::new(py, &release))
}
