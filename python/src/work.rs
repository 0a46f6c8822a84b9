//! Work that is done without the interpreter's lock.

use std::convert::Infallible;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use switchback_model::contain::contained;
use switchback_pack::Stop;

use crate::error::{self, Described, Exception};
use crate::threads::each;

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

/// How long somebody who is left alone after a Ctrl-C has for what it is about: long enough to write a file.
const LEFT_AFTER: Duration = Duration::from_millis(500);

/// [`detached`], for what may take seconds at a stretch, such as compiling: on a thread of its own, while this one handles signals. After a
/// Ctrl-C `stop` is asked for, and who does not end soon is left alone: what it comes to is dropped.
pub(crate) fn interruptible<T: Send + 'static, E: Exception + Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
    stop: impl FnOnce(),
) -> PyResult<T> {
    let (say, mut said) = channel();
    // Nobody hears it any more where it was left alone.
    let worker = move || drop(say.send(contained(work)));
    let worker = thread::Builder::new().name("switchback-call".to_owned()).spawn(worker)?;
    loop {
        match heard(py, &mut said, SIGNALS_EVERY) {
            Ok(done) => {
                // It has nothing left to do, and is gone when this call is.
                let _ = py.detach(|| worker.join());
                return ended(py, done);
            }
            Err(RecvTimeoutError::Timeout) => {
                if let Err(interrupted) = py.check_signals() {
                    stop();
                    let _ = heard(py, &mut said, LEFT_AFTER);
                    return Err(interrupted);
                }
            }
            Err(RecvTimeoutError::Disconnected) => return Err(error::panicked(py, "its thread")),
        }
    }
}

fn heard<T: Send>(py: Python<'_>, said: &mut Receiver<T>, within: Duration) -> Result<T, RecvTimeoutError> {
    py.detach(move || said.recv_timeout(within))
}

/// For how long at most nobody looks whether there was a Ctrl-C where processes are waited for.
const WAIT_MAX: Duration = Duration::from_millis(500);

/// Tries for so long, a part of the time each, and handles signals in between. `wait` tells what came of a part, or that more is waited for.
pub(crate) fn patiently<T: Send, E: Exception + Send>(
    py: Python<'_>,
    time: Duration,
    mut wait: impl FnMut(Duration) -> Result<Waited<T>, E> + Send,
) -> PyResult<T> {
    let begun = Instant::now();
    loop {
        let left = time.saturating_sub(begun.elapsed());
        let part = left.min(WAIT_MAX);
        match detached(py, || wait(part))? {
            Waited::More(_) if part < left => py.check_signals()?,
            Waited::More(done) | Waited::Done(done) => return Ok(done),
        }
    }
}

/// What came of waiting for a part of the time.
pub(crate) enum Waited<T> {
    /// What was waited for.
    Done(T),
    /// What to answer where there is no more time.
    More(T),
}

/// Does `work` for each on so many threads, as [`each`] does, until a Ctrl-C.
pub(crate) fn each_attended<T: Sync, R: Send>(
    py: Python<'_>,
    threads: Option<usize>,
    items: &[T],
    work: impl Fn(&T) -> R + Sync + Send,
) -> PyResult<Vec<R>> {
    let stop = Stop::new();
    let each_once = |_: &(dyn Fn(Infallible) + Sync)| {
        let done = each(threads, items, |item| (!stop.is_asked_for()).then(|| work(item)));
        Ok::<_, Infallible>(done.into_iter().flatten().collect())
    };
    attended(py, each_once, |never| match never {}, || stop.stop())
}

impl Exception for Infallible {
    fn described(&self) -> Described {
        match *self {}
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
