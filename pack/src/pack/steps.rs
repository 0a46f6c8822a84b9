//! What packing, verifying and testing have alike.

use switchback::release::Manifest;

use super::made::{Made, Prebuilt};
use super::model::Model;
use super::{Expectations, Origin, Packer};
use crate::answer::{Changed, Tested};
use crate::build::Build;
use crate::error::PackError;
use crate::progress::{Progress, Reporter, Step};
use crate::self_test;
use crate::sizes::Sizes;
use crate::source::Source;

impl Packer {
    pub(super) fn source(&self) -> Result<Source, PackError> {
        match &self.origin {
            Origin::Manifest(path) => Source::read(path),
            Origin::Onnx { file, name, version } => Source::of_onnx(file, name.clone(), version.clone()),
        }
    }

    pub(super) fn made(&self, build: Build, source: &Source, reporter: &mut Reporter<'_>) -> Result<Made, PackError> {
        if let Some(file) = &self.component {
            source.check_data()?;
            return reporter.step(Step::Link, |_| Prebuilt::read(file, source).map(Made::Prebuilt));
        }
        if source.is_onnx() {
            return Ok(Made::onnx()?);
        }
        source.check_data()?;
        source.require_no_stub()?;
        let profile = self.profile.clone().unwrap_or_else(|| source.profile());
        let built = |progress: &mut dyn FnMut(Progress<'_>)| {
            build.run(&source.package_dir(), &profile, source.stack_bytes(), progress)
        };
        reporter.step(Step::Build, built).map(Made::Built)
    }

    /// What was built, initialised, with all that is to be said of it.
    pub(super) fn model(
        &self,
        made: &Made,
        source: &mut Source,
        reporter: &mut Reporter<'_>,
    ) -> Result<Model, PackError> {
        let metadata = made.metadata(source.metadata());
        let mut model = Model::make(made.module(), source.data(), &metadata, self.prepare_time_max, reporter)?;
        if source.is_onnx() {
            source.ask_for_memory(model.memory_bytes);
        }
        source.check_memory(model.memory_bytes)?;
        if let Some(folder) = made.folder_named_in(&model.component) {
            let folder = folder.display();
            reporter.remark(&format!(
                "the release names a folder of this machine, {folder}, so it gets other bytes elsewhere: a build script, \
                 `env!(\"OUT_DIR\")`, `env!(\"CARGO_MANIFEST_DIR\")` or the data may have brought it in"
            ));
        }
        made.add_record_to(&mut model.component)?;
        Ok(model)
    }

    /// What the release is made of. Compiled it is only if a host accepts it: whoever comes next says why it does not.
    pub(super) fn sizes_of(
        made: &Made,
        model: &Model,
        source: &Source,
        sealed: &[u8],
        reporter: &mut Reporter<'_>,
    ) -> Result<Sizes, PackError> {
        reporter.step(Step::Size, |progress| {
            let sizes = Sizes::of(made.module(), sealed, source.data().len(), model.memory_bytes);
            let sizes = match self_test::verified(sealed) {
                Ok(verified) => sizes.compiled(verified)?,
                Err(_) => sizes,
            };
            progress(Progress::Sized(&sizes));
            Ok(sizes)
        })
    }

    /// The manifest as it is; where the self-tests are made up, with what the model answers to them now.
    pub(super) fn manifest(
        &self,
        model: &Model,
        source: &Source,
        reporter: &mut Reporter<'_>,
    ) -> Result<Manifest, PackError> {
        match source.are_tests_made_up() {
            true => Ok(self.expectations(model, source, reporter)?.0),
            false => Ok(source.manifest()),
        }
    }

    /// The manifest with what its self-tests must answer, and what of it is new.
    pub(super) fn expectations(
        &self,
        model: &Model,
        source: &Source,
        reporter: &mut Reporter<'_>,
    ) -> Result<(Manifest, Vec<Changed>), PackError> {
        if self.expectations == Expectations::Check && !source.are_tests_made_up() {
            return Ok((source.manifest(), Vec::new()));
        }
        answered(model, source, Step::Bless, reporter).map(|(manifest, changed, _)| (manifest, changed))
    }
}

/// The manifest with what the model answers to its self-tests now, what of that is new, and the answers.
pub(super) fn answered(
    model: &Model,
    source: &Source,
    step: Step,
    reporter: &mut Reporter<'_>,
) -> Result<(Manifest, Vec<Changed>, Vec<Tested>), PackError> {
    let mut manifest = source.manifest();
    let sealed = model.seal(&manifest)?;
    let (_, answers) = reporter.step(step, |progress| self_test::answers(&sealed, &manifest, progress))?;
    let mut changed = Vec::new();
    for ((test, answer), expected) in manifest.self_tests.iter_mut().zip(&answers).zip(source.scores()) {
        changed.extend(Changed::of(test, expected, answer));
        test.score = answer.score.unwrap_or(test.score);
        test.category = test.category.and(answer.category);
    }
    Ok((manifest, changed, answers))
}

/// Refuses a self-test without an expectation.
pub(super) fn require_scores(source: &Source) -> Result<(), PackError> {
    source.first_without_score().map_or(Ok(()), |test| Err(PackError::NoExpectation { test }))
}
