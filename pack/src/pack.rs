//! The whole way: manifest and package in, release file out.

mod made;
mod model;
mod output;
mod verification;

use std::ffi::OsString;
use std::iter;
use std::path::{Path, PathBuf};
use std::time::Duration;

use semver::Version;
use serde::Serialize;
use switchback::release::{Manifest, ModelName, Reads};
use switchback::verdict::Logged;
use switchback::{Message, ReleaseId};

pub use self::model::{BuiltModule, build_module, pack_module, pack_new_module};
pub use self::verification::Verification;

use self::made::{Made, Prebuilt};
use self::model::Model;
use self::output::Output;
use crate::answer::{Changed, Tested};
use crate::build::Build;
use crate::error::PackError;
use crate::inspect::{Inspection, bounded};
use crate::limits::PREPARE_TIME_MAX;
use crate::measure::Measured;
use crate::progress::{Progress, Reporter, Step};
use crate::self_test;
use crate::source::Source;

/// Packs a model: builds its package, makes it a component, runs its initialiser, stores the memory that
/// this leaves, adds manifest and checksum, and tries the result in a host.
///
/// The same files, toolchain, platform and version of this crate give the same bytes, and [`verify`](Self::verify) tells whether
/// they did. Cargo runs in the package's folder: what the model is built with stands there (`Cargo.toml`, `.cargo/config.toml`,
/// `rust-toolchain.toml`) or is given by [`cargo_arg`](Self::cargo_arg). Flags for the compiler are those for the target,
/// `target.wasm32-unknown-unknown.rustflags`; variables such as `RUSTFLAGS` and `CARGO_PROFILE_*`, which are meant for
/// programs of this machine, are left out, and [`Progress::Remark`] says so. If `CARGO` is set, it names the cargo to run.
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
#[must_use = "a packer does nothing until `pack` or `verify`"]
pub struct Packer {
    origin: Origin,
    component: Option<PathBuf>,
    expectations: Expectations,
    profile: Option<String>,
    out: Option<PathBuf>,
    cargo_args: Vec<OsString>,
    prepare_time_max: Duration,
}

/// Where the model is.
#[derive(Clone, Debug)]
enum Origin {
    /// A manifest, or its folder.
    Manifest(PathBuf),
    /// An ONNX file, with a manifest beside it or none.
    Onnx { file: PathBuf, name: Option<ModelName>, version: Option<Version> },
}

/// What happens to the expected scores of self-tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expectations {
    /// The model has to meet them.
    Check,
    /// What the model answers is written into the manifest.
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
    /// What the model logged in `prepare`.
    pub prepare_log: Logged,
    /// What its self-tests came to.
    pub self_tests: Vec<Tested>,
    /// What they and the messages to measure with took of its memory; none where that cannot be measured.
    pub measured: Option<Measured>,
    /// The expectations that were written into the manifest, where they are others than before.
    pub blessed: Vec<Changed>,
    /// How long each step took.
    pub timings: Vec<(Step, Duration)>,
}

impl Packer {
    /// Packs the release that a manifest describes: the path of a `switchback.toml`, or of its folder.
    pub fn new(source: impl Into<PathBuf>) -> Self {
        Self::of(Origin::Manifest(source.into()))
    }

    /// Packs an ONNX file, without a toolchain: the guest that runs it was built before. What its inputs are made of and
    /// what its output means stands under `[onnx]` in the `switchback.toml` beside it or, where that has nothing to say, is
    /// told by names and shapes: see [`switchback_onnx`]. Without that file, the release has a minimal card.
    ///
    /// Self-tests that the manifest has not are made up: what the model answers now is what it has to answer on every host.
    ///
    /// ```no_run
    /// use switchback_pack::{PackError, Packer};
    ///
    /// # fn main() -> Result<(), PackError> {
    /// let packed = Packer::onnx("model.onnx").pack(&mut |_| {})?;
    /// println!("{} {}", packed.id, packed.path.display());
    /// # Ok(())
    /// # }
    /// ```
    pub fn onnx(file: impl Into<PathBuf>) -> Self {
        Self::of(Origin::Onnx { file: file.into(), name: None, version: None })
    }

    fn of(origin: Origin) -> Self {
        Self {
            origin,
            component: None,
            expectations: Expectations::Check,
            profile: None,
            out: None,
            cargo_args: Vec::new(),
            prepare_time_max: PREPARE_TIME_MAX,
        }
    }

    /// What the model of an ONNX file is called. Default: as the manifest says; without one, as the file is called.
    pub fn name(mut self, name: ModelName) -> Self {
        if let Origin::Onnx { name: of_file, .. } = &mut self.origin {
            *of_file = Some(name);
        }
        self
    }

    /// The version of the model of an ONNX file. Default: as the manifest says; without one, 1.0.0.
    pub fn version(mut self, version: Version) -> Self {
        if let Origin::Onnx { version: of_file, .. } = &mut self.origin {
            *of_file = Some(version);
        }
        self
    }

    /// Writes the scores that the model gives now into the manifest, as what self-tests expect, and the categories where the
    /// manifest has some. Default: they have to be there and to be met.
    pub fn bless(mut self) -> Self {
        self.expectations = Expectations::Bless;
        self
    }

    /// Packs what another toolchain built, instead of a Cargo package: a component of the contract's world `plugin`, or a core
    /// module with the names that the canonical ABI has for its imports and exports. All core modules of a component are linked
    /// into one. What it imports beyond the contract is refused, unless `build.stub` in the manifest says what takes its place.
    ///
    /// Without [`out`](Self::out), the release goes into the folder `releases` beside the file.
    pub fn component(mut self, file: impl Into<PathBuf>) -> Self {
        self.component = Some(file.into());
        self
    }

    /// Builds with another cargo profile than the manifest says.
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// Where the release goes: a file, a folder that exists, or a pipe or a device, which are written to. Default:
    /// `<cargo's target folder>/releases/<name>-<version>.wasm`; for an ONNX file, `<name>-<version>.wasm` in the current folder.
    pub fn out(mut self, out: impl Into<PathBuf>) -> Self {
        self.out = Some(out.into());
        self
    }

    /// Adds an argument for `cargo build`, such as `--offline`. It goes to each command of cargo that knows it. Relative paths
    /// in it begin in the current folder.
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
        self.pack_measuring(iter::empty(), on_progress)
    }

    /// As [`pack`](Self::pack), and measures what these messages, each with its name, take of the model's memory, beside the self-tests.
    ///
    /// # Errors
    /// As [`pack`](Self::pack). A message for which the model fails is counted, and no error.
    pub fn pack_measuring(
        &self,
        messages: impl Iterator<Item = (String, Message)>,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Packed, PackError> {
        let mut reporter = Reporter::new(on_progress);
        let build = Build::new(&self.cargo_args)?;
        let mut source = self.source()?;
        if self.expectations == Expectations::Check && !source.are_tests_made_up() {
            require_scores(&source)?;
        }
        let made = self.made(build, &source, &mut reporter)?;
        let model = self.model(&made, &mut source, &mut reporter)?;
        let output = Output::create(self.out.as_deref(), &made.releases(), &source)?;
        let (manifest, blessed) = self.expectations(&model, &source, &mut reporter)?;
        let sealed = model.seal(&manifest)?;
        let are_blessed = self.expectations == Expectations::Bless || source.are_tests_made_up();
        let (id, self_tests) = reporter.step(Step::SelfTest, |progress| match are_blessed {
            false => self_test::check(&sealed, &manifest, progress),
            // What the model logs was told already.
            true => self_test::check(&sealed, &manifest, &mut |_| {}),
        })?;
        let measured = reporter.step(Step::Measure, |_| Measured::of(&sealed, messages));
        match &measured {
            Ok(measured) => measured.remarks().iter().for_each(|remark| reporter.remark(remark)),
            Err(why) => reporter.remark(&why.to_string()),
        }
        if !blessed.is_empty() && !source.are_tests_made_up() {
            source.write_expectations(&manifest.self_tests)?;
        }
        Ok(Packed {
            path: output.keep(&sealed)?,
            id,
            inspection: Inspection::read(&sealed),
            prepare_log: model.log,
            self_tests,
            measured: measured.ok(),
            blessed: if source.are_tests_made_up() { Vec::new() } else { blessed },
            timings: reporter.timings(),
        })
    }

    /// Packs the model again and compares the result with a release of it, byte by byte. Writes no release and runs no
    /// self-tests: [`bless`](Self::bless) and [`out`](Self::out) change nothing.
    ///
    /// # Errors
    /// [`PackError`], if the file is no release of this model and version that is as it was packed, or packing fails.
    pub fn verify(
        &self,
        release: impl AsRef<Path>,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Verification, PackError> {
        let mut reporter = Reporter::new(on_progress);
        let build = Build::new(&self.cargo_args)?;
        let path = release.as_ref();
        let released = bounded(path).map_err(PackError::read(path))?;
        let id = verification::id_of(path, &released)?;
        let mut source = self.source()?;
        verification::require_same_model(path, &id, &source)?;
        let made = self.made(build, &source, &mut reporter)?;
        let model = self.model(&made, &mut source, &mut reporter)?;
        let manifest = match source.are_tests_made_up() {
            true => self.expectations(&model, &source, &mut reporter)?.0,
            false => source.manifest(),
        };
        let packed = model.seal(&manifest)?;
        Ok(Verification::of(id, &released, &packed))
    }

    fn source(&self) -> Result<Source, PackError> {
        match &self.origin {
            Origin::Manifest(path) => Source::read(path),
            Origin::Onnx { file, name, version } => Source::of_onnx(file, name.clone(), version.clone()),
        }
    }

    fn made(&self, build: Build, source: &Source, reporter: &mut Reporter<'_>) -> Result<Made, PackError> {
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
    fn model(&self, made: &Made, source: &mut Source, reporter: &mut Reporter<'_>) -> Result<Model, PackError> {
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
        if made.imports_what_it_calls(model.asks) {
            remarks_on_reads(source.manifest().reads, model.asks).iter().for_each(|remark| reporter.remark(remark));
        }
        made.add_record_to(&mut model.component)?;
        Ok(model)
    }

    /// The manifest with what its self-tests must answer, and what of it is new.
    fn expectations(
        &self,
        model: &Model,
        source: &Source,
        reporter: &mut Reporter<'_>,
    ) -> Result<(Manifest, Vec<Changed>), PackError> {
        let mut manifest = source.manifest();
        let mut blessed = Vec::new();
        if self.expectations == Expectations::Bless || source.are_tests_made_up() {
            let sealed = model.seal(&manifest)?;
            let (_, answers) =
                reporter.step(Step::Bless, |progress| self_test::answers(&sealed, &manifest, progress))?;
            for ((test, answer), expected) in manifest.self_tests.iter_mut().zip(answers).zip(source.scores()) {
                blessed.extend(Changed::of(test, expected, &answer));
                test.score = answer.score.unwrap_or(test.score);
                test.category = test.category.and(answer.category);
            }
        }
        Ok((manifest, blessed))
    }
}

/// How what a model declares to read differs from what it can ask for, which no self-test may come across.
fn remarks_on_reads(declared: Reads, asks: Reads) -> Vec<String> {
    let without = |all: Reads, known: Reads| {
        let of = |name| Reads::from_name(name).is_some_and(|one| !known.contains(one));
        all.names().filter(|name| of(*name)).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let is_granted = declared.contains(Reads::RECIPIENTS);
    let needed = if is_granted { asks | Reads::RECIPIENTS } else { asks };
    let mut remarks = Vec::new();
    let (undeclared, idle) = (without(asks, declared), without(declared, needed));
    if !undeclared.is_empty() {
        remarks.push(format!(
            "the model can ask for {undeclared}, which `reads` does not declare: a message for which it does is a failure"
        ));
    }
    if !idle.is_empty() {
        remarks.push(format!("`reads` declares {idle}, which the model never asks for"));
    }
    if is_granted {
        remarks.push(
            "`reads` declares `recipients`: their addresses are shown only where an operator grants it, and not in self-tests; \
             `switchback score --grant-recipients` tries it"
                .to_owned(),
        );
    }
    remarks
}

fn require_scores(source: &Source) -> Result<(), PackError> {
    source.first_without_score().map_or(Ok(()), |test| Err(PackError::NoExpectation { test }))
}
