//! Journals, read.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use jiff::Timestamp;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use switchback::files::in_full;
use switchback::journal::{Query, RecordBatches};
use switchback_model::contain::contained;

use crate::error;
use crate::release::ReleaseId;
use crate::work::detached;

/// The journal of a folder, for reading. Nothing is kept open between two calls, and each sees what is there when it is made.
#[pyclass(frozen, module = "switchback")]
pub(crate) struct JournalReader {
    reader: Arc<switchback::journal::JournalReader>,
    dir: PathBuf,
}

#[pymethods]
impl JournalReader {
    /// Opens the journal in a folder; that of a store is in its folder `journal`.
    #[new]
    fn new(py: Python<'_>, dir: PathBuf) -> PyResult<Self> {
        let reader = detached(py, || switchback::journal::JournalReader::open(&dir))?;
        Ok(Self { reader: reader.into(), dir })
    }

    /// The records of which everything holds that is given, oldest segments first: judged from `since` on and before `until`
    /// (aware datetimes, or texts as RFC 3339 has them), in a slot, seen by a release (by its digest, or as `ReleaseId`), from an
    /// organisational domain, of a campaign, with an action, decided by somebody, of this name, with this Message-ID. `columns` names
    /// those that are wanted, of `docs/journal.md`; by default all. Nothing is read before the records are.
    #[pyo3(signature = (
        *, since=None, until=None, slot=None, release=None, sender_domain=None, fingerprint=None, action=None,
        decided_by=None, id=None, message_id=None, columns=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they have names in Python")]
    fn records(
        &self,
        py: Python<'_>,
        since: Option<&Bound<'_, PyAny>>,
        until: Option<&Bound<'_, PyAny>>,
        slot: Option<String>,
        release: Option<&Bound<'_, PyAny>>,
        sender_domain: Option<String>,
        fingerprint: Option<&str>,
        action: Option<&str>,
        decided_by: Option<String>,
        id: Option<&str>,
        message_id: Option<String>,
        columns: Option<Vec<String>>,
    ) -> PyResult<Records> {
        let invalid = |failed: &dyn std::error::Error| error::invalid(py, &failed.to_string());
        let release = match release {
            None => None,
            Some(release) => match release.cast::<ReleaseId>() {
                Ok(id) => Some(id.get().0.digest),
                Err(_) => Some(release.extract::<&str>()?.parse().map_err(|failed| invalid(&failed))?),
            },
        };
        let query = Query::default()
            .since(since.map(time).transpose()?)
            .until(until.map(time).transpose()?)
            .slot(slot)
            .release(release)
            .sender_domain(sender_domain)
            .fingerprint(fingerprint.map(str::parse).transpose().map_err(|failed| invalid(&failed))?)
            .action(action.map(str::parse).transpose().map_err(|failed| invalid(&failed))?)
            .decided_by(decided_by)
            .id(id.map(str::parse).transpose().map_err(|failed| invalid(&failed))?)
            .message_id(message_id);
        let records = Records { reader: Arc::clone(&self.reader), query, columns, unread: Arc::default() };
        // What makes no sense is refused before anybody reads.
        drop(records.batches(py)?);
        Ok(records)
    }

    /// Every release that a record names, by model and version.
    #[getter]
    fn releases(&self, py: Python<'_>) -> PyResult<Vec<ReleaseId>> {
        let found = detached(py, || self.reader.releases())?;
        Ok(found.into_iter().map(ReleaseId::from).collect())
    }

    fn __repr__(&self) -> String {
        format!("<JournalReader {}>", self.dir.display())
    }
}

/// Records of a journal, as a table of Arrow: whatever reads `__arrow_c_stream__` takes them, without a copy. Each reading asks the
/// journal again.
#[pyclass(frozen, module = "switchback")]
pub(crate) struct Records {
    reader: Arc<switchback::journal::JournalReader>,
    query: Query,
    columns: Option<Vec<String>>,
    unread: Arc<Mutex<Vec<String>>>,
}

impl Records {
    fn batches(&self, py: Python<'_>) -> PyResult<RecordBatches> {
        detached(py, || self.reader.batches(&self.query, self.columns.as_deref()))
    }
}

#[pymethods]
impl Records {
    /// What could not be read when the records were read last.
    #[getter]
    fn unread(&self) -> Vec<String> {
        lock(&self.unread).clone()
    }

    /// The records as a stream of Arrow's C interface. A schema that is asked for is not obeyed: consumers cast.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        let batches = self.batches(py)?;
        lock(&self.unread).clear();
        let reader = Reader { batches, unread: Arc::clone(&self.unread) };
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(reader)), c"arrow_array_stream")
    }

    /// The records as a `pyarrow.Table`.
    fn to_pyarrow<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("pyarrow")?.call_method1("table", (slf,))
    }

    /// The records as a `pandas.DataFrame`, by way of pyarrow.
    fn to_pandas<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Self::to_pyarrow(slf)?.call_method0("to_pandas")
    }

    /// The records as a `polars.DataFrame`.
    fn to_polars<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("polars")?.call_method1("DataFrame", (slf,))
    }
}

/// Batches for whoever reads the stream, on whatever thread.
struct Reader {
    batches: RecordBatches,
    unread: Arc<Mutex<Vec<String>>>,
}

impl Iterator for Reader {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        // Nothing may unwind into who reads.
        let next = contained(|| self.batches.next());
        *lock(&self.unread) = self.batches.unread().iter().map(|unread| in_full(unread)).collect();
        next.map_err(ArrowError::ComputeError).transpose()
    }
}

impl RecordBatchReader for Reader {
    fn schema(&self) -> SchemaRef {
        self.batches.schema()
    }
}

fn lock(unread: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    unread.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An instant: an aware datetime, or a text.
pub(crate) fn time(time: &Bound<'_, PyAny>) -> PyResult<Timestamp> {
    let py = time.py();
    let invalid = |why: String| error::invalid(py, &why);
    let text: String = match time.hasattr("isoformat")? {
        true if time.getattr("tzinfo").is_ok_and(|zone| zone.is_none()) => {
            return Err(invalid(format!("{time} has no time zone: give it one, such as datetime.timezone.utc")));
        }
        true => time.call_method0("isoformat")?.extract()?,
        false => time.extract()?,
    };
    text.parse().map_err(|failed| invalid(format!("`{text}` is no instant: {failed}")))
}
