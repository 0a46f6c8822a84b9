//! Training models.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use switchback::ScoreError;
use switchback::files::{Access, Existing, Output};
use switchback::release::{ModelName, parse_version};
use switchback::semver::Version;
use switchback::verdict::Outcome;
use switchback_pack::PackError;
use switchback_report::TrainingShown;
use switchback_report::show::counted;
use switchback_system::forked::Origin;
use switchback_train::{Collection, Example, Judged, KINDS, Label, Split, Step, Stop, TrainError, Trainer, original};

use crate::error;
use crate::journal::time;
use crate::json::to_python;
use crate::message::Message;
use crate::release::Release;
use crate::runtime::Runtime;
use crate::threads::within;
use crate::work::{attended, detached, each_attended, interruptible};

/// A training: mail is added, and learned from. What `switchback.train` does it with.
#[pyclass(module = "switchback")]
pub(crate) struct Training {
    name: ModelName,
    version: Version,
    trainer: Trainer,
    is_strict: bool,
    /// None once it was learned from.
    collection: Option<Collection>,
    output: Option<(PathBuf, Output)>,
    before: Option<(Py<Runtime>, switchback::ReleaseId)>,
    origin: Origin,
}

/// The label of this name.
pub(crate) fn label(py: Python<'_>, name: &str) -> PyResult<Label> {
    match name {
        "ham" => Ok(Label::Ham),
        "spam" => Ok(Label::Spam),
        other => Err(error::invalid(py, &format!("label `{other}`: there are ham, spam"))),
    }
}

#[pymethods]
impl Training {
    /// `before` is a release that `runtime` has loaded.
    #[new]
    #[pyo3(signature = (
        name, *, version=None, out=None, max_false_positives=0.001, train_until=None, split="campaign", prior=None, runtime=None, before=None,
        strict=false, temp=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they have names in Python")]
    fn new(
        py: Python<'_>,
        name: &str,
        version: Option<&str>,
        out: Option<PathBuf>,
        max_false_positives: f64,
        train_until: Option<&Bound<'_, PyAny>>,
        split: &str,
        prior: Option<f64>,
        runtime: Option<Bound<'_, Runtime>>,
        before: Option<&Bound<'_, PyAny>>,
        strict: bool,
        temp: Option<PathBuf>,
    ) -> PyResult<Self> {
        let invalid = |failed: &dyn std::error::Error| error::invalid(py, &failed.to_string());
        let name = name.parse().map_err(|failed| invalid(&failed))?;
        let before = match (runtime, before) {
            (Some(runtime), Some(before)) => Some((runtime.get().find(py, before)?, runtime.unbind())),
            _ => None,
        };
        let version = match (version, &before) {
            (Some(version), _) => parse_version(version).map_err(|failed| invalid(&failed))?,
            (None, Some((before, _))) => Version::new(before.version.major, before.version.minor + 1, 0),
            (None, None) => Version::new(1, 0, 0),
        };
        let temp = temp.unwrap_or_else(std::env::temp_dir);
        let split = match (split, train_until) {
            ("campaign", None) => Split::Campaign,
            ("campaign", Some(date)) => Split::Until(time(date)?),
            ("random", None) => Split::Random,
            ("random", Some(_)) => {
                return Err(error::invalid(py, "either `train_until` or a random `split`, not both"));
            }
            (other, _) => return Err(error::invalid(py, &format!("split `{other}`: there are campaign, random"))),
        };
        let trainer = Trainer::default().max_false_positives(max_false_positives).split(split).folder(&temp);
        let trainer = prior.into_iter().fold(trainer, Trainer::prior);
        // What cannot be written is found out before hours of reading.
        let (collection, output) = detached(py, || {
            let output = out.map(|path| match Output::create(&path, Access::Everybody, Existing::Replace) {
                Ok(output) => Ok((path, output)),
                Err(source) => Err(PackError::Write { path, source }),
            });
            Ok::<_, TrainError>((Collection::new(&temp, KINDS)?, output.transpose()?))
        })?;
        let before = before.map(|(id, runtime)| (runtime, id));
        let collection = Some(collection);
        Ok(Self { name, version, trainer, is_strict: strict, collection, output, before, origin: Origin::here() })
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    /// Nothing of it stays in files, however long somebody keeps the exception that ended it.
    #[pyo3(signature = (*_raised))]
    fn __exit__(&mut self, _raised: &Bound<'_, PyTuple>) {
        (self.collection, self.output) = (None, None);
    }

    /// Adds messages of a label, `ham` or `spam`, which are looked at on so many threads.
    #[pyo3(signature = (names, messages, label, threads=None))]
    fn add(
        &mut self,
        py: Python<'_>,
        names: Vec<String>,
        messages: Vec<Bound<'_, PyAny>>,
        label: &str,
        threads: Option<usize>,
    ) -> PyResult<()> {
        self.origin.check().map_err(|forked| error::raised(py, &forked))?;
        let label = self::label(py, label)?;
        let messages = messages.iter().map(Message::whole).collect::<PyResult<Vec<_>>>()?;
        let before = match &self.before {
            Some((runtime, id)) => Some((runtime.get().here(py)?, id)),
            None => None,
        };
        let collection = self.collection.as_mut().ok_or_else(|| learned(py))?;
        let named: Vec<_> = names.into_iter().zip(messages).collect();
        let examples = each_attended(py, threads, &named, |(name, message)| {
            let original = original(message);
            let message = original.as_ref().unwrap_or(message);
            let example = Example::new(name, label, message, KINDS);
            match before.and_then(|(runtime, id)| score(runtime, id, message)) {
                Some(score) => example.scored_before(score),
                None => example,
            }
        })?;
        detached(py, || examples.into_iter().try_for_each(|example| collection.add(example)).map_err(TrainError::from))
    }

    /// Learns, measures and packs. `told` is called with what is done, and how much of how much: `("learning", 3, 72)`. `passed_over`
    /// is how many messages were no label. Returns a `switchback.TrainingReport`.
    #[pyo3(signature = (told, threads=None, passed_over=0))]
    fn finish<'py>(
        &mut self,
        told: &Bound<'py, PyAny>,
        threads: Option<usize>,
        passed_over: u64,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = told.py();
        self.origin.check().map_err(|forked| error::raised(py, &forked))?;
        let collection = self.collection.take().ok_or_else(|| learned(py))?;
        let stop = Stop::new();
        let trainer = self.trainer.clone().stopped_by(stop.clone());
        let tell = |what: &str, done: u32, of: u32| told.call1((what, done, of)).map(drop);
        let trained = attended(
            py,
            |say| within(threads, || trainer.train(collection, say)),
            |step| match step {
                Step::Sorting => tell("sorting", 0, 0),
                Step::Preparing => tell("preparing", 0, 0),
                Step::Learning { done, of } => tell("learning", done, of),
                _ => tell("measuring", 0, 0),
            },
            || stop.stop(),
        )?;
        let trained = Arc::new(trained);
        let is_refused = self.is_strict && trained.report.segments.iter().any(|row| row.stands_out);
        let output = self.output.take().filter(|_| !is_refused);
        let path = output.as_ref().map(|(path, _)| path.clone());
        let release = if is_refused {
            None
        } else {
            tell("packing", 0, 0)?;
            let (name, version, packed) = (self.name.clone(), self.version.clone(), Arc::clone(&trained));
            let release = interruptible(py, move || packed.pack(name, version), || {})?;
            let release = detached(py, || {
                output.map_or(Ok(()), |output| write(output, &release))?;
                Ok::<_, PackError>(release)
            })?;
            Some(Release::of_bytes(py, release)?)
        };
        let shown = TrainingShown {
            report: &trained.report,
            read: counted(trained.report.mail.read, "message"),
            passed_over,
            release: release
                .as_ref()
                .map(|one| (one.verified.id(), path.as_deref(), one.verified.bytes().len() as u64)),
        };
        let mut text = Vec::new();
        shown.write_text(&mut text).map_err(|failed| error::raised(py, &TrainError::from(failed)))?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let parts = (to_python(py, &trained.report)?, text, columns(py, &trained.held_out)?, release, path);
        py.import("switchback.training")?.getattr("TrainingReport")?.call1(parts)
    }
}

/// Writes a release into the file that was begun for it.
fn write((path, mut output): (PathBuf, Output), release: &[u8]) -> Result<(), PackError> {
    let written = output.write_all(release).and_then(|()| output.keep());
    written.map_err(|source| PackError::Write { path, source })
}

/// What the release before makes of a message; none where it has no score.
fn score(runtime: &switchback::Runtime, release: &switchback::ReleaseId, message: &switchback::Message) -> Option<f64> {
    match ScoreError::unless_busy(|| runtime.score_with(release, message)).ok()?.outcome {
        Outcome::Scored(assessment) => Some(assessment.score),
        Outcome::Abstained(_) => None,
    }
}

/// What is said where mail was learned from already.
fn learned(py: Python<'_>) -> PyErr {
    error::invalid(py, "this training is done: begin another one")
}

/// Messages that a model was measured on, as the columns of a table.
fn columns<'py>(py: Python<'py>, judged: &[Judged]) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    columns.set_item("message", judged.iter().map(|one| &*one.message).collect::<Vec<_>>())?;
    let labels = judged.iter().map(|one| if one.label.is_spam() { "spam" } else { "ham" });
    columns.set_item("label", labels.collect::<Vec<_>>())?;
    columns.set_item("score", judged.iter().map(|one| one.score).collect::<Vec<_>>())?;
    Ok(columns)
}
