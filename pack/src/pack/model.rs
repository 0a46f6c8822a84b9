//! An initialised component, whatever its module comes from.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use semver::Version;
use switchback::release::{Manifest, Reads, seal};
use switchback::verdict::Logged;

use crate::build::{Build, BuildRecord};
use crate::component::Component;
use crate::error::PackError;
use crate::function_names::without_names;
use crate::inline_shim::inline_shim;
use crate::limits::{PREPARE_TIME_MAX, STACK_KIB};
use crate::metadata::Metadata;
use crate::progress::{Progress, Reporter, Step};
use crate::self_test;
use crate::snapshot::{PREPARE, Snapshot, snapshot};
use crate::strip::strip;

/// A core module that was built, and with what.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BuiltModule {
    /// The module, as cargo made it, without names.
    pub module: Vec<u8>,
    /// How it was built.
    pub record: BuildRecord,
}

/// Builds a package as [`Packer`](crate::Packer) does, for [`pack_module`], with the default stack.
///
/// # Errors
/// [`PackError`], if cargo cannot build it.
pub fn build_module(
    package: &Path,
    profile: &str,
    cargo_args: &[OsString],
    on_progress: &mut dyn FnMut(Progress<'_>),
) -> Result<BuiltModule, PackError> {
    let built = Build::new(cargo_args)?.run(package, profile, STACK_KIB << 10, on_progress)?;
    Ok(BuiltModule { module: without_names(&built.module), record: built.record })
}

/// Packs a core module that was built already: makes the component, runs the initialiser with `data`, and
/// seals it with `manifest`. The self-tests are not run; whoever loads the release does that.
///
/// For tests that need many releases of one module, and for tools that build modules in their own way.
///
/// # Errors
/// [`PackError`], for the first step that fails.
pub fn pack_module(module: &[u8], data: &[u8], manifest: &Manifest) -> Result<Vec<u8>, PackError> {
    of_module(module, data, manifest)?.seal(manifest)
}

fn of_module(module: &[u8], data: &[u8], manifest: &Manifest) -> Result<Model, PackError> {
    let metadata = Metadata {
        name: manifest.name.to_string(),
        version: manifest.version.to_string(),
        description: Some(manifest.description.clone()).filter(|text| !text.is_empty()),
        ..Metadata::default()
    };
    let mut silent = |_: Progress<'_>| {};
    Model::make(module, data, &metadata, PREPARE_TIME_MAX, &mut Reporter::new(&mut silent))
}

/// As [`pack_module`], for a model that has no expectations yet: the manifest's self-tests get the scores that the model gives
/// now, and those of them that name a category the category. A host runs them on what is returned.
///
/// # Errors
/// [`PackError`], for the first step that fails.
pub fn pack_new_module(module: &[u8], data: &[u8], mut manifest: Manifest) -> Result<(Vec<u8>, Manifest), PackError> {
    let model = of_module(module, data, &manifest)?;
    let (_, answers) = self_test::answers(&model.seal(&manifest)?, &manifest, &mut |_| {})?;
    for (test, answer) in manifest.self_tests.iter_mut().zip(answers) {
        test.score = answer.score.unwrap_or(test.score);
        test.category = test.category.and(answer.category);
    }
    let sealed = model.seal(&manifest)?;
    self_test::check(&sealed, &manifest, &mut |_| {})?;
    Ok((sealed, manifest))
}

/// An initialised component with its metadata: everything of a release but the manifest.
pub(super) struct Model {
    pub(super) component: Vec<u8>,
    contract: Version,
    /// What of a message it can ask for.
    pub(super) asks: Reads,
    /// The memory that `prepare` left, in bytes.
    pub(super) memory_bytes: u64,
    /// What `prepare` logged.
    pub(super) log: Logged,
}

impl Model {
    pub(super) fn make(
        module: &[u8],
        data: &[u8],
        metadata: &Metadata,
        prepare_time_max: Duration,
        reporter: &mut Reporter<'_>,
    ) -> Result<Self, PackError> {
        let made = reporter.step(Step::Componentise, |_| Component::of_module(module))?;
        let Snapshot { component, memory_bytes, log } = reporter.step(Step::Prepare, |progress| {
            let taken = snapshot(&made, data, prepare_time_max)?;
            progress(Progress::Logged(PREPARE, &taken.log));
            Ok::<_, PackError>(taken)
        })?;
        let stripped = strip(&component).map_err(|error| PackError::Snapshot { why: error.to_string() })?;
        Ok(Self {
            component: metadata.add_to(&inline_shim(&stripped)?)?,
            contract: made.contract,
            asks: made.asks,
            memory_bytes,
            log,
        })
    }

    pub(super) fn seal(&self, manifest: &Manifest) -> Result<Vec<u8>, PackError> {
        Ok(seal(self.component.clone(), &self.contract, manifest)?)
    }
}
