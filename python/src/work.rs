//! Work that is done without the interpreter's lock.

use pyo3::prelude::*;
use switchback_model::contain::contained;

use crate::error::{self, Exception};

/// Does what may take a while, while other threads of the interpreter go on. A panic of it is an ordinary exception.
///
/// What it takes from Python was copied before: nobody can change it meanwhile.
pub(crate) fn detached<T: Send, E: Exception + Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, E> + Send,
) -> PyResult<T> {
    match py.detach(|| contained(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(failed)) => Err(error::raised(py, &failed)),
        Err(said) => Err(error::panicked(py, &said)),
    }
}

/// [`detached`], for what does not fail.
pub(crate) fn detached_always<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    py.detach(|| contained(work)).map_err(|said| error::panicked(py, &said))
}

/// Panics as work can, for the test of what becomes of that.
#[pyfunction]
#[pyo3(name = "_panic")]
#[expect(clippy::panic, reason = "it is what this is for")]
pub(crate) fn panic(py: Python<'_>, said: String) -> PyResult<()> {
    detached_always(py, || panic!("{said}"))
}
