//! Packing models.

use std::ffi::CString;
use std::path::{Path, PathBuf};

use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use switchback::release::{Manifest, parse_version};
use switchback_pack::{PackError, Packer, Progress, Stop};

use crate::error;
use crate::given::bytes_of;
use crate::json::{from_python, to_python};
use crate::work::interruptible;

/// Packs the model in a folder with a `switchback.toml`, as the command `switchback pack` does: cargo builds it. With `component`, it is a
/// file instead that another toolchain built, a component or a core module, with the `switchback.toml` in `source`, by default beside it.
/// Returns what was packed (`path`, `id` and more) as a dictionary; what is to be known of it beside is warned of. `bless` writes what
/// self-tests answer now into the manifest.
#[pyfunction]
#[pyo3(signature = (source=None, *, component=None, out=None, bless=false, profile=None, cargo_args=Vec::new()))]
pub(crate) fn pack(
    py: Python<'_>,
    source: Option<PathBuf>,
    component: Option<PathBuf>,
    out: Option<PathBuf>,
    bless: bool,
    profile: Option<String>,
    cargo_args: Vec<String>,
) -> PyResult<Bound<'_, PyAny>> {
    if component.is_some() && (profile.is_some() || !cargo_args.is_empty()) {
        return Err(error::invalid(
            py,
            "profile and cargo_args: cargo does not build a component that was built already",
        ));
    }
    let beside = || component.as_deref().and_then(Path::parent).map(|folder| Path::new(".").join(folder));
    let source = source.or_else(beside).ok_or_else(|| error::invalid(py, "name a model's folder, or a component"))?;
    let packer = component.into_iter().fold(Packer::new(source), Packer::component);
    let packer = profile.into_iter().fold(packer, Packer::profile);
    packed(py, cargo_args.into_iter().fold(packer, Packer::cargo_arg), out, bless)
}

/// Packs an ONNX file, as `switchback pack --onnx` does: without a toolchain. What `switchback.pack_onnx` does it with.
#[pyfunction]
#[pyo3(name = "_pack_onnx", signature = (file, *, name=None, version=None, out=None, bless=false))]
pub(crate) fn pack_onnx<'py>(
    py: Python<'py>,
    file: PathBuf,
    name: Option<&str>,
    version: Option<&str>,
    out: Option<PathBuf>,
    bless: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let invalid = |failed: &dyn std::error::Error| error::invalid(py, &failed.to_string());
    let mut packer = Packer::onnx(file);
    if let Some(name) = name {
        packer = packer.name(name.parse().map_err(|failed| invalid(&failed))?);
    }
    if let Some(version) = version {
        packer = packer.version(parse_version(version).map_err(|failed| invalid(&failed))?);
    }
    packed(py, packer, out, bless)
}

fn packed(py: Python<'_>, packer: Packer, out: Option<PathBuf>, bless: bool) -> PyResult<Bound<'_, PyAny>> {
    let mut packer = out.into_iter().fold(packer, Packer::out);
    if bless {
        packer = packer.bless();
    }
    let stop = Stop::new();
    packer = packer.stopped_by(stop.clone());
    let pack = move || {
        let mut remarks = Vec::new();
        let packed = packer.pack(&mut |progress| {
            if let Progress::Remark(remark) = progress {
                remarks.push(remark.to_owned());
            }
        })?;
        Ok::<_, PackError>((packed, remarks))
    };
    let (packed, remarks) = interruptible(py, pack, || stop.stop())?;
    for remark in remarks {
        let text = CString::new(remark.replace('\0', " ")).unwrap_or_default();
        PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &text, 1)?;
    }
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
    let release = interruptible(py, move || switchback_pack::pack_module(&module, &data, &manifest), || {})?;
    Ok(PyBytes::new(py, &release))
}
