//! Verdicts, and what one release makes of a message.

use pyo3::prelude::*;
use pyo3::types::PyList;
use switchback::verdict::{Logged, Outcome, Reason, Timing};

use crate::json::{from_python, to_python};
use crate::release::ReleaseId;
use crate::values::{list, value};

/// What the host decides about one message.
#[pyclass(frozen, eq, module = "switchback")]
#[derive(PartialEq)]
pub(crate) struct Verdict(switchback::Verdict);

impl From<switchback::Verdict> for Verdict {
    fn from(verdict: switchback::Verdict) -> Self {
        Self(verdict)
    }
}

fn reasons<'py>(py: Python<'py>, reasons: &[Reason]) -> PyResult<Bound<'py, PyList>> {
    list(py, reasons, |reason| value(py, "Reason", (&reason.name, reason.weight, &reason.note)))
}

/// In microseconds.
fn timing<'py>(py: Python<'py>, timing: &Timing) -> PyResult<Bound<'py, PyAny>> {
    let all = [timing.parse, timing.instantiate, timing.guest, timing.total];
    let [parse, instantiate, guest, total] = all.map(|time| time.as_nanos() as f64 / 1e3);
    value(py, "Timing", (parse, instantiate, guest, total))
}

fn lines(log: &Logged) -> impl Iterator<Item = String> {
    log.lines.iter().map(ToString::to_string)
}

#[pymethods]
impl Verdict {
    /// The name of its record in the journal, if one is kept.
    #[getter]
    fn id(&self) -> Option<String> {
        self.0.id.as_ref().map(ToString::to_string)
    }

    /// What to do with the message: `deliver`, `tag`, `junk`, `quarantine` or `reject`.
    #[getter]
    fn action(&self) -> &'static str {
        self.0.action.name()
    }

    /// Whether the message crosses the flag boundary: junk, quarantine or reject.
    #[getter]
    fn is_flagged(&self) -> bool {
        self.0.is_flagged()
    }

    /// The probability that the message is unwanted, 0 to 1; none unless a model scored it.
    #[getter]
    fn score(&self) -> Option<f64> {
        self.0.score
    }

    /// What kind of mail it is: `ham`, `bulk`, `spam`, `phish`, `spoof` or `malware`; none unless a model scored it.
    #[getter]
    fn category(&self) -> Option<&'static str> {
        self.0.category.map(|category| category.name())
    }

    /// The spam confidence level, -1 to 9; none unless a model scored it or an override decided.
    #[getter]
    fn scl(&self) -> Option<i8> {
        self.0.scl.map(|scl| scl.level())
    }

    /// Why, on the release's scale.
    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        reasons(py, &self.0.reasons)
    }

    /// Who decided: `live`, `canary`, `previous`, `segment`, `abstained`, `unscanned`, `allowed` or `blocked`.
    #[getter]
    fn decided_by(&self) -> &'static str {
        self.0.decided_by.name()
    }

    /// The override that decided, by its number, if one did.
    #[getter]
    fn rule(&self) -> Option<u64> {
        self.0.decided_by.rule()
    }

    /// The release that scored the message, or that tried last; none if the slot had none.
    #[getter]
    fn release(&self) -> Option<ReleaseId> {
        self.0.release.clone().map(ReleaseId::from)
    }

    /// What is known of the author: `authenticated`, `unauthenticated`, `unchecked` or `uncertain`.
    #[getter]
    fn authorship(&self) -> &'static str {
        self.0.author.name()
    }

    /// The generation of the route that judged the message.
    #[getter]
    fn generation(&self) -> u64 {
        self.0.generation.get()
    }

    /// What went wrong, if the live release did not answer.
    #[getter]
    fn fault(&self) -> Option<&str> {
        self.0.fault.as_deref()
    }

    /// Of what kind that was: `trap`, `deadline`, `overload`, `too-big`, `no-release` or `bad-input`.
    #[getter]
    fn cause(&self) -> Option<&'static str> {
        self.0.cause.map(|cause| cause.name())
    }

    /// What the releases logged that were asked.
    #[getter]
    fn log(&self) -> Vec<String> {
        self.0.log.iter().flat_map(|of| lines(&of.log)).collect()
    }

    /// How long it took, in microseconds.
    #[getter]
    fn timing<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        timing(py, &self.0.timing)
    }

    /// The verdict as its JSON has it.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0)
    }

    /// The verdict that `to_dict` has put into words.
    #[staticmethod]
    fn from_dict(verdict: &Bound<'_, PyAny>) -> PyResult<Self> {
        from_python(verdict, "verdict").map(Self)
    }

    fn __repr__(&self) -> String {
        let by = self.0.release.as_ref().map(|release| format!(" {release}")).unwrap_or_default();
        let score = self.0.score.map(|score| format!(" score={score}")).unwrap_or_default();
        format!("<Verdict {}{score} by {}{by}>", self.0.action, self.0.decided_by)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyAny>,))> {
        Ok((slf.get_type().getattr("from_dict")?, (slf.get().to_dict(slf.py())?,)))
    }
}

/// What one release made of one message.
#[pyclass(frozen, module = "switchback")]
pub(crate) struct Scored(switchback::Scored);

impl From<switchback::Scored> for Scored {
    fn from(scored: switchback::Scored) -> Self {
        Self(scored)
    }
}

#[pymethods]
impl Scored {
    /// The probability that the message is unwanted, 0 to 1; none if the model abstained.
    #[getter]
    fn score(&self) -> Option<f64> {
        self.0.outcome.score()
    }

    /// What kind of mail it is; none if the model abstained.
    #[getter]
    fn category(&self) -> Option<&'static str> {
        match &self.0.outcome {
            Outcome::Scored(assessment) => Some(assessment.category.name()),
            Outcome::Abstained(_) => None,
        }
    }

    /// Why, on the release's scale.
    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        match &self.0.outcome {
            Outcome::Scored(assessment) => reasons(py, &assessment.reasons),
            Outcome::Abstained(_) => Ok(PyList::empty(py)),
        }
    }

    /// Why the model has no opinion; none if it has one.
    #[getter]
    fn abstained(&self) -> Option<&str> {
        match &self.0.outcome {
            Outcome::Scored(_) => None,
            Outcome::Abstained(why) => Some(why),
        }
    }

    /// What it logged.
    #[getter]
    fn log(&self) -> Vec<String> {
        lines(&self.0.log).collect()
    }

    /// How long it took, in microseconds.
    #[getter]
    fn timing<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        timing(py, &self.0.timing)
    }

    fn __repr__(&self) -> String {
        match &self.0.outcome {
            Outcome::Scored(assessment) => format!("<Scored {} {}>", assessment.score, assessment.category),
            Outcome::Abstained(_) => "<Scored abstained>".to_owned(),
        }
    }
}
