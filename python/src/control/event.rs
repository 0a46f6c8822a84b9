//! Events of a ledger.

use pyo3::prelude::*;

use crate::json::to_python;

/// One line of the ledger: who did what, when, why, and after what.
#[pyclass(frozen, eq, module = "switchback")]
#[derive(PartialEq)]
pub(crate) struct Event(pub(super) switchback::control::Event);

impl From<switchback::control::Event> for Event {
    fn from(event: switchback::control::Event) -> Self {
        Self(event)
    }
}

#[pymethods]
impl Event {
    /// Its place in the ledger, from 1. An override has this number.
    #[getter]
    fn sequence(&self) -> u64 {
        self.0.sequence.get()
    }

    /// The generation after it.
    #[getter]
    fn generation(&self) -> u64 {
        self.0.generation.get()
    }

    /// When it was written, as RFC 3339 has it.
    #[getter]
    fn at(&self) -> String {
        self.0.at.to_string()
    }

    /// Who did it.
    #[getter]
    fn author(&self) -> &str {
        &self.0.author
    }

    /// Why; may be empty.
    #[getter]
    fn reason(&self) -> &str {
        &self.0.reason
    }

    /// What was done, as a dictionary: `op` names it.
    #[getter]
    fn operation<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0.operation)
    }

    /// Its hash; while it is the last one, the ledger's head.
    #[getter]
    fn hash(&self) -> String {
        self.0.hash().to_string()
    }

    fn __str__(&self) -> String {
        self.0.operation.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<Event {} {} by {}>", self.0.sequence, self.0.operation, self.0.author)
    }
}
