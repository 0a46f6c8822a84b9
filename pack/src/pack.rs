//! The whole way: manifest and package in, release file out.

mod made;
mod model;
mod output;
mod steps;
mod tried;
mod verification;

use std::ffi::OsString;
use std::iter;
use std::path::{Path, PathBuf};
use std::time::Duration;

use semver::Version;
use serde::Serialize;
use switchback::release::ModelName;
use switchback::verdict::Logged;
use switchback::{Message, ReleaseId};

pub use self::model::{BuiltModule, build_module, pack_module, pack_new_module};
pub use self::verification::Verification;

use self::output::Output;
use self::steps::require_scores;
use crate::answer::{Changed, Tested};
use crate::build::Build;
use crate::error::PackError;
use crate::inspect::{Inspection, bounded};
use crate::limits::PREPARE_TIME_MAX;
use crate::measure::Measured;
use crate::progress::{Progress, Reporter, Step};
use crate::reads;
use crate::self_test;
use crate::sizes::Sizes;
use crate::stop::Stop;
use crate::testing::TestReport;

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
    sizes: Told,
    stop: Stop,
}

/// Whether sizes are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    No,
    Yes,
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
    /// What it is made of; none unless that was asked for.
    pub sizes: Option<Sizes>,
    /// The expectations that were written into the manifest, where they are others than before; of a release that is only tried
    /// ([`Packer::pack_to_try`]), those that would be.
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
            sizes: Told::No,
            stop: Stop::new(),
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

    /// Tells what the release is made of, and whose code takes the room: [`Progress::Sized`], and [`Packed::sizes`]. Default: it does
    /// not, since a host has to compile the release once more for it.
    pub fn sizes(mut self) -> Self {
        self.sizes = Told::Yes;
        self
    }

    /// What ends packing before it is done: before its next step, and before anything is written. Default: nothing does.
    pub fn stopped_by(mut self, stop: Stop) -> Self {
        self.stop = stop;
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
        self.go_on()?;
        let model = self.model(&made, &mut source, &mut reporter)?;
        self.go_on()?;
        if made.imports_what_it_calls(model.asks) {
            reads::remarks(source.manifest().reads, model.asks).iter().for_each(|remark| reporter.remark(remark));
        }
        let output = Output::create(self.out.as_deref(), &made.releases(), &source)?;
        let (manifest, blessed) = self.expectations(&model, &source, &mut reporter)?;
        let sealed = model.seal(&manifest)?;
        self.go_on()?;
        let sizes = match self.sizes {
            Told::Yes => Some(Self::sizes_of(&made, &model, &source, &sealed, &mut reporter)?),
            Told::No => None,
        };
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
        self.go_on()?;
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
            sizes,
            blessed: if source.are_tests_made_up() { Vec::new() } else { blessed },
            timings: reporter.timings(),
        })
    }

    /// An error if somebody asked for the end.
    fn go_on(&self) -> Result<(), PackError> {
        if self.stop.is_asked_for() { Err(PackError::Stopped) } else { Ok(()) }
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
        let packed = model.seal(&self.manifest(&model, &source, &mut reporter)?)?;
        Ok(Verification::of(id, &released, &packed))
    }

    /// Packs the model and tests the result ([`TestReport::of`]) on its self-tests and on these messages, each with its name. Writes
    /// no release: [`bless`](Self::bless) and [`out`](Self::out) change nothing.
    ///
    /// # Errors
    /// [`PackError`], if packing fails before the self-tests, or one of them has no expected score. What a check finds is no error.
    pub fn test(
        &self,
        messages: impl Iterator<Item = (String, Message)>,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<TestReport, PackError> {
        let mut reporter = Reporter::new(on_progress);
        let build = Build::new(&self.cargo_args)?;
        let mut source = self.source()?;
        if !source.are_tests_made_up() {
            require_scores(&source)?;
        }
        let made = self.made(build, &source, &mut reporter)?;
        let model = self.model(&made, &mut source, &mut reporter)?;
        let packed = model.seal(&self.manifest(&model, &source, &mut reporter)?)?;
        reporter.step(Step::Test, |progress| TestReport::of(&packed, messages, progress))
    }
}
