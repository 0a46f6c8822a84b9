//! Releases, and what names them.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use switchback::release::{
    Draft, ModelName, PublicKey, Signature, Verified, parse_version, read_release, read_signature, signature_path,
};
use switchback::{Digest, Limits};
use switchback_pack::Inspection;

use crate::error;
use crate::json::to_python;
use crate::work::{detached, detached_always};

/// What names a release: the model, its version, and SHA-256 of the file. Two are the same when their digests are.
#[pyclass(frozen, eq, module = "switchback")]
#[derive(PartialEq)]
pub(crate) struct ReleaseId(pub(crate) switchback::ReleaseId);

impl From<switchback::ReleaseId> for ReleaseId {
    fn from(id: switchback::ReleaseId) -> Self {
        Self(id)
    }
}

impl ReleaseId {
    /// The release that is meant among those that are known: by what names it, by the release itself, or by a text such as
    /// `phish@2.0.0`.
    pub(crate) fn find(
        release: &Bound<'_, PyAny>,
        mut known: impl Iterator<Item = switchback::ReleaseId>,
    ) -> PyResult<switchback::ReleaseId> {
        if let Ok(id) = release.cast::<Self>() {
            return Ok(id.get().0.clone());
        }
        if let Ok(release) = release.cast::<Release>() {
            return Ok(release.get().verified.id().clone());
        }
        let name: String = release.extract()?;
        let found = known.find(|id| id.to_string() == name || id.digest.to_string() == name);
        found.ok_or_else(|| error::invalid(release.py(), &format!("no release `{name}` is loaded")))
    }
}

#[pymethods]
impl ReleaseId {
    #[new]
    fn new(py: Python<'_>, name: &str, version: &str, digest: &str) -> PyResult<Self> {
        let invalid = |failed: &dyn std::error::Error| error::invalid(py, &failed.to_string());
        let name: ModelName = name.parse().map_err(|failed| invalid(&failed))?;
        let version = parse_version(version).map_err(|failed| invalid(&failed))?;
        let digest: Digest = digest.parse().map_err(|failed| invalid(&failed))?;
        Ok(Self(switchback::ReleaseId::new(name, version, digest)))
    }

    /// The model.
    #[getter]
    fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// The version of the model.
    #[getter]
    fn version(&self) -> String {
        self.0.version.to_string()
    }

    /// SHA-256 of the release file, as 64 hexadecimal digits.
    #[getter]
    fn digest(&self) -> String {
        self.0.digest.to_string()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<ReleaseId {} {}>", self.0, self.0.digest.short())
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }

    fn __getnewargs__(&self) -> (String, String, String) {
        (self.name().to_owned(), self.version(), self.digest())
    }
}

/// A release file that passed every check that needs no compiler, as a host with the default limits makes them.
#[pyclass(frozen, module = "switchback")]
pub(crate) struct Release {
    pub(crate) verified: Verified,
    /// Where it was read, if it was.
    path: Option<PathBuf>,
}

impl Release {
    /// The release that these bytes are.
    pub(crate) fn of_bytes(py: Python<'_>, bytes: Vec<u8>) -> PyResult<Self> {
        let verified = detached(py, || Draft::new(bytes).verify(&Limits::default()))?;
        Ok(Self { verified, path: None })
    }
}

#[pymethods]
impl Release {
    /// Reads and checks a file, or the bytes of one.
    #[new]
    fn new(py: Python<'_>, file: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = file.cast::<PyBytes>() {
            return Self::of_bytes(py, bytes.as_bytes().to_vec());
        }
        let path: PathBuf = file.extract()?;
        let limits = Limits::default();
        let verified = detached(py, || read_release(&path, &limits)?.verify(&limits))?;
        Ok(Self { verified, path: Some(path) })
    }

    /// What names it.
    #[getter]
    fn id(&self) -> ReleaseId {
        self.verified.id().clone().into()
    }

    /// The whole file.
    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.verified.bytes())
    }

    /// What it says about itself, as a dictionary: its scale, what it reads, its limits, its model card and its self-tests.
    #[getter]
    fn manifest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, self.verified.manifest())
    }

    /// Whether this key (the second line of a minisign public key file) made the signature beside the file, and that names no
    /// other release. A file without a signature is signed by nobody.
    fn is_signed_by(&self, py: Python<'_>, key: &str) -> PyResult<bool> {
        let invalid = |failed: &dyn std::error::Error| error::invalid(py, &failed.to_string());
        let key: PublicKey = key.parse().map_err(|failed| invalid(&failed))?;
        let beside = self.path.as_deref().map(signature_path);
        let text = beside.map_or(Ok(None), |path| read_signature(&path)).map_err(|failed| invalid(&failed))?;
        let Some(text) = text else { return Ok(false) };
        let signature: Signature = text.parse().map_err(|failed| invalid(&failed))?;
        detached_always(py, || {
            let is_its = key.verify(self.verified.bytes(), &signature).is_ok();
            is_its && !signature.names_another_than(self.verified.id())
        })
    }

    fn __str__(&self) -> String {
        self.verified.id().to_string()
    }

    fn __repr__(&self) -> String {
        let id = self.verified.id();
        format!("<Release {id} {} {} bytes>", id.digest.short(), self.verified.bytes().len())
    }

    fn __getnewargs__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyBytes>,) {
        (self.raw(py),)
    }
}

/// Everything that a file says which claims to be a release, as far as it can be read: `docs/json.md` describes it under
/// `inspect`. What is wrong with it is in `problems`.
#[pyfunction]
pub(crate) fn inspect(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyAny>> {
    let found = detached(py, || Inspection::of_file(&path))?;
    to_python(py, &found)
}
