//! What an operator does to a store.

mod event;
mod operations;
mod rule;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use serde_json::json;
use switchback::control::{
    Admission, ControlError, Ledger, LoadedRelease, PromoteError, Promotion, Readiness, Request, SqliteStore,
    StoreError,
};
use switchback_system::forked::Origin;

pub(crate) use self::event::Event;
use crate::error;
use crate::json::to_python;
use crate::release::ReleaseId;
use crate::runtime::seconds;
use crate::work::{Waited, detached, detached_always, patiently};

/// An operator's hand on a store: every change goes into its ledger, with who made it and why, and takes effect in every process
/// that follows the store.
///
/// `dir` is the folder of the store, which has to be there unless `create` is true. `author` is who operates, by default the user of this
/// process. Each change takes a `reason`.
#[pyclass(frozen, module = "switchback")]
pub(crate) struct Control {
    store: Arc<SqliteStore>,
    dir: PathBuf,
    author: String,
    origin: Origin,
}

/// Messages that are scored at once while a release is tested.
const INSTANCES: u32 = 4;

impl Control {
    /// The store, for an operation with this reason, unless this is a fork of the process that opened it.
    fn hand(&self, py: Python<'_>, reason: &str) -> PyResult<switchback::Control> {
        self.origin.check().map_err(|forked| error::raised(py, &forked))?;
        let store: Arc<SqliteStore> = Arc::clone(&self.store);
        Ok(switchback::Control::of(store).author(self.author.as_str()).reason(reason))
    }

    /// The ledger as it is now, and which of its releases is meant.
    fn seen(
        &self,
        control: &switchback::Control,
        release: &Bound<'_, PyAny>,
    ) -> PyResult<(Ledger, switchback::ReleaseId)> {
        let ledger = detached(release.py(), || control.ledger())?;
        let known = ledger.state().releases.values().map(|stored| stored.id.clone());
        let release = ReleaseId::find(release, known)?;
        Ok((ledger, release))
    }

    /// Does what is asked for.
    fn commit(&self, py: Python<'_>, reason: &str, request: Request) -> PyResult<Event> {
        let control = self.hand(py, reason)?;
        detached(py, || control.commit(request)).map(|done| done.event.into())
    }

    /// Does what is asked for of a release.
    fn commit_about(
        &self,
        reason: &str,
        release: &Bound<'_, PyAny>,
        request: impl FnOnce(switchback::ReleaseId) -> Request,
    ) -> PyResult<Event> {
        let control = self.hand(release.py(), reason)?;
        let (seen, release_id) = self.seen(&control, release)?;
        let request = request(release_id);
        detached(release.py(), || control.commit_after(&seen, request)).map(|done| done.event.into())
    }

    /// Lets a release decide.
    fn admit_about(
        &self,
        reason: &str,
        release: &Bound<'_, PyAny>,
        admission: impl FnOnce(switchback::ReleaseId) -> Admission,
    ) -> PyResult<Event> {
        let control = self.hand(release.py(), reason)?;
        let (seen, release_id) = self.seen(&control, release)?;
        admit(release.py(), &control, &seen, admission(release_id))
    }
}

/// Lets a release decide, unless the routes have changed since `seen`. A Ctrl-C while processes are waited for changes nothing.
fn admit(py: Python<'_>, control: &switchback::Control, seen: &Ledger, mut admission: Admission) -> PyResult<Event> {
    let time = waited_for(&mut admission).map_or(Duration::ZERO, |time| *time);
    let admitted = patiently(py, time, |part| {
        waited_for(&mut admission).into_iter().for_each(|time| *time = part);
        match control.admit_after(seen, admission.clone()) {
            Err(PromoteError::Silent { release, processes, .. }) => {
                Ok(Waited::More(Err(PromoteError::Silent { release, processes, waited: time })))
            }
            Err(unguarded @ PromoteError::Unguarded { .. }) => Ok(Waited::More(Err(unguarded))),
            other => other.map(|done| Waited::Done(Ok(done))),
        }
    })?;
    admitted.map(|done| done.event.into()).map_err(|failed| error::raised(py, &failed))
}

/// For how long an admission waits, if it does.
fn waited_for(admission: &mut Admission) -> Option<&mut Duration> {
    match admission {
        Admission::Promotion(Promotion { readiness: Readiness::Wait(time), .. })
        | Admission::Canary { readiness: Readiness::Wait(time), .. }
        | Admission::Restoration { readiness: Readiness::Wait(time), .. }
        | Admission::Rollout { ready_within: time, .. } => Some(time),
        _ => None,
    }
}

/// What is waited for before a release decides, for how many seconds.
fn readiness(py: Python<'_>, wait: f64, force: bool) -> PyResult<Readiness> {
    if force { Ok(Readiness::Skip) } else { seconds(py, wait).map(Readiness::Wait) }
}

#[pymethods]
impl Control {
    #[new]
    #[pyo3(signature = (dir, *, create=false, author=None))]
    fn new(py: Python<'_>, dir: PathBuf, create: bool, author: Option<String>) -> PyResult<Self> {
        let user = || py.import("getpass")?.call_method0("getuser")?.extract();
        let author = author.map_or_else(user, Ok)?;
        let store = detached(py, || if create { SqliteStore::create(&dir) } else { SqliteStore::open(&dir) })?;
        Ok(Self { store: Arc::new(store), dir, author, origin: Origin::here() })
    }

    /// What the store says now: `docs/json.md` describes it.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let control = self.hand(py, "")?;
        to_python(py, &detached(py, || control.state())?)
    }

    /// The `state`, the `processes` that follow the store and are alive, with what they have ready, and the `hits` of its overrides
    /// by their numbers.
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let control = self.hand(py, "")?;
        let (state, processes, hits) =
            detached(py, || Ok::<_, ControlError>((control.state()?, control.processes()?, control.hits()?)))?;
        let hits: serde_json::Map<_, _> =
            hits.into_iter().map(|(rule, hits)| (rule.to_string(), json!(hits))).collect();
        to_python(py, &json!({ "state": state, "processes": processes, "hits": hits }))
    }

    /// Every event of the ledger, in order. Reads and checks it whole.
    fn history(&self, py: Python<'_>) -> PyResult<Vec<Event>> {
        let control = self.hand(py, "")?;
        let events = detached(py, || control.history())?;
        Ok(events.into_iter().map(Event::from).collect())
    }

    /// Checks a release file and its signature, compiles it once for all processes, runs its self-tests, and adds it to the store,
    /// without a role. Returns it, and the event; none if it was there already.
    #[pyo3(signature = (file, *, reason=""))]
    fn load(&self, py: Python<'_>, file: PathBuf, reason: &str) -> PyResult<(ReleaseId, Option<Event>)> {
        let control = self.hand(py, reason)?;
        let runtime = switchback::Runtime::builder().cache_dir(&self.dir).instances(INSTANCES);
        let runtime = detached(py, || runtime.build())?;
        let (release, loaded) = detached(py, || runtime.load_into(&control, &file))?;
        detached_always(py, || drop(runtime))?;
        let event = if let LoadedRelease::New(event) = loaded { Some(Event::from(*event)) } else { None };
        Ok((release.into(), event))
    }

    /// Waits until every living process has a release ready, at most so many seconds.
    #[pyo3(signature = (release, timeout=30.0))]
    fn wait_until_ready(&self, release: &Bound<'_, PyAny>, timeout: f64) -> PyResult<()> {
        let py = release.py();
        let (control, timeout) = (self.hand(py, "")?, seconds(py, timeout)?);
        let (_, release) = self.seen(&control, release)?;
        let ready = patiently(py, timeout, |part| match control.wait_until_ready(&release, part) {
            Err(PromoteError::Silent { release, processes, .. }) => {
                Ok(Waited::More(Err(PromoteError::Silent { release, processes, waited: timeout })))
            }
            other => other.map(|_| Waited::Done(Ok(()))),
        })?;
        ready.map_err(|failed| error::raised(py, &failed))
    }

    /// Waits until every process obeys an event, at most so many seconds. Returns the names of those that do, and of those that
    /// have not said so.
    #[pyo3(signature = (event, timeout=5.0))]
    fn acknowledgements(&self, py: Python<'_>, event: &Event, timeout: f64) -> PyResult<(Vec<String>, Vec<String>)> {
        let (control, timeout) = (self.hand(py, "")?, seconds(py, timeout)?);
        let told = patiently(py, timeout, |part| {
            let begun = Instant::now();
            let told = control.acknowledgements(&event.0, part)?;
            // Who has stopped to follow is silent, and not waited for.
            let is_done = told.silent.is_empty() || begun.elapsed() < part;
            Ok::<_, StoreError>(if is_done { Waited::Done(told) } else { Waited::More(told) })
        })?;
        let obeyed = told.obeyed.into_iter().map(|process| process.name).collect();
        Ok((obeyed, told.silent.into_iter().map(|process| process.registered.name).collect()))
    }

    fn __repr__(&self) -> String {
        format!("<Control {} by {}>", self.dir.display(), self.author)
    }
}
