//! Small values, as named tuples of `switchback._values`.

use pyo3::call::PyCallArgs;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

/// Makes a value of this class, of all its fields in their order.
pub(crate) fn value<'py>(py: Python<'py>, class: &str, fields: impl PyCallArgs<'py>) -> PyResult<Bound<'py, PyAny>> {
    py.import("switchback._values")?.getattr(class)?.call1(fields)
}

/// A list of what each of these becomes.
pub(crate) fn list<'py, T>(
    py: Python<'py>,
    items: impl IntoIterator<Item = T>,
    each: impl Fn(T) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    PyList::new(py, items.into_iter().map(each).collect::<PyResult<Vec<_>>>()?)
}

/// Numbers as an array of numpy, one-dimensional and read-only: what was found of a message does not change.
pub(crate) fn array<'py, const N: usize>(
    py: Python<'py>,
    numbers: impl Iterator<Item = [u8; N]>,
    dtype: &str,
) -> PyResult<Bound<'py, PyAny>> {
    array_of(py, &numbers.collect::<Vec<_>>().concat(), dtype)
}

/// [`array`], of numbers that are bytes already.
pub(crate) fn array_of<'py>(py: Python<'py>, bytes: &[u8], dtype: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("numpy")?.call_method1("frombuffer", (PyBytes::new(py, bytes), dtype))
}
