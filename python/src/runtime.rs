//! Runtimes.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString};
use switchback::SlotConfig;
use switchback::journal::JournalConfig;
use switchback::runtime::{AddressSpace, RuntimeBuilder, Traps};
use switchback_system::forked::Origin;

use crate::error;
use crate::handle::Handle;
use crate::json::{from_python, to_python};
use crate::message::Message;
use crate::release::{Release, ReleaseId};
use crate::slot::Slot;
use crate::verdict::Scored;
use crate::work::{detached, detached_always, interruptible};

/// A filter's engine: loads releases, holds them in slots, scores messages.
///
/// `slots` are names, or a mapping of names to what differs from the defaults: `thresholds`, `failure`, `message_bytes_max`,
/// `cool_off_s`, `guard`. With `store`, a folder, the runtime has the releases and routes that the store says, and `Control`
/// changes them for every process at once; without one this process changes its slots itself. `journal` is a folder for the
/// records of verdicts, or a mapping with `dir` and what differs from the defaults. Compiled releases are kept below
/// `cache_dir`, by default in the store.
///
/// A runtime belongs to the process that built it: in a fork of that every call raises `ForkedError`, and another one has to be
/// built. As a context manager it ends in order.
#[pyclass(frozen, module = "switchback")]
pub(crate) struct Runtime {
    handle: Handle,
    origin: Origin,
}

impl Runtime {
    /// The runtime, unless this is a fork of the process that built it.
    pub(crate) fn here(&self, py: Python<'_>) -> PyResult<&switchback::Runtime> {
        self.origin.check().map_err(|forked| error::raised(py, &forked))?;
        Ok(&self.handle)
    }

    pub(crate) fn find(&self, py: Python<'_>, release: &Bound<'_, PyAny>) -> PyResult<switchback::ReleaseId> {
        ReleaseId::find(release, self.here(py)?.releases().into_iter())
    }
}

#[pymethods]
impl Runtime {
    #[new]
    #[pyo3(signature = (
        slots=None, *, store=None, journal=None, cache_dir=None, name=None, instances=None, limits=None,
        shadow_cpu_share=None, address_space="pooled", traps="signals", grant_recipients=Vec::new()
    ))]
    #[expect(clippy::too_many_arguments, reason = "they have names in Python")]
    fn new(
        py: Python<'_>,
        slots: Option<&Bound<'_, PyAny>>,
        store: Option<PathBuf>,
        journal: Option<&Bound<'_, PyAny>>,
        cache_dir: Option<PathBuf>,
        name: Option<String>,
        instances: Option<u32>,
        limits: Option<&Bound<'_, PyAny>>,
        shadow_cpu_share: Option<f64>,
        address_space: &str,
        traps: &str,
        grant_recipients: Vec<String>,
    ) -> PyResult<Self> {
        let mut builder = switchback::Runtime::builder();
        for config in slots.map_or(Ok(Vec::new()), configured)? {
            builder = builder.slot(config);
        }
        if let Some(journal) = journal {
            builder = builder.journal(kept(journal)?);
        }
        if let Some(limits) = limits {
            builder = builder.limits(from_python(limits, "limits")?);
        }
        for model in grant_recipients {
            let model = model.parse().map_err(|failed| error::invalid(py, &format!("grant_recipients: {failed}")))?;
            builder = builder.grant_recipients(model);
        }
        builder = builder.address_space(one_of(
            py,
            ("address_space", address_space),
            &[("pooled", AddressSpace::Pooled), ("frugal", AddressSpace::Frugal)],
        )?);
        builder = builder.traps(one_of(
            py,
            ("traps", traps),
            &[("signals", Traps::Signals), ("chained-signals", Traps::ChainedSignals), ("checks", Traps::Checks)],
        )?);
        builder = name.into_iter().fold(builder, RuntimeBuilder::name);
        builder = cache_dir.into_iter().fold(builder, RuntimeBuilder::cache_dir);
        builder = instances.into_iter().fold(builder, RuntimeBuilder::instances);
        builder = shadow_cpu_share.into_iter().fold(builder, RuntimeBuilder::shadow_cpu_share);
        let build = move || match store {
            Some(dir) => builder.store_dir(dir).build().map(Handle::from),
            None => builder.build().map(Handle::from),
        };
        let handle = interruptible(py, build, || {})?;
        Ok(Self { handle, origin: Origin::here() })
    }

    /// Reads a release file (or takes a `Release`), checks it, compiles or maps it, and runs its self-tests. Afterwards it is
    /// ready, and has no role. Takes milliseconds where it was compiled before, else seconds per megabyte of code.
    fn load(&self, py: Python<'_>, release: &Bound<'_, PyAny>) -> PyResult<ReleaseId> {
        self.here(py)?;
        let runtime = self.handle.clone();
        let loaded = match release.cast::<Release>() {
            Ok(release) => {
                let verified = release.get().verified.clone();
                interruptible(py, move || runtime.load_verified(verified), || {})?
            }
            Err(_) => {
                let path: PathBuf = release.extract()?;
                interruptible(py, move || runtime.load(path), || {})?
            }
        };
        Ok(loaded.into())
    }

    /// Lets go of a release that has no role.
    fn unload(&self, py: Python<'_>, release: &Bound<'_, PyAny>) -> PyResult<()> {
        let (runtime, release) = (self.here(py)?, self.find(py, release)?);
        detached(py, || runtime.unload(&release))
    }

    /// Makes a release of the store that this runtime follows ready to score with, and returns whether it is.
    fn rouse(&self, py: Python<'_>, release: &Bound<'_, PyAny>) -> PyResult<bool> {
        let (runtime, release) = (self.here(py)?, self.find(py, release)?);
        detached_always(py, || runtime.rouse(&release))
    }

    /// Every loaded release, by name and version.
    #[getter]
    fn releases(&self, py: Python<'_>) -> PyResult<Vec<ReleaseId>> {
        Ok(self.here(py)?.releases().into_iter().map(ReleaseId::from).collect())
    }

    /// What a loaded release says about itself, as a dictionary; none if it is not loaded.
    fn manifest<'py>(&self, py: Python<'py>, release: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let release = self.find(py, release)?;
        to_python(py, &self.here(py)?.manifest(&release))
    }

    /// The last lines that a loaded release logged, oldest first.
    fn log_of(&self, py: Python<'_>, release: &Bound<'_, PyAny>) -> PyResult<Option<Vec<String>>> {
        let release = self.find(py, release)?;
        Ok(self.here(py)?.log_of(&release))
    }

    /// The slot of this name. It keeps its runtime alive.
    fn slot(&self, py: Python<'_>, name: &str) -> PyResult<Slot> {
        self.here(py)?;
        Slot::of(&self.handle, name, self.origin).map_err(|unknown| error::raised(py, &unknown))
    }

    /// The names of its slots.
    #[getter]
    fn slots(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        Ok(self.here(py)?.slots().map(|slot| slot.name().to_owned()).collect())
    }

    /// Scores a message (or the bytes of one) with one loaded release, whatever its role. No slot's policy applies.
    fn score_with(&self, py: Python<'_>, release: &Bound<'_, PyAny>, message: &Bound<'_, PyAny>) -> PyResult<Scored> {
        let (runtime, release, message) = (self.here(py)?, self.find(py, release)?, Message::of(message)?);
        detached(py, || runtime.score_with(&release, &message)).map(Scored::from)
    }

    /// What a release answers to its self-tests now, in their order, whatever its manifest expects: for the tool that writes the
    /// expectations. An exception in the list is what it failed with.
    fn self_test<'py>(&self, py: Python<'py>, release: &Bound<'py, Release>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.here(py)?;
        let (runtime, verified) = (self.handle.clone(), release.get().verified.clone());
        let answers = interruptible(py, move || runtime.run_self_tests(verified), || {})?;
        let each = answers.into_iter().map(|answer| match answer {
            Ok(scored) => Ok(Bound::new(py, Scored::from(scored))?.into_any()),
            Err(failed) => Ok(error::raised(py, &failed).into_value(py).into_bound(py).into_any()),
        });
        each.collect()
    }

    /// Waits until nothing is left to do in the background: releases have scored, records are written, the guard has counted.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        self.here(py)?;
        let runtime = self.handle.clone();
        interruptible(
            py,
            move || {
                runtime.flush();
                Ok::<_, Infallible>(())
            },
            || {},
        )
    }

    /// Ends the runtime in order, within so many seconds. From then on a message is answered as the slot's policy says for one
    /// without a release.
    #[pyo3(signature = (timeout=30.0))]
    fn shutdown(&self, py: Python<'_>, timeout: f64) -> PyResult<()> {
        self.here(py)?;
        let (runtime, timeout) = (self.handle.clone(), seconds(py, timeout)?);
        interruptible(py, move || runtime.shutdown(timeout), || {})
    }

    /// The number of this process in the store that it follows, if it follows one and could register.
    #[getter]
    fn process(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        Ok(self.here(py)?.process().map(|number| number.get()))
    }

    /// What became of the records of messages so far (`written`, `dropped`, `failed`, `gone`), if a journal is kept.
    #[getter]
    fn journal_counts<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let Some(counts) = self.here(py)?.journal_counts() else { return Ok(None) };
        let named = PyDict::new(py);
        let all = [
            ("written", counts.written),
            ("dropped", counts.dropped),
            ("failed", counts.failed),
            ("gone", counts.gone),
        ];
        all.into_iter().try_for_each(|(name, count)| named.set_item(name, count))?;
        Ok(Some(named))
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, py: Python<'_>, _raised: &Bound<'_, pyo3::types::PyTuple>) -> PyResult<()> {
        self.shutdown(py, 30.0)
    }

    fn __repr__(&self) -> String {
        let names: Vec<_> = self.handle.slots().map(|slot| slot.name().to_owned()).collect();
        format!("<Runtime slots={names:?}>")
    }
}

/// A time in seconds.
pub(crate) fn seconds(py: Python<'_>, seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds).map_err(|failed| error::invalid(py, &format!("{seconds} seconds: {failed}")))
}

/// The value of this name.
fn one_of<T: Copy>(py: Python<'_>, (what, name): (&str, &str), all: &[(&str, T)]) -> PyResult<T> {
    let names = || all.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let found = all.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    found.ok_or_else(|| error::invalid(py, &format!("{what} `{name}`: there are {}", names())))
}

/// The slots that are named, or configured.
fn configured(slots: &Bound<'_, PyAny>) -> PyResult<Vec<SlotConfig>> {
    if let Ok(name) = slots.cast::<PyString>() {
        return Ok(vec![SlotConfig::new(name.to_string())]);
    }
    let Ok(mapping) = slots.cast::<PyMapping>() else {
        return slots.try_iter()?.map(|name| Ok(SlotConfig::new(name?.extract::<String>()?))).collect();
    };
    let one = |pair: Bound<'_, PyAny>| {
        let (name, options): (String, Bound<'_, PyAny>) = pair.extract()?;
        let config = PyDict::new(slots.py());
        config.update(options.cast::<PyMapping>()?)?;
        config.set_item("name", &name)?;
        from_python(&config, &format!("slot `{name}`"))
    };
    mapping.items()?.try_iter()?.map(|pair| one(pair?)).collect()
}

/// The journal in a folder, or as it is configured.
fn kept(journal: &Bound<'_, PyAny>) -> PyResult<JournalConfig> {
    match journal.cast::<PyMapping>() {
        Ok(_) => from_python(journal, "journal"),
        Err(_) => Ok(JournalConfig::new(journal.extract::<PathBuf>()?)),
    }
}
