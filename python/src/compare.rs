//! Comparing two releases.

use pyo3::prelude::*;
use switchback::compare::{ComparisonSettings, Report, SideBySide};
use switchback::verdict::Senders;
use switchback::{ScoreError, Thresholds};
use switchback_report::Shown;
use switchback_report::show::counted;

use crate::error;
use crate::json::{from_python, to_python};
use crate::message::Message;
use crate::runtime::Runtime;
use crate::work::{detached_always, each_attended};

/// Two loaded releases that are asked about the same messages. What `switchback.compare` adds up with.
#[pyclass(module = "switchback")]
pub(crate) struct Comparison {
    both: SideBySide,
    comparison: switchback::compare::Comparison,
    thresholds: Thresholds,
    runtime: Py<Runtime>,
}

/// A comparison as `switchback.Report`: its JSON, its text and its page.
pub(crate) fn report<'py>(
    py: Python<'py>,
    releases: &Report,
    origin: String,
    thresholds: Option<Thresholds>,
) -> PyResult<Bound<'py, PyAny>> {
    let all = counted(releases.flips.messages + releases.unpaired, "message");
    let messages = format!("{all}, {} not answered by both", releases.unpaired);
    let shown = Shown { releases, messages, origin, nothing: "there is none".to_owned(), thresholds };
    let failed = |failed: &dyn std::error::Error| error::invalid(py, &format!("the report cannot be shown: {failed}"));
    let page = shown.page().map_err(|error| failed(&error))?;
    let mut text = Vec::new();
    shown.write_text(&mut text).map_err(|error| failed(&error))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    py.import("switchback.report")?.getattr("Report")?.call1((to_python(py, releases)?, text, page))
}

#[pymethods]
impl Comparison {
    #[new]
    #[pyo3(signature = (runtime, before, after, *, thresholds=None, senders="anyone", limit=10))]
    fn new(
        runtime: Bound<'_, Runtime>,
        before: &Bound<'_, PyAny>,
        after: &Bound<'_, PyAny>,
        thresholds: Option<&Bound<'_, PyAny>>,
        senders: &str,
        limit: usize,
    ) -> PyResult<Self> {
        let py = runtime.py();
        let thresholds: Option<Thresholds> = thresholds.map(|given| from_python(given, "thresholds")).transpose()?;
        let thresholds = thresholds.unwrap_or_default();
        thresholds.validate().map_err(|wrong| error::invalid(py, &wrong.to_string()))?;
        let senders = match senders {
            "anyone" => Senders::Anyone,
            "authenticated" => Senders::Authenticated,
            other => return Err(error::invalid(py, &format!("senders `{other}`: there are anyone, authenticated"))),
        };
        let this = runtime.get();
        let releases = [this.find(py, before)?, this.find(py, after)?];
        let both = SideBySide::new(this.here(py)?, releases, thresholds);
        let settings = ComparisonSettings::default().senders(senders).differences_max(limit);
        let comparison = switchback::compare::Comparison::new(settings);
        Ok(Self { both, comparison, thresholds, runtime: runtime.unbind() })
    }

    /// Asks both about messages, on so many threads, and adds up what they say. Returns what went wrong, with the name of the
    /// message.
    #[pyo3(signature = (names, messages, threads=None))]
    fn add(
        &mut self,
        py: Python<'_>,
        names: Vec<String>,
        messages: Vec<Bound<'_, PyAny>>,
        threads: Option<usize>,
    ) -> PyResult<Vec<(String, PyErr)>> {
        self.runtime.get().here(py)?;
        let messages = messages.iter().map(Message::of).collect::<PyResult<Vec<_>>>()?;
        let Self { both, comparison, .. } = self;
        let answers = each_attended(py, threads, &messages, |message| both.ask(message))?;
        let failures: Vec<(String, ScoreError)> = detached_always(py, || {
            let mut failures = Vec::new();
            for ((name, message), answered) in names.into_iter().zip(&messages).zip(answers) {
                comparison.add(&answered.pair(message), || answered.name(name.clone(), message));
                failures.extend(answered.failures.into_iter().map(|failure| (name.clone(), failure)));
            }
            failures
        })?;
        Ok(failures.into_iter().map(|(name, failure)| (name, error::raised(py, &failure))).collect())
    }

    /// How they differ so far; `origin` says in a sentence where the messages come from.
    #[pyo3(signature = (origin, limit=10))]
    fn report<'py>(&self, py: Python<'py>, origin: String, limit: usize) -> PyResult<Bound<'py, PyAny>> {
        let [before, after] = self.both.releases().clone();
        let found = detached_always(py, || self.comparison.report(before, after, limit))?;
        report(py, &found, origin, Some(self.thresholds))
    }
}
