//! The whole way: manifest and package in, release file out.

mod output;
mod progress;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use switchback::{Manifest, ReleaseId, seal};

pub use self::progress::{Progress, Step};

use self::output::Output;
use self::progress::Reporter;
use crate::build::Build;
use crate::component::Component;
use crate::error::PackError;
use crate::inline_shim::inline_shim;
use crate::inspect::Inspection;
use crate::metadata::Metadata;
use crate::self_test::{self, Tested};
use crate::snapshot::{PREPARE_TIME_MAX, snapshot};
use crate::source::Source;
use crate::strip::strip;

/// Packs a model: builds its package, makes it a component, runs its initialiser, stores the memory that
/// this leaves, adds manifest and checksum, and tries the result in a host.
///
/// The same files, toolchain and version of this crate give the same bytes.
///
/// ```no_run
/// use switchback_pack::{PackError, Packer};
///
/// # fn main() -> Result<(), PackError> {
/// let packed = Packer::new("plugins/linear").pack(&mut |_| {})?;
/// println!("{} {} {}", packed.id, packed.id.digest, packed.path.display());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a packer does nothing until `pack`"]
pub struct Packer {
    source: PathBuf,
    expectations: Expectations,
    profile: Option<String>,
    out: Option<PathBuf>,
    cargo_args: Vec<OsString>,
    prepare_time_max: Duration,
}

/// What happens to the expected scores of self-tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expectations {
    /// The model has to meet them.
    Check,
    /// The model's scores are written into the manifest.
    Bless,
}

/// A packed release.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Packed {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub id: ReleaseId,
    /// Everything that the file says, sizes included.
    pub inspection: Inspection,
    /// What its self-tests came to.
    pub self_tests: Vec<Tested>,
    /// How long each step took.
    pub timings: Vec<(Step, Duration)>,
}

impl Packer {
    /// Packs the release that a manifest describes: the path of a `switchback.toml`, or of its folder.
    pub fn new(source: impl Into<PathBuf>) -> Self {
        Self {
            source: source.into(),
            expectations: Expectations::Check,
            profile: None,
            out: None,
            cargo_args: Vec::new(),
            prepare_time_max: PREPARE_TIME_MAX,
        }
    }

    /// Writes the scores that the model gives now into the manifest, as what self-tests expect. Default: they
    /// have to be there and to be met.
    pub fn bless(mut self) -> Self {
        self.expectations = Expectations::Bless;
        self
    }

    /// Builds with another cargo profile than the manifest says.
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// Where the release goes: a file, a folder that exists, or a pipe or a device, which are written to. Default:
    /// `<cargo's target folder>/releases/<name>-<version>.wasm`.
    pub fn out(mut self, out: impl Into<PathBuf>) -> Self {
        self.out = Some(out.into());
        self
    }

    /// Adds an argument for `cargo build`, such as `--offline`.
    pub fn cargo_arg(mut self, argument: impl Into<OsString>) -> Self {
        self.cargo_args.push(argument.into());
        self
    }

    /// How long the initialiser may run. Default: [`PREPARE_TIME_MAX`].
    pub fn prepare_time_max(mut self, time: Duration) -> Self {
        self.prepare_time_max = time;
        self
    }

    /// Does it all. `on_progress` hears of every step. The release file appears only when everything is
    /// right; one that was there before stays until then.
    ///
    /// # Errors
    /// [`PackError`], for the first step that fails.
    pub fn pack(&self, on_progress: &mut dyn FnMut(Progress<'_>)) -> Result<Packed, PackError> {
        let mut reporter = Reporter::new(on_progress);
        let source = Source::read(&self.source)?;
        if self.expectations == Expectations::Check
            && let Some(test) = source.first_without_score()
        {
            return Err(PackError::NoExpectation { test });
        }
        let built = reporter.step(Step::Build, |progress| self.build(&source, progress))?;
        let model =
            Model::make(&built.module, source.data(), &source.metadata(), self.prepare_time_max, &mut reporter)?;
        let output = Output::create(self.out.as_deref(), &built.target_directory, &source)?;
        let manifest = self.expectations(&model, &source, &output, &mut reporter)?;
        let sealed = model.seal(&manifest)?;
        output.write(&sealed)?;
        let (id, self_tests) = reporter.step(Step::SelfTest, |_| self_test::check(output.path(), &manifest))?;
        if self.expectations == Expectations::Bless {
            source.write_scores(&manifest.self_tests.iter().map(|test| test.score).collect::<Vec<_>>())?;
        }
        let inspection = Inspection::read(&sealed);
        Ok(Packed { path: output.keep(&sealed)?, id, inspection, self_tests, timings: reporter.timings() })
    }

    fn build(&self, source: &Source, progress: &mut dyn FnMut(Progress<'_>)) -> Result<crate::build::Built, PackError> {
        let package_dir = source.package_dir();
        let profile = self.profile.as_deref().unwrap_or(source.profile());
        let stack_bytes = source.stack_bytes();
        let build = Build { package_dir: &package_dir, profile, stack_bytes, cargo_args: &self.cargo_args };
        build.run(&mut |name| progress(Progress::Compiled(name)))
    }

    /// The manifest with the scores that its self-tests must have.
    fn expectations(
        &self,
        model: &Model,
        source: &Source,
        output: &Output,
        reporter: &mut Reporter<'_>,
    ) -> Result<Manifest, PackError> {
        let mut manifest = source.manifest();
        if self.expectations == Expectations::Bless {
            output.write(&model.seal(&manifest)?)?;
            let scores = reporter.step(Step::Bless, |_| self_test::scores(output.path(), &manifest))?;
            for (test, score) in manifest.self_tests.iter_mut().zip(scores) {
                test.score = score;
            }
        }
        Ok(manifest)
    }
}

/// Packs a core module that was built already: makes the component, runs the initialiser with `data`, and
/// seals it with `manifest`. The self-tests are not run; whoever loads the release does that.
///
/// For tests that need many releases of one module, and for tools that build modules in their own way.
///
/// # Errors
/// [`PackError`], for the first step that fails.
pub fn pack_module(module: &[u8], data: &[u8], manifest: &Manifest) -> Result<Vec<u8>, PackError> {
    let metadata = Metadata {
        name: manifest.name.to_string(),
        version: manifest.version.to_string(),
        description: Some(manifest.description.clone()).filter(|text| !text.is_empty()),
        ..Metadata::default()
    };
    let mut silent = |_: Progress<'_>| {};
    Model::make(module, data, &metadata, PREPARE_TIME_MAX, &mut Reporter::new(&mut silent))?.seal(manifest)
}

/// An initialised component with its metadata: everything of a release but the manifest.
struct Model {
    component: Vec<u8>,
    contract: semver::Version,
}

impl Model {
    fn make(
        module: &[u8],
        data: &[u8],
        metadata: &Metadata,
        prepare_time_max: Duration,
        reporter: &mut Reporter<'_>,
    ) -> Result<Self, PackError> {
        let Component { bytes, contract } = reporter.step(Step::Componentise, |_| Component::of_module(module))?;
        let initialised = reporter.step(Step::Prepare, |_| snapshot(&bytes, data, prepare_time_max))?;
        let stripped = strip(&initialised).map_err(|error| PackError::Snapshot { why: error.to_string() })?;
        Ok(Self { component: metadata.add_to(&inline_shim(&stripped)?)?, contract })
    }

    fn seal(&self, manifest: &Manifest) -> Result<Vec<u8>, PackError> {
        Ok(seal(self.component.clone(), &self.contract, manifest)?)
    }
}

/// The default name of a release file.
fn file_name(source: &Source) -> String {
    format!("{}-{}.wasm", source.name(), source.version())
}

/// The folder of release files in a target folder.
fn releases_dir(target_directory: &Path) -> PathBuf {
    target_directory.join("releases")
}
