//! Values that both sides know by their JSON.
//!
//! Scores stay what they are, bit for bit: both sides write a number with the digits that it takes to read it back.

use pyo3::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error;

/// A value as Python has JSON: dictionaries, lists, texts, numbers.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    let text = serde_json::to_string(value).map_err(|failed| error::invalid(py, &failed.to_string()))?;
    py.import("json")?.call_method1("loads", (text,))
}

/// Reads a value from what Python has for its JSON; bytes are taken as base64. `what` begins the text of the error.
pub(crate) fn from_python<T: DeserializeOwned>(value: &Bound<'_, PyAny>, what: &str) -> PyResult<T> {
    let py = value.py();
    let text: String = py.import("switchback._values")?.call_method1("to_json", (value,))?.extract()?;
    serde_json::from_str(&text).map_err(|failed| error::invalid(py, &format!("{what}: {failed}")))
}
