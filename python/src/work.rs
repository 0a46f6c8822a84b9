//! Work that is done without the interpreter's lock.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

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
    ended(py, py.detach(|| contained(work)))
}

fn ended<T, E: Exception>(py: Python<'_>, done: Result<Result<T, E>, String>) -> PyResult<T> {
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(failed)) => Err(error::raised(py, &failed)),
        Err(said) => Err(error::panicked(py, &said)),
    }
}

/// How long nobody looks whether there was a Ctrl-C.
const SIGNALS_EVERY: Duration = Duration::from_millis(50);

/// [`detached`], for what may take hours: on a thread of its own, while this one hears what it says, and handles signals. An exception of
/// either is the end of it: `stop` has to see to that, and it is waited for.
pub(crate) fn attended<T: Send, E: Exception + Send, N: Send>(
    py: Python<'_>,
    work: impl FnOnce(&(dyn Fn(N) + Sync)) -> Result<T, E> + Send,
    mut hear: impl FnMut(N) -> PyResult<()>,
    stop: impl Fn(),
) -> PyResult<T> {
    let (say, mut said) = channel();
    thread::scope(|scope| {
        let worker = scope.spawn(move || {
            // Nobody hears it any more where the end is waited for.
            let say = move |note| drop(say.send(note));
            contained(|| work(&say))
        });
        let interrupted = loop {
            let said = &mut said;
            let heard = match py.detach(move || said.recv_timeout(SIGNALS_EVERY)) {
                Ok(note) => hear(note).and_then(|()| py.check_signals()),
                Err(RecvTimeoutError::Timeout) => py.check_signals(),
                Err(RecvTimeoutError::Disconnected) => break Ok(()),
            };
            if heard.is_err() {
                stop();
                break heard;
            }
        };
        let done = py.detach(|| worker.join());
        interrupted?;
        ended(py, done.unwrap_or_else(|_| Err("its thread".to_owned())))
    })
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
