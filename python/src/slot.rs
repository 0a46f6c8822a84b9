//! Slots.

use pyo3::prelude::*;
use switchback::route::{CanaryKey, Generation, RouteError, Share};
use switchback::{LocalSlot, UnknownSlot};
use switchback_system::forked::Origin;

use crate::compare::report;
use crate::error;
use crate::handle::Handle;
use crate::message::Message;
use crate::release::ReleaseId;
use crate::verdict::Verdict;
use crate::work::{detached, detached_always};

/// The place in a filter where one model's verdict is used.
#[pyclass(frozen, module = "switchback")]
pub(crate) struct Slot {
    slot: Place,
    /// A slot of the library does not keep its runtime. In Python whoever holds one thinks that it does.
    runtime: Handle,
    origin: Origin,
}

/// A slot of either.
enum Place {
    Local(LocalSlot),
    Following(switchback::Slot),
}

impl Slot {
    pub(crate) fn of(runtime: &Handle, name: &str, origin: Origin) -> Result<Self, UnknownSlot> {
        let slot = match runtime.local() {
            Some(runtime) => Place::Local(runtime.slot(name)?),
            None => Place::Following(runtime.slot(name)?),
        };
        Ok(Self { slot, runtime: runtime.clone(), origin })
    }

    /// The slot, unless this is a fork of the process that built its runtime.
    fn here(&self, py: Python<'_>) -> PyResult<&switchback::Slot> {
        self.origin.check().map_err(|forked| error::raised(py, &forked))?;
        Ok(match &self.slot {
            Place::Local(slot) => slot,
            Place::Following(slot) => slot,
        })
    }

    /// The slot, if this process changes it.
    fn local(&self, py: Python<'_>) -> PyResult<&LocalSlot> {
        self.here(py)?;
        match &self.slot {
            Place::Local(slot) => Ok(slot),
            Place::Following(_) => Err(error::invalid(
                py,
                "this slot follows a store: change it with `Control`, for every process at once",
            )),
        }
    }

    fn find(&self, release: &Bound<'_, PyAny>) -> PyResult<switchback::ReleaseId> {
        ReleaseId::find(release, self.runtime.releases().into_iter())
    }

    /// Changes the route, and returns its new generation.
    fn change(
        &self,
        release: &Bound<'_, PyAny>,
        change: impl FnOnce(&LocalSlot, &switchback::ReleaseId) -> Result<Generation, RouteError> + Send,
    ) -> PyResult<u64> {
        let py = release.py();
        let (slot, release) = (self.local(py)?, self.find(release)?);
        detached(py, || change(slot, &release)).map(|generation| generation.get())
    }
}

#[pymethods]
impl Slot {
    /// Its name.
    #[getter]
    fn name(&self, py: Python<'_>) -> PyResult<&str> {
        Ok(self.here(py)?.name())
    }

    /// The generation of its route: 0 while it never had a release, one more with each change.
    #[getter]
    fn generation(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.here(py)?.generation().get())
    }

    /// The release that decides, where no canary does.
    #[getter]
    fn live(&self, py: Python<'_>) -> PyResult<Option<ReleaseId>> {
        Ok(self.here(py)?.live().map(ReleaseId::from))
    }

    /// The targets of reverts, the next one first.
    #[getter]
    fn standbys(&self, py: Python<'_>) -> PyResult<Vec<ReleaseId>> {
        Ok(self.here(py)?.standbys().into_iter().map(ReleaseId::from).collect())
    }

    /// What a release does here: `live`, `canary`, `shadow` or `standby`; none if it does nothing.
    fn role(&self, py: Python<'_>, release: &Bound<'_, PyAny>) -> PyResult<Option<&'static str>> {
        let release = self.find(release)?;
        Ok(self.here(py)?.role(&release).map(|role| role.name()))
    }

    /// Judges a message, or the bytes of one. Where the release that is to decide does not answer, another one does or the
    /// slot's failure policy, and the verdict says so. Other threads go on meanwhile.
    fn score(&self, message: &Bound<'_, PyAny>) -> PyResult<Verdict> {
        let (py, slot) = (message.py(), self.here(message.py())?);
        let message = Message::of(message)?;
        detached_always(py, || slot.score(&message)).map(Verdict::from)
    }

    /// Makes a loaded release live and returns the new generation. What was live becomes the first standby.
    fn promote(&self, release: &Bound<'_, PyAny>) -> PyResult<u64> {
        self.change(release, |slot, release| slot.promote(release))
    }

    /// Lets a loaded release score a share of the messages, 0.0001 to 1, in the background and without deciding.
    #[pyo3(signature = (release, share=1.0))]
    fn shadow(&self, release: &Bound<'_, PyAny>, share: f64) -> PyResult<u64> {
        let rate_bp = basis_points(release.py(), share)?;
        self.change(release, move |slot, release| slot.shadow(release, rate_bp))
    }

    /// Lets a loaded release decide for a share of the messages, 0.0001 to 1.
    fn canary(&self, release: &Bound<'_, PyAny>, share: f64) -> PyResult<u64> {
        let share = Share::new(basis_points(release.py(), share)?, CanaryKey::Content);
        self.change(release, move |slot, release| slot.canary(release, share))
    }

    /// Takes the role canary, shadow or standby from a release.
    fn withdraw(&self, release: &Bound<'_, PyAny>) -> PyResult<u64> {
        self.change(release, |slot, release| slot.withdraw(release))
    }

    /// Makes the previous release live again, or a named standby, and returns the new generation. One pointer is stored. In a slot
    /// that follows a store this takes effect here at once, and everywhere as soon as the ledger has it.
    #[pyo3(signature = (release=None))]
    fn revert(&self, py: Python<'_>, release: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
        let (slot, release) = (self.here(py)?, release.map(|release| self.find(release)).transpose()?);
        let reverted = detached(py, || release.map_or_else(|| slot.revert(), |release| slot.revert_to(&release)))?;
        Ok(reverted.generation.get())
    }

    /// How two releases differ on the messages of this process that both scored, with at most `limit` rows of each list; none if
    /// they did not meet.
    #[pyo3(signature = (baseline, candidate, limit=10))]
    fn comparison<'py>(
        &self,
        baseline: &Bound<'py, PyAny>,
        candidate: &Bound<'py, PyAny>,
        limit: usize,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = baseline.py();
        let (slot, baseline, candidate) = (self.here(py)?, self.find(baseline)?, self.find(candidate)?);
        let found = detached_always(py, || slot.comparison(&baseline, &candidate, limit))?;
        let source = format!("Messages that this process judged in slot {}.", slot.name());
        found.map(|found| report(py, &found, source, Some(slot.config().thresholds))).transpose()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let slot = self.here(py)?;
        let live = slot.live().map_or_else(|| "nothing".to_owned(), |live| live.to_string());
        Ok(format!("<Slot {} live={live} generation={}>", slot.name(), slot.generation()))
    }
}

/// A share in basis points.
pub(crate) fn basis_points(py: Python<'_>, share: f64) -> PyResult<u16> {
    let points = (share * 10_000.0).round();
    match (1.0..=10_000.0).contains(&points) {
        true => Ok(points as u16),
        false => Err(error::invalid(py, &format!("{share} is not a valid share: 0.0001 to 1 is possible"))),
    }
}
